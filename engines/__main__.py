"""`python -m engines list` and `python -m engines bench`: what there is on this machine, and how fast it is."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from engines.bench import bench, table
from engines.bundle import find_target, find_targets, open_bundle
from engines.choose import BACKENDS
from engines.errors import EngineError, reason
from engines.openvino_engine import cpu_bf16


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code: 0 ok, 1 failure (said in one line), 2 usage."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "list":
            _list()
        else:
            _bench(arguments)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engines", description="The engines that draw the puppet.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the installed targets and the engines that this machine has")
    own = commands.add_parser(
        "bench",
        help="time a target's generators on every engine, in turns",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    own.add_argument("--target", required=True, metavar="NAME|DIR", help="an installed target, or the folder of one")
    own.add_argument("--backend", default="auto", help=f"all (auto), or one of {', '.join(BACKENDS)}")
    own.add_argument("--precision", default="auto", help="all that the engine has (auto), or one, such as fp32, bf16")
    own.add_argument("--threads", type=_positive, default=1, metavar="N", help="CPU threads of each engine")
    own.add_argument("--frames", type=_positive, default=100, metavar="N", help="frames to time on each engine")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _list() -> None:
    targets = find_targets()
    print("targets" if targets else "targets: none is installed")
    for name, folder in targets.items():
        try:
            bundle = open_bundle(folder)
        except EngineError as error:
            print(f"  {name}: damaged: {error} ({folder})")
            continue
        generators = ", ".join(bundle.generators) or "none (bare doll)"
        print(f"  {name}: {bundle.title}; generators: {generators}; licence: {bundle.licence} ({folder})")
    print("engines")
    for name, (_, precisions) in BACKENDS.items():
        print(f"  {name} {_version(name)}: {', '.join(precisions)}")
    print(f"CPU bf16: { {True: 'yes', False: 'no', None: 'this system does not tell'}[cpu_bf16()] }")


def _version(backend: str) -> str:
    if backend == "fake":
        return "(no model, for tests)"
    try:
        return str(importlib.import_module(backend).__version__).partition("-")[0]  # openvino adds its build
    except ImportError as error:
        return f"(not installed: {reason(error)})"


def _bench(arguments: argparse.Namespace) -> None:
    bundle = open_bundle(find_target(arguments.target))
    if not bundle.generators:
        raise EngineError(f"target {bundle.name} has no generator to time", do="train it; now its bare doll is shown")
    for preset, generator in bundle.generators.items():
        print(f"{bundle.name} {preset}, {arguments.frames} frames each, {arguments.threads} thread(s)")
        timings = bench(
            generator,
            backend=arguments.backend,
            precision=arguments.precision,
            threads=arguments.threads,
            frames=arguments.frames,
        )
        print(table(timings))


if __name__ == "__main__":
    sys.exit(main())
