"""`python -m engines`: the list, the bench table, and mistakes in one line."""

from pathlib import Path

import pytest

from engines import __main__ as command
from engines import bench as bench_module
from engines.bench import Timing, bench, table
from engines.bundle import Generator, write_manifest
from engines.errors import EngineError
from engines.openvino_engine import cpu_bf16
from tests.engines.tiny_bundle import FILES, manifest
from tests.engines.tiny_model import tiny_spec


@pytest.fixture
def target(tmp_path: Path, tiny_model: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(tiny_model.read_bytes())
    write_manifest(folder, manifest())
    return folder


def test_list_shows_targets_damaged_ones_and_engines(
    target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = target.parent / "broken"
    broken.mkdir()
    monkeypatch.setattr(command, "find_targets", lambda: {"broken": broken, "tiny": target})
    assert command.main(["list"]) == 0
    out = capsys.readouterr().out
    assert f"tiny: Tiny; generators: lite; licence: MIT ({target})" in out
    assert "broken: damaged: the target has no readable manifest" in out
    assert "onnxruntime 1." in out
    assert "openvino 20" in out


def test_list_says_which_runtime_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(f"No module named {name}")

    monkeypatch.setattr(command.importlib, "import_module", absent)
    assert command._version("openvino") == "(not installed: No module named openvino)"


def test_bench_times_every_engine_there_is(target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["bench", "--target", str(target), "--frames", "7"]) == 0
    out = capsys.readouterr().out
    assert "tiny lite, 7 frames each, 1 thread(s)" in out
    assert "| openvino | fp32 | " in out
    assert "| onnxruntime | fp32 | " in out
    assert ("| openvino | bf16 | - | - | openvino cannot run in bf16" in out) == (cpu_bf16() is False)


def test_bench_takes_turns_and_counts_each_frame_once(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr(bench_module.time, "perf_counter", lambda: next(ticks) / 1000)
    generator = Generator(tiny_model, tiny_spec())
    timings = bench(generator, backend="fake", precision="auto", threads=1, frames=12)
    assert [(t.backend, t.precision) for t in timings] == [("fake", "uint8")]
    assert timings[0].median_ms == pytest.approx(1.0)
    assert timings[0].p95_ms == pytest.approx(1.0)
    assert next(ticks) == 2 * 12


def test_bench_shows_who_could_not_be_opened(tiny_model: Path) -> None:
    with pytest.raises(EngineError, match="no engine to time; got: openvino: .*int8.* | onnxruntime: .*int8"):
        bench(Generator(tiny_model, tiny_spec()), backend="auto", precision="int8", threads=1, frames=1)
    shown = table([Timing("a", "fp32", 1.0, 2.345, "x"), Timing("b", "bf16", float("nan"), float("nan"), "no bf16")])
    assert shown.splitlines()[2:] == ["| a | fp32 | 1.00 | 2.35 | x |", "| b | bf16 | - | - | no bf16 |"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "nobody-has-this"], "there is no such target; got: nobody-has-this"),
        (["--target", "TINY", "--backend", "tensorrt"], "later release"),
        (["--target", "TINY", "--backend", "cuda"], "there is no such engine; got: cuda"),
        (["--target", "TINY", "--backend", "onnxruntime", "--precision", "bf16"], "got: bf16; wanted: auto, fp32"),
    ],
)
def test_a_mistake_is_one_line_and_exit_1(
    target: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert command.main(["bench", *(str(target) if word == "TINY" else word for word in arguments)]) == 1
    captured = capsys.readouterr().err
    assert captured.startswith("error: ")
    assert captured.count("\n") == 1
    assert message in captured


def test_a_bare_doll_has_nothing_to_time(target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_manifest(target, manifest() | {"generators": {}})
    assert command.main(["bench", "--target", str(target)]) == 1
    assert "target tiny has no generator to time" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["bench"], ["bench", "--target", "x", "--frames", "0"]])
def test_usage_mistakes_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(arguments)
    assert raised.value.code == 2
    assert "usage: " in capsys.readouterr().err
