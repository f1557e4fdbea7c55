"""What a training run was asked to do: `RunConfig`, written to the run folder and into every checkpoint."""

from dataclasses import asdict, dataclass, field
from typing import Any

from train.errors import TrainError
from train.networks import PRESETS, STRIDE


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each loss counts. The first four are weights that worked in the prototype."""

    composite: float = 10.0  # L1 over a random flat colour
    matte: float = 5.0
    foreground: float = 3.0  # L1 of the colours inside the real matte
    perceptual: float = 2.0
    feature_matching: float = 0.2
    adversarial: float = 0.02  # above 0.03 blobs grew beside the legs of real drivers, unseen by held-out SSIM


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One training run. Exactly one of `steps` and `minutes` is above 0; the schedule runs along it.

    `crop`: (width, height) px of the training windows, multiples of 32. `gan_start`: the step at which the
    discriminator joins. `lengthen_at`: the share of the run after which rollouts have 4 frames instead of 2 (1: never).
    `perceptual`: `none` or `mobilenet_v2:PATH`. Raises TrainError for values that cannot be trained with.
    """

    dataset: str
    steps: int = 0
    minutes: float = 0.0
    preset: str = "lite"
    batch: int = 4
    crop: tuple[int, int] = (256, 384)
    learning_rate: float = 1e-3
    gan_start: int = 3000
    lengthen_at: float = 0.7
    perceptual: str = "none"
    ema_decay: float = 0.999
    clip_norm: float = 1.0
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    precision: str = "bf16"
    save_minutes: float = 3.0
    log_every: int = 20
    sheet_every: int = 500
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if (self.steps > 0) == (self.minutes > 0):
            raise TrainError(
                "a run needs one end",
                got=f"steps {self.steps}, minutes {self.minutes}",
                wanted="--steps N or --minutes M",
            )
        if self.preset not in PRESETS:
            raise TrainError("no such network preset", got=self.preset, wanted=" or ".join(PRESETS))
        if self.batch < 1 or self.threads < 1:
            raise TrainError("batch and threads start at 1", got=f"batch {self.batch}, threads {self.threads}")
        if any(side <= 0 or side % STRIDE for side in self.crop):
            raise TrainError(
                "crop of a size that the network cannot take", got=f"{self.crop}", wanted=f"multiples of {STRIDE}"
            )
        if self.precision not in ("bf16", "fp32"):
            raise TrainError("no such precision", got=self.precision, wanted="bf16 or fp32")

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads back."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "RunConfig":
        """Read what `to_json` gave. Raises TrainError when a value is missing, unknown or out of range."""
        try:
            rest = {key: value for key, value in values.items() if key not in ("weights", "crop")}
            width, height = values["crop"]
            return RunConfig(weights=LossWeights(**values["weights"]), crop=(width, height), **rest)
        except (TypeError, KeyError, ValueError) as error:
            raise TrainError("a run configuration of another version", got=str(error), do="start a new run") from error
