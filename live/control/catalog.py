"""`Catalog`: the targets and engines to choose from, looked up once, in a thread."""

import threading
from typing import Any

from engines.bundle import Bundle, find_targets, open_bundle
from engines.errors import EngineError
from engines.selection.candidates import candidates
from live.scene.settings import FRAMINGS

_JOIN_S = 1.0


class Catalog:
    """`targets` and `engines` are ready for JSON, and empty until `look` has finished."""

    def __init__(self) -> None:
        self.targets: list[dict[str, Any]] = []
        self.engines: list[dict[str, Any]] = []
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._starting = threading.Lock()

    def framings(self, target: str) -> list[str]:
        """Those of the installed target with this name; empty for any other, and while not yet known."""
        return next((list(found["framings"]) for found in self.targets if found["name"] == target), [])

    def has(self, engine: str, precision: str) -> bool:
        """Whether this engine has this precision; True for "auto", and while not yet known."""
        mine = [found["precision"] for found in self.engines if found["backend"] == engine]
        return precision == "auto" or not mine or precision in mine

    def look(self) -> None:
        """Look once, in a thread, because reading and checking every target's files takes a while."""
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._look, name="choices", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop looking. Waits a moment for a thread that is just loading a library."""
        with self._starting:
            self._closed.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _look(self) -> None:
        self.engines = list_engines()
        found = []
        for name, folder in find_targets().items():
            if self._closed.is_set():
                return
            try:
                found.append(describe(name, open_bundle(folder)))
            except EngineError:  # damaged, so it cannot be chosen
                continue
        self.targets = found


def describe(name: str, bundle: Bundle) -> dict[str, Any]:
    """Name, title, poster (whether there is one) and framings of an installed target."""
    framings = [framing for framing in FRAMINGS if framing in bundle.takes]
    return {"name": name, "title": bundle.title, "poster": bundle.poster is not None, "framings": framings}


def list_engines() -> list[dict[str, Any]]:
    """Every engine's backend and precision, whether it is ready, and if not, why."""
    return [
        {"backend": c.backend.name, "precision": c.precision, "ready": not c.why_not, "why": c.why_not}
        for c in candidates()
    ]
