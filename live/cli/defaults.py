"""Fills in a source and sinks that were not typed from what this machine has, with a line for each that is missing."""

import os
import sys
from collections.abc import Mapping
from typing import Any

from engines.messages import Say
from live.config import LiveConfig
from live.sinks.video_file import free_file
from live.sinks.virtual_camera import has_virtual_camera, how_to_install
from live.sources.camera_list import list_cameras

_FALLBACK = "puppet"


def resolve(
    source: str | None, sinks: list[str] | None, say: Say, *, page: bool = False
) -> tuple[str, tuple[str, ...]]:
    """The source and the sinks of the run. What was asked for is never replaced.

    `page`: add the control room if no sinks were asked for.
    """
    if source is None:
        source = "camera" if any(not camera.virtual for camera in list_cameras()) else "demo"
        if source == "demo":
            say("no webcam found: playing the bundled demo clip once (or give --source FILE)")
    if not sinks:
        sinks = (["virtual-camera"] if has_virtual_camera() else []) + (["browser"] if page else [])
        if "virtual-camera" not in sinks:
            instead = "only the page shows the puppet" if page else f"writing {free_file(_FALLBACK)}"
            say(f"no virtual camera found: {instead} (for OBS or Zoom: {how_to_install()})")
        sinks = sinks or [str(free_file(_FALLBACK))]
    return source, tuple(sinks)


def has_desktop(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether there is a screen on which a browser could open; never in CI."""
    if environment.get("CI"):
        return False
    return platform != "linux" or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def describe(config: LiveConfig) -> dict[str, Any]:
    """The config with what it resolves to, for --dry-run. Raises EngineError for a target that does not exist."""
    from engines.bundle import find_target, open_bundle

    bundle = open_bundle(find_target(config.target))
    target = {
        "folder": str(bundle.folder),
        "title": bundle.title,
        "canvas": list(bundle.canvas),
        "framings": sorted(bundle.takes),
        "generators": sorted(bundle.generators),
    }
    return {
        **config.to_json(),
        "fps": config.fps or (bundle.fps if config.realtime else None),
        "resolved_target": target,
    }
