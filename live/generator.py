"""`Generator`: Drawn -> PuppetFrame. Owns the recurrence, the gate, the background and the card."""

from dataclasses import dataclass

import numpy as np

from engines.base import Engine
from live.card import back_soon_card
from live.composite import composite, gate
from live.puppet.values import U8, Conditioning, PuppetFrame


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the generate stage is given. `conditioning` None: show the card. `epoch`: see `live.presence.Shown`."""

    frame_id: int
    t_capture_s: float
    conditioning: Conditioning | None
    epoch: int


class Generator:
    """Runs `engine` (None: shows the doll itself) and puts the result on `background`, (H, W, 3) uint8 RGB.

    The previous picture is no longer fed back after a new epoch, or a hole of more than `gap_reset_s` in capture time;
    `resets` counts those. Raises EngineError.
    """

    def __init__(self, engine: Engine | None, background: U8, *, gap_reset_s: float) -> None:
        self._engine, self._background, self._gap_reset_s = engine, background, gap_reset_s
        height, width = background.shape[:2]
        self._open = np.full((height, width), 255, np.uint8)
        self._card = back_soon_card(width, height)
        self.resets = 0
        self._last: tuple[int, float] | None = None  # epoch and capture time of the last picture drawn

    def reset(self) -> None:
        """Forget the previous picture; behave as new, but for the count of resets."""
        self._last = None
        if self._engine is not None:
            self._engine.reset()

    def step(self, drawn: Drawn, spare: PuppetFrame | None = None) -> PuppetFrame:
        """The finished picture, in the arrays of `spare` when one is given, which nobody may look at any more."""
        if drawn.conditioning is None:
            return self.card(drawn.frame_id, drawn.t_capture_s, spare)
        self._keep_or_reset(drawn)
        frame = self._blank(drawn.frame_id, drawn.t_capture_s, spare)
        doll = drawn.conditioning.doll
        if self._engine is None:
            composite(doll, self._open, self._background, frame.image, frame.matte)
            return frame
        outputs = self._engine.run({"pose_map": drawn.conditioning.pose_map[None], "doll": doll[None]})
        near = gate(doll, doll.shape[1])
        composite(outputs["frame"][0], near, self._background, frame.image, frame.matte)
        return frame

    def card(self, frame_id: int, t_capture_s: float, spare: PuppetFrame | None = None) -> PuppetFrame:
        """The "back soon" card; see `step` for `spare`."""
        frame = self._blank(frame_id, t_capture_s, spare)
        np.copyto(frame.image, self._card)
        frame.matte.fill(0)
        return frame

    def close(self) -> None:
        """Free the engine."""
        if self._engine is not None:
            self._engine.close()

    def _blank(self, frame_id: int, t_capture_s: float, spare: PuppetFrame | None) -> PuppetFrame:
        image = np.empty_like(self._background) if spare is None else spare.image
        matte = np.empty_like(self._open) if spare is None else spare.matte
        return PuppetFrame(frame_id, t_capture_s, image, matte)

    def _keep_or_reset(self, drawn: Drawn) -> None:
        if self._last is not None:
            epoch, t_s = self._last
            if drawn.epoch != epoch or drawn.t_capture_s - t_s > self._gap_reset_s:
                self.reset()
                self.resets += 1
        self._last = (drawn.epoch, drawn.t_capture_s)
