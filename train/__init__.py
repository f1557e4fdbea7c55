"""The trainer: from a film to a target bundle. The only package that may import torch."""

import engines  # noqa: F401 - no runtime reports home from here on
