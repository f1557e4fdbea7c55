"""`SceneSettings`: everything about a running puppet that can be changed, and the values each setting allows."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from live.performer.profile import Profile
from live.puppet.config import PuppetConfig
from live.puppet.errors import PuppetError
from live.scene.background import is_background

FRAMINGS = ("full", "half", "auto")
AS_TRAINED = 0.5
_STEADIEST = 4.0  # factor on the One Euro filter's cutoffs at smoothing 0; its inverse applies at 1


class SettingsError(PuppetError):
    """A setting with an impossible value, or one that cannot change during a run."""


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """target, framing ("full" or "half"), background, engine, precision: as typed, see `LiveConfig`. mirror: move as in
    a mirror. face: paint the face network's faces. smoothing: from 0 (quick) to 1 (steady), 0.5 as trained. performer:
    their measures; None: taken while they move.
    """

    target: str
    framing: str
    background: str = "plate"
    mirror: bool = False
    engine: str = "auto"
    precision: str = "auto"
    face: bool = True
    smoothing: float = AS_TRAINED
    performer: Profile | None = None

    def differs(self, other: "SceneSettings", *names: str) -> bool:
        """Whether any of these fields has another value in `other`."""
        return any(getattr(self, name) != getattr(other, name) for name in names)


def checked(name: str, value: object) -> object:
    """`value` as `SceneSettings` holds it, or "auto" for a framing. Raises SettingsError if it is certainly wrong."""
    if name not in CHANGEABLE:
        raise SettingsError("this setting cannot be changed during a run", got=name, wanted=", ".join(CHANGEABLE))
    fits, wanted = CHANGEABLE[name]
    if not fits(value):
        raise SettingsError(f"not a valid {name}", got=repr(value), wanted=wanted)
    return float(value) if name == "smoothing" else value  # type: ignore[arg-type]


def steadied(puppet: PuppetConfig, smoothing: float) -> PuppetConfig:
    """The config with its One Euro cutoffs scaled: unchanged at `smoothing` 0.5, a quarter at 1, four times at 0."""
    if smoothing == AS_TRAINED:
        return puppet
    factor = _STEADIEST ** (1 - smoothing / AS_TRAINED)
    return replace(
        puppet,
        smooth_min_cutoff_hz=puppet.smooth_min_cutoff_hz * factor,
        smooth_beta=puppet.smooth_beta * factor,
        detail_min_cutoff_hz=puppet.detail_min_cutoff_hz * factor,
        detail_beta=puppet.detail_beta * factor,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_known_background(value: object) -> bool:
    return isinstance(value, str) and (is_background(value) or os.path.isfile(value))


# For each name, its test and the allowed values in words.
CHANGEABLE: dict[str, tuple[Callable[[object], bool], str]] = {
    "target": (_is_text, "the name of a target, or its folder"),
    "framing": (lambda value: value in FRAMINGS, ", ".join(FRAMINGS)),
    "background": (_is_known_background, "plate, green, #RRGGBB, or a picture file"),
    "mirror": (_is_flag, "true or false"),
    "engine": (_is_text, "the name of an engine, or auto"),
    "precision": (_is_text, "a precision, or auto"),
    "smoothing": (_is_share, "0 (quick) to 1 (steady)"),
    "face": (_is_flag, "true or false"),
}
