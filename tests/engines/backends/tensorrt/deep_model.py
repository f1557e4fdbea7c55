"""The tiny model with two more convolutions before its own, so that one lies between two others: int8 wants that."""

from pathlib import Path

import numpy as np


def write_deep_model(tiny_model: Path, out: Path) -> Path:
    """Writes it to `out`; its tensors are those of the tiny model."""
    import onnx

    model = onnx.load(tiny_model)
    rng = np.random.default_rng(3)
    place = next(i for i, node in enumerate(model.graph.node) if node.op_type == "Conv")
    last = model.graph.node[place]
    for number in (1, 0):
        weights = rng.normal(0, 0.001, (28, 28, 3, 3)).astype(np.float32)
        weights[range(28), range(28), 1, 1] += 1
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, f"w{number}"))
        given = "all" if number == 0 else "c0"
        node = onnx.helper.make_node("Conv", [given, f"w{number}"], [f"c{number}"], f"conv{number}", pads=[1, 1, 1, 1])
        model.graph.node.insert(place, node)
    last.input[0], last.name = "c1", "last"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, out)
    return out
