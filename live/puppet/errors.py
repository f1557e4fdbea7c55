"""The errors that a user may meet on the live side."""

from engines.errors import UserError


class PuppetError(UserError):
    """Base of every error of the live side."""


class PoseFileError(PuppetError):
    """A file of recorded poses that cannot be read, or is of another topology."""


class TargetError(PuppetError):
    """A target bundle that is missing, damaged, or made by another version of the puppet."""


class CameraError(PuppetError):
    """A source (camera, video, folder, recording) that cannot be opened or has broken."""


class SinkError(PuppetError):
    """An output (virtual camera, file, window) that cannot be opened or written."""


class CalibrationError(PuppetError):
    """A calibration profile that is missing, damaged, or of another version."""
