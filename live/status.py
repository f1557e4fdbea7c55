"""`Status`: what the user sees while it runs: one line that is kept current, or, without a terminal, one every 5 s."""

import sys
import threading
from typing import TextIO

from live.clock import Clock
from live.report import Report

_EVERY_S, _EVERY_S_PLAIN = 0.5, 5.0
_CLEAR = "\r\x1b[K"


class Status:
    """Prints to `out`; `say` prints a line of its own to `err`. Neither is ever on the path of a frame."""

    def __init__(self, report: Report, clock: Clock, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._report, self._clock = report, clock
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._live = self._out.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_current, name="status", daemon=True)

    def start(self) -> None:
        """Begin to show the status line."""
        self._thread.start()

    def stop(self) -> None:
        """End it, leaving the line's place empty."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        if self._live:
            self._print(_CLEAR, end="")

    def say(self, text: str) -> None:
        """One line for the user, above the status line."""
        print(f"{_CLEAR if self._live else ''}{text}", file=self._err, flush=True)

    def line(self) -> str:
        """`29.9 fps | capture to send 78 / 103 ms (p50 / p95) | openvino CPU bf16 | in view`."""
        report, now = self._report, self._clock.now()
        latency = report.recent_latency_s()
        shown = "-" if latency is None else f"{latency[0] * 1000:.0f} / {latency[1] * 1000:.0f} ms (p50 / p95)"
        engine = " ".join(dict.fromkeys(report.engine.values()))
        return f"{report.generated.recent_per_s(now):.1f} fps | capture to send {shown} | {engine} | {report.person}"

    def _keep_current(self) -> None:
        while not self._done.wait(_EVERY_S if self._live else _EVERY_S_PLAIN):
            if self._live:
                self._print(_CLEAR + self.line(), end="")
            else:
                self._print(self.line())

    def _print(self, text: str, end: str = "\n") -> None:
        try:
            print(text, end=end, file=self._out, flush=True)
        except OSError:  # whoever read our output is gone; the stream goes on
            self._done.set()
