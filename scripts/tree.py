"""Writes the file tree in README.md from the files' own first sentences; with --check it only says if it is current."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- tree: written by scripts/tree.py -->\n", "<!-- end of tree -->\n"
PACKAGES = ("live", "engines", "train", "calib")
WIDTH, COLUMN = 140, 28
# What has no first sentence of its own to quote.
OTHERS = {
    "engines/targets/": "the bundles that ship, one folder a character",
    "tests/": "mirrors the tree; no device, GPU or network",
    "docs/": "architecture.md: the contract between the parts; measurements.md: every number",
    "scripts/check": "format, lint, types, imports, tests: one command before a commit",
    "scripts/fuzz": "damages what the loaders read, thousands of times; a little of it is in tests/fuzz",
    "scripts/tree.py": "writes this tree",
    "scripts/puppet_sheet.py": "draws how a target follows a clip, for docs/",
    ".ci/run": "runs this page's commands in fresh environments, then scripts/check",
}


def first_sentence(path: Path) -> str:
    """The first sentence of a Python file's docstring, without its full stop; empty when there is none."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) if path.exists() else None
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".")


def row(depth: int, name: str, purpose: str) -> str:
    """One line of the tree; a purpose that does not fit is cut at a word."""
    line = f"{'  ' * depth + name:<{COLUMN}} {purpose}".rstrip()
    return line if len(line) <= WIDTH else line[: WIDTH - 4].rsplit(" ", 1)[0] + " ..."


def package_rows(folder: Path, depth: int = 0) -> list[str]:
    """The package's own line, then its files, then the packages inside it."""
    rows = [row(depth, f"{folder.name}/", first_sentence(folder / "__init__.py"))]
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    rows += [row(depth + 1, path.name, first_sentence(path)) for path in files]
    for inner in sorted(path.parent for path in folder.glob("*/__init__.py")):
        rows += package_rows(inner, depth + 1)
    return rows


def tree() -> str:
    """The whole block that stands between the markers in the README."""
    rows = [row(0, "run_live.py", first_sentence(ROOT / "run_live.py"))]
    for package in PACKAGES:
        rows += package_rows(ROOT / package)
    rows += [row(0, name, purpose) for name, purpose in OTHERS.items()]
    return "```text\n" + "\n".join(rows) + "\n```\n"


def main() -> int:
    """Rewrite the block, or with --check compare it; 0 when it is current."""
    head, _, rest = README.read_text().partition(BEGIN)
    current, _, tail = rest.partition(END)
    wanted = tree()
    if current == wanted:
        return 0
    if "--check" in sys.argv[1:]:
        print("the file tree in README.md is out of date; do this: python scripts/tree.py", file=sys.stderr)
        return 1
    README.write_text(head + BEGIN + wanted + END + tail)
    return 0


if __name__ == "__main__":
    sys.exit(main())
