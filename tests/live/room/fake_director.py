"""`FakeDirector`: stands in for the loop, so that the control room can be run, tested and photographed without one.

It sends moving pictures and poses from its own thread; a scripted wizard goes on when told to. `serve` runs it by hand:
python -m tests.live.room.fake_director [PORT]
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engines.consent import consent_text
from live.control.wizard_port import WizardView
from live.puppet import topology as T
from live.puppet.errors import PuppetError
from live.puppet.values import Frame, Pose, PuppetFrame
from live.room.room import DEFAULT_PORT, Room
from live.scene.settings import SceneSettings, checked
from live.telemetry.loop_state import LoopState, Percentiles

SIDE = 512
PUPPET_COLOUR, PLATE_COLOUR = (220, 120, 40), (60, 70, 84)
CAMERA_SIZE = (640, 360)
WIZARD_S = 2.0  # run by hand, the wizard says so long what it says
TARGETS = (
    ("fortnite", "Punk", True, ["full", "half"]),
    ("human", "Casual woman", True, ["full", "half"]),
    ("knight", "Knight", True, ["full"]),
    ("plain", "Without poster", False, ["full", "half"]),
)
STEPS = ("camera", "stand", "back", "near", "arms", "face", "score")


def scripted_wizard() -> list[WizardView]:
    """One view for each thing that a step can show."""
    views = []
    texts = {
        "camera": ("Let me look at you", "Stand so that all of you is in the picture."),
        "stand": ("Stand at ease", "Arms hanging, feet apart. Hold still."),
        "back": ("Step back", "As far as you will ever dance. Then stand still."),
        "near": ("Come close", "As near as you will ever dance. Feet in the picture."),
        "arms": ("Arms out", "Straight to the sides, like a T."),
        "face": ("Open your mouth", "Wide, for a second. Then close it."),
        "score": ("Well done", "Your figure lands 3 px from the character's; uncalibrated it was 41 px."),
    }
    for index, step in enumerate(STEPS):
        title, text = texts[step]
        base = WizardView(step, index, STEPS, title, text, lines=(300.0, 335.0) if index > 2 else ())
        if step == "camera":
            views.append(replace(base, hint="It is too dark: turn on a light in front of you.", sound="fail"))
        if step == "score":
            score = {"before_px": 41.2, "after_px": 3.4}
            views.append(replace(base, progress=1.0, score=score, saved="me, webcam", sound="done", finished=True))
            continue
        views += [replace(base, progress=part, countdown_s=3 - 3 * part, sound="tick") for part in (0.0, 0.4, 0.8)]
    return views


class FakeViewfinder:
    """What the performer may see."""

    def __init__(self) -> None:
        self.pose: Pose | None = None
        self.frame: Frame | None = None
        self.wizard: WizardView | None = None


class FakeDirector:
    """Does at once what it is told. `on_frame` gets each picture, at `fps` a second, once `start`ed.

    While it calibrates, `say_next` makes the wizard say the next thing.
    """

    def __init__(self, fps: float = 30.0) -> None:
        self.viewfinder = FakeViewfinder()
        self.given = SceneSettings("fortnite", "full")
        self.asked: list[tuple[object, ...]] = []
        self._fps = fps
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._views: list[WizardView] = []
        self._camera_on = False
        self._values: dict[str, object] = {
            "target": "fortnite", "framing": "full", "background": "plate", "mirror": True, "engine": "auto",
            "precision": "auto", "smoothing": 0.5, "face": False,
        }  # fmt: skip
        self._flags: dict[str, object] = {"frozen": False, "hidden": False, "recording": None, "calibrating": False}
        self.problem = self.pending = ""
        self.has_face = True

    def start(self, on_frame: Callable[[PuppetFrame, int], object]) -> None:
        """Send moving pictures from now on."""
        self._thread = threading.Thread(target=self._run, args=(on_frame,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def change(self, name: str, value: object) -> None:
        value = checked(name, value)
        if value == "broken":
            raise PuppetError("this cannot be", got="broken", do="choose another one")
        if value == "fault":
            raise RuntimeError("a fault of ours")
        self.asked.append(("change", name, value))
        self._values[name] = value

    def freeze(self, on: bool) -> None:
        self._tell("frozen", on)

    def hide(self, on: bool) -> None:
        if on:
            self._camera_on, self.viewfinder.frame = False, None
        self._tell("hidden", on)

    def record(self, path: Path | None) -> Path | None:
        path = path or Path("puppet-2025-11-21.mp4")
        self._tell("recording", str(path))
        return path

    def stop_recording(self) -> Path | None:
        self._tell("recording", None)
        return None

    def calibrate(self, on: bool) -> None:
        self._tell("calibrating", on)
        self._views = scripted_wizard() if on else []
        self.say_next()
        if not on and self.viewfinder.wizard is not None and not self.viewfinder.wizard.finished:
            self.viewfinder.wizard = replace(self.viewfinder.wizard, cancelled=True)

    def say_next(self) -> bool:
        """The wizard goes on; False: there is nothing more to say."""
        if not self._views:
            return False
        self.viewfinder.wizard = self._views.pop(0)
        self._flags["calibrating"] = not self.viewfinder.wizard.finished
        return True

    def end_calibration(self, last: WizardView) -> None:
        """The wizard gives up by itself, with this as its last word."""
        self._views, self.viewfinder.wizard = [], last
        self._flags["calibrating"] = False

    def show_me(self, on: bool) -> None:
        self.asked.append(("show_me", on))
        self._camera_on = on
        if not on:
            self.viewfinder.frame = None

    def state(self) -> LoopState:
        wave = np.sin(time.perf_counter() / 3)
        title = next(title for name, title, *_ in TARGETS if name == self._values["target"])
        values: dict[str, Any] = {
            **self._values, **self._flags,
            "title": title, "framing_asked": self._values["framing"], "engine_text": "OpenVINO on CPU, int8, 2 threads",
            "pending": self.pending, "problem": self.problem, "show_me": self._camera_on, "person": "in view",
            "fps": 29.6 + 0.4 * wave, "latency_ms": Percentiles(61 + 4 * wave, 82 + 7 * wave),
            "stage_ms": {"capture": 1.1, "wait": 3.2, "estimate": 17.5, "condition": 1.9, "generate": 12.4},
            "budget_ms": 120.0, "drops": 3, "has_face": self.has_face,
            "source": "Integrated Webcam", "sinks": ["virtual camera", "browser"],
            "consent": consent_text("character"),
            "targets": [dict(zip(("name", "title", "poster", "framings"), row, strict=True)) for row in TARGETS],
            "engines": [
                {"backend": "tensorrt", "precision": "fp16", "ready": False, "why": "needs an NVIDIA GPU"},
                {"backend": "openvino", "precision": "int8", "ready": True, "why": ""},
                {"backend": "openvino", "precision": "fp32", "ready": True, "why": ""},
                {"backend": "onnxruntime", "precision": "fp32", "ready": True, "why": ""},
            ],
            "profile": None, "canvas": (SIDE, SIDE), "picture": None,
        }  # fmt: skip
        return LoopState(**values)

    def picture(self, number: int) -> PuppetFrame:
        """Picture `number` of the show: a disc that swings over a plain ground, or the card."""
        image = np.empty((SIDE, SIDE, 3), np.uint8)
        image[:] = PLATE_COLOUR
        cutout = np.zeros((SIDE, SIDE, 4), np.uint8)
        if self._flags["hidden"]:
            image[:] = (20, 20, 24)
        else:
            at = int(SIDE / 2 + 150 * np.sin(number / 10)), SIDE // 2
            cv2.circle(image, at, 90, PUPPET_COLOUR, -1)
            cv2.circle(cutout, at, 90, (*PUPPET_COLOUR, 255), -1)
        return PuppetFrame(number, number / self._fps, image, cutout[:, :, 3].copy(), cutout)

    def _tell(self, flag: str, value: object) -> None:
        self.asked.append((flag, value))
        self._flags[flag] = value

    def _run(self, on_frame: Callable[[PuppetFrame, int], object]) -> None:
        start_s, number = time.perf_counter(), 0
        while not self._stop.wait(max(0.0, start_s + number / self._fps - time.perf_counter())):
            frame = self.picture(0 if self._flags["frozen"] else number)
            self.viewfinder.pose = waving_pose(number)
            if self._camera_on and not self._flags["hidden"]:
                picture = np.full((CAMERA_SIZE[1], CAMERA_SIZE[0], 3), (number * 3) % 200, np.uint8)
                self.viewfinder.frame = Frame(number, number / self._fps, picture)
            on_frame(frame, number)
            number += 1


def waving_pose(number: int) -> Pose:
    """A figure that waves, in the middle of the camera picture."""
    points, scores = np.zeros((T.K, 2), np.float32), np.zeros(T.K, np.float32)
    swing = 40 * np.sin(number / 8)
    places = {
        T.NOSE: (0, -105), T.NECK: (0, -75), T.R_SHOULDER: (-30, -75), T.L_SHOULDER: (30, -75),
        T.R_ELBOW: (-62, -52), T.L_ELBOW: (64, -85), T.R_WRIST: (-70, -12), T.L_WRIST: (84, -120 + swing),
        T.MID_HIP: (0, 10), T.R_HIP: (-18, 10), T.L_HIP: (18, 10), T.R_KNEE: (-22, 75), T.L_KNEE: (24, 75),
        T.R_ANKLE: (-24, 140), T.L_ANKLE: (28, 140), T.R_BIG_TOE: (-36, 150), T.L_BIG_TOE: (40, 150),
        T.R_EYE: (-7, -111), T.L_EYE: (7, -111), T.R_EAR: (-16, -106), T.L_EAR: (16, -106),
    }  # fmt: skip
    for joint, (x, y) in places.items():
        points[joint], scores[joint] = (CAMERA_SIZE[0] / 2 + x, CAMERA_SIZE[1] / 2 + y), 1.0
    return Pose(number, number / 30, points, np.zeros(T.K, np.float32), scores, CAMERA_SIZE)


def serve(port: int) -> None:
    """Run until Ctrl-C."""
    director = FakeDirector()
    room = Room(director, port=port, say=print)
    room.start()
    director.start(room.sink.send)
    print(room.url, flush=True)
    try:
        while True:
            time.sleep(WIZARD_S)
            director.say_next()
    except KeyboardInterrupt:
        director.close()
        room.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PORT)
