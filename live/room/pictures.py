"""`PageFeeds`: carries pictures from the loop to the pages. A page that has drawn one asks for the next, and gets the
newest.

So a slow page gets fewer pictures, a page that stops reading gets none, and nothing can queue up. The loop's thread
only copies a picture that was asked for and is due; encoding happens here, in its own thread, once for all pages.
"""

import threading
import time
from collections.abc import Callable

import numpy as np

from engines.arrays import U8
from engines.messages import Say
from live.control.director_port import ViewfinderPort
from live.puppet.values import PuppetFrame
from live.room.encode import cut_out_png, jpeg, small_jpeg
from live.room.feed import Feed, Still, Viewer
from live.room.figure import pack_pose

# Maximum pictures a second. `stage` goes on air and gets every picture; the others are only for watching.
_PUPPET_PER_S, _STAGE_PER_S, _FIGURE_PER_S, _CAMERA_PER_S = 20.0, 120.0, 15.0, 12.0


class PageFeeds:
    """Feeds: `puppet` (JPEG), `stage` (the cut-out puppet, PNG), `figure` (a pose), `camera` (JPEG, when switched on).

    `show_me` is told when a page starts to look at `camera`, and when the last one stops. Permission is checked
    elsewhere.
    """

    def __init__(
        self,
        viewfinder: ViewfinderPort,
        show_me: Callable[[bool], None],
        say: Say,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._viewfinder, self._show_me, self._say, self._now = viewfinder, show_me, say, now
        self._feeds = {
            "puppet": Feed(_puppet, _PUPPET_PER_S, image=True),
            "stage": Feed(_stage, _STAGE_PER_S, cutout=True),
            "figure": Feed(self._figure, _FIGURE_PER_S),
            "camera": Feed(self._camera, _CAMERA_PER_S),
        }
        self._changed = threading.Condition(threading.Lock())
        self._asked = self._closed = False
        self._due: list[Feed] = []
        self._busy = False  # the encoder is using the copies
        self._image = self._cutout = np.empty((0, 0, 0), np.uint8)
        self._still = Still(None, None)
        self._thread = threading.Thread(target=self._run, name="room pictures", daemon=True)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._feeds)

    @property
    def wants_cutout(self) -> bool:
        """Whether a stage is open."""
        return bool(self._feeds["stage"].viewers)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def join(self, name: str, deliver: Callable[[bytes], None]) -> Viewer:
        """A page starts to look at feed `name`. It has to `ask` for each picture."""
        viewer = Viewer(deliver)
        with self._changed:
            self._feeds[name].viewers.add(viewer)
        if name == "camera":
            self._show_me(True)
        return viewer

    def ask(self, name: str, viewer: Viewer) -> None:
        """The page has drawn the last picture and wants another."""
        with self._changed:
            self._feeds[name].waiting.add(viewer)
            self._asked = True

    def leave(self, name: str, viewer: Viewer) -> None:
        """The page is gone."""
        with self._changed:
            self._feeds[name].viewers.discard(viewer)
            self._feeds[name].waiting.discard(viewer)
            last = not self._feeds[name].viewers
        if name == "camera" and last:  # not before: if hidden meanwhile, it is off and stays off for the other pages
            self._show_me(False)

    def offer(self, frame: PuppetFrame) -> None:
        """Offer a new picture. Never waits: while the encoder or a page is busy, the picture is skipped."""
        if not self._asked or not self._changed.acquire(blocking=False):
            return
        try:
            if self._busy or self._closed:
                return
            now_s = self._now()
            self._due = [feed for feed in self._feeds.values() if feed.take_turn(now_s)]
            if self._due:
                self._hold(frame)
                self._busy = True
                self._changed.notify()
        finally:
            self._changed.release()

    def _hold(self, frame: PuppetFrame) -> None:
        """Copy what the due feeds need, into the same memory each time."""
        image = cutout = None
        if any(feed.image for feed in self._due):
            image = self._image = _copied(frame.image, self._image)
        if frame.cutout is not None and any(feed.cutout for feed in self._due):
            cutout = self._cutout = _copied(frame.cutout, self._cutout)
        self._still = Still(image, cutout)

    def _run(self) -> None:
        try:
            while self._encode_due():
                pass
        except Exception as error:  # reported, or nobody would notice; the loop and its other outputs go on
            self._say(f"the control room shows no more pictures: {type(error).__name__}: {error}")

    def _encode_due(self) -> bool:
        """Wait for work and do it; False if closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy or self._closed)
            if self._closed:
                return False
            due = self._due
        made = [(feed, feed.encode(self._still)) for feed in due]
        served: list[tuple[Viewer, bytes]] = []
        with self._changed:
            for feed, data in made:
                if data is not None:
                    served += [(viewer, data) for viewer in feed.waiting]
                    feed.waiting.clear()
            self._busy = False
            self._asked = any(feed.waiting for feed in self._feeds.values())
        for viewer, data in served:
            viewer.deliver(data)
        return True

    def _figure(self, still: Still) -> bytes | None:
        pose = self._viewfinder.pose
        return None if pose is None else pack_pose(pose)

    def _camera(self, still: Still) -> bytes | None:
        frame = self._viewfinder.frame
        return None if frame is None else small_jpeg(frame.image)


def _puppet(still: Still) -> bytes | None:
    return None if still.image is None else jpeg(still.image)


def _stage(still: Still) -> bytes | None:
    return None if still.cutout is None else cut_out_png(still.cutout)


def _copied(source: U8, target: U8) -> U8:
    if target.shape != source.shape:
        target = np.empty_like(source)
    np.copyto(target, source)
    return target
