"""The look at Python and the libraries, on made-up ones: right, too old, missing, one too many; and on this machine."""

from pathlib import Path

import pytest

from live.doctor.exams import machine, packages, requirements
from live.doctor.exams.packages import loaded, versions
from live.doctor.exams.requirements import Requirements, fits, read_requirements
from live.doctor.finding import Finding

PYPROJECT = """
[project]
requires-python = ">=3.10,<3.13"
# a comment with "quotes"
dependencies = [
    "numpy>=1.26,<2",
    # "old==1"
    "onnx==1.22.0",
    "av; sys_platform == 'linux'",
]
[project.optional-dependencies]
train = ["torch>=2.6"]
"""


@pytest.mark.parametrize(
    ("version", "wanted", "good"),
    [
        ("1.26.4", ">=1.26,<2", True),
        ("2.0.1", ">=1.26,<2", False),
        ("1.9.0", ">=1.26", False),
        ("0.10.21", "==0.10.21", True),
        ("0.10.2", "==0.10.21", False),
        ("2026.4.1", ">=2025.0", True),
        ("4.11.0.86", "==4.11.0.86", True),
        ("2.0", "==2.0.0", True),
        ("5.0rc1", "<5", False),
        ("3.12.1", "", True),
        ("odd", ">=1", False),
    ],
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, good: bool) -> None:
    assert fits(version, wanted) is good


def test_what_is_wanted_stands_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    wanted = read_requirements(tmp_path / "pyproject.toml")
    assert wanted == Requirements(">=3.10,<3.13", {"numpy": ">=1.26,<2", "onnx": "==1.22.0", "av": ""})


def test_the_project_itself_is_read_whole() -> None:
    wanted = read_requirements()
    assert wanted.python.startswith(">=3.10")
    assert {"mediapipe", "numpy", "openvino", "pyvirtualcam"} <= wanted.libraries.keys()
    assert not {"torch", "pytest"} & wanted.libraries.keys()


def test_without_pyproject_what_pip_installed_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "everybody_dance_live-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: everybody-dance-live\nVersion: 0.1.0\nRequires-Python: >=3.10\n"
        'Requires-Dist: numpy<2,>=1.26\nRequires-Dist: torch>=2.6; extra == "train"\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert read_requirements(tmp_path / "none.toml") == Requirements(">=3.10", {"numpy": "<2,>=1.26"})
    monkeypatch.setattr(requirements, "PROGRAM", "no-such-program")
    assert read_requirements(tmp_path / "none.toml") == Requirements("", {})


HAVE = {"numpy": "1.26.4", "onnx": "1.22.0"}
WANTED = {"numpy": ">=1.26,<2", "onnx": "==1.22.0"}


def test_libraries_that_fit_are_no_line() -> None:
    assert versions(WANTED, HAVE.get) == []


@pytest.mark.parametrize(
    ("change", "mark", "told"),
    [
        ({"onnx": None}, "bad", "not installed: onnx"),
        ({"numpy": "2.1.0"}, "warning", "numpy 2.1.0: wanted >=1.26,<2"),
        ({"opencv-python": "4.12"}, "warning", "more than one OpenCV"),
    ],
)
def test_each_that_does_not_fit_is_a_line(change: "dict[str, str | None]", mark: str, told: str) -> None:
    (finding,) = versions(WANTED, {**HAVE, **change}.get)
    assert finding.mark == mark and told in finding.text and "pip" in finding.do


def test_one_that_cannot_be_loaded_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_one.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    (tmp_path / "raising_one.py").write_text("raise AttributeError('numpy.core')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert loaded("json") == []
    (finding,) = loaded("broken-one")
    assert finding == Finding("bad", "the system library libEGL.so.1 is missing", "sudo apt install libegl1")
    (finding,) = loaded("raising-one")
    assert finding.mark == "bad" and "numpy.core" in finding.text


def test_a_program_that_is_nowhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "read_requirements", lambda: Requirements("", {}))
    (finding,) = packages.findings()
    assert finding.mark == "warning" and "unknown" in finding.text


@pytest.mark.parametrize(
    ("version", "wide", "mark"), [("3.11.2", True, "ok"), ("3.13.0", True, "warning"), ("3.11.2", False, "bad")]
)
def test_python_is_judged(version: str, wide: bool, mark: str) -> None:
    finding = machine.python(version, ">=3.10,<3.13", wide)
    assert finding.mark == mark and version in finding.text


@pytest.mark.parametrize(
    ("cores", "kilobytes", "mark"), [(4, 16 << 20, "ok"), (1, 16 << 20, "warning"), (4, 2 << 20, "warning")]
)
def test_cores_and_memory_are_judged(tmp_path: Path, cores: int, kilobytes: int, mark: str) -> None:
    (tmp_path / "meminfo").write_text(f"Buffers: 1 kB\nMemTotal:       {kilobytes} kB\n")
    finding = machine.computer(cores, tmp_path / "meminfo")
    assert finding.mark == mark and f"{cores} core" in finding.text and "GB" in finding.text


def test_a_system_that_tells_no_memory_is_fine(tmp_path: Path) -> None:
    finding = machine.computer(4, tmp_path / "none")
    assert finding.mark == "ok" and "GB" not in finding.text
