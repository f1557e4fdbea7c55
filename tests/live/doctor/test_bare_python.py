"""The doctor where nothing was installed yet: the commonest fault, and the one in which a program cannot even start."""

import subprocess
import sys
import venv
from pathlib import Path

from live.doctor.exam import EXAMS

ROOT = Path(__file__).resolve().parents[3]


def test_it_says_what_to_install_and_looks_at_the_rest(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=sys.platform != "win32")
    python = tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = subprocess.run(
        [str(python), "run_live.py", "--doctor"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.stderr == ""
    assert "BAD  libraries       not installed: av, " in done.stdout and "do this: pip install -e ." in done.stdout
    assert {line[5:21].strip() for line in done.stdout.splitlines()} >= {exam.name for exam in EXAMS}
    assert "The demo does not run here" in done.stdout and done.returncode == 1
