"""A calibration profile: the performer's BodyStats, measured once by `python -m calib`."""

import json
from pathlib import Path

from live.puppet.body_stats import BodyStats
from live.puppet.errors import CalibrationError, PuppetError
from live.puppet.topology import TOPOLOGY


def load_calibration(profile: str) -> BodyStats | None:
    """The stats in the JSON file `profile` {"topology": ..., "stats": {...}}; None for "none": measured while moving.

    Raises CalibrationError.
    """
    if profile == "none":
        return None
    path = Path(profile)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        topology, stats = data["topology"], dict(data["stats"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"not a calibration profile: {path}", got=f"{type(error).__name__}: {error}", do="use --calibration none"
        ) from error
    if topology != TOPOLOGY:
        raise CalibrationError(f"a calibration of another topology: {path}", got=str(topology), wanted=TOPOLOGY)
    try:
        return BodyStats.from_json(stats)
    except PuppetError as error:
        raise CalibrationError(f"the calibration does not fit this version: {path}", got=str(error)) from error
