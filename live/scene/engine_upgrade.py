"""`EngineUpgrade`: prepares better engines in a child process while the loop performs, then switches to them."""

import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np

from engines.engine import Engine
from engines.errors import UserError
from engines.messages import Info, Say
from engines.selection.candidates import Candidate
from engines.system.child import child_environment
from live.scene.engine_selector import EngineSelector, Network, role_of
from live.scene.scene import Scene, Scenes
from live.scene.settings import SceneSettings

_POLL_S = 0.5  # how often to check on the child process
_END_S = 0.5  # how long to wait for a child that was told to end
_JOIN_S = 1.0

# Prepares an engine for a target in another process, on that many threads. Returns what went wrong, or "". Ends early
# when the event is set.
Prepare = Callable[[str, Candidate, int, threading.Event], str]


class EngineUpgrade:
    """A thread that prepares, one by one, the engines `opener` found worth it, and hands each better one to the running
    scene, which switches between two frames and carries the state over.

    Does nothing if the cache cannot keep what a child prepares.
    """

    def __init__(self, opener: EngineSelector, scenes: Scenes, say: Say, *, prepare: Prepare | None = None) -> None:
        self._opener, self._scenes, self._say = opener, scenes, say
        self._prepare = prepare or prepare_in_child
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upgrade", daemon=True)
        self._running: dict[str, tuple[Engine, Candidate]] = {}  # by role: the one handed over last

    def start(self) -> None:
        """Start the thread."""
        if self._opener.cache.lasts:
            self._thread.start()

    def close(self) -> None:
        """Prepare no more, and end a child at work. May be called twice, and without `start`.

        Opening an engine cannot be interrupted; the thread is then abandoned.
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
            return  # the scene was changed meanwhile, and opened with the best engines ready
        generator = scene.generator
        if scene.target.generator is not None and generator.engine is not None:
            self._improve(scene, scene.target.generator, generator.engine, generator.take_engine)
        if scene.target.face is not None and generator.face is not None:
            self._improve(scene, scene.target.face, generator.face.engine, generator.take_face_engine)

    def _improve(self, scene: Scene, network: Network, now: Engine, take: Callable[[Engine], None]) -> None:
        """Open the best engine now available, and hand it over unless it is the one in use."""
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
            self._say(f"{role}: keeping {now.describe()}: {error}")
            return
        self._running[role] = (opened.engine, opened.candidate)
        self._say(Info(f"{role}: now {opened.candidate}: {opened.why}"))


def prepare_in_child(target: str, candidate: Candidate, threads: int, stop: threading.Event) -> str:
    """Run `python -m engines build` at the lowest priority; see `Prepare`."""
    command = [sys.executable, "-m", "engines", "build", "--background", "--target", target]
    command += ["--engine", candidate.backend.name, "--precision", candidate.precision, "--threads", str(threads)]
    flags = getattr(subprocess, "IDLE_PRIORITY_CLASS", 0)  # Windows
    try:
        child = subprocess.Popen(
            command,
            env=child_environment(),
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
    """Run once so that memory is allocated before the first frame, then reset."""
    engine.run({tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in engine.spec.feeds})
    engine.reset()
