"""`PuppetConfig`: every constant that decides what is drawn. It comes with the bundle; live has no copy of its own."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from live.puppet.errors import TargetError

POSE_MAP_SHRINK = 4


# Minimum and maximum of each; for names not listed, above 0 and at most 1e6 (Hz, s).
_RANGES = {
    "valid_score": (0.0, 1.0),
    **dict.fromkeys(("smooth_beta", "detail_beta", "hold_s", "freeze_s"), (0.0, 1e6)),
    **dict.fromkeys(("limb_radius", "finger_radius", "face_radius"), (0.0, 10.0)),
}


@dataclass(frozen=True, slots=True)
class PuppetConfig:
    """What training and live must share to the bit. Radii are fractions of the figure's torso (neck to mid-hip).

    canvas_px: (width, height), each a multiple of 32. valid_score: a joint below it is not drawn.
    smooth_*, detail_*: One Euro for the body, and for hands and face (see `smooth.Smoother`: Hz, and Hz per body
    size/s). hold_s: how long a lost joint keeps its place. freeze_s: seconds in view after which online statistics
    freeze. limb_radius, finger_radius, face_radius: half-widths of the pose map's capsules. Raises TargetError for
    values out of range, because compiled code relies on them.
    """

    canvas_px: tuple[int, int] = (512, 512)
    valid_score: float = 0.3
    smooth_min_cutoff_hz: float = 0.5
    smooth_beta: float = 12.0
    smooth_derivative_cutoff_hz: float = 3.0
    detail_min_cutoff_hz: float = 0.5
    detail_beta: float = 12.0
    hold_s: float = 0.15
    freeze_s: float = 4.0
    limb_radius: float = 0.16
    finger_radius: float = 0.045
    face_radius: float = 0.03

    def __post_init__(self) -> None:
        width, height = self.canvas_px
        if width % 32 or height % 32 or not 64 <= min(width, height) <= max(width, height) <= 2048:
            raise TargetError(
                "the generator cannot draw a canvas of this size",
                got=f"{width}x{height}",
                wanted="multiples of 32 between 64 and 2048",
                do="use 512x512",
            )
        for field in dataclasses.fields(self)[1:]:
            value, (least, most) = getattr(self, field.name), _RANGES.get(field.name, (1e-6, 1e6))
            if not least <= value <= most:
                raise TargetError(
                    f"the puppet's {field.name} is out of range", got=str(value), wanted=f"{least:g} to {most:g}"
                )

    @property
    def pose_map_shape(self) -> tuple[int, int]:
        """(height, width) of the pose map: the canvas divided by 4."""
        return self.canvas_px[1] // POSE_MAP_SHRINK, self.canvas_px[0] // POSE_MAP_SHRINK

    def to_json(self) -> dict[str, Any]:
        """A dict for `json.dump`, which `from_json` turns back into an equal config."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> "PuppetConfig":
        """The inverse of `to_json`. Raises TargetError if a field is missing, unknown or of the wrong kind."""
        try:
            canvas = tuple(data["canvas_px"])
            if any(type(side) is not int for side in canvas):
                raise ValueError(f"canvas_px is {canvas!r:.40}, wanted [width, height]")
            rest = {key: float(value) for key, value in data.items() if key != "canvas_px"}
            names = {field.name for field in dataclasses.fields(PuppetConfig)} - {"canvas_px"}
            if set(rest) != names or len(canvas) != 2:
                raise ValueError(f"fields {sorted(set(rest) ^ names)} are missing or unknown")
            return PuppetConfig(canvas_px=(canvas[0], canvas[1]), **rest)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise TargetError(
                "the bundle's puppet settings do not fit this version",
                got=str(error),
                do="export the target again with this version, or install the version it was made with",
            ) from error
