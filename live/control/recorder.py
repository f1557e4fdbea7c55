"""`Recorder`: records the output to a video file, started and stopped during a run."""

import os
import threading
from datetime import datetime
from pathlib import Path

from engines.system.same_file import same_file
from live.scene.settings import SettingsError
from live.sinks.several import Sinks
from live.sinks.video_file import VideoFileSink, free_file


class Recorder:
    """One recording at a time, as an extra sink in `sinks`. May be used from any thread."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks
        self._lock = threading.Lock()
        self._running: tuple[VideoFileSink, Path] | None = None

    @property
    def path(self) -> Path | None:
        """The file being written; None if there is none, or its disk was full."""
        running = self._running
        return running[1] if running is not None and self._sinks.holds(running[0]) else None

    @property
    def problem(self) -> str:
        """Why the last recording ended by itself; "" if it did not."""
        running = self._running
        return "" if running is None or running[0].failure is None else str(running[0].failure)

    def start(self, path: Path | None) -> Path:
        """Write `path` (.mp4); None: a new file named by date and time in the current folder. Returns the path.

        A recording already running goes on, and its path is returned. Raises SettingsError for another kind of file,
        and for one that exists or is being written, as no recording replaces anything; SinkError for one that cannot be
        written.
        """
        with self._lock:
            if (running := self.path) is not None:
                return running
            path = path or free_file(f"puppet-{datetime.now():%Y-%m-%d-%H%M%S}")
            if path.suffix.lower() != ".mp4":
                raise SettingsError("cannot record to this file", got=str(path), wanted="FILE.mp4")
            if os.path.lexists(path) or any(same_file(path, Path(name)) for name in self._sinks.names):
                raise SettingsError(
                    "cannot record to this file", got=f"{path}, which already exists", wanted="a new name"
                )
            sink = VideoFileSink(path)
            self._sinks.add(sink)
            self._running = (sink, path)
            return path

    def stop(self) -> Path | None:
        """End the recording; returns the complete file, or None if nothing was being recorded."""
        with self._lock:
            if self._running is None:
                return None
            (sink, path), self._running = self._running, None
            self._sinks.remove(sink)
            return path
