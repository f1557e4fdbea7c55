"""How a failed command ends: with one line for the user, even if a library is missing, and an exit code."""

import sys
from collections.abc import Callable

from engines.errors import UserError

# The package to install for each library that OpenCV needs. A bare Debian has none of them.
_DEBIAN = {
    "libGL.so.1": "libgl1 libglib2.0-0",  # whoever lacks one also lacks the other, so name both
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
}


def explain(error: ImportError) -> str:
    """One line for the user about a failed import: what to install, or the error itself."""
    what, do = remedy_for(error)
    return f"{what}; do this: {do}"


def remedy_for(error: ImportError) -> tuple[str, str]:
    """What a failed import was missing, and what to do about it."""
    for library, package in _DEBIAN.items():
        if library in str(error):
            return f"the system library {library} is missing", f"sudo apt install {package}"
    return f"a part of the program cannot be loaded: {error}", "pip install -e ."


def run_cli(run: Callable[[], int]) -> int:
    """The exit code of `run`; 1 for an error that users can do something about, which is printed to stderr."""
    try:
        return run()
    except ImportError as error:
        print(f"error: {explain(error)}", file=sys.stderr)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1
