"""The values allowed for --source, --sink, --engine and --estimator. Imports nothing, so that `--help` is quick."""

ESTIMATORS = ("auto", "openvino", "holistic")

# The same names as engines.selection.candidates.AUTO; importing those would pull in numpy.
ENGINES = (
    "tensorrt",
    *("onnxruntime:cuda", "onnxruntime:tensorrt", "onnxruntime:coreml", "onnxruntime:directml"),
    "openvino",
    "onnxruntime",
)


def is_camera(spec: str) -> bool:
    """Whether `--source` names a camera: `camera`, `camera:NAME`, `camera:INDEX`."""
    return spec == "camera" or spec.startswith("camera:")


def is_browser(spec: str) -> bool:
    """Whether `--sink` names the control room: `browser`, `browser:PORT`."""
    return spec.partition(":")[0] == "browser"


def browser_port(spec: str) -> int | None:
    """The port of `browser:PORT`; None for `browser` alone."""
    return int(spec.partition(":")[2]) if ":" in spec else None


def sink_file(spec: str) -> str | None:
    """The file that `--sink FILE.mp4` names; None for any other sink."""
    return (
        spec if spec.lower().endswith(".mp4") and spec.partition(":")[0] not in ("virtual-camera", "browser") else None
    )


def sink_error(spec: str) -> str | None:
    """Why `spec` is not a sink, worded for a usage message; None if it is one."""
    name, colon, rest = spec.partition(":")
    if name == "browser" and colon and not (rest.isdigit() and 0 < int(rest) < 65536):
        return f"not a port: {rest!r}; wanted: browser, or browser:PORT with 1 to 65535"
    if spec in ("null", "window") or name in ("virtual-camera", "browser") or spec.lower().endswith(".mp4"):
        return None
    return f"unknown sink {spec!r}; wanted: virtual-camera, virtual-camera:DEVICE, browser, FILE.mp4, window or null"
