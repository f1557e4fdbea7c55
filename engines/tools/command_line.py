"""The commands of `python -m engines`: list, build, verify, quantize, bench and selftest."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from engines.backend import Feeds
from engines.backends.tensorrt.backend import BUILDERS
from engines.bundle import SHIPPED, Bundle, find_target, find_targets, open_bundle
from engines.errors import EngineError, UserError
from engines.selection.cache import Cache
from engines.selection.candidates import BACKENDS, Candidate, candidates
from engines.selection.selector import BundleNetwork, Selector
from engines.system.argument_types import whole_number
from engines.system.same_file import collision
from engines.system.user_folders import cache_folder
from engines.tools import selftest
from engines.tools.bench import measure, open_contenders, table
from engines.tools.chart import write_chart
from engines.tools.quantize_bundle import add_int8
from live.scene.sample_feeds import FaceRehearsal, Rehearsal

SIZES = (256, 512, 768, 1024)
_FACE = "face"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code: 0 ok, 1 failure (reported in one line), 2 usage."""
    flags = _parser()
    arguments = flags.parse_args(argv)
    if problem := _collision(arguments):
        flags.error(problem)
    try:
        return int(arguments.run(arguments))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


def list_all(arguments: argparse.Namespace) -> int:
    """Prints the targets, the engines, and where prepared engines are kept."""
    targets = find_targets()
    print("targets" if targets else "targets: none installed")
    for name, folder in targets.items():
        try:
            bundle = open_bundle(folder)
        except EngineError as error:
            print(f"  {name}: damaged: {error} ({folder})")
            continue
        generators = ", ".join(bundle.generators) or "none (bare doll)"
        face = "" if bundle.face is None else "; with a face network"
        print(f"  {name}: {bundle.title}; generators: {generators}{face}; licence: {bundle.licence} ({folder})")
    print("engines")
    for backend in BACKENDS.values():
        if backend.name == "fake":
            continue
        missing = backend.available()
        shown = [p + (f" (no: {why})" if (why := backend.unsupported_reason(p)) else "") for p in backend.precisions]
        version = "" if missing else f" {backend.identity()['version'].partition('-')[0]}"
        print(f"  {backend.name}{version}: {missing or ', '.join(shown)}")
    print(f"prepared engines are kept in {cache_folder() or 'no folder: the cache is switched off'}")
    return 0


def build(arguments: argparse.Namespace) -> int:
    """Prepares and judges everything that the arguments allow; 1 if none of it may be used."""
    if arguments.background and hasattr(os, "nice"):
        os.nice(19)
    allowed = _usable(arguments)
    good = True
    for name, network, feeds in _networks(arguments.target):
        selector = Selector(network, feeds, _cache(), threads=arguments.threads, say=_say)
        passed = 0
        for candidate in allowed:
            try:
                entry = selector.build(candidate)
            except EngineError as error:
                _say(f"{name}, {candidate}: failed: {error}")
                continue
            refusal = entry.verdict.refusal
            passed += not refusal
            _say(f"{name}, {candidate}: {'REFUSED: ' + refusal if refusal else 'passed'}; {entry.verdict}")
        good = good and passed > 0
    return 0 if good else 1


def quantize(arguments: argparse.Namespace) -> int:
    """Puts the int8 versions of a target's networks into its folder."""
    folder = find_target(arguments.target)
    add_int8(folder, lambda name: _feeds(str(folder), name), threads=arguments.threads, say=_say)
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Judges a target's cached engines once more; 1 if a result differs from the cached one."""
    good = True
    for name, network, feeds in _networks(arguments.target):
        selector = Selector(network, feeds, _cache(), threads=arguments.threads, say=lambda _: None)
        for candidate in _usable(arguments):
            before = selector.judged(candidate)
            if before is None:
                _say(f"{name}, {candidate}: not prepared (python -m engines build --target {arguments.target})")
                continue
            verdict = selector.compare(candidate, before)
            agrees = bool(verdict.refusal) == bool(before.verdict.refusal)
            good = good and agrees
            state = "passes" if not verdict.refusal else f"refused: {verdict.refusal}"
            _say(f"{name}, {candidate}: {state}{'' if agrees else ', which is NOT what was saved'}; {verdict}")
    return 0 if good else 1


