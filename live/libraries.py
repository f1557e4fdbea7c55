"""Which system package brings a library that OpenCV misses. A bare Debian has none of them."""

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
    for library, package in _DEBIAN.items():
        if library in str(error):
            return f"the system library {library} is missing; do this: sudo apt install {package}"
    return f"a part of the program cannot be loaded: {error}; do this: pip install -e ."
