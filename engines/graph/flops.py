"""How much a network computes: the floating-point operations of one frame."""

import math
from pathlib import Path

from engines.graph.edit import Graph


def count_flops(model: Path) -> float:
    """Twice the products of all convolutions and tables in the ONNX file `model`; nothing else is counted."""
    graph, flops = Graph(model), 0.0
    for node in graph.nodes:
        shapes = [graph.shapes.get(name, ()) for name in (*node.input[:2], node.output[0])]
        if node.op_type == "Conv":
            flops += 2.0 * math.prod(shapes[2]) * math.prod(shapes[1][1:])
        elif node.op_type == "ConvTranspose":
            flops += 2.0 * math.prod(shapes[0]) * math.prod(shapes[1][1:])
        elif node.op_type == "MatMul":
            flops += 2.0 * math.prod(shapes[2]) * shapes[0][-1]
    return flops
