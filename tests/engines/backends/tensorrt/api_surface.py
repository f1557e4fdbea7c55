"""What our code uses of TensorRT's Python API: from the code, the stub, and the list of what each version has."""

import ast
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
CODE = sorted((ROOT / "engines" / "backends" / "tensorrt").glob("*.py"))
STUB = ROOT / "typings" / "tensorrt" / "__init__.pyi"
LIST = Path(__file__).with_suffix(".json")
# In 10.16 and gone in 11, or gone since 10.0: whole names, and parts of names.
DENIED = frozenset("FP16 BF16 INT8 FP8 INT4 FP4 EXPLICIT_BATCH STRICT_TYPES set_output_type build_engine".split())
DENIED_PARTS = (
    *("calibrat", "num_bindings", "get_binding", "binding_is_input", "execute_async_v2", "execute_v2"),
    *("max_workspace_size", "dynamic_range", "platform_has_fast", "device_memory_size", "supports_model"),
    *("weight_descriptors", "implicit_batch", "without_device_memory", "precision_constraints", "algorithm_selector"),
)


def listed() -> dict[str, dict[str, bool | None]]:
    """Dotted name -> version -> whether it is there; None: not looked up."""
    names: dict[str, dict[str, bool | None]] = json.loads(LIST.read_text())["names"]
    return names


def stubbed() -> set[str]:
    """Every name of the stub, dotted from the module, less private ones and constructors."""
    names: set[str] = set()

    def walk(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                if not node.name.startswith("_"):
                    names.add(prefix + node.name)
                    walk(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                if not node.name.startswith("__"):
                    names.add(prefix + node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(prefix + node.target.id)
            elif isinstance(node, ast.Assign):
                names.update(prefix + target.id for target in node.targets if isinstance(target, ast.Name))

    walk(ast.parse(STUB.read_text()).body, "")
    return names


def used(tree: ast.AST) -> set[str]:
    """Every `trt.X.Y...` in the code, dotted, also inside a quoted annotation."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("trt."):
            found |= used(ast.parse(node.value))
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if parts and parts[0] != "__init__" and isinstance(node, ast.Name) and node.id == "trt":
            found.add(".".join(reversed(parts)))
    return found


def denied(tree: ast.AST) -> set[str]:
    """Attributes and keywords in the code that TensorRT 11 has not."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            names.add(node.arg)
    return {name for name in names if name in DENIED or any(part in name.lower() for part in DENIED_PARTS)}
