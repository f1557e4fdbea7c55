"""`Panel`: shows the status on a terminal with rich, in a few lines kept up to date below all messages.

rich takes a tenth of a second to import, so import this module only when the panel is shown.
"""

from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from live.telemetry.loop_state import LoopState
from live.telemetry.status_line import flags, latency


class Panel:
    """Drawn on the terminal `out`. The methods may be called from any thread; they raise OSError if it is gone."""

    def __init__(self, out: TextIO, *, take_stderr: bool) -> None:
        self._console = Console(file=out, highlight=False)
        # What others print meanwhile appears above the panel, not in it.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=take_stderr,
        )
        self._live.start()

    def show(self, state: LoopState) -> None:
        """Replace what is shown."""
        self._live.update(draw_panel(state), refresh=True)

    def say(self, text: str) -> None:
        """Print a line above the panel, where it stays."""
        self._console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Remove the panel without a trace."""
        self._live.stop()


def draw_panel(state: LoopState) -> Table:
    """At most three lines, cut at the terminal's width: what is happening, where the time goes, what is unusual."""
    late, seen = state.latency_ms.p95, state.person == "in view"
    colour = "default" if late is None else "green" if late <= state.budget_ms else "yellow"
    first = Text.assemble(
        (f"{state.title} ({state.framing})", "bold"),
        f"  {state.fps:.1f} fps  ",
        (latency(state), colour),
        "  ",
        (state.person, "green" if seen else "yellow"),
        f"  {state.engine_text}",
    )
    stages = "  ".join(f"{name} {value:.0f}" for name, value in state.stage_ms.items())
    second = Text(f"ms: {stages or '-'}  dropped: {state.drops}  to: {', '.join(state.sinks)}", style="dim")
    unusual = flags(state)
    rows = [first, second, *([Text("  ".join(unusual), style="bold yellow")] if unusual else [])]
    grid = Table.grid(expand=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for row in rows:
        grid.add_row(row)
    return grid
