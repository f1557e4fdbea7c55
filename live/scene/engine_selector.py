"""`EngineSelector`: picks a performance's engines by what this machine has and how they compare with the reference."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from engines.backend import Feeds
from engines.bundle import FaceNetwork, GeneratorNetwork, find_target, open_bundle
from engines.engine import Engine
from engines.errors import EngineError
from engines.messages import Info, Say
from engines.selection.cache import Cache
from engines.selection.candidates import Candidate, candidates
from engines.selection.selector import Opened, Selector
from live.scene.sample_feeds import FaceRehearsal, Rehearsal
from live.scene.settings import SceneSettings
from live.scene.target import shown_networks

Network = GeneratorNetwork | FaceNetwork


class EngineSelector:
    """Each engine gets `threads` CPU threads. May be used from several threads.

    `could_be_better` is set when an engine was opened while others were worth preparing: see `take_unprepared`.
    """

    def __init__(self, threads: int, say: Say, *, cache: Cache | None = None) -> None:
        self.threads, self._say = threads, say
        self.cache = cache or Cache(say=say)
        self.could_be_better = threading.Event()
        self._unprepared: dict[tuple[SceneSettings, Candidate], None] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="engines")
        self._ahead: dict[tuple[Path, SceneSettings], Future[Opened]] = {}

    def open(self, network: Network, settings: SceneSettings) -> Engine:
        """The engine for `network` of the target, as the settings' engine and precision ask. Raises EngineError."""
        with self._lock:
            ahead = self._ahead.pop((network.file, settings), None)
        opened = self.best(network, settings) if ahead is None else ahead.result()
        self._say(Info(f"{role_of(network)}: {opened.candidate}: {opened.why}"))
        if isinstance(network, GeneratorNetwork) and opened.passed_over:
            self._say(Info(f"passed over: {' | '.join(line.partition(';')[0] for line in opened.passed_over)}"))
        with self._lock:
            self._unprepared |= {(settings, candidate): None for candidate in opened.worth_preparing}
        if opened.worth_preparing:
            self.could_be_better.set()
        return opened.engine

    def open_ahead(self, settings: SceneSettings) -> None:
        """Begin to open the target's engines, in threads of their own, while the target is read; see `open`.

        A target that cannot be opened is not reported here.
        """
        try:
            generator, face = shown_networks(open_bundle(find_target(settings.target)))
        except EngineError:
            return
        wanted: list[Network | None] = [generator, face if settings.face else None]
        with self._lock:
            self._ahead = {(n.file, settings): self._pool.submit(self.best, n, settings) for n in wanted if n}

    def close(self) -> None:
        """Free engines opened ahead that nobody took, in the background."""
        with self._lock:
            left, self._ahead = list(self._ahead.values()), {}
        for future in left:
            if not future.cancel():
                future.add_done_callback(_close_engine)
        self._pool.shutdown(wait=False)

    def best(self, network: Network, settings: SceneSettings) -> Opened:
        """Like `open`, but returns all that is known about the choice, and reports nothing."""
        selector = Selector(network, _feeds(network, settings), self.cache, threads=self.threads, say=self._say)
        return selector.open_best(candidates(settings.engine, settings.precision))

    def take_unprepared(self, settings: SceneSettings) -> Candidate | None:
        """The next engine to prepare for the settings' target, each only once; None if there is none."""
        with self._lock:
            for asked, candidate in list(self._unprepared):
                if not asked.differs(settings, "target", "engine", "precision"):
                    same = [key for key in self._unprepared if key[0].target == settings.target and key[1] == candidate]
                    for key in same:
                        del self._unprepared[key]
                    return candidate
        return None


def _close_engine(future: "Future[Opened]") -> None:
    if future.exception() is None:
        future.result().engine.close()


def role_of(network: Network) -> str:
    """What to call a network in messages."""
    return "face" if isinstance(network, FaceNetwork) else "engine"


def _feeds(network: Network, settings: SceneSettings) -> Feeds:
    rehearsal = Rehearsal(settings.target)
    return FaceRehearsal(rehearsal) if isinstance(network, FaceNetwork) else rehearsal
