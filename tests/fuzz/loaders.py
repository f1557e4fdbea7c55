"""Every loader of the live side and the engines, with a good input for each and what it promises."""

import dataclasses
import hashlib
import importlib.util
import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engines.backends.fake_engine import open_fake
from engines.backends.onnxruntime_engine import open_reference
from engines.bundle import FaceNetwork, GeneratorNetwork
from engines.selection.cache import Cache, Entry
from engines.selection.compare import Verdict
from live.performer.profile import Profile, fitted, mirror_stats, read_profile
from live.performer.recording import load_poses, save_poses
from live.puppet.condition import Conditioner
from live.puppet.drawing.atlas import Atlas, load_atlas
from live.puppet.golden_pose import golden_pose
from live.puppet.topology import TOPOLOGY
from live.puppet.values import BOUND_PX, Pose
from live.render.renderer import Renderer, RenderInput
from live.scene.background import read_picture
from live.scene.idle_loop import IdleLoop, load_idle
from live.scene.target import Target, open_target
from tests.fuzz.loader import Loader
from tests.live.tiny_face import write_target_with_face
from tests.live.tiny_target import CONFIG, ESTIMATOR, SIDE, atlas, stats, walking, write_target

KEY = {"model": "abc", "backend": "openvino", "precision": "int8"}


def seal(folder: Path) -> None:
    """State in the manifest the hashes that the files have now."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    path.write_text(json.dumps(manifest))


def draws(target: object) -> None:
    """The target shows the golden figure and its idle loop, through the compiled code, at its canvas's size."""
    assert isinstance(target, Target)
    width, height = target.bundle.canvas
    network = target.generator
    engine = None if network is None else open_fake(network.file, network.spec, precision="uint8", threads=1)
    conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas, performer=None)
    assert target.plate.shape == (height, width, 3)
    generator = Renderer(engine, target.plate, gap_reset_s=0.5)
    drawn = [conditioner.step(golden_pose(step)) for step in range(2)]
    drawn += [conditioner.draw(target.idle.pose(0, 0.0, at_s)) for at_s in (0.0, 0.13)]
    for step, conditioning in enumerate(drawn):
        frame = generator.step(RenderInput(step, step / 30, conditioning, 0), cutout=True)
        assert frame.image.shape == (height, width, 3) and frame.matte.shape == (height, width)


def run_once(network: GeneratorNetwork | FaceNetwork) -> dict[str, tuple[int, ...]]:
    """The shapes that the reference gives for a network, by name."""
    engine = open_reference(network.file, network.spec)
    outputs = engine.run({tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in engine.spec.feeds})
    shapes = {name: array.shape for name, array in outputs.items()}
    engine.close()
    return shapes


def runs(target: object) -> None:
    """The networks of the target give pictures of the size that they state."""
    assert isinstance(target, Target)
    for network in (target.generator, target.face):
        assert network is not None
        shapes = run_once(network)
        assert [shapes[tensor.name] for tensor in network.spec.outputs] == [t.shape for t in network.spec.outputs]


def open_networks(folder: Path) -> Target:
    """The target, whose networks a runtime has taken, and run once: as live warms them up."""
    target = open_target(str(folder), "full")
    for network in (target.generator, target.face):
        if network is not None:
            run_once(network)
    return target


def poses(places: object) -> None:
    """Poses that can be placed and drawn."""
    assert isinstance(places, list)
    conditioner = Conditioner(CONFIG, target=stats(), atlas=atlas(), performer=None)
    for pose in places[:3]:
        assert isinstance(pose, Pose) and min(pose.image_size) > 0
        assert in_range(pose.points_px, BOUND_PX) and in_range(pose.depth_px, BOUND_PX)
        assert in_range(pose.scores, 1) and pose.scores.min() >= 0 and math.isfinite(pose.t_capture_s)
        conditioner.step(pose)


def atlas_draws(value: object) -> None:
    """An atlas of which the golden figure is drawn."""
    assert isinstance(value, Atlas) and in_range(value.extents, 100) and value.extents.min() > 0
    assert sum(part.rgba.nbytes for part in value.parts) <= 96 << 20
    conditioner = Conditioner(CONFIG, target=stats(), atlas=value, performer=stats())
    for step in range(2):
        assert all(in_range(part.keys, 1e3) for part in value.parts)
        conditioner.step(golden_pose(step))


def idles(value: object) -> None:
    """An idle loop in which every pose is one."""
    assert isinstance(value, IdleLoop) and len(value.points_px) and 0 < value.fps <= 1000
    assert in_range(value.points_px, BOUND_PX) and in_range(value.scores, 1) and value.scores.min() >= 0
    assert value.size_px.min() > 0
    for at_s in (0.0, 0.017, 3.0, 1e5):
        pose = value.pose(0, 0.0, at_s)
        assert in_range(pose.points_px, 2 * BOUND_PX) and math.isfinite(pose.size_px)


def picture(value: object) -> None:
    """A picture that fits into memory."""
    assert isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3
    assert 0 < value.size <= 3 * (64 << 20)


