"""Yardsticks for `bench`: what the same pictures cost in PyTorch and in pix2pixHD, timed in the same run."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from engines.bundle import find_target, open_bundle
from engines.engine import EngineSpec
from engines.graph.flops import count_flops
from engines.graph.half import write_half
from engines.graph.resize import write_resized
from engines.messages import Say
from engines.selection.candidates import candidates
from engines.tools.bench import Contender, Timing, measure, open_contenders, resident_mb, table
from engines.tools.chart import write_chart
from train.bundle.onnx_module import OnnxModule
from train.errors import TrainError
from train.networks.networks import CELL, DeployedGenerator, to_cells
from train.networks.networks import count_flops as count_network_flops
from train.networks.presets import BASELINE, build_generator

_WARM_UP = 3  # before a CUDA graph is captured (PyTorch's own advice), and before anything is timed


def bench(
    target: str, *, sizes: Sequence[int], frames: int, threads: int, chart: Path | None, say: Say
) -> list[Timing]:
    """Time the generator of `target` on every engine and every yardstick, all in turns; prints the table.

    Raises TrainError or EngineError.
    """
    bundle = open_bundle(find_target(target))
    if not bundle.generators:
        raise TrainError(f"target {bundle.name} has no network to time", wanted="a trained target")
    name, network = next(iter(bundle.generators.items()))
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        contenders, absent = open_contenders(
            network.file, network.spec, candidates(), sizes=sizes, threads=threads, folder=Path(folder), say=say
        )
        for size in sizes:
            say(f"{size}: preparing the yardsticks")
            contenders += baselines(network.file, network.spec, size, Path(folder))
        timings = measure(contenders, frames=frames, threads=threads)
    title = f"{bundle.name} {name}, {frames} frames each, {threads} thread(s)"
    print(f"{title}\n{table([*timings, *(t for t in absent if t.size == sizes[0])])}")
    if chart is not None:
        say(f"chart: {write_chart(timings, title, chart)}")
    return timings


def baselines(file: Path, spec: EngineSpec, size: int, folder: Path) -> list[Contender]:
    """PyTorch eager with the network of the ONNX file `file`, and pix2pixHD untrained, for a canvas of `size`.

    With CUDA, also the network in fp16 as one CUDA graph. `folder` is for temporary files.
    """
    resized = folder / f"yardstick{size}.onnx"
    shapes = write_resized(file, spec, size, resized)
    feeds = tuple(torch.zeros(tensor.shape, dtype=torch.uint8) for tensor in shapes.inputs)
    flops, channels = count_flops(resized), shapes.inputs[0].shape[-1]
    found = [
        _contender(
            "torch eager", "fp32", size, lambda: OnnxModule(resized), feeds, flops, "the same network in PyTorch"
        ),
        _pix2pixhd(channels, size, feeds),
    ]
    if torch.cuda.is_available():
        half = write_half(resized, folder / f"yardstick{size}.half.onnx")
        note = (
            "TensorRT's own input file, in PyTorch, channels last, one CUDA graph, copies to and from the host counted"
        )
        found.append(_captured(half, size, feeds, flops, note))
    return found


def _pix2pixhd(channels: int, size: int, feeds: tuple[Tensor, ...]) -> Contender:
    def build() -> nn.Module:
        return DeployedGenerator(build_generator(BASELINE, channels)).eval()

    empty = torch.zeros(1, size // CELL, size // CELL, channels)
    picture = to_cells(torch.zeros(1, size, size, 4))
    flops = count_network_flops(build_generator(BASELINE, channels), empty, picture, picture)
    note = "pix2pixHD's global generator, untrained, on the pose map alone, in PyTorch"
    return _contender("torch pix2pixhd", "fp32", size, build, feeds, float(flops), note)


def _contender(
    name: str,
    precision: str,
    size: int,
    build: Callable[[], nn.Module],
    feeds: tuple[Tensor, ...],
    flops: float,
    note: str,
) -> Contender:
    before_mb, start_s = resident_mb(), time.perf_counter()
    network = build()

    def step() -> object:
        with torch.inference_mode():
            return network(*feeds)

    build_s = time.perf_counter() - start_s
    step()
    memory_mb = max(0.0, resident_mb() - before_mb)
    return Contender(name, precision, size, step, lambda: None, flops, build_s, memory_mb, note)


def _captured(half: Path, size: int, feeds: tuple[Tensor, ...], flops: float, note: str) -> Contender:
    """fp16 on the GPU: one CUDA graph with the copies in and out, the last output fed back as in TensorRT's runtime."""
    start_s, before = time.perf_counter(), torch.cuda.memory_allocated()
    network = OnnxModule(half).cuda().to(memory_format=torch.channels_last)
    host, given = [feed.pin_memory() for feed in feeds], [feed.cuda() for feed in feeds]
    shown = torch.empty_like(feeds[-1]).pin_memory()
    stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    torch.backends.cudnn.benchmark = True

    def frame() -> None:
        for place in range(len(host) - 1):
            given[place].copy_(host[place], non_blocking=True)
        (drawn,) = network(*given)
        given[-1].copy_(drawn)
        shown.copy_(drawn, non_blocking=True)

    with torch.inference_mode(), torch.cuda.stream(stream):
        for _ in range(_WARM_UP):
            frame()
        stream.synchronize()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            frame()

    def step() -> None:
        with torch.cuda.stream(stream):
            graph.replay()
        stream.synchronize()

    step()
    memory_mb = (torch.cuda.memory_allocated() - before) / 1e6
    build_s = time.perf_counter() - start_s
    return Contender("torch CUDA graph", "fp16", size, step, lambda: None, flops, build_s, memory_mb, note)
