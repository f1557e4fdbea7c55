"""Which engine is opened, what it says about itself, and what happens when none can be."""

from pathlib import Path

import pytest

from engines import choose
from engines.base import EngineSpec, TensorSpec
from engines.choose import open_engine
from engines.errors import EngineError
from engines.host_engine import HostEngine
from engines.openvino_engine import choose_precision, cpu_bf16
from tests.engines.tiny_model import tiny_feeds, tiny_spec

LOADABLE = ("openvino", "onnxruntime", "auto")


def missing(*_: object, **__: object) -> HostEngine:
    raise EngineError("it is not installed")


def test_auto_takes_openvino_and_says_why(tiny_model: Path) -> None:
    engine = open_engine(tiny_model, tiny_spec())
    precision, why = choose_precision("auto", cpu_bf16())
    assert engine.describe() == f"openvino CPU {precision}, 1 thread ({why})"
    engine.close()


def test_auto_goes_on_to_onnxruntime_and_says_what_it_passed_over(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(choose.BACKENDS, "openvino", (missing, ("fp32",)))
    engine = open_engine(tiny_model, tiny_spec(), threads=2)
    assert engine.describe() == (
        "onnxruntime CPU fp32, 2 threads (the reference) [passed over openvino: it is not installed]"
    )
    engine.close()


def test_auto_with_a_precision_passes_over_who_lacks_it(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choose.BACKENDS, "openvino", (choose.BACKENDS["openvino"][0], ("bf16",)))
    engine = open_engine(tiny_model, tiny_spec(), precision="fp32")
    assert engine.backend == "onnxruntime"
    assert "passed over openvino: openvino has no such precision" in engine.describe()
    engine.close()


def test_a_named_backend_is_never_replaced(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choose.BACKENDS, "openvino", (missing, ("fp32",)))
    with pytest.raises(EngineError, match="it is not installed"):
        open_engine(tiny_model, tiny_spec(), backend="openvino")


def test_when_all_fail_each_is_named_with_its_reason(tiny_model: Path) -> None:
    with pytest.raises(EngineError, match=r"(?s)openvino: openvino has no such precision.*\| onnxruntime: .*got: int8"):
        open_engine(tiny_model, tiny_spec(), precision="int8")


@pytest.mark.parametrize(
    ("backend", "precision", "allowed"),
    [("onnxruntime", "bf16", "auto, fp32"), ("openvino", "int8", "auto, fp32, bf16"), ("fake", "fp32", "auto, uint8")],
)
def test_a_precision_that_the_backend_lacks_is_refused_with_those_it_has(
    tiny_model: Path, backend: str, precision: str, allowed: str
) -> None:
    with pytest.raises(EngineError, match=f"got: {precision}; wanted: {allowed}$"):
        open_engine(tiny_model, tiny_spec(), backend=backend, precision=precision)


def test_tensorrt_says_that_it_is_not_here_yet_and_what_is(tiny_model: Path) -> None:
    with pytest.raises(
        EngineError, match="tensorrt engine comes in a later release; do this: use --engine auto or one"
    ):
        open_engine(tiny_model, tiny_spec(), backend="tensorrt")


def test_an_unknown_backend_and_a_wrong_thread_count_are_refused(tiny_model: Path) -> None:
    with pytest.raises(EngineError, match="got: cuda; wanted: auto, openvino, onnxruntime, fake"):
        open_engine(tiny_model, tiny_spec(), backend="cuda")
    with pytest.raises(EngineError, match="got: 0; wanted: 1 or more"):
        open_engine(tiny_model, tiny_spec(), threads=0)


@pytest.mark.parametrize("backend", LOADABLE)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.98])
def test_a_truncated_model_is_one_error_line(tiny_model: Path, tmp_path: Path, backend: str, kept: float) -> None:
    whole = tiny_model.read_bytes()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(EngineError) as raised:
        open_engine(broken, tiny_spec(), backend=backend)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("backend", LOADABLE)
def test_what_is_no_model_at_all_is_refused(tmp_path: Path, backend: str) -> None:
    (tmp_path / "text.onnx").write_text("this is not a model")
    for path in (tmp_path / "text.onnx", tmp_path / "absent.onnx", tmp_path):
        with pytest.raises(EngineError):
            open_engine(path, tiny_spec(), backend=backend)


def other_specs() -> dict[str, EngineSpec]:
    spec = tiny_spec()
    pose_map, doll, previous = spec.inputs
    smaller = TensorSpec("pose_map", (1, 8, 8, 19))
    return {
        "another shape": EngineSpec((smaller, doll, previous), spec.outputs, spec.state),
        "another input": EngineSpec((pose_map, TensorSpec("puppet", doll.shape), previous), spec.outputs, spec.state),
        "an input less": EngineSpec((pose_map, doll), spec.outputs),
        "another output": EngineSpec(spec.inputs, (TensorSpec("image", doll.shape),)),
    }


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("case", other_specs())
def test_a_model_that_is_not_as_described_is_refused(tiny_model: Path, backend: str, case: str) -> None:
    with pytest.raises(EngineError, match=r"the model's (in|out)puts are not those of its description; got: .*\[1, 32"):
        open_engine(tiny_model, other_specs()[case], backend=backend)


def test_two_threads_give_the_same_frame_as_one(tiny_model: Path) -> None:
    one, two = (open_engine(tiny_model, tiny_spec(), backend="onnxruntime", threads=n) for n in (1, 2))
    assert (one.run(tiny_feeds())["frame"] == two.run(tiny_feeds())["frame"]).all()
    one.close()
    two.close()


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags : amx_bf16 sse\nflags : amx_bf16 sse\n", True),
        ("flags\t\t: fpu avx2 avx512f avx512_vnni\n", False),
        ("Features\t: fp asimd bf16\n", None),  # ARM lists otherwise, and openvino's kernels there have no bf16
    ],
)
def test_bf16_is_read_from_the_cpu_s_own_flags(tmp_path: Path, text: str, has: bool | None) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert cpu_bf16(tmp_path / "cpuinfo") is has


def test_a_system_that_does_not_tell_its_cpu_runs_fp32_unless_asked(tmp_path: Path) -> None:
    assert cpu_bf16(tmp_path / "absent") is None
    assert choose_precision("auto", None) == ("fp32", "cannot tell whether this CPU has bf16")
    assert choose_precision("bf16", None) == ("bf16", "as asked")


def test_bf16_asked_of_a_cpu_without_it_is_refused() -> None:
    assert choose_precision("auto", False) == ("fp32", "CPU has no bf16")
    with pytest.raises(EngineError, match="CPU has no bf16; do this: use --precision fp32 or auto"):
        choose_precision("bf16", False)
