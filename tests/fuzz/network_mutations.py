"""What is done to an ONNX file: to its ports, its weights, its operators, and to where it says that its weights lie."""

from random import Random
from typing import Any

from tests.fuzz.mutations import Mutator

_SIZES = (0, 1, -1, 3, 31, 33, 256, 1 << 20, 1 << 40)
_OPERATORS = ("Conv", "Relu", "If", "Loop", "Reshape", "Expand", "Tile", "Identity", "Nothing", "Cast", "Clip")


def ports(rng: Random, content: bytes) -> bytes:
    """An input or output of another size, kind or name."""
    model = _model(content)
    port = rng.choice([*model.graph.input, *model.graph.output])
    deed, dims = rng.randrange(4), port.type.tensor_type.shape.dim
    if deed == 0 and dims:
        rng.choice(dims).dim_value = rng.choice(_SIZES)
    elif deed == 1 and dims:
        rng.choice(dims).dim_param = "n"
    elif deed == 2:
        port.type.tensor_type.elem_type = rng.randrange(20)
    else:
        port.name = rng.choice(("", "x", "previous", "frame", "y" * 999))
    return bytes(model.SerializeToString())


def weights(rng: Random, content: bytes) -> bytes:
    """Weights of another size or kind, cut short, gone, or in another file."""
    model = _model(content)
    held = model.graph.initializer
    weight, deed = rng.choice(held), rng.randrange(6)
    if deed == 0 and weight.dims:
        weight.dims[rng.randrange(len(weight.dims))] = rng.choice(_SIZES)
    elif deed == 1:
        weight.data_type = rng.randrange(24)
    elif deed == 2:
        weight.raw_data = weight.raw_data[: rng.randrange(len(weight.raw_data) + 1)]
    elif deed == 3:
        weight.data_location = 1
        weight.external_data.add(key="location", value=rng.choice(("../x", "/etc/hostname", "atlas.npz", "")))
    elif deed == 4:
        held.remove(weight)
    else:
        held.add().CopyFrom(weight)
    return bytes(model.SerializeToString())


def operators(rng: Random, content: bytes) -> bytes:
    """An operator gone, twice there, another one, of another domain, or with other attributes and inputs."""
    model = _model(content)
    nodes, deed = model.graph.node, rng.randrange(7)
    node = rng.choice(nodes)
    if deed == 0:
        nodes.remove(node)
    elif deed == 1:
        nodes.add().CopyFrom(node)
    elif deed == 2:
        node.op_type = rng.choice(_OPERATORS)
    elif deed == 3:
        node.domain = rng.choice(("com.microsoft", "x", "ai.onnx.ml"))
    elif deed == 4:
        node.input[rng.randrange(len(node.input)) :] = [rng.choice(("", "x", node.output[0]))]
    elif deed == 5:
        model.opset_import[0].version = rng.choice((0, 1, 7, 13, 99, -1))
    else:
        for attribute in node.attribute:
            attribute.ints[:] = [rng.choice((0, 1, -1, 5, 64)) for _ in attribute.ints]
    return bytes(model.SerializeToString())


def _model(content: bytes) -> Any:
    import onnx

    return onnx.load_model_from_string(content)


ONNX: tuple[Mutator, ...] = (ports, weights, operators)
