"""The process in which mutations are tried: `python -m tests.fuzz.child LOADER SEED FIRST STOP FOLDER`.

Prints a line of JSON for each. It may take a gigabyte more than it starts with; beyond that it gets a MemoryError.
"""

import contextlib
import gc
import json
import os
import resource
import sys
import warnings
from pathlib import Path

from tests.fuzz.loader import Loader
from tests.fuzz.loaders import LOADERS, all_loaders
from tests.fuzz.trial import ACCEPTED, attempt, change

_MORE = 1 << 30  # bytes


def main(name: str, seed: str, first: int, stop: int, work: Path) -> None:
    """Try the mutations; the good input lies, or will lie, in `work`/good."""
    warnings.simplefilter("ignore")
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what others print is no line of ours
    loader = next(loader for loaders in (lambda: LOADERS, all_loaders) for loader in loaders() if loader.name == name)
    good = work / "good"
    if not good.exists():
        good.mkdir(parents=True)
        loader.write(good)
    begun = attempt(loader, good)
    print(json.dumps({"ready": begun.kind == ACCEPTED, "said": begun.said}), file=told)
    limit = _status("VmSize") * 1024 + _MORE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    gc.collect()
    gc.freeze()  # what the libraries hold is looked at no more: a collection takes 1 ms, not 100
    for trial in range(first, stop):
        print(json.dumps(_tried(loader, good, work / f"tried-{os.getpid()}", f"{name} {seed} {trial}")), file=told)


def _tried(loader: Loader, good: Path, folder: Path, seed: str) -> dict[str, object]:
    change(loader, good, folder, seed)
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    outcome = attempt(loader, folder)
    return {"kind": outcome.kind, "said": outcome.said, "peak_mb": max(0, _status("VmHWM") - before) / 1024}


def _status(name: str) -> int:
    """A line of /proc/self/status, in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
