"""BodyStats: how large a person is in their picture and where they stand in it; `fit_stats` measures it from poses."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F64, Bool
from live.puppet import topology as top
from live.puppet.errors import PuppetError
from live.puppet.values import Pose

# Each bone, both sides: (parent, child), in the order of `BodyStats.bones`.
BONES: dict[str, tuple[tuple[int, int], ...]] = {
    "torso": ((top.MID_HIP, top.NECK),),
    "head": ((top.NECK, top.NOSE),),
    "shoulder": ((top.NECK, top.R_SHOULDER), (top.NECK, top.L_SHOULDER)),
    "upper_arm": ((top.R_SHOULDER, top.R_ELBOW), (top.L_SHOULDER, top.L_ELBOW)),
    "forearm": ((top.R_ELBOW, top.R_WRIST), (top.L_ELBOW, top.L_WRIST)),
    "hip": ((top.MID_HIP, top.R_HIP), (top.MID_HIP, top.L_HIP)),
    "thigh": ((top.R_HIP, top.R_KNEE), (top.L_HIP, top.L_KNEE)),
    "shank": ((top.R_KNEE, top.R_ANKLE), (top.L_KNEE, top.L_ANKLE)),
    "foot": ((top.R_ANKLE, top.R_BIG_TOE), (top.L_ANKLE, top.L_BIG_TOE)),
}
BONE_NAMES = tuple(BONES)
# Not measured on a figure without legs, whose supposed knees and feet are the edge of the picture.
LEG_BONES = ("thigh", "shank", "foot")

LARGEST_PICTURE, FARTHEST, SHORTEST = 1 << 16, 1e6, 1e-3  # px: of a picture's side, any number, torso and shoulder

MIN_FRAMES = 30
SEEN = 0.5  # MediaPipe's own default for "visible"
LEGS_SHARE = 0.3  # of the usable frames: with both legs in fewer, it is a waist-up take
# A typical length is this quantile: foreshortening only shortens, and the largest values are detector errors.
LENGTH_QUANTILE = 0.85
NEAR_QUANTILE, FAR_QUANTILE, HEIGHT_QUANTILE = 0.98, 0.10, 0.90
# Lines closer together than this are foot noise, not walking; then there is only one line and one scale.
MIN_DEPTH_OF_PICTURE, MIN_DEPTH_OF_HEIGHT = 0.03, 0.06
# In perspective, standing height falls by (body height / camera height) per pixel of floor. Nobody's camera is below a
# third of their height, so a larger slope is a measuring error.
MAX_HEIGHT_SLOPE = 3.0
AIRBORNE_OF_HEIGHT = 0.04  # ankles this far above the local floor: a jump
FLOOR_REACH_S = 1.0
# Proportions for parts out of view: medians of six recorded people (height is nose to ankle).
HEIGHT_PER_TORSO, TORSO_PER_SHOULDER = 3.05, 1.6
# Hip to knee over knee to ankle, both measured upright: about 1 standing, near 0 sitting.
STANDING_THIGH = 0.5


@dataclass(frozen=True, slots=True)
class BodyStats:
    """One person in one camera's picture. All lengths and positions in pixels of that picture; y grows downwards.

    `image_size`: (width, height). `near_y`, `far_y`: the lower ankle when closest to and farthest from the camera, with
    the nose-to-ankle heights `near_height`, `far_height` there; all four 0 without legs, equal in pairs for a person
    who does not walk in depth. `hip_x`: median x of the mid-hip (of the neck if no hip is seen). `neck_x`, `neck_y`:
    medians. Lengths (`torso` neck to mid-hip, `shoulder` shoulder to shoulder, `bones` in the order of BONE_NAMES with
    left and right averaged, `head` ear to ear, `hand` wrist to middle knuckle) are typical unforeshortened ones (P85)
    for a person standing midway between the two lines; 0 = never seen well enough, except that `torso` is then
    estimated from the shoulders. `has_face`: any face points were seen (not the case with body joints only).
    """

    image_size: tuple[int, int]
    near_y: float
    far_y: float
    near_height: float
    far_height: float
    hip_x: float
    neck_x: float
    neck_y: float
    torso: float
    shoulder: float
    head: float
    hand: float
    has_legs: bool
    bones: tuple[float, ...]
    has_face: bool = True

    def __post_init__(self) -> None:
        if len(self.bones) != len(BONE_NAMES):
            raise PuppetError(
                "bad body measures", got=f"{len(self.bones)} bones", wanted=f"{len(BONE_NAMES)}: {BONE_NAMES}"
            )
        if not all(0 < side <= LARGEST_PICTURE for side in self.image_size):
            raise PuppetError(
                "bad body measures", got=f"image_size {self.image_size}", wanted=f"1 to {LARGEST_PICTURE} px"
            )
        lengths = [self.near_height, self.far_height, self.torso, self.shoulder, self.head, self.hand, *self.bones]
        places = [self.near_y, self.far_y, self.hip_x, self.neck_x, self.neck_y]
        if not (all(0 <= v <= FARTHEST for v in lengths) and all(-FARTHEST <= v <= FARTHEST for v in places)):
            raise PuppetError(
                "bad body measures", got=str(self), wanted=f"finite numbers up to {FARTHEST:g}, and no length below 0"
            )
        if min(self.shoulder, self.torso) < SHORTEST:
            raise PuppetError("bad body measures", got=str(self), wanted="shoulder and torso above 0")
        if self.has_legs and not (self.near_y >= self.far_y and min(self.near_height, self.far_height) > 0):
            raise PuppetError(
                "bad body measures", got=str(self), wanted="near_y >= far_y and heights above 0 (it has legs)"
            )

    @property
    def size(self) -> float:
        """Standing height, nose to ankle, midway between the lines; without legs, estimated from the torso."""
        if self.has_legs:
            return (self.near_height + self.far_height) / 2
        return self.torso * HEIGHT_PER_TORSO

    def scaled(self, scale: float, dx: float = 0.0, dy: float = 0.0) -> "BodyStats":
        """The same person in a picture mapped by x' = scale x + dx, y' = scale y + dy."""
        lengths = ("near_height", "far_height", "torso", "shoulder", "head", "hand")
        return replace(
            self,
            image_size=(max(1, round(self.image_size[0] * scale)), max(1, round(self.image_size[1] * scale))),
            near_y=self.near_y * scale + dy if self.has_legs else 0.0,
            far_y=self.far_y * scale + dy if self.has_legs else 0.0,
            hip_x=self.hip_x * scale + dx,
            neck_x=self.neck_x * scale + dx,
            neck_y=self.neck_y * scale + dy,
            bones=tuple(b * scale for b in self.bones),
            **{name: getattr(self, name) * scale for name in lengths},
        )

    def with_bones_of(self, other: "BodyStats") -> "BodyStats":
        """A copy whose unseen bones come from `other`, the same figure in another picture, scaled by their torsos."""
        ratio = self.torso / other.torso
        bones = tuple(
            mine if mine > 0 else ratio * theirs for mine, theirs in zip(self.bones, other.bones, strict=True)
        )
        return replace(self, bones=bones)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain numbers, lists and one bool, for `json.dump`."""
        return {**asdict(self), "image_size": list(self.image_size), "bones": list(self.bones)}

    @staticmethod
    def from_json(data: dict[str, Any]) -> "BodyStats":
        """The inverse of `to_json`. Raises PuppetError for missing or unknown names, or impossible values."""
        names = {f.name for f in fields(BodyStats)}
        if not isinstance(data, dict) or set(data) | {"has_face"} != names:  # older bundles have no has_face
            got = sorted(data) if isinstance(data, dict) else type(data).__name__
            raise PuppetError(
                "cannot read body measures", got=str(got), wanted=str(sorted(names)), do="calibrate again"
            )
        try:
            values = {n: _number(n, data[n]) for n in names - {"image_size", "bones", "has_legs", "has_face"}}
            width, height = (int(_number("image_size", v)) for v in data["image_size"])
            bones = tuple(_number("bones", b) for b in data["bones"])
            flags = {name: _flag(name, data.get(name, True)) for name in ("has_legs", "has_face")}
        except (TypeError, ValueError, OverflowError) as error:
            raise PuppetError(
                "cannot read body measures", got=str(error), wanted="numbers", do="calibrate again"
            ) from error
        return BodyStats(image_size=(width, height), bones=bones, **flags, **values)  # type: ignore[arg-type]


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r:.40}, not a number")
    return float(value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r:.40}, neither true nor false")
    return value


