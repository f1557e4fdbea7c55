"""The cache of prepared engines, each with what it was made from and the result of its comparison.

Each entry is a folder with `entry.json` and, unless the model itself is run, the artifact. An entry that was made from
something else, was cut short or has been changed counts as missing: it is made again, never loaded.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from engines.bundle import sha256_of
from engines.errors import EngineError, reason
from engines.messages import Say
from engines.selection.compare import Verdict
from engines.system.json_file import read_json
from engines.system.leftovers import clear_older_builds
from engines.system.user_folders import cache_folder
from engines.system.whole_folder import clear, exchange, unfinished

SIDECAR, _LARGEST_SIDECAR = "entry.json", 1 << 16  # bytes
_DECIBELS = ("psnr_db", "figure_db")  # infinite where nothing differs

Key = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A judged engine. `artifact` None: the model itself is run. `build_s`: how many seconds preparing it took."""

    artifact: Path | None
    verdict: Verdict
    build_s: float


class Cache:
    """Entries by key, under `folder` (None: `cache_folder()`). Several processes may use one folder at once.

    If there is no folder, or it cannot be written (which `say` reports), a temporary folder is used that lasts as long
    as this object.
    """

    def __init__(self, folder: Path | None = None, *, say: Say = lambda _: None) -> None:
        self._folder, self._say = folder or cache_folder(), say
        self._temporary: Path | None = None
        self._cleared = False
        self._making = threading.Lock()

    @property
    def lasts(self) -> bool:
        """Whether other processes, now or later, will find what is stored here."""
        return self._writable() == self._folder

    def find(self, key: Key) -> Entry | None:
        """The entry stored under `key`, if it is whole and has exactly this key; otherwise None."""
        for folder in self._places(key):
            entry = _read(folder, key)
            if entry is not None:
                return entry
        return None

    @contextlib.contextmanager
    def building(self, key: Key) -> Iterator[Path]:
        """An empty folder in which to prepare an artifact of this key, for one process at a time.

        Call `find` again once inside: another process may have been quicker.
        """
        place = self._writable() / _name(key)
        with contextlib.ExitStack() as closing:
            try:
                closing.enter_context(FileLock(f"{place}.lock"))
                work = closing.enter_context(unfinished(place.parent))
            except OSError as error:
                raise EngineError(
                    "the cache of engines cannot be written", got=reason(error), do="check the disk"
                ) from error
            yield work

    def store(self, key: Key, entry: Entry) -> Entry:
        """Keeps `entry`, whose artifact is in the folder from `building`; returns the entry as kept. Atomic.

        Raises EngineError if it cannot be written.
        """
        place = self._writable() / _name(key)
        value = {
            "key": dict(key),
            "file": None if entry.artifact is None else entry.artifact.name,
            "sha256": None if entry.artifact is None else sha256_of(entry.artifact),
            "build_s": entry.build_s,
            "verdict": {n: str(v) if math.isinf(v) else v for n, v in dataclasses.asdict(entry.verdict).items()},
        }
        kept = None if entry.artifact is None else place / entry.artifact.name
        try:
            # An entry already there has another key, was cut short or changed: it would not be loaded.
            with unfinished(place.parent, name=place.name) as whole:
                if entry.artifact is not None:
                    shutil.copyfile(entry.artifact, whole / entry.artifact.name)
                (whole / SIDECAR).write_text(json.dumps(value, indent=1, sort_keys=True), encoding="utf-8")
                exchange(whole, place)
        except OSError as error:
            raise EngineError("an engine cannot be saved", got=reason(error), do="make room on the disk") from error
        return Entry(kept, entry.verdict, entry.build_s)

    def _clear(self, folder: Path) -> None:
        """Remove what killed programs left, once."""
        if not self._cleared:
            self._cleared = True
            clear(folder)
            clear_older_builds(folder)

    def _places(self, key: Key) -> list[Path]:
        folders = [folder for folder in (self._folder, self._temporary) if folder is not None]
        return [folder / _name(key) for folder in folders]

    def _writable(self) -> Path:
        """The folder to write to, created if needed."""
        with self._making:
            if self._temporary is None and self._folder is not None:
                try:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    with tempfile.TemporaryFile(dir=self._folder):
                        self._clear(self._folder)
                        return self._folder
                except OSError as error:
                    self._say(f"engines cannot be saved in {self._folder} ({reason(error)}): this run's will be lost")
            if self._temporary is None:
                self._temporary = Path(tempfile.mkdtemp(prefix="everybody-dance-live-"))
                weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
            return self._temporary


def _name(key: Key) -> str:
    return hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:32]


def _read(folder: Path, key: Key) -> Entry | None:
    try:
        value: dict[str, Any] = read_json(folder / SIDECAR, largest=_LARGEST_SIDECAR)
        if value["key"] != dict(key):
            return None
        verdict, build_s, name = _verdict(value["verdict"]), _number(value["build_s"]), value["file"]
        artifact = None if name is None else folder / Path(name).name
        if artifact is not None and sha256_of(artifact) != value["sha256"]:
            return None
        return Entry(artifact, verdict, build_s)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EngineError):
        return None


def _verdict(value: Mapping[str, Any]) -> Verdict:
    """The verdict. Raises ValueError, TypeError or LookupError unless a comparison could have given it."""
    decibels = {name: math.inf if value[name] == "inf" else _number(value[name], least=-100) for name in _DECIBELS}
    levels = {name: _number(value[name], most=255) for name in ("single_mean", "loop_mean")}
    others = {name: _number(value[name], least=1e-9) for name in ("growth", "median_ms", "reference_ms")}
    verdict = Verdict(frames=int(_number(value["frames"], least=1)), **decibels, **levels, **others)
    if value.keys() != dataclasses.asdict(verdict).keys():
        raise ValueError("the verdict is of another version")
    return verdict


def _number(value: object, *, least: float = 0.0, most: float = 1e12) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{value!r:.40} is out of range")
    return float(value)
