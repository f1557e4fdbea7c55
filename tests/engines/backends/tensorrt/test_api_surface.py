"""The TensorRT and CUDA names that our code uses exist, in every version that we say we run on."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from tests.engines.backends.tensorrt.api_surface import CODE, ROOT, denied, listed, stubbed, used
from tests.engines.backends.tensorrt.fake_cuda import FakeCuda
from tests.engines.backends.tensorrt.fake_tensorrt import FakeTensorRT

CUDA_STUB = ROOT / "typings" / "cuda" / "bindings" / "runtime.pyi"


def cuda_names() -> set[str]:
    """Dotted names of the CUDA stub."""
    names: set[str] = set()
    for node in ast.parse(CUDA_STUB.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        if isinstance(node, ast.ClassDef):
            fields = [n for n in node.body if isinstance(n, ast.Assign)]
            names |= {f"{node.name}.{t.id}" for n in fields for t in n.targets if isinstance(t, ast.Name)}
    return names


def test_the_stub_is_the_list() -> None:
    assert stubbed() == listed().keys(), "mypy knows a name that nobody looked up, or the list has one too many"


def test_every_listed_name_is_in_every_version() -> None:
    for name, versions in listed().items():
        assert versions["10.16.1"], name
        assert versions["11.1"], name
        assert versions["11.4"] is not False, name


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_our_code_uses_listed_names_alone(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert used(tree) <= listed().keys() | {"__version__"}
    assert denied(tree) == set()


def test_the_code_that_is_looked_at_is_the_code() -> None:
    found = set().union(*(used(ast.parse(path.read_text())) for path in CODE))
    assert {"Builder", "OnnxParser", "Runtime", "NetworkDefinitionCreationFlag.STRONGLY_TYPED"} <= found


@pytest.mark.parametrize(
    "code",
    [
        "config.set_flag(trt.BuilderFlag.FP16)",
        "builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH))",
        "context.execute_async_v2(bindings=[1], stream_handle=2)",
        "config.int8_calibrator = None",
        "engine.num_bindings",
        "builder.build_engine(network, config)",
        "config.max_workspace_size = 1",
    ],
)
def test_the_deny_list_catches_what_tensorrt_11_removed(code: str) -> None:
    assert denied(ast.parse(code))


def test_the_fakes_have_no_name_that_the_real_ones_have_not(trt: FakeTensorRT) -> None:
    kinds = {name for name in vars(trt.module()) if not name.startswith("__")}
    assert kinds <= {name.partition(".")[0] for name in listed()}
    calls = {name for name in dir(FakeCuda) if name.startswith("cuda")}
    assert calls == {name for name in cuda_names() if re.fullmatch(r"cuda[A-Z]\w+", name) and name in calls}


def test_a_name_that_tensorrt_has_not_raises_in_the_fake(trt: FakeTensorRT) -> None:
    module = trt.module()
    for name in ("BuilderFlag", "IInt8Calibrator", "PluginFieldType"):
        with pytest.raises(AttributeError):
            getattr(module, name)
    config = module.Builder(module.ILogger()).create_builder_config()
    with pytest.raises(AttributeError):
        config.max_workspace_size = 1


def test_every_cuda_name_exists_in_nvidia_s_own_package() -> None:
    """Runs where cuda-bindings is installed; it needs no GPU. So it was seen to hold for 13.5."""
    runtime = _installed_cuda()
    for name in cuda_names():
        owner: object = runtime
        for part in name.split("."):
            owner = getattr(owner, part)


def test_nvidia_s_own_package_takes_our_arguments_and_gives_our_tuples() -> None:
    """Without a GPU every call fails in CUDA; a wrong number or kind of argument would fail before, in Python."""
    cudart = _installed_cuda()
    if cudart.cudaGetDeviceCount()[0] == cudart.cudaError_t.cudaSuccess:
        pytest.skip("there is a GPU: pytest -m tensorrt runs the real thing")
    stream, graph, ready = cudart.cudaStream_t(0), cudart.cudaGraph_t(0), cudart.cudaGraphExec_t(0)
    mode = cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
    kind = cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
    assert int(cudart.cudaStream_t(5)) == 5
    results = {
        1: [
            cudart.cudaMemcpyAsync(256, 512, 4, kind, stream),
            cudart.cudaMemsetAsync(256, 0, 4, stream),
            cudart.cudaStreamBeginCapture(stream, mode),
            cudart.cudaStreamSynchronize(stream),
            cudart.cudaStreamDestroy(stream),
            cudart.cudaGraphLaunch(ready, stream),
            cudart.cudaGraphDestroy(graph),
            cudart.cudaGraphExecDestroy(ready),
            cudart.cudaFree(0),
            cudart.cudaFreeHost(0),
        ],
        2: [
            cudart.cudaMalloc(64),
            cudart.cudaMallocHost(64),
            cudart.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking),
            cudart.cudaStreamEndCapture(stream),
            cudart.cudaGraphInstantiate(graph, 0),
            cudart.cudaGetDevice(),
            cudart.cudaGetDeviceProperties(0),
            cudart.cudaDriverGetVersion(),
            cudart.cudaGetErrorString(cudart.cudaError_t.cudaSuccess),
        ],
    }
    for length, tuples in results.items():
        assert {len(result) for result in tuples} == {length}
        assert all(isinstance(result[0].name, str) for result in tuples)
    assert isinstance(cudart.cudaGetErrorString(cudart.cudaError_t.cudaSuccess)[1], bytes)
    assert {"name", "major", "minor"} <= set(dir(cudart.cudaDeviceProp))


def _installed_cuda() -> object:
    try:
        return importlib.import_module("cuda.bindings.runtime")
    except ImportError:
        return pytest.skip("cuda-bindings (of the tensorrt extra) is not installed")
