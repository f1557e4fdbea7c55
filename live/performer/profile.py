"""Calibration profiles: finds and reads a performer's measures in one camera's picture.

`python -m calib` measures and writes them; the loop only reads them.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engines.system.json_file import read_json
from engines.system.names import LONGEST
from engines.system.user_folders import USER
from live.puppet.errors import CalibrationError, PuppetError
from live.puppet.geometry.body_stats import FARTHEST, BodyStats
from live.puppet.topology import FACE, TOPOLOGY, K

FORMAT = 1
_NOT_NAMES = ("none", "auto")
_LONGEST_TEXT = 300  # characters
_ASPECT_SLACK = 0.01  # cameras round their sizes: 854x480 is 16:9


@dataclass(frozen=True, slots=True)
class FaceShape:
    """The face at rest: 70 points (x, y), in units of the distance between the outer eye corners, with 0 midway between
    them. `rest_gap`, `open_gap`: how far apart the inner lips are at rest and wide open, in that unit (`open_gap` None:
    never opened).
    """

    points: tuple[tuple[float, float], ...]
    rest_gap: float
    open_gap: float | None


@dataclass(frozen=True, slots=True)
class PoseNoise:
    """How much the estimator's points jitter while the performer holds still: standard deviations in camera pixels."""

    body_px: float
    face_px: float
    hands_px: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One performer in front of one camera. `mode`: made by following the wizard, or from a clip of somebody dancing.

    `stats`: in pixels of the camera's picture. `seated`: the same person sitting, if that was measured too.
    `before_px`, `after_px`: how far the figure landed from the target's, see placement.py; None: never scored.
    """

    name: str
    performer: str
    camera: str
    mode: Literal["wizard", "clip"]
    stats: BodyStats
    seated: BodyStats | None = None
    face: FaceShape | None = None
    noise: PoseNoise | None = None
    before_px: float | None = None
    after_px: float | None = None

    def stats_for(self, framing: str) -> BodyStats:
        """The measures for this framing: the seated ones for "half" if there are any."""
        return self.seated if framing == "half" and self.seated is not None else self.stats

    def to_json(self) -> dict[str, Any]:
        """A dict for `json.dump`."""
        return {
            "format": FORMAT,
            "topology": TOPOLOGY,
            **asdict(self),
            "stats": self.stats.to_json(),
            "seated": None if self.seated is None else self.seated.to_json(),
        }


def profiles_folder() -> Path:
    """Where profiles live on this platform. Does not create it."""
    return USER.user_config_path / "profiles"


def profile_path(name: str, folder: Path | None = None) -> Path:
    """The file of the profile `name`: lower case, with everything but letters and digits turned into dashes.

    Raises CalibrationError if nothing is left of the name, or `--calibration` would take it for something else.
    """
    slug = re.sub(r"[\W_]+", "-", name.lower()).strip("-")
    if not slug or name in _NOT_NAMES or _is_file(name) or len(name.encode(errors="replace")) > LONGEST:
        raise CalibrationError(
            "not a name for a profile",
            got=repr(name),
            wanted="letters or digits, no slashes, no .json at the end, and neither none nor auto",
        )
    return (folder or profiles_folder()) / f"{slug}.json"


def read_profile(path: Path) -> Profile:
    """Read a profile from a file, which may hold nothing but {"topology": ..., "stats": {...}}.

    Raises CalibrationError if it is missing, damaged, of another topology, or of another version.
    """
    try:
        data = read_json(path)
        topology, stats = data["topology"], dict(data["stats"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"not a calibration profile: {path}",
            got=f"{type(error).__name__}: {error}",
            do="calibrate again (python -m calib), or use --calibration none",
        ) from error
    if topology != TOPOLOGY:
        raise CalibrationError(
            f"a calibration of another topology: {path}", got=f"{topology!s:.80}", wanted=TOPOLOGY, do="calibrate again"
        )
    if data.get("format", FORMAT) != FORMAT:
        raise CalibrationError(
            f"a calibration of another version: {path}",
            got=f"format {data['format']!s:.80}",
            wanted=f"format {FORMAT}",
            do="calibrate again",
        )
    try:
        return _profile(path, data, stats)
    except PuppetError as error:
        raise CalibrationError(
            f"the calibration does not fit this version: {path}", got=str(error), do="calibrate again"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CalibrationError(
            f"the calibration does not fit this version: {path}",
            got=f"{type(error).__name__}: {error}",
            do="calibrate again",
        ) from error


def find_profiles(folder: Path | None = None) -> tuple[list[Profile], list[CalibrationError]]:
    """The usable profiles, newest first, and why the others cannot be used."""
    folder = folder or profiles_folder()
    good, refused = [], []
    for path in sorted(folder.glob("*.json"), key=_age) if folder.is_dir() else []:
        try:
            good.append(read_profile(path))
        except CalibrationError as error:
            refused.append(error)
    return good, refused


def load_profile(
    wish: str, *, camera: str = "", folder: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Profile | None:
    """The profile that `--calibration` asks for: a name, a FILE.json, "none" or "auto". "auto" takes the newest for
    this camera, or else for one of the same model, since a camera may get another number when plugged in again.

    None for "none", and for "auto" if there is no match; with "auto", `say` reports the profiles that cannot be used.
    Raises CalibrationError for a name or file that is missing or cannot be used.
    """
    if wish == "none":
        return None
    if wish == "auto":
        good, refused = find_profiles(folder)
        for error in refused:
            say(str(error))
        same = [profile for profile in good if camera and profile.camera == camera]
        alike = [profile for profile in good if _model(camera) and _model(profile.camera) == _model(camera)]
        return next(iter(same + alike), None)
    if _is_file(wish):
        return read_profile(Path(wish))
    path = profile_path(wish, folder)
    if not path.exists():
        names = [profile.name for profile in find_profiles(folder)[0]]
        raise CalibrationError(
            f"no calibration profile of that name: {wish}",
            got=f"profiles here: {', '.join(names) or 'none yet'}",
            do="python -m calib makes one",
        )
    return read_profile(path)


def fitted(stats: BodyStats, image_size: tuple[int, int]) -> BodyStats:
    """The measures for the same camera's picture at another size, (width, height).

    Raises CalibrationError for a picture of another shape, because it is not known which side is cropped.
    """
    if image_size == stats.image_size:
        return stats
    scale = image_size[0] / stats.image_size[0]
    if abs(image_size[1] / (stats.image_size[1] * scale) - 1) > _ASPECT_SLACK:
        raise CalibrationError(
            "the calibration was made with a camera picture of another shape",
            got=f"{image_size[0]}x{image_size[1]}",
            wanted=f"{stats.image_size[0]}x{stats.image_size[1]}, or the same at another size",
            do="calibrate again with this camera setting, or use --calibration none",
        )
    return replace(stats.scaled(scale), image_size=image_size)


def mirror_stats(stats: BodyStats) -> BodyStats:
    """The measures for poses flipped left to right, as `--mirror` does."""
    last = stats.image_size[0] - 1
    return replace(stats, hip_x=last - stats.hip_x, neck_x=last - stats.neck_x)


def _model(camera: str) -> str:
    """The quoted name in `camera 0 "HD Webcam"`; empty if the source has none."""
    quoted = re.fullmatch(r'camera \d+ "(.+)"', camera)
    return quoted[1] if quoted else ""


def _is_file(wish: str) -> bool:
    return wish.lower().endswith(".json") or "/" in wish or "\\" in wish


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:  # a dangling link, or just deleted
        return 0.0


def _profile(path: Path, data: dict[str, Any], stats: dict[str, Any]) -> Profile:
    face, noise, seated, mode = data.get("face"), data.get("noise"), data.get("seated"), data.get("mode", "wizard")
    if mode not in ("wizard", "clip"):
        raise ValueError(f"mode is {mode!r:.40}, wanted wizard or clip")
    return Profile(
        name=_text(data, "name", path.stem),
        performer=_text(data, "performer", ""),
        camera=_text(data, "camera", ""),
        mode=mode,
        stats=BodyStats.from_json(stats),
        seated=None if seated is None else BodyStats.from_json(seated),
        face=None if face is None else _face(face),
        noise=None if noise is None else PoseNoise(**{key: _length(key, value) for key, value in noise.items()}),
        before_px=_length_or_none("before_px", data.get("before_px")),
        after_px=_length_or_none("after_px", data.get("after_px")),
    )


def _face(data: dict[str, Any]) -> FaceShape:
    points = tuple((_number("points", x), _number("points", y)) for x, y in data["points"])
    if len(points) != len(range(K)[FACE]):
        raise ValueError(f"a face of {len(points)} points")
    return FaceShape(points, _length("rest_gap", data["rest_gap"]), _length_or_none("open_gap", data["open_gap"]))


def _text(data: dict[str, Any], name: str, default: str) -> str:
    value = data.get(name, default)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise ValueError(f"{name} is {value!r:.40}, wanted a line of text")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -FARTHEST <= value <= FARTHEST:
        raise ValueError(f"{name} is {value!r:.40}, wanted a number")
    return float(value)


def _length(name: str, value: object) -> float:
    number = _number(name, value)
    if number < 0:
        raise ValueError(f"{name} is {number}, wanted 0 or more")
    return number


def _length_or_none(name: str, value: object) -> float | None:
    return None if value is None else _length(name, value)
