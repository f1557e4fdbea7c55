"""`Graph`: an ONNX model that is being rewritten. Nodes that nobody reads any more are dropped when it is written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from engines.errors import EngineError, reason

if TYPE_CHECKING:
    import onnx

Array = npt.NDArray[Any]


class Graph:
    """The nodes, constants (by name) and known shapes (by name) of the ONNX file `path`.

    Raises EngineError if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnx
            from onnx import numpy_helper, shape_inference
        except ImportError as error:
            raise EngineError("onnx is not installed", got=reason(error), do="pip install onnx==1.22.0") from error
        try:
            self.model = onnx.load(str(path))
            onnx.checker.check_model(self.model)
            shaped = shape_inference.infer_shapes(self.model).graph
        except Exception as error:  # what protobuf and the checker raise shares no base but Exception
            raise EngineError(f"{path.name} cannot be read as a model", got=reason(error)) from error
        graph = self.model.graph
        self.nodes: list[onnx.NodeProto] = list(graph.node)
        self.constants: dict[str, Array] = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
        self.inputs = [value.name for value in graph.input if value.name not in self.constants]
        self.outputs = [value.name for value in graph.output]
        self.shapes: dict[str, tuple[int, ...]] = {
            value.name: tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
            for value in (*shaped.input, *shaped.output, *shaped.value_info)
        } | {name: value.shape for name, value in self.constants.items()}
        self._names = len(self.nodes)

    def producer(self, name: str) -> "onnx.NodeProto | None":
        """The node that outputs the tensor `name`; None for an input or a constant."""
        return next((node for node in self.nodes if name in node.output), None)

    def readers(self, name: str) -> "list[onnx.NodeProto]":
        """The nodes that read the tensor `name`."""
        return [node for node in self.nodes if name in node.input]

    def only_reader(self, name: str) -> "onnx.NodeProto | None":
        """The only node that reads `name`; None if there are several, or `name` is an output."""
        readers = self.readers(name)
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    @staticmethod
    def attributes(node: "onnx.NodeProto") -> dict[str, Any]:
        """A node's attributes by name; texts are bytes."""
        from onnx import helper

        return {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def scalar(self, name: str) -> float | None:
        """The value of a constant with one element."""
        value = self.constants.get(name)
        return float(value.reshape(())) if value is not None and value.size == 1 else None

    def constant(self, value: Array) -> str:
        """Adds a constant and returns its name."""
        name = self._new("constant")
        self.constants[name] = value
        self.shapes[name] = value.shape
        return name

    def add(self, op: str, inputs: Sequence[str], shape: Sequence[int] = (), **attributes: Any) -> str:
        """Adds a node with one output, of `shape`, and returns that output's name."""
        from onnx import helper

        name = self._new(op.lower())
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"edl_{name}", **attributes))
        self.shapes[name] = tuple(shape)
        return name

    def replace(self, old: str, new: str) -> None:
        """Lets every reader of the tensor `old` read `new` instead. Neither may be an output of the graph."""
        for node in self.nodes:
            for place, name in enumerate(node.input):
                if name == old:
                    node.input[place] = new

    def put_in_place(self, old: str, new: str) -> None:
        """Removes the node that outputs `old`; the node that outputs `new` takes over its name and outputs `old`."""
        before = [node for node in self.nodes if old in node.output]
        self.remove(*before)
        for node in self.nodes:
            for place, name in enumerate(node.output):
                if name == new:
                    node.output[place] = old
                    node.name = before[0].name
        self.shapes[old] = self.shapes.pop(new)

    def remove(self, *nodes: "onnx.NodeProto") -> None:
        """Removes nodes."""
        gone = {id(node) for node in nodes}
        self.nodes = [node for node in self.nodes if id(node) not in gone]

    def reshape_port(self, name: str, shape: Sequence[int]) -> None:
        """Gives the graph's input or output `name` another shape."""
        from onnx import TensorProto, helper

        for value in (*self.model.graph.input, *self.model.graph.output):
            if value.name == name:
                value.CopyFrom(helper.make_tensor_value_info(name, TensorProto.UINT8, list(shape)))
        self.shapes[name] = tuple(shape)

    def write(self, path: Path) -> Path:
        """Checks and writes the model. Raises EngineError if it is no longer valid."""
        import onnx
        from onnx import numpy_helper

        graph, nodes = self.model.graph, self._in_order()
        used = {name for node in nodes for name in node.input}
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(nodes)
        graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in self.constants.items() if name in used)
        try:
            onnx.checker.check_model(self.model, full_check=True)
            onnx.save(self.model, str(path))
        except Exception as error:
            raise EngineError("the rewritten model is not valid", got=reason(error)) from error
        return path

    def _in_order(self) -> "list[onnx.NodeProto]":
        """The nodes that an output needs, each after the nodes that it reads."""
        by_output = {name: node for node in self.nodes for name in node.output}
        ordered: dict[int, onnx.NodeProto] = {}
        waiting = [by_output[name] for name in reversed(self.outputs)]
        while waiting:
            node = waiting[-1]
            needs = [by_output[name] for name in node.input if name in by_output]
            missing = [other for other in needs if id(other) not in ordered]
            if missing:
                waiting.extend(missing)
            else:
                ordered[id(waiting.pop())] = node
        return list(ordered.values())

    def _new(self, kind: str) -> str:
        self._names += 1
        return f"{kind}_{self._names}"
