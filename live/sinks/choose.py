"""Turns the text after `--sink` into a sink."""

from pathlib import Path

from live.sinks.base import Sink


def make_sink(spec: str) -> Sink:
    """The sink that `spec` names, not yet open. `live.specs.sink_error(spec)` must be None."""
    if spec == "null":
        from live.sinks.null import NullSink

        return NullSink()
    if spec == "window":
        from live.sinks.window import WindowSink

        return WindowSink()
    if spec.partition(":")[0] == "virtual-camera":
        from live.sinks.virtual_camera import VirtualCameraSink

        return VirtualCameraSink(spec.partition(":")[2] or None)
    from live.sinks.video_file import VideoFileSink

    return VideoFileSink(Path(spec))
