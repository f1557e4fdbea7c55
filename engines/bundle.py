"""`Bundle`: a target on disk, a folder with a `manifest.json` (docs/architecture.md). Reads, checks and writes it.

Some targets ship beside this file; the user's own are in the platform's data folder.
Nothing in a bundle is executed. Every file it names lies inside its folder and has the sha256 that the manifest states.
"""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from engines.consent import consent_of
from engines.engine import EngineSpec
from engines.errors import BundleError
from engines.manifest import FACE, checked_manifest, engine_spec, named_files
from engines.system.json_file import read_json
from engines.system.leftovers import clear_older_exports
from engines.system.user_folders import USER
from engines.system.whole_file import write_whole
from engines.system.whole_folder import clear

KIND = "bundle"
MANIFEST = "manifest.json"
SHIPPED = Path(__file__).parent / "targets"
_DOLL = "doll"  # the feed of a generator that shows its figure
_LARGEST_MANIFEST = 4 << 20  # bytes; a shipped one has about 20 kB


@dataclass(frozen=True, slots=True)
class BundleTake:
    """One way the target was filmed: its background picture, and its BodyStats as JSON values (live reads them)."""

    plate: Path
    stats: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GeneratorNetwork:
    """One network of a target: its ONNX file, its tensors, and the file of its int8 version, if it has one."""

    file: Path
    spec: EngineSpec
    int8: Path | None = None


