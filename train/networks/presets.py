"""The presets of the generator, by name."""

from torch import nn

from train.errors import TrainError
from train.networks.networks import SHAPES, Generator
from train.networks.pix2pixhd import GlobalGenerator

BASELINE = "pix2pixhd"  # for comparison, and as a teacher; cannot be exported
PRESETS = (*SHAPES, BASELINE)


def build_generator(preset: str, pose_map_channels: int, *, uses_doll: bool = True, temporal: bool = True) -> nn.Module:
    """A new generator; call it like `train.networks.networks.Generator`. Raises TrainError for an unknown preset."""
    if preset == BASELINE:
        return GlobalGenerator(pose_map_channels)
    if preset not in SHAPES:
        raise TrainError("no such network preset", got=preset, wanted=" or ".join(PRESETS))
    return Generator(pose_map_channels, preset, uses_doll=uses_doll, temporal=temporal)
