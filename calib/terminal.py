"""The wizard in the terminal: one panel that is redrawn, or plain lines if the output is not a terminal."""

import sys
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from live.control.wizard_port import WizardView

_BELL = {"tick": "\a", "done": "\a\a", "fail": "\a"}


class Screen:
    """Shows the wizard's views; a context manager. `out`: where to write; a terminal gets the panel and the bell."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._console = Console(file=out or sys.stdout, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._last: tuple[str, ...] = ()

    def __enter__(self) -> "Screen":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print one line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def show(self, view: WizardView) -> None:
        """Show the view; as plain lines only what is new in it."""
        if self._live is not None:
            self._live.update(_panel(view), refresh=True)
            if view.sound:
                self._console.file.write(_BELL[view.sound])
                self._console.file.flush()
            return
        words = (view.step, view.title, view.text, view.hint)
        if words[:3] != self._last[:3]:
            self.say(f"[{view.index + 1}/{len(view.steps)}] {view.title}: {view.text}")
        if view.hint and words != self._last and view.hint != view.text:
            self.say(f"      {view.hint}")
        self._last = words


def _panel(view: WizardView) -> Panel:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(view.text, style="bold"))
    grid.add_row(Text(view.hint or " ", style="yellow"))
    count = " " if view.countdown_s is None else f"{view.countdown_s:.0f}"
    meter = Table.grid(padding=(0, 1))
    meter.add_row(ProgressBar(total=1.0, completed=view.progress, width=40), count)
    grid.add_row(meter)
    return Panel(grid, title=f"{view.index + 1}/{len(view.steps)}  {view.title}", title_align="left", width=100)