@dataclass(frozen=True, slots=True)
class FaceNetwork:
    """A target's face network, like `GeneratorNetwork`, and the hash of the face map that it was trained on."""

    file: Path
    spec: EngineSpec
    map: str
    int8: Path | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked target. Paths are absolute, and the files had the stated hashes when it was opened.

    `canvas` is (width, height) in pixels; `puppet` and `takes[...].stats` are JSON values. If `generators` is empty,
    the doll itself is shown. `face` is None if there is no face network. `consent`: see `engines.consent`. `manifest`
    is all of manifest.json.
    """

    folder: Path
    name: str
    title: str
    licence: str
    consent: str
    canvas: tuple[int, int]
    fps: float
    estimator: str
    puppet: Mapping[str, Any]
    fingerprint: str
    takes: Mapping[str, BundleTake]
    generators: Mapping[str, GeneratorNetwork]
    face: FaceNetwork | None
    atlas: Path
    idle: Path
    poster: Path | None
    manifest: Mapping[str, Any]

    def generator(self, preset: str) -> GeneratorNetwork:
        """The generator `preset` ("lite", "full"). Raises BundleError, listing the existing ones, if it is missing."""
        found = self.generators.get(preset)
        if found is None:
            there = ", ".join(sorted(self.generators)) or "none: this target shows the bare doll"
            raise BundleError(f"target {self.name} has no such generator", got=preset, wanted=there)
        return found


def open_bundle(path: Path) -> Bundle:
    """Reads and checks the bundle in the folder `path`, including every hash.

    Raises BundleError if there is no folder or manifest, if the manifest is not JSON, has another format, lacks a key
    or has one of the wrong kind, or if a file is missing, lies outside the folder, is not listed under "files", or has
    another sha256.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise BundleError("there is no such target folder", got=str(folder), do="give a folder with a manifest.json")
    manifest = checked_manifest(_read_manifest(folder / MANIFEST))
    paths = {name: file_inside(folder, name) for name in {*manifest["files"], *named_files(manifest)}}
    for name in sorted(named_files(manifest) - manifest["files"].keys()):
        raise BundleError("the manifest gives no hash for a file that it uses", got=name, wanted='an entry in "files"')
    for name, wanted in manifest["files"].items():
        found = sha256_of(paths[name])
        if found != wanted:
            raise BundleError(
                f"{name} of target {manifest['name']} is not the file that was exported",
                got=f"sha256 {found}",
                wanted=str(wanted),
                do="copy or export the target again",
            )
    return _bundle(folder, manifest, paths)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> Path:
    """Writes `manifest` as `folder`/manifest.json, with "files" computed, and returns its path.

    All files that the manifest names are hashed, as are those already listed under "files" (their values are ignored).
    The file appears whole or not at all. Raises BundleError, and writes nothing, if `open_bundle` would refuse the
    result.
    """
    extra = manifest.get("files") or {}
    full = checked_manifest({"format": 1, **manifest, "files": dict.fromkeys(extra, "")})
    names = sorted({*extra, *named_files(full)})
    full["files"] = {name: sha256_of(file_inside(folder, name)) for name in names}
    try:
        text = json.dumps(full, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise BundleError("the manifest cannot be written as JSON", got=str(error)) from error
    target = Path(folder) / MANIFEST
    try:
        write_whole(target, text.encode(), shared=True)  # bundles are made to be passed on
    except OSError as error:
        raise BundleError("the manifest cannot be written", got=str(error)) from error
    return target


def user_targets() -> Path:
    """The folder of the user's own targets, such as ~/.local/share/everybody-dance-live/targets; it may not exist."""
    return USER.user_data_path / "targets"


def files_of_bundle(folder: Path) -> set[str]:
    """The files of a bundle that was made before there were markers, by its manifest; empty if it is no bundle."""
    try:
        manifest = checked_manifest(_read_manifest(folder / MANIFEST))
    except BundleError:
        return set()
    return {MANIFEST, *manifest["files"], *named_files(manifest)}


def find_targets(folders: Sequence[Path] | None = None) -> dict[str, Path]:
    """Folder name -> folder of every target, sorted by name. The user's targets win over shipped ones of the same name.

    Each of `folders` (by default the shipped and the user's) holds one folder per target; later ones win. No target is
    opened. Leftovers of a killed export are cleaned up first; hidden folders are ignored.
    """
    found: dict[str, Path] = {}
    for folder in (SHIPPED, user_targets()) if folders is None else folders:
        clear(folder)
        clear_older_exports(folder, files_of_bundle)
        places = (manifest.parent for manifest in folder.glob(f"*/{MANIFEST}"))
        found |= {place.name: place for place in places if not place.name.startswith(".")}
    return dict(sorted(found.items()))


def find_target(name_or_folder: str | Path, folders: Sequence[Path] | None = None) -> Path:
    """The folder of a target given by its name or its folder. For a folder that is named like a target, write ./name.

    Raises BundleError, with the existing targets and the nearest name, if it is neither.
    """
    asked = str(name_or_folder)
    targets = find_targets(folders)
    if asked in targets:
        return targets[asked]
    if asked:
        clear(Path(asked).parent)
        if Path(asked).is_dir():
            return Path(asked)
    near = difflib.get_close_matches(asked.lower(), targets, n=1)
    raise BundleError(
        "there is no such target",
        got=asked or "an empty name",
        wanted=f"a folder, or one of: {', '.join(targets)}" if targets else "a folder: no target is installed by name",
        do=f"did you mean {near[0]}?" if near else "see python -m engines list, or train your own with python -m train",
    )


def file_inside(folder: Path, name: str) -> Path:
    """The absolute path of the regular file `name` (relative, with "/") in `folder`; BundleError if it is not there."""
    wanted = "the relative name of a file inside the target's folder"
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or any(sign in name for sign in "\\:\0"):
        raise BundleError("the manifest names a file outside the target", got=repr(name), wanted=wanted)
    try:
        found = Path(folder, *parts).resolve(strict=True)
        inside = found.is_relative_to(Path(folder).resolve())
    except (OSError, RuntimeError, ValueError) as error:  # missing, a loop of links, not a valid file name
        raise BundleError("the target lacks a file", got=repr(name), do="copy or export the target again") from error
    if not inside:
        raise BundleError("a link leads out of the target", got=f"{name!r} -> {found}", wanted=wanted)
    if not found.is_file():
        raise BundleError("the manifest names something that is not a file", got=repr(name), wanted=wanted)
    return found


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, in lower-case hex. Raises BundleError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise BundleError("a file of the target cannot be read", got=str(error)) from error
    return digest.hexdigest()


def _read_manifest(path: Path) -> object:
    try:
        return read_json(path, largest=_LARGEST_MANIFEST)
    except OSError as error:
        raise BundleError("the target has no readable manifest", got=str(error), do="give a target's folder") from error
    except ValueError as error:
        raise BundleError("the manifest is not JSON", got=f"{path}: {error}", do="copy or export it again") from error


def _bundle(folder: Path, manifest: Mapping[str, Any], paths: Mapping[str, Path]) -> Bundle:
    poster, face = manifest.get("poster"), manifest.get("face")
    width, height = manifest["canvas"]

    def int8(network: Mapping[str, Any]) -> Path | None:
        return None if network.get("int8") is None else paths[network["int8"]]

    return Bundle(
        folder=folder.resolve(),
        name=manifest["name"],
        title=manifest["title"],
        licence=manifest["licence"],
        consent=consent_of(manifest),
        canvas=(width, height),
        fps=float(manifest["fps"]),
        estimator=manifest["estimator"],
        puppet=manifest["puppet"],
        fingerprint=manifest["fingerprint"],
        takes={name: BundleTake(paths[take["plate"]], take["stats"]) for name, take in manifest["takes"].items()},
        generators={
            name: GeneratorNetwork(paths[g["file"]], _with_figure(engine_spec(f"generator {name!r}", g)), int8(g))
            for name, g in manifest["generators"].items()
        },
        face=None
        if face is None
        else FaceNetwork(paths[face["file"]], engine_spec(FACE, {"state": {}, **face}), face["map"], int8(face)),
        atlas=paths[manifest["atlas"]],
        idle=paths[manifest["idle"]],
        poster=paths[poster] if poster is not None else None,
        manifest=manifest,
    )


def _with_figure(spec: EngineSpec) -> EngineSpec:
    """A generator mends its doll, and draws nothing far from it."""
    shown = any(tensor.name == _DOLL and len(tensor.shape) == 4 and tensor.shape[3] == 4 for tensor in spec.feeds)
    return replace(spec, figure=_DOLL) if shown else spec
