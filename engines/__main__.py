"""`python -m engines`: what there is on this machine, how good and how fast it is, and preparing it."""

from typing import NoReturn

from engines.system import process


def entry() -> NoReturn:
    """The process; see `engines.tools.command_line`, which takes a second to load."""
    process.run(_main)


def _main() -> int:
    from engines.tools.command_line import main

    return main()


if __name__ == "__main__":
    entry()
