"""The errors of the live side: each says what failed, what it got, what it wanted, and what to do."""


class PuppetError(Exception):
    """Base of every error that a user may meet on the live side.

    Arguments: `what` failed, what it `got`, what it `wanted`, and what the user can `do` about it. The last three may
    be empty; `str()` joins those that are there into one readable sentence.
    """

    def __init__(self, what: str, *, got: str = "", wanted: str = "", do: str = "") -> None:
        parts = [what]
        if got:
            parts.append(f"got: {got}")
        if wanted:
            parts.append(f"wanted: {wanted}")
        if do:
            parts.append(f"do this: {do}")
        super().__init__("; ".join(parts))
        self.what, self.got, self.wanted, self.do = what, got, wanted, do


class PoseFileError(PuppetError):
    """A recorded-poses file that cannot be read, or is of another topology."""


class TargetError(PuppetError):
    """A target bundle that is missing, damaged, or made by another version of the puppet."""


class CameraError(PuppetError):
    """A source (camera, video, folder, recording) that cannot be opened or broke."""


class SinkError(PuppetError):
    """An output (virtual camera, file, window) that cannot be opened or written."""


class CalibrationError(PuppetError):
    """A calibration profile that is missing, damaged, or of another version."""
