"""Which engines there are, which of them are meant, and what happens when none can be opened."""

from pathlib import Path

import pytest

from engines.backends.openvino_engine import OpenVINOBackend
from engines.cpu import cpu_bf16, cpu_name
from engines.engine import EngineSpec, TensorSpec
from engines.errors import EngineError
from engines.selection import candidates as choose
from engines.selection.candidates import AUTO, BACKENDS, candidates, open_engine
from tests.engines.tiny_model import tiny_feeds, tiny_spec


def test_auto_means_all_but_the_fake_and_tells_why_some_cannot_be_used() -> None:
    found = candidates()
    assert {candidate.backend.name for candidate in found} == set(AUTO) == BACKENDS.keys() - {"fake"}
    why = {str(candidate): candidate.why_not for candidate in found}
    assert why["onnxruntime fp32"] == why["openvino fp32"] == why["openvino int8"] == ""
    assert "built without CoreMLExecutionProvider" in why["onnxruntime:coreml fp16"]
    assert [str(candidate) for candidate in found if candidate.is_reference] == ["onnxruntime fp32"]


def test_tensorrt_comes_first_and_says_what_it_lacks() -> None:
    first = candidates()[0]
    assert str(first) == "tensorrt fp16"
    if first.why_not:
        assert "TensorRT" in first.why_not or "GPU" in first.why_not


def test_a_backend_that_was_named_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenVINOBackend, "available", lambda self: "it is not installed")
    with pytest.raises(EngineError, match="no engine can be used here; got: openvino: it is not installed"):
        candidates("openvino")
    assert candidates("auto", "fp32")


@pytest.mark.parametrize(
    ("backend", "precision", "message"),
    [
        ("cuda", "auto", "there is no such engine; got: cuda; wanted: auto, tensorrt, onnxruntime:cuda"),
        ("onnxruntime", "bf16", "onnxruntime has no such precision; got: bf16; wanted: auto, int8, fp32$"),
        ("openvino", "fp16", "openvino has no such precision; got: fp16; wanted: auto, int8, bf16, fp32$"),
        ("fake", "fp32", "fake has no such precision; got: fp32; wanted: auto, uint8$"),
        ("auto", "uint8", "auto has no such precision"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(backend: str, precision: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        candidates(backend, precision)


def test_torch2trt_is_handed_to_tensorrt() -> None:
    backend = next(c.backend for c in candidates(builder="torch2trt") if c.backend.name == "tensorrt")
    assert backend is not BACKENDS["tensorrt"]
    assert next(c.backend for c in candidates() if c.backend.name == "tensorrt") is BACKENDS["tensorrt"]


@pytest.mark.parametrize("device", [name for name in BACKENDS if name.startswith("onnxruntime:")])
def test_a_device_that_onnxruntime_was_not_built_for_says_so(device: str) -> None:
    backend = BACKENDS[device]
    if not backend.available():
        pytest.skip(f"{device} is here")
    assert "this onnxruntime was built without" in backend.available()
    with pytest.raises(EngineError, match=f"{device} cannot run in {backend.precisions[0]} here"):
        backend.open(Path("x.onnx"), tiny_spec(), precision=backend.precisions[0], threads=1)


def test_a_wrong_thread_count_and_a_missing_file_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="got: 0; wanted: 1 or more"):
        open_engine(tiny_model, tiny_spec(), backend="openvino", precision="fp32", threads=0)
    with pytest.raises(EngineError, match="the model file does not exist"):
        open_engine(tmp_path / "absent.onnx", tiny_spec(), backend="openvino", precision="fp32")


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.98])
def test_a_truncated_model_is_one_error_line(tiny_model: Path, tmp_path: Path, backend: str, kept: float) -> None:
    whole = tiny_model.read_bytes()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(EngineError) as raised:
        open_engine(broken, tiny_spec(), backend=backend, precision="fp32")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_what_is_no_model_at_all_is_refused(tmp_path: Path, backend: str) -> None:
    (tmp_path / "text.onnx").write_text("this is not a model")
    for path in (tmp_path / "text.onnx", tmp_path):
        with pytest.raises(EngineError):
            open_engine(path, tiny_spec(), backend=backend, precision="fp32")


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
    with pytest.raises(EngineError, match=r"the model's (in|out)puts differ from its description; got: .*\[1, 32"):
        open_engine(tiny_model, other_specs()[case], backend=backend, precision="fp32")


def test_two_threads_give_the_same_frame_as_one(tiny_model: Path) -> None:
    one, two = (
        open_engine(tiny_model, tiny_spec(), backend="onnxruntime", precision="fp32", threads=n) for n in (1, 2)
    )
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


@pytest.mark.parametrize(
    ("has", "why"), [(True, ""), (False, "this CPU has no bf16"), (None, "cannot tell whether this CPU has bf16")]
)
def test_bf16_is_used_only_on_a_cpu_that_is_known_to_have_it(
    monkeypatch: pytest.MonkeyPatch, has: bool | None, why: str
) -> None:
    monkeypatch.setattr("engines.backends.openvino_engine.cpu_bf16", lambda: has)
    assert OpenVINOBackend().unsupported_reason("bf16") == why
    assert OpenVINOBackend().unsupported_reason("fp32") == OpenVINOBackend().unsupported_reason("int8") == ""


def test_a_cpu_is_known_by_its_name_and_its_fast_instructions(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: A Fast One\nflags\t: fpu amx_tile sse avx512f\n")
    assert cpu_name(tmp_path / "cpuinfo") == "A Fast One amx_tile avx512f"
    assert cpu_name(tmp_path / "absent")


def test_the_reference_is_among_the_engines() -> None:
    assert choose.REFERENCE[0] in BACKENDS
    assert choose.REFERENCE[1] in BACKENDS[choose.REFERENCE[0]].precisions
