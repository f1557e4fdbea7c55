"""Calibration: fits the performer to the target. A wizard, a fit for clips, and the profiles on disk."""

import engines  # noqa: F401 - no runtime reports home from here on
