"""The virtual camera: sends a chart into it and reads it back as Zoom or a browser would (on Linux)."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from live.doctor.exams.holders import holders
from live.doctor.finding import Finding
from live.doctor.isolation import of_error
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks.virtual_camera import VirtualCameraSink, how_to_install
from live.sources.camera_list import CameraDevice, describe, list_cameras

_COLOURS = np.array([[(220, 30, 30), (30, 30, 220)], [(30, 190, 60), (240, 240, 240)]], np.uint8)
_CELL = 256
CHART: U8 = np.kron(_COLOURS, np.ones((_CELL, _CELL, 1), np.uint8)).astype(np.uint8)  # 512x512, like most targets
_FPS = 30.0
_NEAR = 16  # levels, as the picture goes through YUV and back
_PATIENCE_S, _PICTURES = 4.0, 5
_EXCLUSIVE = Path("/sys/module/v4l2loopback/parameters/exclusive_caps")
_LOAD_ANEW = "sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback exclusive_caps=1 card_label=Puppet"

ReadBack = Callable[[int], U8 | None]  # of camera number N, RGB; None if no picture came


def findings() -> list[Finding]:
    """Whether it exists, opens, and delivers what was sent."""
    devices = [camera for camera in list_cameras() if camera.virtual] if sys.platform == "linux" else None
    return examine_output(devices, VirtualCameraSink, read_back, holders, _exclusive(_EXCLUSIVE))


def examine_output(
    devices: list[CameraDevice] | None,
    open_sink: Callable[[], VirtualCameraSink],
    read_back: ReadBack,
    holders: Callable[[str], list[str]],
    exclusive: bool | None,
) -> list[Finding]:
    """devices: the virtual ones; None if this system does not list them, and then nothing is read back. exclusive:
    whether v4l2loopback was told to look like a webcam while it is fed; None if unknown.
    """
    if devices == []:
        return [Finding("warning", "none: OBS can use the page instead, but Zoom needs one", how_to_install())]
    for device in devices or ():
        if programs := holders(f"/dev/video{device.index}"):  # they would see the chart
            names = ", ".join(programs)
            return [
                Finding("warning", f"{describe([device])} is in use by {names}: nothing was sent", f"close {names}")
            ]
    sink = open_sink()
    try:
        sink.open((CHART.shape[1], CHART.shape[0]), _FPS)
    except SinkError as error:
        return [of_error(error, "warning")]
    try:
        ours = next((d for d in devices or () if sink.name.endswith(f"/dev/video{d.index}")), None)
        if ours is None:
            return [Finding("ok", f"{sink.name} opens; what others see in it was not checked")]
        return [_judged(ours, _sent_and_read(sink, ours, read_back), exclusive)]
    finally:
        sink.close(complete=True)


def read_back(index: int) -> U8 | None:
    """The fifth picture that another program gets from the camera, (H, W, 3) RGB."""
    capture, got = cv2.VideoCapture(), 0
    end_s = time.monotonic() + _PATIENCE_S
    try:
        while time.monotonic() < end_s:
            if not capture.isOpened() and not capture.open(index, cv2.CAP_V4L2):
                time.sleep(0.05)
                continue
            good, bgr = capture.read()
            got += good
            if got == _PICTURES:
                return np.ascontiguousarray(np.asarray(bgr, np.uint8)[:, :, ::-1])
    finally:
        capture.release()
    return None


def _sent_and_read(sink: VirtualCameraSink, device: CameraDevice, read_back: ReadBack) -> U8 | SinkError | None:
    done, failed = threading.Event(), []

    def send() -> None:
        tick = 0
        try:
            while not done.wait(1 / _FPS):
                sink.send(PuppetFrame(tick, tick / _FPS, CHART, np.zeros(CHART.shape[:2], np.uint8)), tick)
                tick += 1
        except SinkError as error:
            failed.append(error)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        seen = read_back(device.index)
    finally:
        done.set()
        sender.join()
    return failed[0] if failed else seen


def _judged(device: CameraDevice, seen: U8 | SinkError | None, exclusive: bool | None) -> Finding:
    name, size = describe([device]), f"{CHART.shape[1]}x{CHART.shape[0]}"
    if isinstance(seen, SinkError):
        return of_error(seen, "warning")
    if seen is None:
        return Finding("warning", f"{name} takes pictures, but other programs get none from it", _LOAD_ANEW)
    if seen.shape != CHART.shape:
        got = f"{seen.shape[1]}x{seen.shape[0]}"
        return Finding("warning", f"{name}: sent {size}, read {got}", f"close what reads from it; {_LOAD_ANEW}")
    middle = slice(_CELL // 2, None, _CELL)
    off = int(np.abs(seen[middle, middle].astype(int) - _COLOURS).max())
    if off > _NEAR:
        return Finding("warning", f"{name}: colours come back wrong, by {off} of 255", _LOAD_ANEW)
    if exclusive is False:
        return Finding("warning", f"{name} works, but Chrome, Zoom and Teams will not list it", _LOAD_ANEW)
    return Finding("ok", f"{name}: what is sent comes back, {size}, colours within {off} of 255")


def _exclusive(parameters: Path) -> bool | None:
    """Whether v4l2loopback was loaded so that a device is only a webcam while it is fed."""
    try:
        return "Y" in parameters.read_text()
    except OSError:
        return None
