"""What the texts after --source and --sink may be. Imports nothing, so that `--help` is quick."""


def is_camera(spec: str) -> bool:
    """Whether `--source` names a camera: `camera`, `camera:NAME`, `camera:INDEX`."""
    return spec == "camera" or spec.startswith("camera:")


def sink_error(spec: str) -> str | None:
    """Why `spec` is no sink, in words for a usage message; None when it is one."""
    if spec in ("null", "window") or spec.partition(":")[0] == "virtual-camera" or spec.lower().endswith(".mp4"):
        return None
    return f"unknown sink {spec!r}; wanted: virtual-camera, virtual-camera:DEVICE, FILE.mp4, window or null"
