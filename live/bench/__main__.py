"""`python -m live.bench`: times the drawing, or with --end-to-end the whole loop, on this machine."""

import argparse
from pathlib import Path

import engines  # noqa: F401 - keeps the runtimes from reporting home
from engines.system import process
from engines.system.argument_types import whole_number


def main() -> int:
    """Print the tables that the flags ask for."""
    parser = argparse.ArgumentParser(prog="python -m live.bench", description=__doc__)
    parser.add_argument("--target", default="fortnite", help="whose doll is drawn (default fortnite)")
    parser.add_argument("--poses", type=Path, help="recorded poses (.npz); default: a swaying figure")
    parser.add_argument("--steps", type=whole_number, default=600, help="steps, or frames, to measure (default 600)")
    parser.add_argument(
        "--end-to-end",
        action="store_true",
        help="from a clip's frame to the finished picture, by stage, beside MediaPipe Holistic that only draws points",
    )
    parser.add_argument("--source", default="demo", help="with --end-to-end: the clip (default: the demo clip)")
    parser.add_argument("--framing", default="full", help="with --end-to-end: full or half (default full)")
    parser.add_argument(
        "--seconds", type=float, default=20, help="with --end-to-end: of the real-time run (default 20)"
    )
    chosen = parser.parse_args()
    if chosen.end_to_end:
        from live.bench.end_to_end import time_loop

        time_loop(chosen.target, chosen.source, chosen.framing, frames=chosen.steps, seconds=chosen.seconds)
        return 0
    from live.bench.conditioner import time_conditioner

    time_conditioner(chosen.target, chosen.poses, chosen.steps)
    return 0


if __name__ == "__main__":
    process.run(main)
