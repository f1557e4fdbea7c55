"""`selftest`: checks TensorRT on this machine: builds, compares with the reference, times, and writes a report.

The authors had no TensorRT to run; this is how a machine that has it shows what works on it.
"""

import argparse
import dataclasses
import datetime
import importlib
import itertools
import json
import math
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.arrays import U8
from engines.backend import Feeds
from engines.backends.onnxruntime_engine import open_reference
from engines.backends.tensorrt.backend import BUILDERS, TensorRTBackend
from engines.backends.tensorrt.cuda import find_device
from engines.backends.tensorrt.library import check_tensorrt
from engines.bundle import Bundle, find_target, find_targets, open_bundle
from engines.engine import Engine, EngineSpec
from engines.errors import EngineError, reason
from engines.selection.compare import compare
from engines.system.argument_types import whole_number
from engines.system.whole_file import write_whole

FACE = "face"  # the name of a target's face network, next to its generators' names
Rehearse = Callable[[Bundle, str], Feeds]  # (target, one of its networks) -> what that network is fed
_KEPT = 32  # frames that are timed over and over
_WARM_UP = 50  # runs that are not timed
_LIBRARIES = ("numpy", "onnx", "onnxruntime", "cuda.bindings")


@dataclass(frozen=True, slots=True)
class SelftestNetwork:
    """One network of a target."""

    name: str
    file: Path
    spec: EngineSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m engines selftest`."""
    parser.add_argument(
        "--target", default="", metavar="NAME|DIR", help="whose networks to test (default: the first installed target)"
    )
    parser.add_argument("--builder", choices=BUILDERS, default="onnx", help="what builds the plans (default: onnx)")
    parser.add_argument("--precision", choices=("all", *TensorRTBackend.precisions), default="all")
    parser.add_argument(
        "--frames", type=whole_number, default=300, metavar="N", help="frames compared in closed loop (default: 300)"
    )
    parser.add_argument("--runs", type=whole_number, default=1000, metavar="N", help="frames timed (default: 1000)")
    parser.add_argument(
        "--report",
        type=Path,
        default=Path("tensorrt-selftest.json"),
        metavar="FILE",
        help="where to write the report (default: %(default)s)",
    )


def run(arguments: argparse.Namespace, rehearse: Rehearse, *, backend: TensorRTBackend | None = None) -> int:
    """Tests TensorRT on this machine. Returns the exit code: 0 if all passed, 1 if something failed or is missing.

    Without TensorRT or a GPU it says what is missing and writes no report. `rehearse` gives a network's feeds;
    `backend` is for tests. Raises EngineError if the target cannot be read or the report cannot be written.
    """
    missing = what_is_missing()
    if missing:
        print("the TensorRT selftest cannot run on this machine:")
        print("\n".join(f"  {line}" for line in missing))
        return 1
    bundle = open_bundle(find_target(arguments.target or _first_target()))
    backend = backend or TensorRTBackend(arguments.builder)
    every = [precision for precision in backend.precisions if not backend.unsupported_reason(precision)]
    precisions = every if arguments.precision == "all" else [arguments.precision]
    results = []
    for network in _networks(bundle):
        for precision in precisions:
            result = _try(backend, network, precision, rehearse(bundle, network.name), arguments)
            print(_line(result))
            results.append(result)
    passed = all(not result["failure"] for result in results)
    report = {"passed": passed, "target": bundle.name, **_machine(), "builder": arguments.builder, "networks": results}
    try:
        write_whole(arguments.report.absolute(), (json.dumps(report, indent=1) + "\n").encode())
    except OSError as error:
        raise EngineError("the report cannot be written", got=reason(error), do="choose another --report") from error
    print(f"{'all passed' if passed else 'NOT all passed'}; the report is {arguments.report}")
    return 0 if passed else 1


def what_is_missing() -> list[str]:
    """One line for each thing that the test needs and this machine lacks; empty if it can run."""
    missing = []
    for name, check in (("onnx", _check_onnx), ("TensorRT", check_tensorrt), ("GPU", find_device)):
        try:
            check()
        except EngineError as error:
            missing.append(f"{name}: {error}")
    return missing


def _check_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise EngineError("onnx is not installed", got=reason(error), do="pip install onnx==1.22.0") from error


def _try(
    backend: TensorRTBackend, network: SelftestNetwork, precision: str, feeds: Feeds, arguments: argparse.Namespace
) -> dict[str, Any]:
    """The report's entry for one network in one precision; "failure" is "" if all is well."""
    result: dict[str, Any] = {"network": network.name, "precision": precision, "failure": ""}
    try:
        with tempfile.TemporaryDirectory() as folder:
            start_s = time.perf_counter()
            plan = backend.prepare(network.file, network.spec, precision, Path(folder), feeds, print)
            result["build_s"] = round(time.perf_counter() - start_s, 2)
            result["plan_mb"] = round(plan.stat().st_size / 1e6, 2)
            engine = backend.open(plan, network.spec, precision=precision, threads=1)
        try:
            result |= _compare(engine, network, feeds, arguments)
        finally:
            engine.close()
    except EngineError as error:
        result["failure"] = str(error)
    return result


def _compare(engine: Engine, network: SelftestNetwork, feeds: Feeds, arguments: argparse.Namespace) -> dict[str, Any]:
    reference = open_reference(network.file, network.spec)
    try:
        verdict = compare(engine, reference, feeds, frames=arguments.frames)
    finally:
        reference.close()
    kept = [{name: array.copy() for name, array in feed.items()} for feed in itertools.islice(feeds, _KEPT)]
    # Coarse int8 comes from the quantization and differs from target to target: it is not a failure of TensorRT.
    coarse = verdict.refusal if engine.precision == "int8" else ""
    failure = ("" if coarse else verdict.refusal) or _check_reset(engine, kept)
    figures = {name: _finite(value) for name, value in dataclasses.asdict(verdict).items()}
    return {
        "engine": engine.describe(),
        "failure": failure,
        "too_coarse": coarse,
        "gate": figures,
        "ms": _timed(engine, kept, arguments.runs),
    }


def _check_reset(engine: Engine, feeds: Sequence[Mapping[str, U8]]) -> str:
    """Why the engine fails: after a reset it must draw what it drew the first time, bit for bit; "" if it does."""
    runs = []
    for _ in range(2):
        engine.reset()
        runs.append([{n: a.copy() for n, a in engine.run(feed).items()} for feed in feeds])
    same = all(np.array_equal(a[n], b[n]) for a, b in zip(*runs, strict=True) for n in a)
    return "" if same else "after a reset it draws different pictures from the same feeds"


def _timed(engine: Engine, feeds: Sequence[Mapping[str, U8]], runs: int) -> dict[str, float]:
    """Milliseconds per frame, including the copies to the GPU and back."""
    times_s = []
    for place in range(_WARM_UP + runs):
        start_s = time.perf_counter()
        engine.run(feeds[place % len(feeds)])
        times_s.append(time.perf_counter() - start_s)
    ms = np.array(times_s[_WARM_UP:]) * 1000.0
    percentiles = {f"p{part}": float(np.percentile(ms, part)) for part in (50, 95, 99)}
    return {name: round(value, 4) for name, value in (percentiles | {"max": float(ms.max())}).items()}


def _machine() -> dict[str, Any]:
    gpu = find_device()
    return {
        "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "tensorrt": check_tensorrt(),
        "gpu": dataclasses.asdict(gpu),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }


def _version(module: str) -> str:
    try:
        return str(getattr(importlib.import_module(module), "__version__", "unknown"))
    except ImportError:
        return "not installed"


def _networks(bundle: Bundle) -> list[SelftestNetwork]:
    networks = [SelftestNetwork(name, generator.file, generator.spec) for name, generator in bundle.generators.items()]
    if not networks:
        raise EngineError(f"target {bundle.name} has no network", do="choose another --target")
    return networks if bundle.face is None else [*networks, SelftestNetwork(FACE, bundle.face.file, bundle.face.spec)]


def _first_target() -> str:
    for name, folder in find_targets().items():
        if open_bundle(folder).generators:
            return name
    raise EngineError("no target with a network is installed", do="train one, or give --target DIR")


def _line(result: Mapping[str, Any]) -> str:
    head = f"{result['network']} {result['precision']}"
    if "ms" not in result:
        return f"{head}: FAILED: {result['failure']}"
    gate, ms = result["gate"], result["ms"]
    figures = (
        f"built in {result['build_s']} s, {gate['psnr_db']} dB over {gate['frames']} frames, "
        f"p50 {ms['p50']:.3f} ms, p99 {ms['p99']:.3f} ms ({result['engine']})"
    )
    if result["failure"]:
        return f"{head}: FAILED: {result['failure']}; {figures}"
    if result["too_coarse"]:
        return f"{head}: computes, but is too coarse to be used: {result['too_coarse']}; {figures}"
    return f"{head}: passed: {figures}"


def _finite(value: float) -> float | str:
    """JSON has no infinity."""
    return "infinite" if math.isinf(value) else round(value, 4)
