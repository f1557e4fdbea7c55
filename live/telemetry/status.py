"""`Status`: all that a run tells its user: messages, the state on the terminal, and the log of both."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from engines.messages import Detail, Info
from live.telemetry.log import RunLog
from live.telemetry.loop_state import LoopState
from live.telemetry.status_line import status_line

if TYPE_CHECKING:  # it imports rich
    from live.telemetry.panel import Panel

_PANEL_S, _LINE_S = 0.5, 5.0  # how often the panel is redrawn; how often a plain line goes to the output and the log


class Status:
    """Prints to `out` (the state, the report) and `err` (messages). Never delays a frame.

    On a terminal a small panel is kept up to date; otherwise a line is added now and then. `quiet`: neither, and no
    Info. `log` gets everything.
    """

    def __init__(
        self, *, quiet: bool = False, log: RunLog | None = None, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self._quiet, self._log = quiet, log
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._state: Callable[[], LoopState] | None = None
        self._panel: Panel | None = None
        self._problem, self._log_told, self._reader_gone = "", False, False
        self._line_at_s = -float("inf")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_current, name="status", daemon=True)

    def start(self, state: Callable[[], LoopState]) -> None:
        """Start showing `state()`; see `Director.state`."""
        self._state = state
        self._thread.start()

    def stop(self) -> None:
        """Stop, and remove the panel."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        self._close_panel()

    def say(self, text: str) -> None:
        """One line for the user."""
        self.note(text)
        if isinstance(text, Detail) or (self._quiet and isinstance(text, Info)):
            return
        panel = self._panel
        try:
            if panel is not None and self._err.isatty():
                panel.say(text)
            else:
                print(text, file=self._err, flush=True)
        except (OSError, ValueError):  # the reader is gone; the stream goes on
            self._close_panel()

    def tell(self, text: str) -> None:
        """Print the final report to `out`."""
        self.note(text)
        if not self._quiet:
            self._print(text)

    def note(self, text: str) -> None:
        """Write a line to the log only."""
        if self._log is None:
            return
        self._log.write(text)
        if self._log.problem and not self._log_told:
            self._log_told = True
            self.say(self._log.problem)

    def tick(self, now_s: float) -> None:
        """Read the state and show it; `now_s` on any clock."""
        state = self._state() if self._state is not None else None
        if state is None:
            return
        if state.problem != self._problem:
            self._problem = state.problem
            if self._problem:
                self.say(self._problem)
        if self._panel is not None:
            self._show(state)
        if now_s - self._line_at_s >= _LINE_S:
            self._line_at_s = now_s
            self.note(line := status_line(state))
            if not self._quiet and not self._on_terminal():
                self._print(line)

    def _keep_current(self) -> None:
        if not self._quiet and self._on_terminal():
            from live.telemetry.panel import Panel

            with contextlib.suppress(OSError):
                self._panel = Panel(self._out, take_stderr=self._err.isatty())
        self._line_at_s = time.monotonic()  # there is nothing to report yet
        while not self._done.wait(_PANEL_S):
            self.tick(time.monotonic())
        self._close_panel()

    def _show(self, state: LoopState) -> None:
        panel = self._panel
        try:
            if panel is not None:
                panel.show(state)
        except OSError:
            self._close_panel()

    def _close_panel(self) -> None:
        panel, self._panel = self._panel, None
        with contextlib.suppress(OSError):
            if panel is not None:
                panel.close()

    def _on_terminal(self) -> bool:
        return self._out.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")

    def _print(self, text: str) -> None:
        try:
            if not self._reader_gone:
                print(text, file=self._out, flush=True)
        except (OSError, ValueError):  # ValueError: closed
            self._reader_gone = True
