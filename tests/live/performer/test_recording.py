from pathlib import Path

import numpy as np
import pytest

from live.performer.recording import load_poses, save_poses
from live.puppet.errors import PoseFileError
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Pose


def poses() -> list[Pose]:
    found = [golden_pose(i) for i in range(5)]
    return [*found, Pose.empty(5, 5 / 30, (640, 640))]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_poses(tmp_path / "clip.npz", poses(), estimator="mine")
    return tmp_path / "clip.npz"


def changed(saved: Path, **arrays: object) -> Path:
    with np.load(saved) as data:
        content = {**dict(data), **arrays}
    np.savez(saved, **{name: value for name, value in content.items() if value is not None})
    return saved


def test_poses_come_back_as_they_were_saved(saved: Path) -> None:
    got, estimator = load_poses(saved)
    assert estimator == "mine" and len(got) == 6
    for a, b in zip(got, poses(), strict=True):
        assert (a.frame_id, a.t_capture_s, a.image_size) == (b.frame_id, b.t_capture_s, b.image_size)
        for name in ("points_px", "depth_px", "scores"):
            assert np.array_equal(getattr(a, name), getattr(b, name)) and getattr(a, name).dtype == np.float32
    assert got[0].in_view and not got[5].in_view


def test_no_poses_are_a_recording_too(tmp_path: Path) -> None:
    save_poses(tmp_path / "clip.npz", [], estimator="mine")
    assert load_poses(tmp_path / "clip.npz") == ([], "mine")


def test_another_topology_is_refused_by_both_names(saved: Path) -> None:
    with pytest.raises(PoseFileError, match=r"got: coco17; wanted: openpose137"):
        load_poses(changed(saved, topology=np.array("coco17")))


@pytest.mark.parametrize("content", [b"", b"hello, not a zip at all", b"\x93NUMPY\x01\x00"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.npz").write_bytes(content)
    with pytest.raises(PoseFileError, match="not a recorded-poses file"):
        load_poses(tmp_path / "clip.npz")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PoseFileError, match="no such pose file"):
        load_poses(tmp_path / "none.npz")
    with pytest.raises(PoseFileError):
        load_poses(tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_truncated_file_is_refused(saved: Path, share: float) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PoseFileError, match="not a recorded-poses file"):
        load_poses(saved)


def test_a_damaged_byte_is_refused_unless_it_changes_nothing(saved: Path) -> None:
    whole, refused = saved.read_bytes(), 0
    for at in np.random.default_rng(0).permutation(len(whole))[:300]:
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        saved.write_bytes(damaged)
        try:
            got, _ = load_poses(saved)
        except PoseFileError:
            refused += 1
        else:
            assert np.array_equal(got[0].points_px, golden_pose(0).points_px)
    assert refused > 150


@pytest.mark.parametrize(
    "arrays",
    [
        {"scores": None},
        {"points_px": np.zeros((6, 25, 2))},
        {"points_px": np.zeros((7, 137, 2))},
        {"scores": np.zeros((6, 25))},
        {"depth_px": np.zeros(6)},
        {"t_s": np.zeros(9)},
        {"t_s": np.zeros(3)},
        {"image_size": np.array(5)},
        {"points_px": np.array("text")},
    ],
    ids=lambda arrays: next(iter(arrays)),
)
def test_arrays_that_do_not_fit_are_refused(saved: Path, arrays: dict[str, object]) -> None:
    with pytest.raises(PoseFileError, match="not a recorded-poses file"):
        load_poses(changed(saved, **arrays))


def test_joints_that_are_not_numbers_are_read_as_not_seen(saved: Path) -> None:
    points = np.array([p.points_px for p in poses()])
    scores = np.array([p.scores for p in poses()])
    depth = np.array([p.depth_px for p in poses()])
    points[0, 3, 1], scores[0, 4], depth[0, 5] = np.nan, np.nan, np.inf
    got, _ = load_poses(changed(saved, points_px=points, scores=scores, depth_px=depth))
    assert got[0].scores[[3, 4, 5]].tolist() == [0, 0, 0] and got[0].scores[6] == 1
    assert np.isfinite(got[0].points_px).all() and np.isfinite(got[0].depth_px).all()


def test_writing_that_fails_leaves_the_old_file_whole(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(file: object, **arrays: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", disk_full)
    with pytest.raises(OSError, match="no space"):
        save_poses(saved, [], estimator="other")
    with pytest.raises(OSError, match="no space"):
        save_poses(saved.with_name("new.npz"), [], estimator="other")
    assert load_poses(saved)[1] == "mine" and not saved.with_name("new.npz").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"scores": np.full((6, 137), 1.5, np.float32)},
        {"scores": np.full((6, 137), -0.5, np.float32)},
        {"image_size": np.array([0, 480])},
        {"image_size": np.array([640, -480])},
        {"image_size": np.array([640.0, 480.0])},
        {"image_size": np.array([7_141_578, 480])},
        {"t_s": np.full(6, np.nan)},
        {"points_px": np.zeros((6, 137, 3), np.float32)},
        {"scores": np.ones((6, 137), np.int64)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_numbers_that_no_recording_has_are_refused(change: dict[str, np.ndarray], saved: Path) -> None:
    with pytest.raises(PoseFileError, match=f"not a recorded-poses file.*{next(iter(change))}"):
        load_poses(changed(saved, **change))


def test_a_joint_far_beyond_any_picture_is_one_not_seen(saved: Path) -> None:
    points = np.ones((6, 137, 2), np.float32)
    points[2, 5] = 1e30
    assert load_poses(changed(saved, points_px=points))[0][2].scores[5] == 0
