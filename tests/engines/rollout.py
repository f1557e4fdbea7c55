"""A network run frame after frame by ONNX Runtime itself, each frame fed back: what engines are held against."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from engines.arrays import U8
from engines.engine import EngineSpec


def rollout(model: Path, spec: EngineSpec, frames: Iterable[Mapping[str, U8]]) -> Iterator[U8]:
    """The first output of every frame, starting from a state of zeros."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in spec.outputs]
    state = {tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in spec.state_inputs}
    for feeds in frames:
        outputs = dict(zip(names, session.run(names, {**feeds, **state}), strict=True))
        state = {into: outputs[output] for output, into in spec.state}
        yield outputs[names[0]]
