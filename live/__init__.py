"""The live puppet. Before anything of it is imported: where its compiled drawing code is kept."""

import contextlib
import os
from pathlib import Path

import engines  # noqa: F401 - no runtime reports home from here on

with contextlib.suppress(ImportError):  # a library is missing: the doctor, or who needs it next, says which
    from live.kernel_cache import VARIABLE, kernel_folder

    os.environ.setdefault(VARIABLE, str(kernel_folder(Path(__file__).parent)))
