"""`LoopState`: how a run is going, for the page, the terminal and the log alike."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds; None while nothing was measured."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class LoopState:
    """The last two seconds, not the whole run.

    target: name or folder. title: for people. canvas: (width, height). consent: whose film the target was made from.
    framing: what is shown; framing_asked: what was chosen, may be "auto". background: as chosen; picture: the file that
    the run began with; None without one. engine, precision: as chosen; engine_text: what is in use. face: a face
    network paints; has_face: the character has one. profile: the calibration's name. pending, problem: one line each,
    "" for none. recording: the file. show_me: a page sees the camera's picture. person: "in view", "held" and so on.
    fps: pictures made per second. latency_ms: capture to send; stage_ms: the same by stage; budget_ms: the most that is
    fine. drops: frames dropped so far. source, sinks: their names. targets, engines: what there is to choose from;
    empty until known.
    """

    target: str
    title: str
    canvas: tuple[int, int]
    consent: str
    framing: str
    framing_asked: str
    background: str
    picture: str | None
    mirror: bool
    engine: str
    precision: str
    engine_text: str
    smoothing: float
    face: bool
    has_face: bool
    profile: str | None
    pending: str
    problem: str
    frozen: bool
    hidden: bool
    recording: str | None
    calibrating: bool
    show_me: bool
    person: str
    fps: float
    latency_ms: Percentiles
    stage_ms: Mapping[str, float]
    budget_ms: float
    drops: int
    source: str
    sinks: Sequence[str]
    targets: Sequence[Mapping[str, object]]
    engines: Sequence[Mapping[str, object]]

    def to_json(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)
