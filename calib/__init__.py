"""Calibration: fits the performer to the target. A wizard, a fit for clips, and the profiles on disk."""

import engines  # noqa: F401 - keeps the runtimes from reporting home
