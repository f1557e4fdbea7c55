"""The manifest's JSON values: which keys it needs, of which kind, and which files they name. Touches no file."""

import math
from collections.abc import Mapping
from typing import Any

from engines.consent import consent_of
from engines.engine import EngineSpec, TensorSpec
from engines.errors import BundleError, EngineError

FORMAT = 1
FACE = "the face network"
_LONGEST_TEXT = 1000  # characters
_MOST_TENSORS, _LARGEST_TENSOR = 16, 64 << 20  # bytes; a picture of the largest canvas has 16 MB

_KINDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "title": (str,),
    "licence": (str,),
    "canvas": (list, tuple),
    "fps": (int, float),
    "estimator": (str,),
    "puppet": (dict,),
    "fingerprint": (str,),
    "takes": (dict,),
    "generators": (dict,),
    "atlas": (str,),
    "idle": (str,),
    "files": (dict,),
}


def checked_manifest(value: object) -> dict[str, Any]:
    """A shallow copy of the manifest `value`. Raises BundleError unless its format and all of its keys are right.

    Optional keys: "poster" (a file), "face" (the face network), "consent" (`engines.consent`), "tools", "training"
    (anything).
    """
    if not isinstance(value, dict):
        raise BundleError("the manifest is not a JSON object", got=type(value).__name__, wanted="{...}")
    if value.get("format") != FORMAT or isinstance(value.get("format"), bool):
        raise BundleError(
            "the target has another format",
            got=f"format {value.get('format')!r}",
            wanted=f"format {FORMAT}",
            do="export the target again with this version, or update the program",
        )
    for key, kinds in _KINDS.items():
        _need(value, key, *kinds, where="the manifest")
    _check_texts(value)
    width_height = value["canvas"]
    if len(width_height) != 2 or not all(_is_size(size) for size in width_height):
        raise BundleError("the manifest's canvas is wrong", got=repr(width_height), wanted="[width, height] in pixels")
    if isinstance(value["fps"], bool) or not 0 < value["fps"] <= 1000:
        raise BundleError("the manifest's fps is wrong", got=repr(value["fps"]), wanted="above 0, at most 1000")
    consent_of(value)
    if value.get("poster") is not None:
        _need(value, "poster", str, where="the manifest")
    if not value["takes"]:
        raise BundleError("the target has no take", got="takes {}", wanted='at least one, such as "full"')
    for name, take in value["takes"].items():
        _need(take, "plate", str, where=f"take {name!r}")
        _need(take, "stats", dict, where=f"take {name!r}")
    for name, generator in value["generators"].items():
        _need(generator, "file", str, where=f"generator {name!r}")
        _check_int8(f"generator {name!r}", generator)
        engine_spec(f"generator {name!r}", generator)
    if value.get("face") is not None:
        for key in ("file", "map"):
            _need(value["face"], key, str, where=FACE)
        _check_int8(FACE, value["face"])
        engine_spec(FACE, {"state": {}, **value["face"]})
    return dict(value)


def _check_texts(manifest: Mapping[str, Any]) -> None:
    for key in ("name", "title", "licence", "estimator", "fingerprint"):
        if len(manifest[key]) > _LONGEST_TEXT or not manifest[key].isprintable():  # it is shown on terminals
            raise BundleError(f"the manifest's {key} is not a line of text", got=f"{manifest[key]!r:.80}")
    for name, sha256 in manifest["files"].items():
        if not isinstance(sha256, str):
            raise BundleError("the manifest gives no hash for a file", got=f"{name!r:.80}: {sha256!r:.80}")


def _check_int8(where: str, network: Mapping[str, Any]) -> None:
    if network.get("int8") is not None:
        _need(network, "int8", str, where=where)


def named_files(manifest: Mapping[str, Any]) -> set[str]:
    """The names of the files that a checked manifest uses."""
    names = {manifest["atlas"], manifest["idle"]}
    names |= {take["plate"] for take in manifest["takes"].values()}
    networks = [*manifest["generators"].values(), *([manifest["face"]] if manifest.get("face") is not None else [])]
    names |= {network[key] for network in networks for key in ("file", "int8") if network.get(key) is not None}
    return names | ({manifest["poster"]} if manifest.get("poster") is not None else set())


def engine_spec(where: str, network: Mapping[str, Any]) -> EngineSpec:
    """The tensors of a network, from its manifest entry. `where` names it in errors. Raises BundleError."""
    state = _need(network, "state", dict, where=where)
    try:
        return EngineSpec(
            inputs=_tensors(_need(network, "inputs", dict, where=where), where),
            outputs=_tensors(_need(network, "outputs", dict, where=where), where),
            state=tuple((output, str(into)) for output, into in state.items()),
        )
    except BundleError:
        raise
    except EngineError as error:
        raise BundleError(f"the manifest's entry for {where} is wrong", got=str(error)) from error


def _tensors(shapes: Mapping[str, Any], where: str) -> tuple[TensorSpec, ...]:
    if len(shapes) > _MOST_TENSORS:
        raise BundleError(f"{where} has too many tensors", got=str(len(shapes)), wanted=f"at most {_MOST_TENSORS}")
    for name, shape in shapes.items():
        if not isinstance(shape, (list, tuple)) or not all(_is_size(size) for size in shape):
            raise BundleError(
                f"{where} has a tensor without a fixed shape", got=f"{name}: {shape!r:.80}", wanted="[1, ...]"
            )
        if math.prod(shape) > _LARGEST_TENSOR:
            raise BundleError(
                f"{where} has a tensor that is too large",
                got=f"{name}: {shape!r:.80}",
                wanted=f"{_LARGEST_TENSOR} bytes",
            )
    return tuple(TensorSpec(name, tuple(shape)) for name, shape in shapes.items())


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _need(table: object, key: str, *kinds: type, where: str) -> Any:
    """`table[key]`. Raises BundleError if it is missing or not of one of the kinds."""
    wanted = f"{key!r}: {' or '.join(kind.__name__ for kind in kinds)}"
    if not isinstance(table, dict):
        raise BundleError(f"{where} is not a JSON object", got=type(table).__name__, wanted="{...}")
    if key not in table:
        raise BundleError(f"{where} lacks a key", wanted=wanted, do="export the target again")
    if not isinstance(table[key], kinds):
        raise BundleError(f"{where} has a value of the wrong kind", got=f"{key!r}: {table[key]!r:.80}", wanted=wanted)
    return table[key]
