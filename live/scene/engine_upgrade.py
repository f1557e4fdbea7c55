"""`EngineUpgrade`: better engines are prepared in a child process while the loop performs; then it switches to them."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

import engines
from engines.engine import Engine
from engines.errors import UserError
from engines.messages import Info, Say
from engines.selection.candidates import Candidate
from live.scene.engine_selector import EngineSelector, Network, role_of
from live.scene.scene import Scene, Scenes
from live.scene.settings import SceneSettings

_POLL_S = 0.5  # how often a child that prepares is looked after
_END_S = 0.5  # how long one is waited for that was told to end
_JOIN_S = 1.0

# Prepares an engine for a target, in another process, on so many threads, and gives what went wrong, "" when nothing.
# Ends early when the event is set.
Prepare = Callable[[str, Candidate, int, threading.Event], str]


class EngineUpgrade:
    """A thread that prepares, one after the other, what `opener` found to be worth it, and hands each that is better to
    the scene that runs: the switch happens between two frames, with the state carried along.

    Nothing is done where the cache cannot keep what a child prepares.
    """

    def __init__(self, opener: EngineSelector, scenes: Scenes, say: Say, *, prepare: Prepare | None = None) -> None:
        self._opener, self._scenes, self._say = opener, scenes, say
        self._prepare = prepare or prepare_in_child
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upgrade", daemon=True)
        self._running: dict[str, tuple[Engine, Candidate]] = {}  # by role: what we handed over last

    def start(self) -> None:
        """Begin."""
        if self._opener.cache.lasts:
            self._thread.start()

    def close(self) -> None:
        """Prepare no more; a child at work is ended. May be called twice, and without `start`.

        An engine that is just being opened cannot be stopped: its thread is then left behind.
        """
        self._stop.set()
        self._opener.could_be_better.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._opener.could_be_better.wait()
            self._opener.could_be_better.clear()
            while not self._stop.is_set() and (candidate := self._opener.take_unprepared(self._settings)) is not None:
                self._upgrade(candidate)

    @property
    def _settings(self) -> SceneSettings:
        return self._scenes.current.settings

    def _upgrade(self, candidate: Candidate) -> None:
        settings = self._settings
        self._say(Info(f"preparing {candidate} for {settings.target} in the background; this is done once"))
        problem = self._prepare(settings.target, candidate, self._opener.threads, self._stop)
        if self._stop.is_set():
            return
        if problem:
            self._say(f"{candidate} was not prepared: {problem}")
        scene = self._scenes.current
        if scene.settings.differs(settings, "target", "engine", "precision"):
            return  # what runs now was opened meanwhile, with all that was ready
        generator = scene.generator
        if scene.target.generator is not None and generator.engine is not None:
            self._improve(scene, scene.target.generator, generator.engine, generator.take_engine)
        if scene.target.face is not None and generator.face is not None:
            self._improve(scene, scene.target.face, generator.face.engine, generator.take_face_engine)

    def _improve(self, scene: Scene, network: Network, now: Engine, take: Callable[[Engine], None]) -> None:
        """Open what is best now, and hand it over if it is another one than runs."""
        role = role_of(network)
        engine, before = self._running.get(role, (None, None))
        try:
            opened = self._opener.best(network, scene.settings)
            if not opened.prepared or opened.candidate.is_reference or (engine is now and before == opened.candidate):
                opened.engine.close()
                return
            _warm(opened.engine)
            take(opened.engine)
        except UserError as error:
            self._say(f"{role}: stays with {now.describe()}: {error}")
            return
        self._running[role] = (opened.engine, opened.candidate)
        self._say(Info(f"{role}: now {opened.candidate}: {opened.why}"))


def prepare_in_child(target: str, candidate: Candidate, threads: int, stop: threading.Event) -> str:
    """`python -m engines build`, behind all other programs; see `Prepare`."""
    command = [sys.executable, "-m", "engines", "build", "--background", "--target", target]
    command += ["--engine", candidate.backend.name, "--precision", candidate.precision, "--threads", str(threads)]
    here = Path(engines.__file__).resolve().parents[1]  # where it is run from a folder, not installed
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH"))))}
    flags = getattr(subprocess, "IDLE_PRIORITY_CLASS", 0)  # Windows
    try:
        child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            creationflags=flags,
        )
    except OSError as error:
        return str(error)
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.extend(child.stderr or ()), daemon=True)
    reader.start()
    while child.poll() is None:
        if stop.wait(_POLL_S):
            _end(child)
    reader.join(_END_S)
    if child.stderr is not None and not reader.is_alive():
        child.stderr.close()
    return "" if child.returncode == 0 or stop.is_set() else (told or [f"exit code {child.returncode}"])[-1].strip()


def _end(child: "subprocess.Popen[str]") -> None:
    child.terminate()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _warm(engine: Engine) -> None:
    """Run once, so that the first frame meets memory that is there, and be as new."""
    engine.run({tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in engine.spec.feeds})
    engine.reset()
