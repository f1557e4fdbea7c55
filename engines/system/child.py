"""What a child process needs that runs one of our own commands."""

import os
from pathlib import Path

import engines


def child_environment() -> dict[str, str]:
    """This process's environment, in which a child finds this program too if it runs from a checkout."""
    here = Path(engines.__file__).resolve().parents[1]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH"))))}
