"""The face network's discriminator: are these two consecutive faces real, given their two face maps?"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from live.puppet.drawing.face_map import CHANNELS

COLOURS = 3
WIDTH = 32  # the paper has 64 (EDN: ndf), for a network with a hundred times the arithmetic


class FaceDiscriminator(nn.Module):
    """A PatchGAN; spectral norm keeps it from running away.

    `forward(face_maps (N, 18, 128, 128), faces (N, 6, 128, 128))`, each frame next to the one after, 0..1, returns the
    activations of every layer, the last being the score of each patch, (N, 1, 16, 16): 1 for real, 0 for generated.
    """

    def __init__(self) -> None:
        super().__init__()
        self.at_half = spectral_norm(nn.Conv2d(2 * (CHANNELS + COLOURS), WIDTH, 4, 2, 1))
        self.at_quarter = spectral_norm(nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1))
        self.at_eighth = spectral_norm(nn.Conv2d(2 * WIDTH, 4 * WIDTH, 4, 2, 1))
        self.of_patch = spectral_norm(nn.Conv2d(4 * WIDTH, 4 * WIDTH, 3, 1, 1))
        self.score = spectral_norm(nn.Conv2d(4 * WIDTH, 1, 3, 1, 1))

    def forward(self, face_maps: Tensor, faces: Tensor) -> list[Tensor]:
        seen = torch.cat([face_maps, faces * 2 - 1], 1).contiguous(memory_format=torch.channels_last)
        found = []
        for layer in (self.at_half, self.at_quarter, self.at_eighth, self.of_patch):
            seen = F.leaky_relu(layer(seen), 0.2)
            found.append(seen)
        return [*found, self.score(seen)]
