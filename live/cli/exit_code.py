"""How a command ends that failed: one line for the user, also where a library is missing, and an exit code."""

import sys
from collections.abc import Callable

from engines.errors import UserError

# Which package brings a library that OpenCV misses. A bare Debian has none of them.
_DEBIAN = {
    "libGL.so.1": "libgl1 libglib2.0-0",  # who lacks the one lacks the other: say both at once
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
}


def explain(error: ImportError) -> str:
    """One line for the user about an import that failed: what to install, or the error itself."""
    what, do = explained(error)
    return f"{what}; do this: {do}"


def explained(error: ImportError) -> tuple[str, str]:
    """What is missing where an import failed, and what to do about it."""
    for library, package in _DEBIAN.items():
        if library in str(error):
            return f"the system library {library} is missing", f"sudo apt install {package}"
    return f"a part of the program cannot be loaded: {error}", "pip install -e ."


def run_cli(run: Callable[[], int]) -> int:
    """The exit code of `run`; an error that users can do something about is said on stderr, and 1."""
    try:
        return run()
    except ImportError as error:
        print(f"error: {explain(error)}", file=sys.stderr)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1
