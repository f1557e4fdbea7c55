"""Where numba keeps the compiled drawing code: one folder per version.

numba considers a compiled function current as long as its own file is unchanged. After an update, a function that calls
into another file would still use that file's old code, so two versions at once would draw the figure.
"""

import hashlib
import os
from pathlib import Path

from engines.system.user_folders import USER

VARIABLE, BOUNDS_CHECK = "NUMBA_CACHE_DIR", "NUMBA_BOUNDSCHECK"  # numba reads these on import


def kernel_folder(sources: Path) -> Path:
    """The folder for the kernels in `sources`, a folder of .py files. Its name is a hash of all files that use numba
    and of whether bounds are checked.

    Does not create it: numba does, and if it cannot, keeps the kernels beside their files.
    """
    # numba itself would mistake kernels with bounds checks for those without.
    digest = hashlib.sha256(os.environ.get(BOUNDS_CHECK, "").encode())
    for path in sorted(sources.rglob("*.py")):
        text = path.read_bytes()
        if b"numba" in text:
            digest.update(path.name.encode() + b"\0" + text)
    return USER.user_cache_path / "kernels" / digest.hexdigest()[:16]