def usable(points: NDArray[np.floating[Any]], scores: NDArray[np.floating[Any]]) -> Bool:
    """Which of N poses can be measured: shoulders and nose seen, and nose < neck < hip < ankle from top to bottom.

    `points`: (N, 137, 2) pixels; `scores`: (N, 137). Hips and ankles count only if seen. Returns (N,) bool.
    """
    y, seen = points[..., 1], (scores >= SEEN) & np.isfinite(points).all(axis=-1)
    good = seen[:, [top.NOSE, top.NECK, top.R_SHOULDER, top.L_SHOULDER]].all(axis=1) & (y[:, top.NOSE] < y[:, top.NECK])
    for above, below in ((top.NECK, top.MID_HIP), (top.MID_HIP, top.R_ANKLE), (top.MID_HIP, top.L_ANKLE)):
        good &= ~(seen[:, above] & seen[:, below]) | (y[:, above] < y[:, below])
    return np.asarray(good)


def fit_stats(poses: list[Pose]) -> BodyStats:
    """Measure a person from poses of one picture size, in order of time. Robust: uses quantiles, never a maximum.

    Ignores frames in which the person is not upright or shows no shoulders, and jumps when fitting the floor. Works
    without legs (a seated person): `has_legs` is then False. Raises PuppetError with fewer than 30 usable frames.
    """
    points, seen, times = _measurable(poses)
    legs = _standing(points, seen)
    has_legs = bool(legs.sum() >= max(MIN_FRAMES, LEGS_SHARE * len(legs)))
    near_y = far_y = near_height = far_height = 0.0
    depth = np.ones(len(points))  # factor that brings a frame's lengths to the middle of the two lines
    if has_legs:
        lower = points[legs][:, [top.R_ANKLE, top.L_ANKLE], 1].max(axis=1)
        floor, heights = _on_floor(lower, lower - points[legs, top.NOSE, 1], times[legs])
        near_y, far_y, near_height, far_height = _fit_lines(floor, heights, poses[0].image_size[1])
        if near_y > far_y:
            height_there = np.interp(lower, (far_y, near_y), (far_height, near_height))
            depth[legs] = (near_height + far_height) / 2 / height_there

    def typical(*pairs: tuple[int, int]) -> float:
        return _typical_length(points, seen, depth, pairs)

    shoulder, hips = typical((top.R_SHOULDER, top.L_SHOULDER)), seen[:, top.MID_HIP]
    return BodyStats(
        image_size=poses[0].image_size,
        near_y=near_y,
        far_y=far_y,
        near_height=near_height,
        far_height=far_height,
        hip_x=float(np.median(points[hips, top.MID_HIP, 0] if hips.sum() >= MIN_FRAMES else points[:, top.NECK, 0])),
        neck_x=float(np.median(points[:, top.NECK, 0])),
        neck_y=float(np.median(points[:, top.NECK, 1])),
        torso=typical((top.MID_HIP, top.NECK)) or shoulder * TORSO_PER_SHOULDER,
        shoulder=shoulder,
        head=typical((top.R_EAR, top.L_EAR)),
        hand=typical(*((hand.start, hand.start + 9) for hand in (top.L_HAND, top.R_HAND))),
        has_legs=has_legs,
        bones=tuple(typical(*pairs) if has_legs or name not in LEG_BONES else 0.0 for name, pairs in BONES.items()),
        has_face=bool(seen[:, top.FACE].any()),
    )


