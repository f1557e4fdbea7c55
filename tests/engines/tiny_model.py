"""A tiny ONNX with the generator's tensors, uint8 NHWC: a conv over the doll, the previous frame and the pose map."""

from pathlib import Path

import numpy as np

from engines.arrays import U8
from engines.engine import EngineSpec, TensorSpec

POSE_CHANNELS = 20


def tiny_spec(size: int = 32) -> EngineSpec:
    """The tensors of `write_tiny_model(..., size)`: a square canvas of `size` pixels, a multiple of 4."""
    canvas = (1, size, size, 4)
    return EngineSpec(
        inputs=(
            TensorSpec("pose_map", (1, size // 4, size // 4, POSE_CHANNELS)),
            TensorSpec("doll", canvas),
            TensorSpec("previous", canvas),
        ),
        outputs=(TensorSpec("frame", canvas),),
        state=(("frame", "previous"),),
    )


def write_tiny_model(path: Path, size: int = 32) -> Path:
    """Writes the model to `path`: frame = u8(clamp(conv(doll, previous, pose map made four times larger)))."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    weights = rng.normal(0.0, 0.01, (4, 8 + POSE_CHANNELS, 3, 3)).astype(np.float32)
    weights[range(4), range(4), 1, 1] += 0.6  # the doll
    weights[range(4), range(4, 8), 1, 1] += 0.3  # a trace of the previous frame
    constants = {
        "weights": weights,
        "bias": np.full(4, 3.0, np.float32),
        "scales": np.array([1, 1, 4, 4], np.float32),
        "low": np.array(0, np.float32),
        "high": np.array(255, np.float32),
    }
    nodes = []
    for name in ("pose_map", "doll", "previous"):
        nodes.append(helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Transpose", [f"{name}_f"], [f"{name}_c"], perm=[0, 3, 1, 2]))
    nodes += [
        helper.make_node("Resize", ["pose_map_c", "", "scales"], ["pose_map_big"], mode="nearest"),
        helper.make_node("Concat", ["doll_c", "previous_c", "pose_map_big"], ["all"], axis=1),
        helper.make_node("Conv", ["all", "weights", "bias"], ["drawn"], pads=[1, 1, 1, 1]),
        helper.make_node("Clip", ["drawn", "low", "high"], ["clipped"]),
        helper.make_node("Transpose", ["clipped"], ["frame_f"], perm=[0, 2, 3, 1]),
        helper.make_node("Cast", ["frame_f"], ["frame"], to=TensorProto.UINT8),
    ]
    spec = tiny_spec(size)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(t.name, TensorProto.UINT8, t.shape) for t in spec.inputs],
        [helper.make_tensor_value_info(t.name, TensorProto.UINT8, t.shape) for t in spec.outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def tiny_feeds(seed: int = 0, size: int = 32) -> dict[str, U8]:
    """Random feeds for the model, by name."""
    rng = np.random.default_rng(seed)
    return {t.name: rng.integers(0, 256, t.shape, np.uint8) for t in tiny_spec(size).feeds}
