"""`Exam`: one thing that the doctor looks at; `EXAMS`: all of them, in the order in which they are told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exam:
    """name: as it is printed. module: the one whose `findings()` looks.

    limit_s: after this it counts as hanging; ten times what it takes here, since libraries on a cold disk are slow.
    needed: the demo does not run without what it looks at, so where it fails itself that is bad, else a warning.
    """

    name: str
    module: str
    limit_s: float
    needed: bool = False


_SOON_S, _LATER_S = 40.0, 120.0
CAMERA = Exam("camera", "live.doctor.cameras", _SOON_S)
VIRTUAL_CAMERA = Exam("virtual camera", "live.doctor.readback", _SOON_S)
EXAMS = (
    Exam("machine", "live.doctor.machine", _SOON_S),
    Exam("libraries", "live.doctor.packages", _LATER_S, needed=True),
    CAMERA,
    VIRTUAL_CAMERA,
    Exam("telemetry", "live.doctor.telemetry", _SOON_S),
    Exam("models", "live.doctor.models", _LATER_S, needed=True),
    Exam("engines", "live.doctor.parity", _LATER_S, needed=True),
    Exam("targets", "live.doctor.targets", _SOON_S, needed=True),
    Exam("graphics card", "live.doctor.graphics_card", _SOON_S),
    Exam("screen", "live.doctor.screen", _SOON_S),
    Exam("page", "live.doctor.page", _SOON_S),
    Exam("cache", "live.doctor.caches", _SOON_S),
    Exam("disk", "live.doctor.disk", _SOON_S),
)
