"""`add_int8`: makes the int8 versions of a bundle's networks and puts them into the bundle, so that no show waits."""

import copy
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines.backend import Feeds
from engines.bundle import KIND, files_of_bundle, open_bundle, write_manifest
from engines.errors import EngineError
from engines.messages import Say
from engines.selection.cache import Cache
from engines.selection.candidates import BACKENDS, SHIPPED_INT8, Candidate
from engines.selection.selector import BundleNetwork, Selector
from engines.system.whole_folder import whole_folder


def add_int8(folder: Path, feeds: Callable[[str], Feeds], *, threads: int, say: Say) -> None:
    """Replace the bundle in `folder`, whole or not at all, by one with the int8 version of each network that passes the
    comparison with the reference over all `feeds(network's name)`; `say` tells the figures, and of those that do not.

    Raises EngineError: no network, OpenVINO missing, the folder holds something that is not ours or cannot be written.
    """
    bundle = open_bundle(folder)
    networks: dict[str, BundleNetwork] = dict(bundle.generators)
    if not networks:
        raise EngineError(f"target {bundle.name} has no network", do="train it; until then its bare doll is shown")
    if bundle.face is not None:
        networks["face"] = bundle.face
    backend, _, precision = SHIPPED_INT8.partition(" ")
    candidate = Candidate(BACKENDS[backend], precision)
    if missing := candidate.backend.available():
        raise EngineError("the int8 version cannot be made", got=missing)
    manifest: dict[str, Any] = copy.deepcopy(dict(bundle.manifest))
    entries = {**manifest["generators"], "face": manifest.get("face")}
    for entry in entries.values():
        if entry is not None and (old := entry.pop("int8", None)) is not None:
            manifest["files"].pop(old, None)
    with tempfile.TemporaryDirectory() as work, whole_folder(bundle.folder, KIND, files_of_bundle) as new:
        for name in manifest["files"]:
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.folder / name, new / name)
        for name, network in networks.items():
            selector = Selector(_Fp32(network), feeds(name), Cache(Path(work)), threads=threads, say=say)
            made = selector.build(candidate)
            if made.verdict.refusal or made.artifact is None:
                say(f"{name}: the int8 version is left out: {made.verdict.refusal}")
                continue
            entries[name]["int8"] = f"{network.file.stem}.int8.onnx"
            shutil.copyfile(made.artifact, new / entries[name]["int8"])
            say(f"{name}: {made.verdict}")
        new.chmod(0o755)  # bundles are meant to be shared
        write_manifest(new, manifest)
        open_bundle(new)


class _Fp32:
    """A network without its int8 version, which is made anew."""

    def __init__(self, network: BundleNetwork) -> None:
        self.file, self.spec, self.int8 = network.file, network.spec, None
