"""Which programs hold a device or a port, for "it is in use by zoom". Known only on Linux; elsewhere none is named."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
_LISTENING = "0A"  # linux/include/net/tcp_states.h


def holders(held: str, proc: Path = PROC) -> list[str]:
    """Names of the programs that have `held`, such as "/dev/video0", open; only those that this user may inspect.

    Never this process itself.
    """
    found = set()
    for process in _processes(proc):
        with contextlib.suppress(OSError):  # it has ended, or belongs to another user
            if any(_target(handle) == held for handle in (process / "fd").iterdir()):
                found.add(_name(process))
    return sorted(found)


def listeners(port: int, proc: Path = PROC) -> list[str]:
    """Names of the programs that listen on a TCP port."""
    sockets = [f"socket:[{inode}]" for inode in _inodes(port, proc)]
    return sorted({name for held in sockets for name in holders(held, proc)})


def _processes(proc: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (entry for entry in proc.iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid())


def _target(handle: Path) -> str:
    try:
        return os.readlink(handle)
    except OSError:
        return ""


def _name(process: Path) -> str:
    """The program's name, such as "zoom"; another puppet is recognised by what its Python runs."""
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        name = (process / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a program"
    if any(Path(word).name == "run_live.py" or Path(word).name == "edl-live" for word in words):
        return "another puppet (run_live.py)"
    return name or "a program"


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                parts = line.split()
                if len(parts) > 9 and parts[1].endswith(f":{port:04X}") and parts[3] == _LISTENING:
                    yield parts[9]
