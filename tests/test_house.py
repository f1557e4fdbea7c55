"""The rules of the house that no linter holds: size of files and functions, names, who imports what."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES, FUNCTION_LINES, FILES = 300, 60, 20
LONGER_FUNCTIONS = {"train/training/run.py": 100}  # the training loop is read top to bottom
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager"}


def files_of(*folders: str) -> list[Path]:
    """Every Python file under the named folders of the repository, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


TORCH_FREE = [ROOT / "run_live.py", *files_of("live", "engines", "calib")]
HOUSE = [*TORCH_FREE, *files_of("train")]
EVERYTHING = [*HOUSE, *files_of("tests", "scripts", "examples")]


def name_of(path: Path) -> str:
    """The path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Every package that the code imports anywhere in it, also by `import_module("...")` or `__import__("...")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield str(node.args[0].value).split(".")[0]


def importers(paths: list[Path], *packages: str) -> list[str]:
    """Those of the files that import one of the packages."""
    return [name_of(path) for path in paths if set(packages) & set(imports_of(ast.parse(path.read_text())))]


def test_a_fresh_interpreter_imports_the_live_side_without_torch() -> None:
    modules = [name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in TORCH_FREE]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "found = sorted(name for name in sys.modules if name.partition('.')[0] in ('torch', 'train'))\n"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_torch_is_imported_in_train_only() -> None:
    assert importers(TORCH_FREE, "torch", "torchvision", "train") == []


def test_the_puppet_needs_neither_cv2_nor_mediapipe() -> None:
    assert importers(files_of("live/puppet"), "cv2", "mediapipe", "torch") == []


def test_pyvirtualcam_is_imported_in_one_file_and_lazily() -> None:
    found = importers(HOUSE, "pyvirtualcam")
    assert len(found) == 1, found
    scopes = (ast.FunctionDef, ast.ClassDef)
    top = [node for node in ast.parse((ROOT / found[0]).read_text()).body if not isinstance(node, scopes)]
    assert "pyvirtualcam" not in set(imports_of(ast.Module(top, []))), "import it where the camera is opened"


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in EVERYTHING}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_folder_holds_more_than_20_files_side_by_side() -> None:
    counts = Counter(name_of(path.parent) for path in EVERYTHING if path.name != "__init__.py")
    assert {name: count for name, count in counts.items() if count > FILES} == {}


def test_every_room_says_what_lives_there() -> None:
    rooms = [path for path in HOUSE if path.name == "__init__.py"]
    assert [name_of(path) for path in rooms if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_function_is_longer_than_60_lines() -> None:
    too_long = {}
    for path in HOUSE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGER_FUNCTIONS.get(name_of(path), FUNCTION_LINES):
                    too_long[f"{name_of(path)}: {node.name}"] = lines
    assert too_long == {}


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    for path in EVERYTHING:
        words = name_of(path).removesuffix(".py").replace("/", "_").split("_")
        assert BANNED_NAMES.isdisjoint(words), name_of(path)


def test_every_public_module_says_what_it_is() -> None:
    public = [path for path in HOUSE if not path.stem.startswith("_") or path.stem in ("__main__", "__init__")]
    texts = {name_of(path): path.read_text() for path in public}
    silent = [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []


def test_the_page_of_modules_is_current() -> None:
    done = subprocess.run([sys.executable, "scripts/tree.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 180
