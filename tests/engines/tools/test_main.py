"""`python -m engines`: the lists, the tables, what is prepared, and mistakes in one line."""

import math
from pathlib import Path

import cv2
import pytest

from engines.backend import Feeds
from engines.bundle import KIND, files_of_bundle, open_bundle, write_manifest
from engines.errors import EngineError
from engines.selection.candidates import BACKENDS
from engines.system.whole_folder import check_place
from engines.tools import bench as bench_module
from engines.tools import command_line as command
from engines.tools.bench import Contender, Timing, measure, table
from engines.tools.chart import write_chart
from tests.engines.tiny_bundle import manifest, write_bundle
from tests.engines.tiny_model import tiny_feeds


@pytest.fixture
def target(tmp_path: Path, tiny_network: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of the tiny network, which is rehearsed on noise, and a cache of its own."""
    folder = write_bundle(tmp_path / "tiny", tiny_network.read_bytes())
    monkeypatch.setenv("EDL_CACHE", str(tmp_path / "cache"))
    feeds: Feeds = [tiny_feeds(seed) for seed in range(12)]
    monkeypatch.setattr(command, "_feeds", lambda target, network: feeds)
    return folder


def run(*arguments: object) -> int:
    return command.main([str(argument) for argument in arguments])


def test_list_shows_targets_damaged_ones_and_engines(
    target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = target.parent / "broken"
    broken.mkdir()
    monkeypatch.setattr(command, "find_targets", lambda: {"broken": broken, "tiny": target})
    assert run("list") == 0
    out = capsys.readouterr().out
    assert f"tiny: Tiny; generators: lite; licence: MIT ({target})" in out
    assert "broken: damaged: the target has no readable manifest" in out
    assert "  onnxruntime 1." in out
    assert "  openvino 20" in out
    assert "onnxruntime:coreml: this onnxruntime was built without" in out
    assert f"prepared engines are kept in {target.parent / 'cache'}" in out
    assert "fake" not in out


def test_list_says_which_runtime_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(type(BACKENDS["openvino"]), "available", lambda self: "openvino is not installed")
    assert run("list") == 0
    assert "  openvino: openvino is not installed" in capsys.readouterr().out


def test_build_prepares_and_judges_and_verify_agrees(target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--target", target, "--engine", "openvino", "--precision", "fp32")
    assert run("verify", *arguments) == 0
    assert "lite, openvino fp32: not prepared" in capsys.readouterr().out
    assert run("build", *arguments) == 0
    assert "lite, openvino fp32: passed; " in capsys.readouterr().out
    assert len(list((target.parent / "cache").glob("*/entry.json"))) == 1
    assert run("verify", *arguments) == 0
    assert "lite, openvino fp32: passes; " in capsys.readouterr().out


def test_build_of_what_is_refused_is_exit_1_with_the_figures(
    target: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.selection.compare.LEAST_PSNR_DB", math.nan)
    assert run("build", "--target", target, "--engine", "openvino", "--precision", "fp32") == 1
    assert "openvino fp32: REFUSED: " in capsys.readouterr().out


def test_bench_times_every_engine_there_is_at_every_size(
    target: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_module, "matmul_peak", lambda precision, threads: 4e12)
    chart = target.parent / "chart.png"
    arguments = ("--engine", "openvino", "--frames", "7", "--sizes", "32,64", "--chart", chart)
    assert run("bench", "--target", target, *arguments) == 0
    out = capsys.readouterr().out
    assert "tiny lite, 7 frames each, 1 thread(s)" in out
    for size in (32, 64):
        assert f"| {size} | openvino | fp32 | " in out
        assert f"| {size} | openvino | int8 | " in out
    assert "trained at 32" in out
    picture = cv2.imread(str(chart))
    assert picture is not None and (picture != 255).any()


def contender(name: str, size: int = 512) -> Contender:
    return Contender(name, "fp32", size, lambda: None, lambda: None, 2e9, 1.5, 40.0, "nothing")


def test_bench_takes_turns_and_counts_each_frame_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr(bench_module.time, "perf_counter", lambda: next(ticks) / 1000)
    monkeypatch.setattr(bench_module, "matmul_peak", lambda precision, threads: 4e12)
    timings = measure([contender("a"), contender("b")], frames=12, threads=1)
    assert [(t.name, t.median_ms, t.p95_ms) for t in timings] == [
        ("a", pytest.approx(1.0), pytest.approx(1.0)),
        ("b", pytest.approx(1.0), pytest.approx(1.0)),
    ]
    assert (timings[0].gflops, timings[0].peak_share) == (pytest.approx(2000), pytest.approx(0.5))
    assert next(ticks) == 2 * 2 * 12


def test_the_table_shows_numbers_or_why_there_are_none() -> None:
    lines = table(
        [Timing("a", "fp32", 256, "x", 1.0, 2.345, 0.5, 1234.4, 0.25, 40.0, 1.5), Timing("b", "bf16", 256, "no")]
    )
    assert lines.splitlines()[2:] == [
        "| 256 | a | fp32 | 1.00 | 2.35 | 0.50 | 1234 | 25% | 40 | 1.5 | x |",
        "| 256 | b | bf16 | - | - | - | - | - | - | - | no |",
    ]


def test_nothing_to_time_and_nothing_to_draw_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="nothing to time"):
        measure([], frames=1, threads=1)
    with pytest.raises(EngineError, match="nothing to draw"):
        write_chart([Timing("b", "bf16", 256, "no")], "title", tmp_path / "x.png")
    with pytest.raises(EngineError, match="the chart cannot be written"):
        write_chart([Timing("b", "bf16", 256, "x", 1.0)], "title", tmp_path / "absent" / "x.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "nobody-has-this"], "there is no such target; got: nobody-has-this"),
        (["--target", "TINY", "--engine", "cuda"], "there is no such engine; got: cuda"),
        (["--target", "TINY", "--engine", "onnxruntime", "--precision", "bf16"], "got: bf16; wanted: auto, int8, fp32"),
        (["--target", "TINY", "--sizes", "50"], "this network cannot be given another size; got: 50"),
    ],
)
def test_a_mistake_is_one_line_and_exit_1(
    target: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run("bench", *(target if word == "TINY" else word for word in arguments)) == 1
    captured = capsys.readouterr().err
    assert captured.startswith("error: ")
    assert captured.count("\n") == 1
    assert message in captured


def test_a_bare_doll_has_nothing_to_time(target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_manifest(target, manifest() | {"generators": {}})
    assert run("bench", "--target", target) == 1
    assert "target tiny has no network" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["dance"], ["bench"], ["bench", "--target", "x", "--frames", "0"], ["build", "--sizes", "1"]]
)
def test_usage_mistakes_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(arguments)
    assert raised.value.code == 2
    assert "usage: " in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["bench", "--chart"], ["selftest", "--report"]])
def test_a_target_is_not_written_into(target: Path, flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = (target / "manifest.json").read_bytes()
    with pytest.raises(SystemExit) as stop:
        run(flags[0], "--target", target, flags[1], target / "manifest.json")
    assert stop.value.code == 2 and "lies in --target" in capsys.readouterr().err
    assert (target / "manifest.json").read_bytes() == before


def test_a_chart_is_not_written_by_way_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_text("precious")
    (tmp_path / "chart.png").symlink_to(tmp_path / "mine.png")
    write_chart([Timing("a", "fp32", 64, "", 1.0)], "title", tmp_path / "chart.png")
    assert (tmp_path / "mine.png").read_text() == "precious" and not (tmp_path / "chart.png").is_symlink()


def test_quantize_puts_a_judged_int8_version_into_the_bundle_and_keeps_the_rest(
    target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in target.iterdir() if path.name != "manifest.json"}
    assert run("quantize", "--target", target) == 0
    bundle = open_bundle(target)
    network = bundle.generator("lite")
    assert network.int8 == target.resolve() / "generator.lite.int8.onnx"
    assert {name: (target / name).read_bytes() for name in before} == before
    assert {**bundle.manifest, "files": {}, "generators": {}} == {**manifest(), "files": {}, "generators": {}}
    assert "lite: " in (said := capsys.readouterr().out) and " dB over 12 frames" in said
    first = network.int8.read_bytes()
    assert run("quantize", "--target", target) == 0, "once more is no mistake"
    assert network.int8.read_bytes() == first
    check_place(target, KIND, files_of_bundle)  # a new export may still replace it


def test_quantize_leaves_out_what_the_comparison_refuses(
    target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engines.selection.compare.LEAST_PSNR_DB", 200.0)
    assert run("quantize", "--target", target) == 0
    assert open_bundle(target).generator("lite").int8 is None
    assert not (target / "generator.lite.int8.onnx").exists()
    assert "lite: the int8 version is left out: " in capsys.readouterr().out


def test_quantize_that_fails_leaves_the_bundle_as_it_was(
    target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    monkeypatch.setattr("engines.tools.quantize_bundle.shutil.copyfile", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("quantize", "--target", target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert sorted(path.name for path in target.parent.iterdir() if path.suffix == ".part") == []
