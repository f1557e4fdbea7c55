"""Nothing leaves this machine: OpenVINO and ONNX Runtime are kept from reporting home.

`engines` does this when it is imported, and each package of ours imports `engines` before anything else.
"""

import os
import sys


def keep_off() -> None:
    """Call it in every process before the first import of either runtime; may be called again."""
    # ONNX Runtime would leave an id of this machine and a database in the home folder, and send the program's path.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # OpenVINO would leave an id there too and call Google Analytics, from a process that it forks while threads run: on
    # Python 3.12 that process may never end, nor then ours. Without this module it goes on with a stub of its own.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
