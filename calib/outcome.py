"""`Outcome`: everything that a completed wizard has measured, and the profile made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calib.face_shape import face_shape
from calib.measure import Taken, estimator_noise, measure_half, measure_seated, measure_whole
from calib.score import Score, held_figures, score
from live.performer.profile import FaceShape, PoseNoise, Profile
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Pose
from live.scene.target import Target

Holds = Mapping[str, tuple[Pose, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The measures of one performer in one camera's picture. `seated`: None if they never sat.

    `half`: the framing is "half", so the seated measures are used if there are any.
    """

    stats: BodyStats
    seated: BodyStats | None
    face: FaceShape | None
    noise: PoseNoise
    score: Score
    half: bool

    @property
    def shown(self) -> BodyStats:
        """The measures for the framing that the wizard was run for."""
        return self.seated if self.half and self.seated is not None else self.stats

    @property
    def lines(self) -> tuple[float, ...]:
        """The near and the far ankle line, in pixels of the camera's picture; empty without legs."""
        return (self.stats.near_y, self.stats.far_y) if self.stats.has_legs else ()

    def profile(self, *, name: str, performer: str, camera: str) -> Profile:
        """The profile to save."""
        return Profile(
            name=name,
            performer=performer,
            camera=camera,
            mode="wizard",
            stats=self.stats,
            seated=self.seated,
            face=self.face,
            noise=self.noise,
            before_px=self.score.before_px,
            after_px=self.score.after_px,
        )


def conclude(target: Target, holds: Holds, everything: Sequence[Pose], *, half: bool) -> Outcome:
    """Measure what was held. `holds`: the measured second of each step, at least "stand"; `half`: from the waist up.

    `everything`: all poses since the wizard started. Raises PuppetError if too little was seen.
    """
    stand, arms, sat = holds["stand"], holds.get("arms"), holds.get("sit")
    if half:
        stats, seated = measure_half(stand, arms, everything), None
    else:
        stats = measure_whole(Taken(stand, holds.get("far"), holds.get("near"), arms, everything))
        seated = None if sat is None else measure_seated(sat, stats)
    shown, figures = stats, [holds[name] for name in ("stand", "far", "near") if name in holds]
    if seated is not None and sat is not None and target.framing == "half":
        shown, figures = seated, [sat]
    return Outcome(
        stats=stats,
        seated=seated,
        face=face_shape(holds.get("face", stand), holds.get("mouth")),
        noise=estimator_noise(holds.values()),
        half=target.framing == "half",
        score=score(shown, target, held_figures(shown, target.stats, figures), everything),
    )
