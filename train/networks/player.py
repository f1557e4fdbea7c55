"""Ways to draw the target from a conditioning, frame by frame: the doll, a trained network, and a face on top."""

from typing import Protocol

import torch

from engines.arrays import U8
from live.puppet.values import Conditioning
from train.networks.networks import DeployedGenerator

DOLL, NETWORK, WITH_FACE, WITHOUT_FEEDBACK = "doll", "network", "network + face", "network without feedback"


class Drawing(Protocol):
    """One way to draw the target. It serves one sequence at a time."""

    def step(self, conditioning: Conditioning) -> U8:
        """The next frame, (H, W, 4) uint8, straight alpha; the caller may read it until the next step."""
        ...

    def reset(self) -> None:
        """Begin a new sequence."""
        ...


class DollDrawing:
    """The paper doll as it is."""

    def step(self, conditioning: Conditioning) -> U8:
        return conditioning.doll

    def reset(self) -> None:
        return None


class Player:
    """Runs a generator frame by frame in closed loop, as live does.

    With `feedback` False it gets zeros in place of its previous frame.
    """

    def __init__(self, network: DeployedGenerator, *, feedback: bool = True) -> None:
        self._network, self._feedback = network, feedback
        self._device = next(network.parameters()).device
        self.reset()

    def reset(self) -> None:
        """Forget the previous frame; behave as new."""
        self._previous = torch.zeros(0)

    def step(self, conditioning: Conditioning) -> U8:
        """The next frame; the first follows on zeros."""
        pose_map, doll = (
            torch.from_numpy(array)[None].to(self._device) for array in (conditioning.pose_map, conditioning.doll)
        )
        if not len(self._previous) or not self._feedback:
            self._previous = torch.zeros_like(doll)
        with torch.inference_mode():
            self._previous = self._network(pose_map, doll, self._previous)
        return self._previous[0].cpu().numpy()

    def disturb(self, frame: U8) -> None:
        """Put `frame`, (H, W, 4), in place of the previous one."""
        self._previous = torch.from_numpy(frame.copy())[None].to(self._device)


class FaceDrawing:
    """Another drawing with the face network's face painted on top; as in live, the face is not fed back."""

    def __init__(self, below: Drawing, face: "Painter") -> None:
        self._below, self._face = below, face

    def step(self, conditioning: Conditioning) -> U8:
        frame = self._below.step(conditioning).copy()
        self._face.paint(frame, conditioning)
        return frame

    def reset(self) -> None:
        self._below.reset()


class Painter(Protocol):
    """The part of `live.render.face.Face` that is used here."""

    def paint(self, frame: U8, conditioning: Conditioning) -> None:
        """Paint the face into `frame`, (H, W, 4), in place."""
        ...
