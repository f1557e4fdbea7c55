"""`LiveConfig`: all options of a run, with defaults filled in, as `--dry-run` and the report show them."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """One run of the puppet.

    source, sinks, background: as typed (see live/sources, live/sinks, live/scene/background). framing: "full", "half",
    or "auto", which goes by what is in view. fps: of the output; None means the target's in real time, the clip's own
    otherwise. threads: for the engine. estimator: see `live.estimator.choose`. face: paint the face network's faces if
    the target has one. upgrade: prepare faster engines in the background and switch to them (in real time only). mark:
    see `live.render.mark`. predict: draw each pose as it will be when its picture is seen (in real time only).
    calibration: see `live.performer.profile.load_profile`; calibrate: begin with the wizard. host: where the control
    room listens; browser_asked: its sink was typed; open_browser: open it at once. duration_s, frames: when to stop;
    None: never. hold_s, ease_s: with nobody in view, how long to hold the last pose, then to ease into the idle loop.
    forget_s: after this long away, the next person counts as somebody new. gap_reset_s: after a gap this long, the
    previous picture is no longer fed back. camera_size_px: (width, height) to request; the camera gives its nearest.
    """

    target: str
    source: str
    sinks: tuple[str, ...]
    framing: str = "full"
    background: str = "plate"
    engine: str = "auto"
    precision: str = "auto"
    threads: int = 1
    estimator: str = "auto"
    face: bool = True
    predict: bool = True
    upgrade: bool = True
    mark: bool = True
    fps: float | None = None
    mirror: bool = False
    calibration: str = "none"
    calibrate: bool = False
    host: str = "127.0.0.1"
    browser_asked: bool = False
    open_browser: bool = False
    duration_s: float | None = None
    frames: int | None = None
    realtime: bool = True
    loop: bool = False
    report: Path | None = None
    hold_s: float = 0.5
    ease_s: float = 0.6
    forget_s: float = 5.0
    gap_reset_s: float = 0.5
    camera_size_px: tuple[int, int] = (1280, 720)

    def to_json(self) -> dict[str, Any]:
        """A dict for `json.dump`."""
        data = dataclasses.asdict(self)
        data["report"] = None if self.report is None else str(self.report)
        return data
