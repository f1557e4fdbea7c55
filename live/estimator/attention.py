"""The face model with attention, whose three operations of MediaPipe's own OpenVINO does not know.

The model finds a mesh, looks once more at its own features round lips and eyes, and finds those anew. What "looks once
more" means is written here in OpenVINO's operations, after MediaPipe's util/tflite/operations (version 2 of each).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import openvino as ov

# In the order in which the model names its parts: the corners of the part, which its region is level with.
_CORNERS = ((61, 291), (33, 133), (362, 263))
_SIDE, _ROOM = 16, 1.5  # of a part's region: cells, and how much wider than the part itself


def _points(numbers: str) -> NDArray[np.int64]:
    return np.array(numbers.split(), np.int64)


# The points of the mesh that bound each part, and which of them each point of its finer answer stands for: from the
# options of the model's operations and of LandmarksRefinementCalculator.
LIPS = _points(
    "61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409 78 95 88 178 87 14 317 402 318 324 "
    "308 191 80 81 82 13 312 311 310 415 76 77 90 180 85 16 315 404 320 307 306 184 74 73 72 11 302 303 304 408 "
    "62 96 89 179 86 15 316 403 319 325 292 183 42 41 38 12 268 271 272 407"
)
LEFT_EYE = _points(
    "33 7 163 144 145 153 154 155 133 246 161 160 159 158 157 173 130 25 110 24 23 22 26 112 243 247 30 29 27 28 "
    "56 190 226 31 228 229 230 231 232 233 244 113 225 224 223 222 221 189 35 124 46 53 52 65 143 111 117 118 "
    "119 120 121 128 245 156 70 63 105 66 107 55 193"
)
RIGHT_EYE = _points(
    "263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398 359 255 339 254 253 252 256 341 463 467 260 "
    "259 257 258 286 414 446 261 448 449 450 451 452 453 464 342 445 444 443 442 441 413 265 353 276 283 282 295 "
    "372 340 346 347 348 349 350 357 465 383 300 293 334 296 336 285 417"
)


def with_attention(path: Path) -> "ov.Model":
    """The model of a .tflite file, with those operations put in. Raises whatever OpenVINO raises."""
    from openvino.frontend import FrontEndManager

    front_end = FrontEndManager().load_by_framework("tflite")
    model = front_end.convert_partially(front_end.load(str(path)))  # leaves what it does not know as empty nodes
    unknown = sorted(
        (node for node in model.get_ordered_ops() if node.get_type_name() == "TFFrameworkNode"),
        key=lambda node: int(node.get_friendly_name()),  # a node's place in the file
    )
    parts = iter(zip((LIPS, LEFT_EYE, RIGHT_EYE), _CORNERS, strict=True))
    for node in unknown:
        inputs = [port.get_source_output() for port in node.inputs()]
        if len(inputs) == 1:
            known = _part_matrix(inputs[0], *next(parts))
        elif len(inputs[0].get_partial_shape()) == 4:
            known = _cut(*inputs)
        else:
            known = _placed(*inputs)
        node.output(0).replace(known.output(0))
    model.validate_nodes_and_infer_types()
    return model


def _part_matrix(mesh: Any, points: NDArray[np.int64], corners: tuple[int, int]) -> Any:
    """Landmarks2TransformMatrix: (1, 468, 3) points -> (1, 4, 4), from cells of a part's region to where they lie."""
    from openvino import opset13 as op

    left, right = (_pick(_pick(mesh, [corner], 1), [0, 1], 2) for corner in corners)  # (1, 1, 2)
    level = op.subtract(right, left)
    level = op.divide(level, op.sqrt(op.reduce_sum(op.multiply(level, level), np.array([2]), True)))
    c, s = _pick(level, [0], 2), _pick(level, [1], 2)  # (1, 1, 1): cosine and sine of the part's own tilt
    of_part = _pick(_pick(mesh, points, 1), [0, 1], 2)
    x, y = _pick(of_part, [0], 2), _pick(of_part, [1], 2)
    along, down = op.add(op.multiply(c, x), op.multiply(s, y)), op.subtract(op.multiply(c, y), op.multiply(s, x))
    ends = [
        (op.reduce_min(value, np.array([1]), True), op.reduce_max(value, np.array([1]), True))
        for value in (along, down)
    ]
    half = np.float32(0.5)
    across, deep = (op.multiply(op.add(low, high), half) for low, high in ends)
    cell_x, cell_y = (op.multiply(op.subtract(high, low), np.float32(_ROOM / _SIDE)) for low, high in ends)
    # Column by column: shift to the middle, turn back, scale by a cell, and begin half a region before the middle.
    a, b = op.multiply(c, cell_x), op.negative(op.multiply(s, cell_y))
    d, e = op.multiply(s, cell_x), op.multiply(c, cell_y)
    middle_x = op.subtract(op.multiply(c, across), op.multiply(s, deep))
    middle_y = op.add(op.multiply(s, across), op.multiply(c, deep))
    from_x = op.subtract(middle_x, op.multiply(op.add(a, b), np.float32(_SIDE / 2)))
    from_y = op.subtract(middle_y, op.multiply(op.add(d, e), np.float32(_SIDE / 2)))
    none = op.constant(np.zeros((1, 1, 1), np.float32))
    rows = [op.concat([a, b, none, from_x], 2), op.concat([d, e, none, from_y], 2)]
    rest = op.constant(np.array([[[0, 0, 1, 0], [0, 0, 0, 1]]], np.float32))
    return op.concat([*rows, rest], 1)


def _cut(features: Any, matrix: Any) -> Any:
    """TransformTensorBilinear: the features (1, H, W, C) under a part's region, as (1, 16, 16, C)."""
    from openvino import opset13 as op

    height, width = (int(n) for n in (features.get_shape()[1], features.get_shape()[2]))
    columns, rows = np.meshgrid(np.arange(_SIDE) + 0.5, np.arange(_SIDE) + 0.5)
    cells = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)], -1).reshape(1, -1, 4)
    places = op.matmul(op.constant(cells.astype(np.float32)), matrix, False, True)  # (1, 256, 4): x, y, 0, 1
    places = _pick(places, [0, 1], 2)
    # GridSample wants -1..1 from the first pixel's middle to the last's; half a pixel lies between corner and middle.
    scale = np.array([2 / (width - 1), 2 / (height - 1)], np.float32)
    places = op.subtract(op.multiply(op.subtract(places, np.float32(0.5)), scale), np.float32(1.0))
    grid = op.reshape(places, np.array([1, _SIDE, _SIDE, 2], np.int64), False)
    channels_first = op.transpose(features, np.array([0, 3, 1, 2], np.int64))
    sampling = {"align_corners": True, "mode": "bilinear", "padding_mode": "zeros"}
    return op.transpose(op.grid_sample(channels_first, grid, sampling), np.array([0, 2, 3, 1], np.int64))


def _placed(points: Any, matrix: Any) -> Any:
    """TransformLandmarks: (1, N, 2) points in cells of a part's region -> where they lie."""
    from openvino import opset13 as op

    rows = _pick(matrix, [0, 1], 1)
    turn, shift = _pick(rows, [0, 1], 2), _pick(rows, [3], 2)  # (1, 2, 2) and (1, 2, 1)
    return op.add(op.matmul(points, turn, False, True), op.transpose(shift, np.array([0, 2, 1])))


def _pick(value: Any, indices: Any, axis: int) -> Any:
    from openvino import opset13 as op

    return op.gather(value, np.array(indices, np.int64), np.array(axis, np.int64))
