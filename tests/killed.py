"""Kills a piece of work at each of its steps on the disk, one after the other, without sleeping or leaving one out.

As a program it takes a module and an empty folder. The module has three functions that take the folder. `begin` is
called once, so that nothing has to be compiled again. `work` runs again and again in a child that ends, as if by
kill -9, before its first change to a file, then before its second, and so on, until one runs to the end. `look` is
called in a child after each; it asserts what must hold and may put things back. This is a separate process because a
process with threads should not fork.
"""

import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STEPS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
_KILLED = 86


def kill_at_every_step(module: str, folder: Path) -> int:
    """The number of steps at which the work of `module` was killed, with nothing lost."""
    command = [sys.executable, "-m", __name__, module, str(folder)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def main(module: str, folder: str) -> int:
    """See above; prints the number of steps."""
    script = importlib.import_module(module)
    script.begin(Path(folder))
    for step in range(1, 1000):
        code = _in_child(lambda: _work_until(script.work, folder, step))  # noqa: B023  # called before the next step
        if code == 0:
            print(step - 1)
            return 0
        if code != _KILLED or _in_child(lambda: script.look(Path(folder))):
            print(f"killed at step {step}", file=sys.stderr)
            return 1
    return 1


def _in_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.dup2(2, 1)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def _work_until(work: Callable[[Path], object], folder: str, step: int) -> None:
    left = step

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _STEPS or writes) and str(arguments[0]).startswith(folder):
            left -= 1
            if left == 0:
                os._exit(_KILLED)

    sys.addaudithook(count)
    work(Path(folder))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