def bench(arguments: argparse.Namespace) -> int:
    """Times a target's generators, prints the table, and draws the chart."""
    bundle = open_bundle(find_target(arguments.target))
    allowed = _all(arguments)
    networks = {name: network for name, network, _ in _networks(arguments.target)}
    with tempfile.TemporaryDirectory() as folder:
        for name, network in networks.items():
            sizes = arguments.sizes if name != _FACE else [max(s for t in network.spec.inputs for s in t.shape[1:3])]
            contenders, absent = open_contenders(
                network.file,
                network.spec,
                allowed,
                sizes=sizes,
                threads=arguments.threads,
                folder=Path(folder),
                say=_say,
            )
            timings = measure(contenders, frames=arguments.frames, threads=arguments.threads)
            title = f"{bundle.name} {name}, {arguments.frames} frames each, {arguments.threads} thread(s)"
            print(f"{title}\n{table([*timings, *(t for t in absent if t.size == sizes[0])])}")
            if arguments.chart is not None and name != _FACE:
                _say(f"chart: {write_chart(timings, title, arguments.chart)}")
    return 0


def run_selftest(arguments: argparse.Namespace) -> int:
    """Runs the test of TensorRT (engines/tools/selftest.py)."""
    return selftest.run(arguments, lambda bundle, name: _feeds(str(bundle.folder), name))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engines", description="The engines that draw the puppet.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the installed targets and the engines of this machine").set_defaults(run=list_all)
    own = _command(commands, "build", "prepare a target's engines and compare each with the reference")
    own.add_argument("--background", action="store_true", help="let other programs use the processor first")
    own.add_argument("--builder", choices=BUILDERS, default="onnx", help="what makes TensorRT's plans")
    own.set_defaults(run=build)
    own = _command(commands, "verify", "compare a target's prepared engines with the reference once more")
    own.set_defaults(run=verify)
    own = commands.add_parser("quantize", help="make a target start fast: put int8 versions of its networks into it")
    _add_target(own)
    own.set_defaults(run=quantize)
    own = _command(commands, "bench", "time a target's networks on every engine, in turns, in one run")
    own.add_argument("--frames", type=whole_number, default=100, metavar="N", help="frames to time on each")
    own.add_argument("--sizes", type=_sizes, default=SIZES, metavar="N,N", help="sides of the canvas, in pixels")
    own.add_argument("--chart", type=Path, metavar="FILE.png", help="draw the times of the generator as bars")
    own.set_defaults(run=bench)
    own = commands.add_parser("selftest", help="check that TensorRT works here as we say; needs an NVIDIA GPU")
    selftest.add_arguments(own)
    own.set_defaults(run=run_selftest)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    own = commands.add_parser(name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    _add_target(own)
    own.add_argument("--engine", default="auto", help=f"all (auto), or one of {', '.join(BACKENDS)}")
    own.add_argument("--precision", default="auto", help="all that the engine has (auto), or one, such as fp32 or bf16")
    return own


def _add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument("--target", required=True, metavar="NAME|DIR", help="an installed target or a target's folder")
    command.add_argument("--threads", type=whole_number, default=1, metavar="N", help="CPU threads of each engine")


def _collision(arguments: argparse.Namespace) -> str | None:
    """Why a chart or report would overwrite a target's files; None if it would not."""
    writes = [
        (f"--{name}", path) for name in ("chart", "report") if (path := getattr(arguments, name, None)) is not None
    ]
    closed = [("the installed targets", SHIPPED)]
    if writes and arguments.target and Path(arguments.target).is_dir():
        closed.append(("--target", Path(arguments.target)))
    return collision([], writes, closed=closed)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(whole_number(part) for part in text.split(","))


def _all(arguments: argparse.Namespace) -> list[Candidate]:
    return candidates(arguments.engine, arguments.precision, builder=getattr(arguments, "builder", "onnx"))


def _usable(arguments: argparse.Namespace) -> list[Candidate]:
    """Those that can be used here, except the reference itself."""
    return [c for c in _all(arguments) if not c.why_not and not c.is_reference]


def _networks(target: str) -> Iterator[tuple[str, BundleNetwork, Feeds]]:
    """(name, network, its feeds) of each network of a target."""
    bundle: Bundle = open_bundle(find_target(target))
    if not bundle.generators:
        raise EngineError(f"target {bundle.name} has no network", do="train it; until then its bare doll is shown")
    for name, generator in bundle.generators.items():
        yield name, generator, _feeds(target, name)
    if bundle.face is not None:
        yield _FACE, bundle.face, _feeds(target, _FACE)


def _feeds(target: str, network: str) -> Feeds:
    rehearsal = Rehearsal(target)
    return FaceRehearsal(rehearsal) if network == _FACE else rehearsal


def _cache() -> Cache:
    return Cache(say=_say)


def _say(text: str) -> None:
    print(text, flush=True)
