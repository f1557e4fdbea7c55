"""`EngineOpener`: the engines of a performance, chosen by what this machine has and what was compared with the
reference.
"""

import threading

from engines.backend import Feeds
from engines.bundle import FaceNetwork, Generator
from engines.engine import Engine
from engines.messages import News, Say
from engines.selection.cache import Cache
from engines.selection.candidates import Candidate, candidates
from engines.selection.selector import Opened, Workshop
from live.scene.sample_feeds import FaceRehearsal, Rehearsal
from live.scene.settings import Look

Network = Generator | FaceNetwork


class EngineOpener:
    """`threads` of the CPU for each engine. May be used from several threads.

    `could_be_better` is set when an engine was opened while others were worth preparing: see `take_unprepared`.
    """

    def __init__(self, threads: int, say: Say, *, cache: Cache | None = None) -> None:
        self.threads, self._say = threads, say
        self.cache = cache or Cache(say=say)
        self.could_be_better = threading.Event()
        self._unprepared: dict[tuple[Look, Candidate], None] = {}
        self._lock = threading.Lock()

    def open(self, network: Network, look: Look) -> Engine:
        """The engine for `network` of the look's target, by its engine and precision. Raises EngineError."""
        opened = self.best(network, look)
        self._say(News(f"{role_of(network)}: {opened.candidate}: {opened.why}"))
        if isinstance(network, Generator) and opened.passed_over:
            self._say(News(f"passed over: {' | '.join(line.partition(';')[0] for line in opened.passed_over)}"))
        with self._lock:
            self._unprepared |= {(look, candidate): None for candidate in opened.worth_preparing}
        if opened.worth_preparing:
            self.could_be_better.set()
        return opened.engine

    def best(self, network: Network, look: Look) -> Opened:
        """The same, with what there is to know about it, and nothing said."""
        workshop = Workshop(network, _feeds(network, look), self.cache, threads=self.threads, say=self._say)
        return workshop.open_best(candidates(look.engine, look.precision))

    def take_unprepared(self, look: Look) -> Candidate | None:
        """The next engine to prepare for the look's target, each but once; None when there is none."""
        with self._lock:
            for asked, candidate in list(self._unprepared):
                if not asked.differs(look, "target", "engine", "precision"):
                    same = [key for key in self._unprepared if key[0].target == look.target and key[1] == candidate]
                    for key in same:
                        del self._unprepared[key]
                    return candidate
        return None


def role_of(network: Network) -> str:
    """What a network draws, for people."""
    return "face" if isinstance(network, FaceNetwork) else "engine"


def _feeds(network: Network, look: Look) -> Feeds:
    rehearsal = Rehearsal(look.target)
    return FaceRehearsal(rehearsal) if isinstance(network, FaceNetwork) else rehearsal
