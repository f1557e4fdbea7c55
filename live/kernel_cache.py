"""Where numba keeps the compiled drawing code: a folder for each version of it.

numba takes a compiled function for current as long as its own file is unchanged. One that calls into another file would
go on with what it compiled from the old one after an update, and the figure would be drawn by two versions at once.
"""

import hashlib
import os
from pathlib import Path

from engines.system.user_folders import USER

VARIABLE, BOUNDS_CHECK = "NUMBA_CACHE_DIR", "NUMBA_BOUNDSCHECK"  # numba reads them when it is imported


def kernel_folder(sources: Path) -> Path:
    """The folder for the kernels in `sources`, a folder of .py files: named by what all that use numba contain, and by
    whether they check bounds.

    Not made by asking; numba makes it, and keeps the kernels beside their files where it cannot be made.
    """
    # Kernels that check their bounds are others; numba itself would take one for the other.
    digest = hashlib.sha256(os.environ.get(BOUNDS_CHECK, "").encode())
    for path in sorted(sources.rglob("*.py")):
        text = path.read_bytes()
        if b"numba" in text:
            digest.update(path.name.encode() + b"\0" + text)
    return USER.user_cache_path / "kernels" / digest.hexdigest()[:16]
