"""`Exam`: one thing that the doctor checks; `EXAMS`: all of them, in the order in which they are printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exam:
    """name: as printed. module: the one whose `findings()` does the exam.

    limit_s: after this it counts as hanging; ten times what it takes here, since libraries on a cold disk are slow.
    needed: the demo does not run without what it checks, so a failure of the exam itself is bad, else a warning.
    """

    name: str
    module: str
    limit_s: float
    needed: bool = False


_SOON_S, _LATER_S = 40.0, 120.0
CAMERA = Exam("camera", "live.doctor.exams.cameras", _SOON_S)
VIRTUAL_CAMERA = Exam("virtual camera", "live.doctor.exams.readback", _SOON_S)
EXAMS = (
    Exam("machine", "live.doctor.exams.machine", _SOON_S),
    Exam("libraries", "live.doctor.exams.packages", _LATER_S, needed=True),
    CAMERA,
    VIRTUAL_CAMERA,
    Exam("telemetry", "live.doctor.exams.telemetry", _SOON_S),
    Exam("models", "live.doctor.exams.models", _LATER_S, needed=True),
    Exam("engines", "live.doctor.exams.parity", _LATER_S, needed=True),
    Exam("targets", "live.doctor.exams.targets", _SOON_S, needed=True),
    Exam("graphics card", "live.doctor.exams.graphics_card", _SOON_S),
    Exam("screen", "live.doctor.exams.screen", _SOON_S),
    Exam("page", "live.doctor.exams.page", _SOON_S),
    Exam("cache", "live.doctor.exams.caches", _SOON_S),
    Exam("disk", "live.doctor.exams.disk", _SOON_S),
)
