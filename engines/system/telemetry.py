"""Keeps OpenVINO and ONNX Runtime from reporting home, so that nothing leaves this machine.

`engines` calls this when it is imported, and each of our packages imports `engines` before anything else.
"""

import os
import sys


def keep_off() -> None:
    """Call it in every process before the first import of either runtime. It may be called again."""
    # ONNX Runtime would leave an id of this machine and a database in the home folder, and send the program's path.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # OpenVINO would leave an id there too, and call Google Analytics from a process that it forks while threads run. On
    # Python 3.12 that process may never end, and then neither does ours. Without this module it uses its own stub.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
