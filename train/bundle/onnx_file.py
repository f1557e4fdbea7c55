"""A network as one ONNX file: opset 18, fixed shapes, uint8 in and out."""

import io
import logging
import warnings
from typing import Any

import torch
from torch import nn

from engines.engine import EngineSpec

OPSET = 18  # TensorRT 10.0 takes 9 to 20


def to_onnx(network: nn.Module, spec: EngineSpec) -> bytes:
    """The file's bytes; `network` takes and returns the tensors of `spec` in their order."""
    inputs = tuple(torch.zeros(tensor.shape, dtype=torch.uint8) for tensor in spec.inputs)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns that torchvision is absent, which we do not need
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own code
        program = torch.onnx.export(
            network,
            inputs,
            input_names=[tensor.name for tensor in spec.inputs],
            output_names=[tensor.name for tensor in spec.outputs],
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    _forget_origin(program.model)
    buffer = io.BytesIO()
    program.save(buffer)
    return buffer.getvalue()


def _forget_origin(model: Any) -> None:
    """Delete the exporter's notes on where each node came from: they quote paths of this machine."""
    graph = model.graph
    values = [value for node in graph for value in node.outputs]
    for part in (model, graph, *graph, *graph.inputs, *graph.initializers.values(), *values):
        part.metadata_props.clear()
        part.doc_string = None
