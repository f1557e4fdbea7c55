"""`Target`: who is shown; a bundle read into the values that the loop works with."""

from dataclasses import dataclass

import cv2

from engines.arrays import U8
from engines.bundle import Bundle, FaceNetwork, GeneratorNetwork, find_target, open_bundle
from live.puppet.config import PuppetConfig
from live.puppet.drawing.atlas import Atlas, load_atlas
from live.puppet.drawing.face_map import face_map_hash
from live.puppet.errors import PuppetError, TargetError
from live.puppet.fingerprint import fingerprint
from live.puppet.geometry.body_stats import BodyStats
from live.render.face import check_face
from live.render.renderer import check_generator
from live.scene.background import read_picture
from live.scene.idle_loop import IdleLoop, load_idle

# If a bundle has several generators, the first of these is taken; "lite" is the one for CPUs.
_PRESETS = ("lite", "full")


@dataclass(frozen=True, slots=True)
class Target:
    """One target in one framing. `plate`: (H, W, 3) uint8 RGB, the canvas's size. `generator` None: show the doll.

    `face` is None without a face network, or without a generator whose faces it could improve.
    """

    bundle: Bundle
    framing: str
    puppet: PuppetConfig
    stats: BodyStats
    plate: U8
    atlas: Atlas
    idle: IdleLoop
    generator: GeneratorNetwork | None
    face: FaceNetwork | None


def open_target(name_or_folder: str, framing: str) -> Target:
    """Find, check and read a target.

    Raises EngineError for a bundle that is missing or damaged; TargetError for a take it lacks, or a puppet that this
    version would draw differently from what its training saw.
    """
    bundle = open_bundle(find_target(name_or_folder))
    if framing not in bundle.takes:
        raise TargetError(
            f"target {bundle.name} was not filmed in this framing",
            got=framing,
            wanted=", ".join(sorted(bundle.takes)),
            do=f"use --framing {sorted(bundle.takes)[0]}",
        )
    puppet = PuppetConfig.from_json(dict(bundle.puppet))
    _check_drawing(bundle, puppet)
    _check_networks(bundle)
    stats = {name: _stats(bundle, name) for name in bundle.takes}
    generator, face = shown_networks(bundle)
    if face is not None:
        _check_face(bundle, face)
    return Target(
        bundle,
        framing,
        puppet,
        stats[framing],
        _plate(bundle, framing),
        load_atlas(bundle.atlas),
        _idle(bundle, framing, stats),
        generator,
        face,
    )


def shown_networks(bundle: Bundle) -> tuple[GeneratorNetwork | None, FaceNetwork | None]:
    """The generator and the face network that are shown, unchecked. There is no face without a generator."""
    generators = bundle.generators
    preset = next((p for p in _PRESETS if p in generators), next(iter(sorted(generators)), None))
    return (generators[preset], bundle.face) if preset else (None, None)


def _stats(bundle: Bundle, take: str) -> BodyStats:
    try:
        return BodyStats.from_json(dict(bundle.takes[take].stats))
    except PuppetError as error:
        raise TargetError(
            f'"stats" of take {take!r} of target {bundle.name} cannot be used', got=str(error), do="export it again"
        ) from error


def _idle(bundle: Bundle, framing: str, stats: dict[str, BodyStats]) -> IdleLoop:
    """The idle loop, moved to the take that is shown if it was cut from another one."""
    loop = load_idle(bundle.idle)
    if loop.take == framing:
        return loop
    if loop.take not in bundle.takes:
        raise TargetError(
            f"the idle loop of target {bundle.name} belongs to a take that the target lacks",
            got=loop.take,
            wanted=", ".join(sorted(bundle.takes)),
            do="export it again",
        )
    return loop.onto(framing, stats[loop.take], stats[framing])


def _check_drawing(bundle: Bundle, puppet: PuppetConfig) -> None:
    if puppet.canvas_px != bundle.canvas:
        raise TargetError(
            f"target {bundle.name} names two canvas sizes",
            got=f"{bundle.canvas} and {puppet.canvas_px}",
            wanted="the same",
            do="export it again",
        )
    ours = fingerprint(puppet)
    if ours != bundle.fingerprint:
        raise TargetError(
            f"target {bundle.name} was made with another version of the drawing",
            got=f"fingerprint {bundle.fingerprint}",
            wanted=f"fingerprint {ours}",
            do="export it again with this version (python -m train export), or install the version it was made with",
        )


def _check_networks(bundle: Bundle) -> None:
    """Check even the networks that are not shown: a bundle with any wrong network is refused."""
    for preset, generator in bundle.generators.items():
        check_generator(generator.spec, bundle.canvas, name=f'"generators": {preset!r} of target {bundle.name}')
    if bundle.face is not None:
        check_face(bundle.face.spec, name=f'"face" of target {bundle.name}')


def _check_face(bundle: Bundle, face: FaceNetwork) -> None:
    if face.map != face_map_hash():
        raise TargetError(
            f"the face network of target {bundle.name} was made with another version of the face drawing",
            got=f"face map {face.map}",
            wanted=f"face map {face_map_hash()}",
            do="train its face again with this version (python -m train face) and export it, or install the version "
            "it was made with",
        )


def _plate(bundle: Bundle, framing: str) -> U8:
    plate = read_picture(bundle.takes[framing].plate)
    width, height = bundle.canvas
    if plate.shape[:2] == (height, width):
        return plate
    scaled: U8 = cv2.resize(plate, (width, height), interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
    return scaled
