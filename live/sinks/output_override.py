"""`OutputOverride`: decides what the sinks get: the picture itself, the frozen one, or the card."""

from dataclasses import replace

import numpy as np

from live.puppet.values import PuppetFrame
from live.render.standby_card import back_soon_card

NO_PICTURE = -1  # the frame_id of the card, which belongs to no frame


class OutputOverride:
    """`hidden` takes precedence over `frozen`. Both may be set from any thread. `apply` is called from one thread for
    all sinks, `conceal` by each sink at the last moment.

    A substitute that `apply` returns belongs to this object and does not change until the next call.
    """

    def __init__(self) -> None:
        self.hidden = self.frozen = False
        self._held: PuppetFrame | None = None
        self._card: PuppetFrame | None = None

    def apply(self, frame: PuppetFrame) -> PuppetFrame:
        """What to send instead of `frame`; while frozen, a copy of the first picture since freezing."""
        if self.frozen:
            self._held = self._held or _copy(frame)
        else:
            self._held = None
        return self.conceal(self._held or frame)

    def conceal(self, frame: PuppetFrame) -> PuppetFrame:
        """`frame`, or while hidden the card, even if `apply` let the frame through a moment ago."""
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
