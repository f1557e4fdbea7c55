"""The TensorRT contract for an ONNX file: what TensorRT 10.12 to 11 can parse into a strongly typed network.

Sources: onnx-tensorrt docs/operators.md (10.1-GA), NvInferRuntimeBase.h (uint8 only for inputs and outputs), the
TensorRT 11 migration guide (explicit quantization only, zero point 0, int8). Stricter than TensorRT where our networks
need no more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.errors import EngineError, reason
from engines.graph.edit import Graph
from engines.graph.half import CONVOLUTIONS

if TYPE_CHECKING:
    import onnx

OLDEST_OPSET, NEWEST_OPSET, NEWEST_IR = 13, 20, 10
# The operators that TensorRT supports and our networks may need.
ALLOWED = frozenset(
    "Abs Add AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv ConvTranspose DepthToSpace "
    "DequantizeLinear Div Exp Floor Gemm GlobalAveragePool HardSigmoid HardSwish Identity LeakyRelu Log MatMul Max "
    "MaxPool Min Mul Neg Pad Pow PRelu QuantizeLinear Relu Reshape Resize Sigmoid Slice Softplus SpaceToDepth Split "
    "Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze".split()
)
_CONSTANT_INPUTS = {  # inputs that must be known at build time, for TensorRT or for static shapes
    "Clip": (1, 2),
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "DequantizeLinear": (1, 2),
    "Pad": (1, 2, 3),
    "QuantizeLinear": (1, 2),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Unsqueeze": (1,),
}
_COORDINATES = (b"half_pixel", b"pytorch_half_pixel", b"asymmetric", b"align_corners")
_NEAREST = (b"floor", b"ceil", b"round_prefer_floor", b"round_prefer_ceil")
_SHOWN = 5  # findings per message


def check_for_tensorrt(model: Path, *, half: bool) -> None:
    """Raises EngineError, with the first findings, if the ONNX file `model` breaks the contract.

    `half`: it is an fp16 file, in which no convolution may be left in fp32.
    """
    try:
        import onnx
    except ImportError as error:
        raise EngineError("onnx is not installed", got=reason(error), do="pip install onnx==1.22.0") from error
    try:
        loaded = onnx.load(model, load_external_data=False)
    except Exception as error:  # protobuf's errors share no base with onnx's
        raise EngineError(
            f"{model.name} is not an ONNX file", got=reason(error), do="export the target again"
        ) from error
    found = lint(loaded, half=half)
    if found:
        more = f" | and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise EngineError(
            f"TensorRT would not accept {model.name}",
            got=" | ".join(found[:_SHOWN]) + more,
            do="use --engine openvino or onnxruntime for this target, or export it again with this version",
        )


def lint(model: "onnx.ModelProto", *, half: bool) -> list[str]:
    """Every breach of the contract in words, in graph order; empty if there is none."""
    found = list(_header(model))
    try:
        facts = _facts(model)
    except Exception as error:  # onnx's checker and inference raise several kinds
        return [*found, f"not valid ONNX: {reason(error)}"]
    found += _borders(facts)
    for node in model.graph.node:
        name = f"{node.op_type} {node.output[0]}"
        found += [f"{name}: {breach}" for breach in _node(facts, node, half=half)]
    return found


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known about a graph's tensors, by name. Types are onnx.TensorProto's numbers; None: unknown size."""

    types: dict[str, int]
    shapes: dict[str, tuple[int | None, ...]]
    weights: "dict[str, onnx.TensorProto]"
    inputs: frozenset[str]
    outputs: frozenset[str]
    constants: frozenset[str]  # weights, and what is dequantized from weights alone


def _facts(model: "onnx.ModelProto") -> _Facts:
    import onnx

    onnx.checker.check_model(model)
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = {value.name: value.type.tensor_type for value in (*graph.value_info, *graph.input, *graph.output)}
    shapes = {
        name: tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
        for name, tensor in values.items()
    }
    weights = {tensor.name: tensor for tensor in graph.initializer}
    constants = set(weights)
    for node in graph.node:
        if node.op_type == "Constant" or (node.op_type == "DequantizeLinear" and constants >= set(node.input)):
            constants |= set(node.output)
    return _Facts(
        types={name: tensor.elem_type for name, tensor in values.items()}
        | {name: tensor.data_type for name, tensor in weights.items()},
        shapes=shapes,
        weights=weights,
        inputs=frozenset(value.name for value in graph.input) - frozenset(weights),
        outputs=frozenset(value.name for value in graph.output),
        constants=frozenset(constants),
    )


def _header(model: "onnx.ModelProto") -> Iterator[str]:
    if not 0 < model.ir_version <= NEWEST_IR:
        yield f"IR version {model.ir_version}, wanted at most {NEWEST_IR}"
    for opset in model.opset_import:
        if opset.domain not in ("", "ai.onnx"):
            yield f"operators of the domain {opset.domain}, wanted only ONNX's own"
        elif not OLDEST_OPSET <= opset.version <= NEWEST_OPSET:
            yield f"opset {opset.version}, wanted {OLDEST_OPSET} to {NEWEST_OPSET}"
    if model.functions:
        yield f"it has functions of its own: {model.functions[0].name}"
    for weight in model.graph.initializer:
        if weight.external_data:
            yield f"weight {weight.name} is in another file"


