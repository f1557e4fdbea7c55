"""The real thing: `python -m pytest -m tensorrt` on a machine with TensorRT and an NVIDIA GPU. Skipped elsewhere."""

import json
from pathlib import Path

import numpy as np
import pytest

from engines.backends.onnxruntime_engine import open_reference
from engines.backends.tensorrt.backend import TensorRTBackend
from engines.backends.tensorrt.library import check_tensorrt, version_of
from engines.backends.tensorrt.runtime import TensorRTEngine
from engines.bundle import SHIPPED, Bundle
from engines.selection.compare import compare
from engines.tools import selftest
from live.scene.sample_feeds import FaceRehearsal, Rehearsal
from tests.engines.tiny_model import tiny_feeds, tiny_spec

pytestmark = pytest.mark.tensorrt


def rehearse(bundle: Bundle, network: str) -> Rehearsal | FaceRehearsal:
    rehearsal = Rehearsal(str(bundle.folder))
    return FaceRehearsal(rehearsal) if network == selftest.FACE else rehearsal


@pytest.fixture(params=["fp16", "fp32"])
def engine(request: pytest.FixtureRequest, tiny_model: Path, tmp_path: Path) -> TensorRTEngine:
    backend = TensorRTBackend(timings=tmp_path / "timings")
    plan = backend.prepare(tiny_model, tiny_spec(), request.param, tmp_path, (), print)
    return backend.open(plan, tiny_spec(), precision=request.param, threads=1)


def test_it_draws_what_the_reference_draws(engine: TensorRTEngine, tiny_model: Path) -> None:
    reference = open_reference(tiny_model, tiny_spec())
    verdict = compare(engine, reference, [tiny_feeds(seed) for seed in range(60)])
    assert verdict.refusal == "", verdict
    engine.close()


def test_it_runs_as_a_cuda_graph_and_equals_itself_without_one(
    engine: TensorRTEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ", CUDA graph" in engine.describe(), engine.describe()
    with_graph = [engine.run(tiny_feeds(seed))["frame"].copy() for seed in range(5)]
    engine.reset()
    monkeypatch.setattr(engine, "_launch", engine._frame)
    assert all(np.array_equal(engine.run(tiny_feeds(seed))["frame"], f) for seed, f in enumerate(with_graph))
    engine.close()


def test_the_timing_cache_is_kept(engine: TensorRTEngine, tmp_path: Path) -> None:
    (cache,) = (tmp_path / "timings").iterdir()
    assert cache.stat().st_size > 0
    engine.close()


@pytest.mark.parametrize("target", ["fortnite", "human"])
def test_the_selftest_passes_on_a_shipped_target(target: str, tmp_path: Path) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    selftest.add_arguments(parser)
    report = Path(f"tensorrt-selftest-{target}.json")
    code = selftest.run(parser.parse_args(["--target", str(SHIPPED / target), "--report", str(report)]), rehearse)
    print(report.read_text())
    assert code == 0, json.loads(report.read_text())["networks"]


def test_torch2trt_s_plan_runs_in_our_runtime(tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    if version_of(check_tensorrt())[0] != 10:
        pytest.skip("torch2trt needs TensorRT 10")
    pytest.importorskip("torch2trt")
    backend = TensorRTBackend("torch2trt", timings=tmp_path)
    plan = backend.prepare(tiny_model, tiny_spec(), "fp16", tmp_path, (), print)
    engine = backend.open(plan, tiny_spec(), precision="fp16", threads=1)
    assert compare(engine, open_reference(tiny_model, tiny_spec()), [tiny_feeds(s) for s in range(20)]).refusal == ""
    engine.close()