def typical_scale(performer: BodyStats, target: BodyStats) -> float:
    """Target pixels per performer pixel: by standing height if both have legs, else by shoulder width."""
    if performer.has_legs and target.has_legs:
        return target.size / performer.size
    return target.shoulder / performer.shoulder


def _measurable(poses: list[Pose]) -> tuple[F64, Bool, F64]:
    """Points (N, 137, 2), 0 if not seen, seen (N, 137) and times (N,) of the usable frames."""
    points = np.array([p.points_px for p in poses], np.float64).reshape(-1, top.K, 2)
    scores = np.array([p.scores for p in poses], np.float64).reshape(-1, top.K)
    times = np.array([p.t_capture_s for p in poses], np.float64)
    good = usable(points, scores)
    if good.sum() < MIN_FRAMES:
        raise PuppetError(
            "cannot measure the person",
            got=f"{int(good.sum())} usable of {len(poses)} frames",
            wanted=f"at least {MIN_FRAMES} upright frames with nose and both shoulders in view",
            do="face the camera, with head and shoulders in the picture",
        )
    seen = (scores >= SEEN) & np.isfinite(points).all(axis=-1)
    return np.where(seen[..., None], points, 0.0)[good], seen[good], times[good]


def _standing(points: F64, seen: Bool) -> Bool:
    """Frames with both legs fully in view and knees well below the hips: sitting height would give a wrong scale."""
    whole = seen[:, [top.MID_HIP, top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE]].all(axis=1)
    knee, ankle = (points[:, [a, b], 1].mean(axis=1) for a, b in ((top.R_KNEE, top.L_KNEE), (top.R_ANKLE, top.L_ANKLE)))
    return np.asarray(whole & (knee - points[:, top.MID_HIP, 1] > STANDING_THIGH * (ankle - knee)))


