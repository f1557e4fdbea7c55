"""`OutputOverride`: what stands before the sinks: the picture itself, the one that was frozen, or the card."""

from dataclasses import replace

import numpy as np

from live.puppet.values import PuppetFrame
from live.render.standby_card import back_soon_card

NO_PICTURE = -1  # the frame_id of the card, behind which there is no frame


class OutputOverride:
    """`hidden` has precedence over `frozen`. Both may be set from any thread; `apply` is called from one, for all sinks
    alike, `conceal` by each sink at the last moment.

    What `apply` gives in place of a picture is its own and stays as it is until the next call.
    """

    def __init__(self) -> None:
        self.hidden = self.frozen = False
        self._held: PuppetFrame | None = None
        self._card: PuppetFrame | None = None

    def apply(self, frame: PuppetFrame) -> PuppetFrame:
        """What is to leave in place of `frame`; frozen, the first picture that came since then, copied."""
        if self.frozen:
            self._held = self._held or _copy(frame)
        else:
            self._held = None
        return self.conceal(self._held or frame)

    def conceal(self, frame: PuppetFrame) -> PuppetFrame:
        """`frame`, or the card in its place, also where it was let through a moment ago."""
        if not self.hidden:
            return frame
        self._card = self._card or _card_like(frame)
        return self._card


def _copy(frame: PuppetFrame) -> PuppetFrame:
    cutout = None if frame.cutout is None else frame.cutout.copy()
    return replace(frame, image=frame.image.copy(), matte=frame.matte.copy(), cutout=cutout)


def _card_like(frame: PuppetFrame) -> PuppetFrame:
    height, width = frame.matte.shape
    nothing = np.zeros((height, width, 4), np.uint8)
    return PuppetFrame(NO_PICTURE, frame.t_capture_s, back_soon_card(width, height), nothing[:, :, 3].copy(), nothing)
