"""Two targets that can be told apart by their colours, engines that note what they are fed, and a wizard by script."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from engines.engine import Engine
from engines.errors import EngineError
from live.config import LiveConfig
from live.control.director import Director
from live.control.wizard_port import WizardFactory, WizardView
from live.puppet.drawing.atlas import Atlas, save_atlas
from live.puppet.values import Frame, Pose
from live.scene.settings import SceneSettings
from live.sinks.base import Sink
from tests.live.fakes import Collector, ColourSource, ListedEstimator, fake_engine, fake_loop
from tests.live.patience import PATIENCE_S
from tests.live.tiny_face import entry, rewritten
from tests.live.tiny_target import SIDE, atlas, stats, walking, write_target

RED, BLUE = (220, 20, 20), (20, 20, 220)
PLATES = {"red": ((40, 0, 0), (90, 0, 0)), "blue": ((0, 0, 40), (0, 0, 90))}  # of the takes full and half
DOLLS = {"red": RED, "blue": BLUE}


def write_scenery(folder: Path) -> Path:
    """The targets `red` and `blue`, with a full and a half take and a generator whose file no fake engine reads."""
    for name in PLATES:
        _write(folder / name, name)
    return folder


def _write(folder: Path, name: str) -> None:
    write_target(folder)
    takes = {}
    for take, colour in zip(("full", "half"), PLATES[name], strict=True):
        picture = np.empty((SIDE, SIDE, 3), np.uint8)
        picture[:] = colour[::-1]
        cv2.imwrite(str(folder / f"{take}.png"), picture)
        takes[take] = {"plate": f"{take}.png", "stats": stats().to_json()}
    plain = atlas()
    parts = [replace(part, rgba=_painted(part.rgba, DOLLS[name])) for part in plain.parts]
    save_atlas(folder / "atlas.npz", Atlas(tuple(parts), plain.extents))
    (folder / "generator.lite.onnx").write_bytes(b"no model")
    spec = fake_engine().spec
    generator = entry("generator.lite.onnx", spec) | {"state": dict(spec.state)}
    rewritten(folder, takes=takes, generators={"lite": generator})


def _painted(rgba: U8, colour: tuple[int, int, int]) -> U8:
    painted = rgba.copy()
    painted[..., :3] = colour
    return painted


class WatchedEngine:
    """The fake engine of `target`; notes the colours of the dolls it was fed and the threads that used it."""

    def __init__(self, target: str, settings: SceneSettings) -> None:
        self._inner: Engine = fake_engine()
        self.target, self.settings, self.spec = target, settings, self._inner.spec
        self.backend, self.device, self.precision = settings.engine, "CPU", settings.precision
        self.dolls: set[str] = set()
        self.runs = 0
        self.closed_by: str | None = None

    def run(self, feeds: Mapping[str, U8]) -> Mapping[str, U8]:
        self.runs += 1
        colours = feeds["doll"][feeds["doll"][..., 3] == 255][:, :3]
        self.dolls |= {name for name, colour in DOLLS.items() if len(colours) and (colours == colour).all()}
        return self._inner.run(feeds)

    def reset(self) -> None:
        self._inner.reset()

    def state(self) -> dict[str, U8]:
        return self._inner.state()

    def load_state(self, state: Mapping[str, U8]) -> None:
        self._inner.load_state(state)

    def describe(self) -> str:
        return f"{self.backend} {self.precision}"

    def frames_by_size(self) -> dict[tuple[int, int], int]:
        return self._inner.frames_by_size()

    def close(self) -> None:
        self.closed_by = self.closed_by or threading.current_thread().name
        self._inner.close()


class Engines:
    """Opens WatchedEngines and keeps them. A look whose engine is "broken" fails; `gate` holds up those of `held`."""

    def __init__(self, held: str = "") -> None:
        self.opened: list[WatchedEngine] = []
        self.gate, self.waiting = threading.Event(), threading.Event()
        self._held = held

    def open(self, network: object, settings: SceneSettings) -> WatchedEngine:
        if settings.engine == "broken":
            raise EngineError("the engine cannot be opened", do="use another one")
        if self._held and settings.target.endswith(self._held):
            self.waiting.set()
            assert self.gate.wait(20)
        engine = WatchedEngine(Path(settings.target).name, settings)
        self.opened.append(engine)
        return engine

    def of(self, target: str) -> list[WatchedEngine]:
        return [engine for engine in self.opened if engine.target == target]


class ScriptedWizard:
    """Measures for `frames` frames, then is finished; `fails` raises instead."""

    def __init__(self, frames: int = 3, *, fails: bool = False) -> None:
        self._left, self._fails = frames, fails
        self.poses: list[Pose] = []
        self.cancelled = False

    def step(self, pose: Pose, frame: Frame) -> WizardView:
        if self._fails:
            raise RuntimeError("a bug in the wizard")
        self.poses.append(pose)
        self._left -= 1
        if self._left > 0:
            return WizardView("stand", 0, ("stand", "score"), "Stand", "Hold still.", progress=0.5)
        measured = replace(stats(), image_size=frame.image.shape[1::-1])
        return WizardView("score", 1, ("stand", "score"), "Done", "", finished=True, stats=measured)

    def cancel(self) -> None:
        self.cancelled = True


Orders = Mapping[int, Callable[[Director], object]]


class Show:
    """A whole loop over `frames` frames, not in real time, that starts with the red target.

    `orders`: what to do once the frame of this number was estimated; with `settle`, each is waited for.
    """

    def __init__(
        self,
        scenery: Path,
        orders: Orders,
        *,
        frames: int = 40,
        settle: bool = True,
        engines: Engines | None = None,
        poses: list[Pose] | None = None,
        config: LiveConfig | None = None,
        open_wizard: WizardFactory | None = None,
        sinks: list[Sink] | None = None,
    ) -> None:
        self.engines, self.sink, self.said = engines or Engines(), Collector(), list[str]()
        self.poses, self._orders, self._settle = poses or walking(frames), orders, settle
        self.loop, self.report, self.stop = fake_loop(
            ColourSource(frames),
            ListedEstimator(self.poses, self._after),
            scenery / "red",
            sinks=[self.sink, *(sinks or [])],
            said=self.said,
            config=config,
            open_wizard=open_wizard,
            open_engine=self.engines.open,
        )
        self.parts = self.loop.parts
        self.director = self.parts.director

    def run(self, after_loop: Callable[[], object] = lambda: None) -> "Show":
        self.director.start()
        try:
            self.loop.run()
        finally:
            after_loop()
            self.parts.close()
        return self

    def _after(self, frame_id: int) -> None:
        if (order := self._orders.get(frame_id)) is not None:
            order(self.director)
            if self._settle:
                assert self.director.settled(PATIENCE_S)

    def shown(self) -> list[str]:
        """Before which plate each picture stands: "red full", "blue half", "?"."""
        known = {
            colour: f"{name} {take}"
            for name, plates in PLATES.items()
            for take, colour in zip(("full", "half"), plates, strict=True)
        }
        return [known.get(tuple(int(v) for v in image[2, 2]), "?") for image in self.sink.images]
