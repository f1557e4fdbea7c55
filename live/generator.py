"""`Generator`: Drawn -> PuppetFrame. Owns the recurrence, the face, the gate, the background and the card."""

from dataclasses import dataclass

import numpy as np

from engines.base import Engine
from live.card import back_soon_card
from live.clock import Clock, SystemClock
from live.composite import composite, gate
from live.face import Face, face_share
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
    `resets` counts those. `face` is painted on what the engine gives and is not fed back; `face_s`: the seconds that
    it took in the last step, None when there was none to paint. Raises EngineError.
    """

    def __init__(
        self,
        engine: Engine | None,
        background: U8,
        *,
        gap_reset_s: float,
        face: Face | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._engine, self._background, self._gap_reset_s = engine, background, gap_reset_s
        self._face, self._clock = face, clock or SystemClock()
        self.face_s: float | None = None
        height, width = background.shape[:2]
        self._painted = np.empty((height, width, 4), np.uint8)
        self._open = np.full((height, width), 255, np.uint8)
        self._card = back_soon_card(width, height)
        self.resets = 0
        self._last: tuple[int, float] | None = None  # epoch and capture time of the last picture drawn

    @property
    def paints_faces(self) -> bool:
        """Whether there is a face network."""
        return self._face is not None

    def reset(self) -> None:
        """Forget the previous picture; behave as new, but for the count of resets."""
        self._last = None
        if self._engine is not None:
            self._engine.reset()

    def step(self, drawn: Drawn, spare: PuppetFrame | None = None) -> PuppetFrame:
        """The finished picture, in the arrays of `spare` when one is given, which nobody may look at any more."""
        self.face_s = None
        if drawn.conditioning is None:
            return self.card(drawn.frame_id, drawn.t_capture_s, spare)
        self._keep_or_reset(drawn)
        frame = self._blank(drawn.frame_id, drawn.t_capture_s, spare)
        doll = drawn.conditioning.doll
        if self._engine is None:
            composite(doll, self._open, self._background, frame.image, frame.matte)
            return frame
        outputs = self._engine.run({"pose_map": drawn.conditioning.pose_map[None], "doll": doll[None]})
        picture, near = self._with_face(outputs["frame"][0], drawn.conditioning), gate(doll, doll.shape[1])
        composite(picture, near, self._background, frame.image, frame.matte)
        return frame

    def card(self, frame_id: int, t_capture_s: float, spare: PuppetFrame | None = None) -> PuppetFrame:
        """The "back soon" card; see `step` for `spare`."""
        frame = self._blank(frame_id, t_capture_s, spare)
        np.copyto(frame.image, self._card)
        frame.matte.fill(0)
        return frame

    def close(self) -> None:
        """Free the engines."""
        if self._engine is not None:
            self._engine.close()
        if self._face is not None:
            self._face.close()

    def _with_face(self, frame: U8, conditioning: Conditioning) -> U8:
        """`frame` or a copy with the face painted: the engine's own is what it is fed next."""
        if self._face is None or face_share(conditioning) == 0:
            return frame
        start_s = self._clock.now()
        np.copyto(self._painted, frame)
        self._face.paint(self._painted, conditioning)
        self.face_s = self._clock.now() - start_s
        return self._painted

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
