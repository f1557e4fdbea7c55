"""Rehearsals: what engines are calibrated and compared on is what a performance feeds them."""

from pathlib import Path

import numpy as np
import pytest

from engines.bundle import find_targets, open_bundle
from live.performer.recording import load_poses, save_poses
from live.scene.sample_feeds import DEMO_POSES, FaceRehearsal, Rehearsal
from tests.live.tiny_target import ESTIMATOR, walking


@pytest.fixture
def rehearsal(tiny: Path, tmp_path: Path) -> Rehearsal:
    save_poses(tmp_path / "walk.npz", walking(5), estimator=ESTIMATOR)
    return Rehearsal(str(tiny), tmp_path / "walk.npz")


def copied(rehearsal: Rehearsal) -> list[dict[str, np.ndarray]]:
    return [{name: array.copy() for name, array in feed.items()} for feed in rehearsal]


def test_it_is_a_second_of_idling_and_then_the_recording(rehearsal: Rehearsal) -> None:
    frames = copied(rehearsal)
    assert len(frames) == 30 + 5
    assert {name: array.shape for name, array in frames[0].items()} == {
        "pose_map": (1, 32, 32, 20),
        "doll": (1, 128, 128, 4),
    }
    assert all(array.dtype == np.uint8 for array in frames[0].values())
    assert all(frame["doll"][..., 3].any() for frame in frames), "somebody is there"
    assert not np.array_equal(frames[30]["doll"], frames[34]["doll"]), "and moves"


def test_every_time_it_is_the_same(rehearsal: Rehearsal) -> None:
    first, second = copied(rehearsal), copied(rehearsal)
    assert all(np.array_equal(a[name], b[name]) for a, b in zip(first, second, strict=True) for name in a)


def test_a_target_without_a_generator_has_no_face_to_rehearse(rehearsal: Rehearsal) -> None:
    assert list(FaceRehearsal(rehearsal)) == []


def test_the_shipped_recording_is_300_frames_of_somebody_as_the_shipped_targets_know_poses() -> None:
    poses, estimator = load_poses(DEMO_POSES)
    assert len(poses) == 300
    assert all(pose.in_view for pose in poses)
    shipped = [open_bundle(folder) for folder in find_targets([DEMO_POSES.parents[1]]).values()]
    assert estimator in {bundle.estimator for bundle in shipped}


def test_the_shipped_face_network_sees_faces_as_its_generator_draws_them() -> None:
    feeds = iter(FaceRehearsal(Rehearsal("human")))
    first = {name: array.copy() for name, array in next(feeds).items()}
    assert {name: array.shape for name, array in first.items()} == {
        "face_map": (1, 128, 128, 9),
        "crop": (1, 128, 128, 4),
    }
    assert first["crop"][..., 3].any()
    assert first["face_map"].any()
    feeds.close()  # type: ignore[attr-defined]


def test_faces_are_drawn_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poses, estimator = load_poses(DEMO_POSES)
    save_poses(tmp_path / "few.npz", poses[:2], estimator=estimator)
    monkeypatch.setattr("live.scene.sample_feeds._IDLE", 1)
    rehearsal = FaceRehearsal(Rehearsal("human", tmp_path / "few.npz"))
    first = [{name: array.copy() for name, array in feed.items()} for feed in rehearsal]
    monkeypatch.setattr("live.scene.sample_feeds.open_reference", None)
    second = list(rehearsal)
    assert len(first) == len(second) > 0
    assert all(np.array_equal(a[name], b[name]) for a, b in zip(first, second, strict=True) for name in a)
