"""The live puppet. Importing it first decides where its compiled drawing code is kept."""

import contextlib
import os
from pathlib import Path

import engines  # noqa: F401 - stops the runtimes from reporting home

with contextlib.suppress(ImportError):  # a missing library is reported by the doctor, or by whatever needs it next
    from live.kernel_cache import VARIABLE, kernel_folder

    os.environ.setdefault(VARIABLE, str(kernel_folder(Path(__file__).parent)))