def _on_floor(lower: F64, heights: F64, times: F64) -> tuple[F64, F64]:
    """Lower ankles and heights of the frames with a foot on the floor, that is, near the P90 of the seconds around."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    reach = int(np.clip(round(FLOOR_REACH_S / step) if step > 0 else 1, 1, 60))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(lower, reach, mode="reflect"), 2 * reach + 1)
    local_floor = np.quantile(around, 0.9, axis=1)
    keep = lower >= local_floor - AIRBORNE_OF_HEIGHT * np.median(heights)
    return lower[keep], heights[keep]


def _fit_lines(floor: F64, heights: F64, picture_height: int) -> tuple[float, float, float, float]:
    """near_y, far_y, near_height, far_height, from lower ankles and heights of frames with a foot on the floor."""
    near, far = (float(v) for v in np.quantile(floor, (NEAR_QUANTILE, FAR_QUANTILE)))
    typical = float(np.quantile(heights, HEIGHT_QUANTILE))
    if near - far < max(MIN_DEPTH_OF_PICTURE * picture_height, MIN_DEPTH_OF_HEIGHT * typical):
        line = float(np.median(floor))
        return line, line, typical, typical
    near_height, far_height = (_height_at(line, near - far, floor, heights) for line in (near, far))
    far_height = float(np.clip(far_height, near_height - MAX_HEIGHT_SLOPE * (near - far), near_height))
    return near, far, near_height, max(far_height, near_height / 3)


def _height_at(line: float, depth: float, floor: F64, heights: F64) -> float:
    """The P90 of heights in a band around a line, which grows until it holds enough frames."""
    wanted = max(20, 0.05 * len(floor))
    for reach in np.arange(0.10, 0.51, 0.025):
        band = np.abs(floor - line) <= reach * depth
        if band.sum() >= wanted:
            return float(np.quantile(heights[band], HEIGHT_QUANTILE))
    return float(np.quantile(heights, HEIGHT_QUANTILE))


def _typical_length(points: F64, seen: Bool, depth: F64, pairs: tuple[tuple[int, int], ...]) -> float:
    sides = []
    for a, b in pairs:
        both = seen[:, a] & seen[:, b]
        if both.sum() >= MIN_FRAMES // 3:
            lengths = np.linalg.norm(points[both, a] - points[both, b], axis=1) * depth[both]
            sides.append(float(np.quantile(lengths, LENGTH_QUANTILE)))
    return float(np.mean(sides)) if sides else 0.0