def _borders(facts: _Facts) -> Iterator[str]:
    from onnx import TensorProto

    for name in sorted(facts.inputs | facts.outputs):
        shape = facts.shapes.get(name, ())
        if not shape or any(size is None or size < 1 for size in shape):
            yield f"{name}: shape {list(shape)} is not fixed"
        if facts.types.get(name) != TensorProto.UINT8:
            yield f"{name}: {_type_name(facts.types.get(name))}, wanted uint8 for inputs and outputs"
    for name in sorted(facts.inputs & facts.outputs):
        yield f"{name}: both an input and an output"
    for name, weight in facts.weights.items():
        if weight.data_type in (TensorProto.UINT8, TensorProto.DOUBLE, TensorProto.STRING):
            yield f"weight {name}: {_type_name(weight.data_type)}"


def _node(facts: _Facts, node: "onnx.NodeProto", *, half: bool) -> Iterator[str]:

    if node.op_type not in ALLOWED or node.domain not in ("", "ai.onnx"):
        yield "not an operator that this project uses with TensorRT"
        return
    for name in node.output:
        shape = facts.shapes.get(name)
        if shape is None or None in shape:
            yield f"the shape of {name} is not fixed"
    for slot in _CONSTANT_INPUTS.get(node.op_type, ()):
        if slot < len(node.input) and node.input[slot] and node.input[slot] not in facts.constants:
            yield f"its input {node.input[slot]} is not a constant"
    yield from _bytes(facts, node)
    attributes = Graph.attributes(node)
    if node.op_type in CONVOLUTIONS:
        yield from _convolution(facts, node, half=half)
    elif node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        yield from _quantization(facts, node)
    elif node.op_type == "Resize":
        yield from _resize(attributes)
    elif node.op_type == "MaxPool" and len(node.output) > 1:
        yield "its second output (places) does not exist in TensorRT"
    elif node.op_type == "Pad" and attributes.get("mode", b"constant") == b"wrap":
        yield "it pads by wrapping around"


def _bytes(facts: _Facts, node: "onnx.NodeProto") -> Iterator[str]:
    """uint8 may only stand between an input or output and a Cast to or from a float."""
    from onnx import TensorProto

    floats = (TensorProto.FLOAT, TensorProto.FLOAT16)
    for name in node.input:
        if facts.types.get(name) != TensorProto.UINT8 or name in facts.weights:
            continue
        if node.op_type != "Cast" or name not in facts.inputs or facts.types.get(node.output[0]) not in floats:
            yield f"it reads uint8 {name}: uint8 may only go from an input into a Cast to fp16 or fp32"
    for name in node.output:
        if facts.types.get(name) != TensorProto.UINT8:
            continue
        if node.op_type != "Cast" or name not in facts.outputs or facts.types.get(node.input[0]) not in floats:
            yield f"it outputs uint8 {name}: uint8 may only go from a Cast of fp16 or fp32 to an output"


def _convolution(facts: _Facts, node: "onnx.NodeProto", *, half: bool) -> Iterator[str]:
    from onnx import TensorProto

    if len(facts.shapes.get(node.input[0], ())) != 4:
        yield "not two-dimensional"
    if half and facts.types.get(node.input[0]) != TensorProto.FLOAT16:
        yield f"it computes in {_type_name(facts.types.get(node.input[0]))} in an fp16 file"


def _quantization(facts: _Facts, node: "onnx.NodeProto") -> Iterator[str]:
    from onnx import TensorProto, numpy_helper

    quantized = node.output[0] if node.op_type == "QuantizeLinear" else node.input[0]
    if facts.types.get(quantized) != TensorProto.INT8:
        yield f"it quantizes to {_type_name(facts.types.get(quantized))}, wanted int8"
    zero = facts.weights.get(node.input[2]) if len(node.input) > 2 else None
    if zero is not None and np.any(numpy_helper.to_array(zero)):
        yield "its zero point is not 0"


def _resize(attributes: dict[str, Any]) -> Iterator[str]:
    mode = attributes.get("mode", b"nearest")
    if mode not in (b"nearest", b"linear"):
        yield f"mode {mode.decode()}"
    if attributes.get("coordinate_transformation_mode", b"half_pixel") not in _COORDINATES:
        yield f"coordinates {attributes['coordinate_transformation_mode'].decode()}"
    if mode == b"nearest" and attributes.get("nearest_mode", b"round_prefer_floor") not in _NEAREST:
        yield f"nearest_mode {attributes['nearest_mode'].decode()}"
    if attributes.get("antialias", 0):
        yield "antialias"


def _type_name(elem_type: int | None) -> str:
    from onnx import TensorProto

    return "an unknown type" if not elem_type else TensorProto.DataType.Name(elem_type).lower()
