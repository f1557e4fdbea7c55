"""The settings of a training run: `RunConfig`, written to the run folder and into every checkpoint."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import torch

from engines.cpu import cpu_bf16
from train.errors import TrainError
from train.networks.losses import HINGE, LSGAN
from train.networks.networks import STRIDE
from train.networks.presets import PRESETS

_MOST = 1 << 40  # of any number
_LARGEST_BATCH, _LARGEST_CROP, _MOST_DOUBLINGS = 4096, 2048, 8
SHORTEST = 2  # frames of a rollout at first
AUTO, BF16, FP32 = "auto", "bf16", "fp32"


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each loss counts."""

    composite: float = 6.0  # L1 over a random flat colour
    matte: float = 5.0
    foreground: float = 2.0  # L1 of the colours inside the real matte
    perceptual: float = 1.5
    # Together these two make the picture as sharp as the film. The paper has 10 and 1, without any L1. 1 and 0.15
    # frayed the elbows and hands of real drivers, more so with longer training; held-out SSIM did not show it.
    feature_matching: float = 0.5
    adversarial: float = 0.05
    # L1 to the doll itself. With it, the film's median must clearly differ before the doll is changed: otherwise a hand
    # that the film has elsewhere half of the time would become a ghost. 6 was too little.
    doll: float = 12.0
    # The same around the hands, in addition. The film's fingers are elsewhere in nearly every frame, bent to the doll
    # or not, and their median is no finger: raised hands were eaten away, more so with longer training.
    hands: float = 48.0
    detail: float = 0.5  # penalises blur
    motion: float = 6.0  # change between neighbouring frames, L1; counts like composite
    ping_pong: float = 0.0  # TecoGAN has 0.5 (thunil/TecoGAN, runGan.py)
    distillation: float = 5.0  # with a teacher only


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One training run. Exactly one of `steps` and `minutes` is above 0; the schedule follows it.

    `crop`: (width, height) px of the training windows, multiples of 32. `gan_start`: the step at which the
    discriminators join; `gan`: their loss. `lengthen_at`: the shares of the run after which rollouts double. `doll`,
    `temporal`: False leaves that input out, for comparison. `teacher`: a run folder to learn from, or "". `begin_from`:
    one whose networks to start from, or "". `perceptual`: see `train.networks.perceptual`. `precision`: "auto", "bf16"
    or "fp32", see `arithmetic`. `batch`: rollouts of one step in all `devices` processes on each of `nodes` machines, a
    multiple of their number. `log_every`, `sheet_every`, `validate_every`: steps between two rows of the curve, reports
    and cross-validations. Raises TrainError for values that cannot be trained with.
    """

    dataset: str
    steps: int = 0
    minutes: float = 0.0
    preset: str = "lite"
    batch: int = 4
    crop: tuple[int, int] = (256, 384)
    learning_rate: float = 1e-3
    gan: str = LSGAN
    gan_start: int = 1500
    lengthen_at: tuple[float, ...] = (0.6, 0.85)
    doll: bool = True
    temporal: bool = True
    teacher: str = ""
    begin_from: str = ""
    perceptual: str = "none"
    ema_decay: float = 0.999
    clip_norm: float = 1.0
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    precision: str = AUTO
    save_minutes: float = 3.0
    log_every: int = 20
    sheet_every: int = 500
    validate_every: int = 250
    tensorboard: bool = True
    devices: int = 1
    nodes: int = 1
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if (self.steps > 0) == (self.minutes > 0):
            raise TrainError(
                "a run needs one limit",
                got=f"steps {self.steps}, minutes {self.minutes}",
                wanted="--steps N or --minutes M",
            )
        if self.preset not in PRESETS:
            raise TrainError("no such network preset", got=self.preset, wanted=" or ".join(PRESETS))
        if self.batch < 1 or self.threads < 1:
            raise TrainError("batch and threads must be at least 1", got=f"batch {self.batch}, threads {self.threads}")
        if min(self.devices, self.nodes, self.log_every, self.sheet_every, self.validate_every) < 1:
            raise TrainError("devices, nodes and steps between reports must be at least 1", got=str(self))
        if self.batch % (self.devices * self.nodes):
            raise TrainError(
                "the batch cannot be divided equally",
                got=f"batch {self.batch}, {self.devices * self.nodes} processes",
                wanted="--batch N, a multiple of devices x nodes",
            )
        if max(self.batch, self.threads) > _LARGEST_BATCH or len(self.lengthen_at) > _MOST_DOUBLINGS:
            raise TrainError(
                "batch, threads or --lengthen-at too large",
                got=f"batch {self.batch}, threads {self.threads}, {self.lengthen_at}",
            )
        if any(side <= 0 or side % STRIDE or side > _LARGEST_CROP for side in self.crop):
            raise TrainError(
                "the network cannot take a crop of this size",
                got=f"{self.crop}",
                wanted=f"multiples of {STRIDE}, at most {_LARGEST_CROP}",
            )
        if self.gan not in (LSGAN, HINGE):
            raise TrainError("no such discriminator loss", got=self.gan, wanted=f"{LSGAN} or {HINGE}")
        if self.precision not in (AUTO, BF16, FP32):
            raise TrainError("no such precision", got=self.precision, wanted=f"{AUTO}, {BF16} or {FP32}")

    @property
    def arithmetic(self) -> str:
        """ "bf16" or "fp32": the precision, where "auto" is bf16 if the device computes in it natively.

        A CPU that emulates bf16 trains five times slower with it than in fp32 (docs/measurements.md).
        """
        if self.precision != AUTO:
            return self.precision
        on_gpu = torch.device(self.device).type == "cuda"
        native = _cuda_bf16() if on_gpu else cpu_bf16()
        return BF16 if native else FP32

    def rollout(self, progress: float) -> tuple[int, int]:
        """(frames per rollout, rollouts per batch) at this share of the run: as one doubles, the other halves."""
        length = SHORTEST << sum(progress >= share for share in self.lengthen_at)
        return length, self.batch_of(length)

    def batch_of(self, length: int) -> int:
        """Rollouts per batch when they have `length` frames: a multiple of the number of processes."""
        processes = self.devices * self.nodes
        return -(-max(1, self.batch * SHORTEST // length) // processes) * processes

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads back."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "RunConfig":
        """Read what `to_json` gave. Raises TrainError when a value is missing, unknown or out of range."""
        try:
            rest = {key: value for key, value in values.items() if key not in ("weights", "crop", "lengthen_at")}
            _check_kinds(RunConfig, rest)
            _check_kinds(LossWeights, values["weights"])
            width, height = values["crop"]
            shares = tuple(values["lengthen_at"])
            if not (type(width) is type(height) is int and all(isinstance(share, int | float) for share in shares)):
                raise ValueError(f"crop {values['crop']!r:.40}, lengthen_at {shares!r:.40}")
            return RunConfig(weights=LossWeights(**values["weights"]), crop=(width, height), lengthen_at=shares, **rest)
        except (TypeError, LookupError, ValueError, AttributeError) as error:
            raise TrainError(
                "the run's settings are of another version", got=str(error), do="start a new run"
            ) from error


def _check_kinds(kind: type[Any], values: dict[str, Any]) -> None:
    """Raise ValueError for a value of another type than its field of `kind`, or a number that cannot be meant."""
    wanted = {field.name: field.type for field in fields(kind)}
    for name, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            int: type(value) is int,
            float: number,
            str: isinstance(value, str),
            bool: isinstance(value, bool),
        }
        if not fits.get(wanted[name], False) or (number and not 0 <= value <= _MOST):
            raise ValueError(f"{name} is {ascii(value)[:40]}")


def _cuda_bf16() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