def profile(value: object) -> None:
    """A profile of numbers that there are, with which the golden figure is placed."""
    assert isinstance(value, Profile) and value.mode in ("wizard", "clip")
    assert all(text.isprintable() for text in (value.name, value.performer, value.camera))
    others = [value.noise.body_px, value.noise.face_px, value.noise.hands_px] if value.noise else []
    others += [value.face.rest_gap, *(c for point in value.face.points for c in map(abs, point))] if value.face else []
    others += [number for number in (value.before_px, value.after_px) if number is not None]
    assert all(0 <= number <= 1e6 for number in others)
    for measured in (value.stats, value.seated):
        if measured is None:
            continue
        assert min(measured.image_size) > 0 and min(*measured.bones, measured.head, measured.hand) >= 0
        assert fitted(measured, measured.image_size) == measured
        subject = Conditioner(CONFIG, target=stats(), atlas=atlas(), performer=mirror_stats(measured))
        assert np.isfinite(subject.step(golden_pose(0)).placed.points_px).all()


def entry(value: object) -> None:
    """A verdict by which engines can be compared."""
    assert isinstance(value, Entry) and 0 <= value.build_s < math.inf
    numbers = dataclasses.asdict(value.verdict)
    assert not any(math.isnan(number) for number in numbers.values())
    assert all(math.isfinite(number) or name.endswith("_db") for name, number in numbers.items())
    assert value.verdict.frames > 0 and value.verdict.median_ms / value.verdict.reference_ms > 0
    assert value.artifact is None or value.artifact.is_file()


def in_range(array: np.ndarray, most: float) -> bool:
    """All numbers are there, and none is beyond +-`most`."""
    return bool(np.isfinite(array).all() and (np.abs(array) <= most).all())


def write_poses(folder: Path) -> None:
    """Three poses."""
    save_poses(folder / "walk.npz", walking(3), estimator=ESTIMATOR)


def write_profile(folder: Path) -> None:
    """A profile with all that one may have."""
    measured = stats().to_json()
    extras = {
        "seated": {**measured, **dict.fromkeys(("near_y", "far_y", "near_height", "far_height"), 0), "has_legs": False},
        "face": {"points": [[i / 70, -i / 70] for i in range(70)], "rest_gap": 0.01, "open_gap": 0.4},
        "noise": {"body_px": 1.0, "face_px": 0.2, "hands_px": 0.7},
    }
    names = {"name": "desk", "performer": "me", "camera": 'camera 0 "HD"', "mode": "wizard", "before_px": 21.5}
    whole = {"format": 1, "topology": TOPOLOGY, "stats": measured, **extras, **names, "after_px": None}
    (folder / "me.json").write_text(json.dumps(whole))


def write_entry(folder: Path) -> None:
    """One engine with its verdict; the key's folder is renamed so that its file is found under one name."""
    cache = Cache(folder)
    with cache.building(KEY) as work:
        (work / "network.onnx").write_bytes(b"network")
        cache.store(KEY, Entry(work / "network.onnx", Verdict(300, 0.1, 0.2, 41.5, math.inf, 1.0, 8.0, 60.0), 1.5))


def _sidecar() -> str:
    name = hashlib.sha256(json.dumps(KEY, sort_keys=True).encode()).hexdigest()[:32]
    return f"{name}/entry.json"


def _target(folder: Path) -> object:
    folder.rmdir()
    return write_target(folder, generators={"lite": _generator()})


def _generator() -> dict[str, object]:
    frame = [1, SIDE, SIDE, 4]
    inputs = {"pose_map": [1, SIDE // 4, SIDE // 4, 20], "doll": frame, "previous": frame}
    return {"file": "plate.png", "inputs": inputs, "outputs": {"frame": frame}, "state": {"frame": "previous"}}


def _target_with_networks(folder: Path) -> object:
    folder.rmdir()
    return write_target_with_face(folder)


def _whole(folder: Path) -> Target:
    return open_target(str(folder), "full")


LOADERS = [
    Loader("manifest", _target, ("manifest.json",), _whole, draws),
    Loader("bundle", _target, ("atlas.npz", "idle.npz", "plate.png"), _whole, draws, seal),
    Loader("atlas", _target, ("atlas.npz",), lambda folder: load_atlas(folder / "atlas.npz"), atlas_draws),
    Loader("idle", _target, ("idle.npz",), lambda folder: load_idle(folder / "idle.npz"), idles),
    Loader("plate", _target, ("plate.png",), lambda folder: read_picture(folder / "plate.png"), picture),
    Loader("profile", write_profile, ("me.json",), lambda folder: read_profile(folder / "me.json"), profile),
    Loader("poses", write_poses, ("walk.npz",), lambda folder: load_poses(folder / "walk.npz")[0], poses),
    Loader("cache", write_entry, (_sidecar(),), lambda folder: Cache(folder).find(KEY), entry),
]
if importlib.util.find_spec("onnx"):
    NETWORKS = ("generator.lite.onnx", "face.onnx")
    LOADERS.append(Loader("onnx", _target_with_networks, NETWORKS, open_networks, runs, seal))


def all_loaders() -> Iterable[Loader]:
    """Those of the trainer too, where it is installed."""
    from tests.fuzz.source_loaders import SOURCE_LOADERS

    if not importlib.util.find_spec("torch"):
        return [*LOADERS, *SOURCE_LOADERS]
    from tests.fuzz.train_loaders import TRAIN_LOADERS

    return [*LOADERS, *SOURCE_LOADERS, *TRAIN_LOADERS]
