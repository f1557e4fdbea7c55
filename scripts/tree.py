"""Writes docs/modules.md from the first sentence of every file; with --check it only says whether that is current."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "modules.md"
PACKAGES = ("live", "engines", "train", "calib")
COLUMN = 32
HEAD = "# Every file in one line\n\nWritten by `scripts/tree.py` from the first sentence of each file.\n\n```text\n"


def first_sentence(path: Path) -> str:
    """The first sentence of a Python file's docstring, without its full stop; empty when there is none."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) if path.exists() else None
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".")


def row(depth: int, name: str, purpose: str) -> str:
    """One line of the tree."""
    return f"{'  ' * depth + name:<{COLUMN}} {purpose}".rstrip()


def package_rows(folder: Path, depth: int = 0) -> list[str]:
    """The package's own line, then its files, then the packages inside it."""
    rows = [row(depth, f"{folder.name}/", first_sentence(folder / "__init__.py"))]
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    rows += [row(depth + 1, path.name, first_sentence(path)) for path in files]
    for inner in sorted(path.parent for path in folder.glob("*/__init__.py")):
        rows += package_rows(inner, depth + 1)
    return rows


def page() -> str:
    """The whole page."""
    rows = [row(0, "run_live.py", first_sentence(ROOT / "run_live.py"))]
    for package in PACKAGES:
        rows += package_rows(ROOT / package)
    return HEAD + "\n".join(rows) + "\n```\n"


def main() -> int:
    """Write the page, or with --check compare it; 0 when it is current."""
    wanted = page()
    if PAGE.is_file() and PAGE.read_text() == wanted:
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/modules.md is out of date; do this: python scripts/tree.py", file=sys.stderr)
        return 1
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
