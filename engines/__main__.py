"""`python -m engines`: list, prepare, check and time the engines of this machine."""

from typing import NoReturn

from engines.system import process


def entry() -> NoReturn:
    """Run the process. `engines.tools.command_line` is imported inside it, as it takes a second to load."""
    process.run(_main)


def _main() -> int:
    from engines.tools.command_line import main

    return main()


if __name__ == "__main__":
    entry()
