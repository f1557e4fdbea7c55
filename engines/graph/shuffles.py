"""Orders channels that become pixels so that a CPU moves whole pixels, not single channels."""

import numpy as np

from engines.graph.edit import Graph


def order_shuffles(graph: Graph) -> int:
    """Turns each DepthToSpace of mode CRD behind a convolution into mode DCR, and reorders the convolution's outputs.

    With channels last, the channels of each new pixel are then side by side. The values are the same, bit for bit.
    Returns the number of such pairs.
    """
    done = 0
    for shuffle in [node for node in graph.nodes if node.op_type == "DepthToSpace"]:
        attributes = graph.attributes(shuffle)
        conv = graph.producer(shuffle.input[0])
        if attributes.get("mode") != b"CRD" or conv is None or conv.op_type != "Conv":
            continue
        weights = [graph.constants.get(name) for name in conv.input[1:]]
        if any(value is None for value in weights) or graph.only_reader(conv.output[0]) is None:
            continue
        pixels = attributes["blocksize"] ** 2
        channels = len(graph.constants[conv.input[1]])
        order = np.arange(channels).reshape(channels // pixels, pixels).T.reshape(-1)
        for place, value in enumerate(weights, start=1):
            conv.input[place] = graph.constant(np.ascontiguousarray(value[order]))  # type: ignore[index]
        shape = graph.shapes.get(shuffle.output[0], ())
        new = graph.add("DepthToSpace", [shuffle.input[0]], shape, blocksize=attributes["blocksize"], mode="DCR")
        graph.put_in_place(shuffle.output[0], new)
        done += 1
    return done
