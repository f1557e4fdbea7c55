"""int8 by Q/DQ as TensorRT requires and OpenVINO fuses: symmetric, zero point 0, one weight scale per output channel.

Quantized are the convolutions and, so that values stay int8 between them, the additions and shuffles between two of
them. The tables at both ends (the first and last layers of our networks), all that paints the picture, and the first
and last convolution of a network that begins or ends with one stay in high precision.

Weights have 7 bits, so that one file serves every processor: x86 without VNNI adds two products in 16 bits, which those
of 8-bit weights overflow (https://docs.openvino.ai, "saturation issue").
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.arrays import U8
from engines.backend import Feeds
from engines.cells import Border
from engines.engine import Engine, EngineSpec
from engines.errors import EngineError, reason
from engines.graph.edit import Graph
from engines.messages import Say

if TYPE_CHECKING:
    import onnx

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_BETWEEN = ("Add", "DepthToSpace", "LeakyRelu", "Relu", "MaxPool")  # what may lie between two convolutions
_QUANTIZED = (*_CONVOLUTIONS, "Add", "DepthToSpace")  # an activation is part of the convolution before it
_SAMPLES = 24  # frames that the ranges are taken from


def write_int8(
    model: Path,
    spec: EngineSpec,
    out: Path,
    feeds: Feeds,
    reference: Engine,
    *,
    say: Say,
    layers: Sequence[str] | None = None,
) -> Path:
    """Writes the int8 version of the fp32 ONNX file `model` (ports may be cells) to `out` and returns `out`.

    `reference`, an engine of the same network, gives the state that belongs to a frame. `layers`: the names of the
    nodes to quantize; None: `quantizable`. Raises EngineError.
    """
    nodes = quantizable(Graph(model)) if layers is None else list(layers)
    if not nodes:
        raise EngineError("this network has nothing to quantize", got="no convolution between two others")
    say(f"int8: measuring the ranges of {len(nodes)} layers over {_SAMPLES} frames")
    try:
        with _quiet():
            _quantize(model, out, nodes, _samples(Graph(model), spec, feeds, reference))
    except ImportError as error:
        raise EngineError(
            "onnxruntime's quantization cannot be used", got=reason(error), do="pip install onnx==1.22.0 onnxruntime"
        ) from error
    except EngineError:
        raise
    except Exception as error:
        raise EngineError("the network cannot be quantized", got=reason(error)) from error
    _only_own_domain(out)
    return out


def _quantize(model: Path, out: Path, nodes: list[str], samples: Iterator[dict[str, U8]]) -> None:
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, U8] | None:
            return next(samples, None)

    quantize_static(
        str(model),
        str(out),
        Reader(),
        quant_format=QuantFormat.QDQ,
        nodes_to_quantize=nodes,
        op_types_to_quantize=list(_QUANTIZED),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"ActivationSymmetric": True, "WeightSymmetric": True, "QuantizeBias": False},
    )


def quantizable(graph: Graph) -> list[str]:
    """The names of the nodes to quantize."""
    convolutions = [node for node in graph.nodes if node.op_type in _CONVOLUTIONS]
    if _touches_border(graph, convolutions, first=True):
        convolutions = convolutions[1:]
    if _touches_border(graph, convolutions, first=False):
        convolutions = convolutions[:-1]
    inner = {id(node) for node in convolutions}
    between = [node for node in graph.nodes if node.op_type in _BETWEEN and _lies_between(graph, node, inner)]
    return [n.name for n in graph.nodes if id(n) in inner or (n in between and n.op_type in _QUANTIZED)]


def _touches_border(graph: Graph, convolutions: "list[onnx.NodeProto]", *, first: bool) -> bool:
    """Whether no table lies between the network's end and its first or last convolution."""
    layers = [node for node in graph.nodes if node.op_type in (*_CONVOLUTIONS, "MatMul", "Gemm")]
    return bool(convolutions) and layers[0 if first else -1] is convolutions[0 if first else -1]


def _lies_between(graph: Graph, node: "onnx.NodeProto", inner: set[int]) -> bool:
    """Whether `node` lies on a path between two convolutions of `inner` that has only `_BETWEEN` on it."""
    return _reaches(graph, node, inner, forward=True) and _reaches(graph, node, inner, forward=False)


def _reaches(graph: Graph, node: "onnx.NodeProto", inner: set[int], *, forward: bool) -> bool:
    waiting, seen = [node], {id(node)}
    while waiting:
        at = waiting.pop()
        near = graph.readers(at.output[0]) if forward else [graph.producer(name) for name in at.input]
        for other in near:
            if other is None or id(other) in seen:
                continue
            if id(other) in inner:
                return True
            if other.op_type in _BETWEEN:
                seen.add(id(other))
                waiting.append(other)
    return False


def _samples(graph: Graph, spec: EngineSpec, feeds: Feeds, reference: Engine) -> Iterator[dict[str, U8]]:
    """The model's inputs at `_SAMPLES` frames spread over `feeds`, each with the state of the frame before it."""
    count = sum(1 for _ in feeds)
    chosen = {round(place) for place in np.linspace(0, count - 1, min(_SAMPLES, count))}
    borders = {t.name: Border(t, graph.shapes[t.name]) for t in spec.inputs}
    before: dict[str, U8] = {}
    for place, feed in enumerate(feeds):
        if place in chosen:
            reference.reset()
            if before:
                reference.run(before)
            for name, picture in {**feed, **reference.state()}.items():
                borders[name].write(picture)
            yield {name: border.array.copy() for name, border in borders.items()}
        if place + 1 in chosen:
            before = {name: array.copy() for name, array in feed.items()}


def _only_own_domain(path: Path) -> None:
    """Removes the operator sets that the quantizer lists but the file does not use: TensorRT may not know them."""
    import onnx

    model = onnx.load(str(path))
    used = {node.domain for node in model.graph.node}
    kept: list[Any] = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    onnx.save(model, str(path))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences the quantizer's advice, which it logs as warnings on the root logger."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
