"""Runs twenty shows with switches of target and engine, and checks that each ends well: python scripts/shows.py [COUNT]

A show switches its target never, once or twice, and every second one takes a better engine, as after a first run. It is
ended by Ctrl-C, SIGTERM, the key q, or the end of its time. Each must give exit code 0, a readable film and a report;
otherwise this script's exit code is 1.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
ENDS = ("SIGINT", "SIGTERM", "q", "time")
TARGETS = ("fortnite", "knight")
POSES = ROOT / "engines" / "targets" / "demo" / "poses.npz"
LONGEST_S, LAST_S = 240.0, 8.0


def show(
    folder: Path, changes: int, upgrade: bool, end: str, *, targets: Sequence[str] = TARGETS, poses: Path = POSES
) -> str:
    """What went wrong in one show that starts with the first of `targets`; "" if nothing did."""
    film, report = folder / "show.mp4", folder / "show.json"
    flags = ["--target", targets[0], "--source", str(poses), "--loop", "--sink", str(film), "--report", str(report)]
    flags += ["--engine", "openvino", "--precision", "fp32", "--calibration", "none", "--no-upgrade"]
    flags += ["--duration", str(LAST_S)] if end == "time" else []
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        __file__,
        "--one",
        *targets,
        str(changes),
        str(int(upgrade)),
        *flags,
    ]
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    os.close(theirs)
    said: list[str] = []
    exchanged = threading.Event()

    def read() -> None:
        assert child.stderr is not None
        for line in child.stderr:
            said.append(line.decode(errors="replace"))
            if said[-1].startswith("exchanged all"):
                exchanged.set()
        exchanged.set()  # the child has ended

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if not exchanged.wait(LONGEST_S):
            return f"never began\n{''.join(said)}"
        time.sleep(0.3)
        if end == "q":
            os.write(ours, b"q")
        elif end != "time":
            child.send_signal(getattr(signal, end))
        code = child.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        return f"hung\n{''.join(said)}"
    finally:
        child.kill()
        child.wait()
        os.close(ours)
    reader.join(1)
    if child.stderr is not None:
        child.stderr.close()
    return fault(code, film, report) and f"{fault(code, film, report)}\n{''.join(said)}"


def fault(code: int, film: Path, report: Path) -> str:
    """What is wrong with a show's exit code or files; "" if nothing is."""
    import av

    if code:
        return f"exit code {code}"
    try:
        with av.open(str(film)) as file:
            pictures = sum(1 for _ in file.decode(video=0))
        sent = json.loads(report.read_text())["frames"]["sent"]
    except (OSError, ValueError, KeyError, av.FFmpegError) as error:
        return repr(error)
    return "" if pictures >= 0.9 * sent > 0 else f"{pictures} of {sent} pictures"


def one(targets: Sequence[str], changes: int, upgrade: bool, flags: Sequence[str]) -> None:
    """The child: runs `run_live.py` with these flags, and switches as if somebody did so on the page."""
    import run_live
    from engines.system import process
    from live.control.director import Director
    from live.scene.engine_selector import EngineSelector

    plain_start = Director.start

    def exchange(director: Director) -> None:
        time.sleep(1.0)
        for number in range(changes):
            director.change("target", targets[(number + 1) % 2])
            director.settled(60)
            time.sleep(0.5)
        scene = director._context.scenes.current
        if upgrade and scene.target.generator is not None:
            scene.generator.take_engine(EngineSelector(1, print).best(scene.target.generator, scene.settings).engine)
            time.sleep(0.5)
        print("exchanged all", file=sys.stderr, flush=True)

    def start(director: Director) -> None:
        plain_start(director)
        threading.Thread(target=exchange, args=(director,), daemon=True).start()

    Director.start = start  # type: ignore[assignment, method-assign]
    process.run(lambda: run_live.main(flags))


def main() -> int:
    """Run them; 0 if all ended well."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    bad = 0
    for number in range(count):
        changes, upgrade, end = number % 3, number % 2 == 1, ENDS[number // 2 % 4]
        with tempfile.TemporaryDirectory() as folder:
            wrong = show(Path(folder), changes, upgrade, end)
        bad += bool(wrong)
        print(
            f"{number + 1:>3}  {changes} exchanged{', upgraded' if upgrade else ''}, {end}: {wrong or 'whole'}",
            flush=True,
        )
    print(f"{count - bad} of {count} ended whole")
    return int(bad > 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2:4], int(sys.argv[4]), sys.argv[5] == "1", sys.argv[6:])
    sys.exit(main())
