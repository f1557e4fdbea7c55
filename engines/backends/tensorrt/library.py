"""TensorRT's library: imports it when needed, checks its version, and keeps its log for our errors."""

import threading
from collections import deque
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from engines.errors import EngineError, reason

if TYPE_CHECKING:
    import tensorrt as trt

OLDEST, NEWEST = (10, 12), (12, 0)  # strong typing is complete since 10.12; nothing is known of 12 yet
WANTED = "TensorRT 10.12 or newer, before 12"
CANNOT_START = "TensorRT cannot start"
UPDATE = "update the NVIDIA driver, or use --engine auto"
_INSTALL = 'pip install "everybody-dance-live[tensorrt]" on a machine with an NVIDIA GPU'


def check_tensorrt() -> str:
    """The version of the installed TensorRT, such as "10.16.1.11", after which `import tensorrt` works.

    Raises EngineError if it is missing, cannot be loaded, or is too old or too new.
    """
    try:
        import tensorrt as trt
    except ImportError as error:  # also if the bindings are installed but libnvinfer is not
        raise EngineError("TensorRT is not installed", got=reason(error), wanted=WANTED, do=_INSTALL) from error
    except Exception as error:  # a library that fails to initialise may raise anything
        raise EngineError("TensorRT cannot be loaded", got=reason(error), wanted=WANTED, do=_INSTALL) from error
    version = str(trt.__version__)
    if not OLDEST <= version_of(version) < NEWEST:
        raise EngineError("this TensorRT is not supported", got=version, wanted=WANTED, do=_INSTALL)
    return version


def version_of(text: str) -> tuple[int, int]:
    """(major, minor) of a version text, (0, 0) if it has none."""
    parts = text.split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (IndexError, ValueError):
        return 0, 0


class Log:
    """What TensorRT complained about, for our errors to quote. One logger serves the process, from any thread."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=5)
        self._lock = threading.Lock()
        self.logger = _logger(self)

    def keep(self, line: str) -> None:
        """Keeps one error line."""
        with self._lock:
            self._lines.append(" ".join(line.split()))

    def complaint(self) -> str:
        """The errors since the last call, oldest first, as one line; "" if there were none."""
        with self._lock:
            lines, self._lines = list(self._lines), deque(maxlen=5)
        return reason(RuntimeError(" | ".join(lines))) if lines else ""


def tensorrt_log() -> Log:
    """The one log of the installed TensorRT. Call `check_tensorrt` first."""
    import tensorrt as trt

    return _log_of(trt)


@lru_cache(maxsize=1)
def _log_of(_: ModuleType) -> Log:
    return Log()


def _logger(log: Log) -> "trt.ILogger":
    import tensorrt as trt

    class Logger(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)  # not super(): pybind11 wants the base's own

        def log(self, severity: trt.ILogger.Severity, msg: str) -> None:
            if severity in (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR):
                log.keep(msg)

    return Logger()
