"""`python -m live.doctor`: what works on this machine, and what to do about the rest."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TextIO

from engines.system import process
from live.doctor.exam import CAMERA, EXAMS, VIRTUAL_CAMERA, Exam
from live.doctor.finding import Finding
from live.doctor.isolation import examine
from live.doctor.printout import as_json, lines, verdict
from live.doctor.privacy import of_this_user

_AT_ONCE = 2

Examine = Callable[[Exam], list[Finding]]

_DESCRIPTION = """\
Checks this machine: Python and libraries, cameras, the virtual camera, pose models, engines, targets, graphics card,
screen, disk. Prints a line for each, with what to do. Nothing is sent anywhere and nothing is changed; the camera is
switched on for two seconds, and its pictures are not kept."""

_EPILOG = """\
marks:      ok   as it should be
            !    a warning: the demo runs, but something people want does not work, or not well
            BAD  this stops the demo (run_live.py --source demo)
            -    this machine does not have it, and does not need it
exit code:  0 nothing is BAD, 1 something is, 2 a flag was wrong"""


def main(argv: Sequence[str] | None = None, *, examine: Examine = examine, out: TextIO | None = None) -> int:
    """Run the command line; returns the exit code. `examine` runs an exam; output goes to `out` (sys.stdout)."""
    arguments = _parser().parse_args(argv)
    skipped = {CAMERA: arguments.no_camera, VIRTUAL_CAMERA: arguments.no_virtual_camera}
    left_out = {exam: f"--no-{exam.name.replace(' ', '-')}" for exam, skip in skipped.items() if skip}
    out, privacy = out or sys.stdout, of_this_user()
    found: list[tuple[Exam, list[Finding]]] = []
    for exam, findings in _examined(left_out, examine):
        found.append((exam, findings))
        if not arguments.json:
            print(lines(exam, findings, privacy), file=out, flush=True)
    flat = [finding for _, findings in found for finding in findings]
    print(as_json(found, privacy) if arguments.json else f"\n{verdict(flat)}", file=out)
    return int(any(finding.mark == "bad" for finding in flat))


def _examined(left_out: dict[Exam, str], examine: Examine) -> Iterator[tuple[Exam, list[Finding]]]:
    """Each exam and what it found, in order, running two at once."""
    pool = ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1))
    try:
        looks = [(exam, None if exam in left_out else pool.submit(examine, exam)) for exam in EXAMS]
        for exam, look in looks:
            yield exam, [Finding("absent", f"not checked ({left_out[exam]})")] if look is None else look.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C wait for none


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m live.doctor",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="as JSON, without your name and folders, for a bug report")
    parser.add_argument("--no-camera", action="store_true", help="do not open the camera")
    parser.add_argument(
        "--no-virtual-camera", action="store_true", help="send the virtual camera no test picture, which others may see"
    )
    return parser


if __name__ == "__main__":
    process.run(main)
