"""The cameras: which there are, and the rate, the light and whether the picture moves of the one a run would use."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engines.arrays import U8
from live.clock import Clock, SystemClock
from live.config import LiveConfig
from live.doctor.exams.holders import holders
from live.doctor.finding import Finding
from live.doctor.isolation import of_error
from live.puppet.errors import CameraError
from live.sources.base import Source
from live.sources.camera import CameraSource
from live.sources.camera_list import CameraDevice, describe, list_cameras
from live.sources.light import BRIGHT, DARK, luma_and_sharpness

_SETTLE_S, _WATCH_S = 0.7, 1.2  # first the camera adjusts its exposure, then it is timed
_BLACK = 12.0  # luma below which nothing at all can be seen, as with a closed shutter or a lens cap
_LEAST_FPS = 20.0  # below it the puppet visibly stutters
_LEAST_WIDTH = 320

OpenSource = Callable[[CameraDevice], Source]


@dataclass(frozen=True, slots=True)
class Footage:
    """Measurements of a camera over about a second. Its pictures are not kept.

    size: (width, height) in pixels. fps: of the pictures that came in. luma: the median, 0..255. still: all pictures
    were identical to the last bit, which no real lens gives.
    """

    size: tuple[int, int]
    fps: float
    luma: float
    still: bool


def findings() -> list[Finding]:
    """The camera that a run would use, and the names of the others."""
    return examine_cameras(list_cameras(), _open, SystemClock(), holders)


def examine_cameras(
    cameras: list[CameraDevice], open_source: OpenSource, clock: Clock, holders: Callable[[str], list[str]]
) -> list[Finding]:
    """`open_source` opens a camera; `holders` names the programs that have a device open."""
    real = [camera for camera in cameras if not camera.virtual]
    if not real:
        return [Finding("absent", "no camera: the demo clip is played instead", "plug one in")]
    others = [Finding("absent", f"not checked: {describe(real[1:])}", "run_live.py --source camera:NAME uses it")]
    camera = real[0]
    name = describe([camera])
    try:
        source = open_source(camera)
        try:
            footage = watched(source, clock)
        finally:
            source.close()
    except CameraError as error:
        finding = _refused(error, holders(f"/dev/video{camera.index}"))
    else:
        finding = judge(name, footage)
    return [finding, *(others if real[1:] else [])]


def watched(source: Source, clock: Clock) -> Footage:
    """What `source` shows in the next two seconds. Raises CameraError."""
    start_s = clock.now()
    while clock.now() - start_s < _SETTLE_S:
        _picture(source)
    times, lumas, sums = [clock.now()], [], set()
    while times[-1] - times[0] < _WATCH_S:
        image = _picture(source)
        times.append(clock.now())
        lumas.append(luma_and_sharpness(image)[0] or 0.0)
        sums.add(zlib.crc32(image.tobytes()))
    fps = (len(times) - 1) / (times[-1] - times[0])
    return Footage((image.shape[1], image.shape[0]), fps, float(np.median(lumas)), len(sums) == 1 < len(lumas))


def judge(name: str, seen: Footage) -> Finding:
    """The line about a camera that delivered pictures."""
    told = f"{name}: {seen.size[0]}x{seen.size[1]}, {seen.fps:.0f} pictures a second"
    if seen.luma < _BLACK:
        return Finding(
            "warning", f"{told}: the picture is black", "open its shutter, take off its cap, or switch on a lamp"
        )
    if seen.still:
        return Finding("warning", f"{told}: the picture is frozen", "unplug the camera and plug it in again")
    if seen.size[0] < _LEAST_WIDTH:
        return Finding("warning", f"{told}: very small", "choose a larger picture in the camera's own program")
    if seen.luma < DARK:
        return Finding("warning", f"{told}: it is dark (light {seen.luma:.0f} of 255)", "put a lamp in front of you")
    if seen.luma > BRIGHT:
        do = "turn away from the window, or lower the camera's exposure"
        return Finding("warning", f"{told}: it is too bright (light {seen.luma:.0f} of 255)", do)
    if seen.fps < _LEAST_FPS:
        do = "add light (cameras slow down in the dark), use another USB port, or close other programs"
        return Finding("warning", f"{told}: the puppet will stutter", do)
    return Finding("ok", f"{told}, light {seen.luma:.0f} of 255")


def _picture(source: Source) -> U8:
    frame = source.read()
    if frame is None:
        raise CameraError(f"{source.name} ended")
    return frame.image


def _refused(error: CameraError, programs: list[str]) -> Finding:
    if not programs:
        return of_error(error, "warning")
    names = ", ".join(programs)
    return Finding("warning", f"{error.what}; it is in use by: {names}", f"close {names}, or choose another camera")


def _open(device: CameraDevice) -> Source:
    return CameraSource(device, LiveConfig("", "", ()).camera_size_px, SystemClock())
