"""The live puppet. Before anything of it is imported: where its compiled drawing code is kept."""

import os
from pathlib import Path

import engines  # noqa: F401 - no runtime reports home from here on
from live.kernel_cache import VARIABLE, kernel_folder

os.environ.setdefault(VARIABLE, str(kernel_folder(Path(__file__).parent)))
