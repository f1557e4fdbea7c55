"""Checks an ONNX file before a runtime opens it: one graph, all weights inside, only ONNX's own operators.

An ONNX file may tell a runtime to read weights from any other file that the user may read; the manifest has no hash of
those. The file is parsed here as bare protobuf fields, because importing onnx takes a second.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from engines.errors import EngineError

_LARGEST = 1 << 30  # bytes; a full generator has about 100 MB
# Field numbers from onnx.proto.
_GRAPH, _TRAINING, _FUNCTIONS = 7, 20, 25
_NODES, _WEIGHTS, _SPARSE = 1, 5, 15
_ATTRIBUTES, _DOMAIN = 5, 7
_TENSORS, _GRAPHS = (5, 10), (6, 11)
_ELSEWHERE, _PLACE = 13, 14
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5

Span = tuple[int, int]


def check_network_file(path: Path) -> None:
    """Raises EngineError for a file that is not ONNX, refers to other files, or holds more than one plain graph."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if not 0 < size <= _LARGEST:
                raise ValueError(f"it has {size} bytes")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                _check_model(content)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"{path.name} is not a network that this version can run",
            got=str(error),
            wanted="an ONNX file with all its weights inside and no operators but ONNX's own",
            do="export the target again",
        ) from error


def _check_model(content: mmap.mmap) -> None:
    graphs = 0
    for field, span in _fields(content, (0, len(content))):
        if field in (_FUNCTIONS, _TRAINING):
            raise ValueError("it has functions of its own, or a training graph")
        if field == _GRAPH:
            graphs += 1
            _check_graph(content, span)
    if graphs != 1:
        raise ValueError(f"it has {graphs} graphs")


def _check_graph(content: mmap.mmap, graph: Span) -> None:
    for field, span in _fields(content, graph):
        if field == _NODES:
            _check_node(content, span)
        elif field == _WEIGHTS:
            _check_tensor(content, span)
        elif field == _SPARSE:
            raise ValueError("it has sparse weights")


def _check_node(content: mmap.mmap, node: Span) -> None:
    for field, span in _fields(content, node):
        if field == _DOMAIN and content[slice(*span)] not in (b"", b"ai.onnx"):
            raise ValueError(f"it has an operator of the domain {content[slice(*span)].decode()!r:.40}")
        if field == _ATTRIBUTES:
            for part, inner in _fields(content, span):
                if part in _GRAPHS:
                    raise ValueError("it has graphs inside its graph")
                if part in _TENSORS and inner[1] > inner[0]:
                    _check_tensor(content, inner)


def _check_tensor(content: mmap.mmap, tensor: Span) -> None:
    for field, span in _fields(content, tensor):
        if field == _ELSEWHERE or (field == _PLACE and content[slice(*span)] != b"\0"):
            raise ValueError("some of its weights are in another file")


def _fields(content: mmap.mmap, message: Span) -> Iterator[tuple[int, Span]]:
    """Each field of a message: its number, and the span of its value (for a number, of its raw bytes)."""
    at, end = message
    while at < end:
        key, at = _varint(content, at, end)
        wire, start = key & 7, at
        if wire == _VARINT:
            _, at = _varint(content, at, end)
        elif wire == _BYTES:
            length, start = _varint(content, at, end)
            at = start + length
        elif wire in (_FIXED_32, _FIXED_64):
            at += 4 if wire == _FIXED_32 else 8
        else:
            raise ValueError("it is not an ONNX file")
        if at > end:
            raise ValueError("it is cut short")
        yield key >> 3, (start, at)


def _varint(content: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= end:
            raise ValueError("it is cut short")
        byte = content[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("it is not an ONNX file")
