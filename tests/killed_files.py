"""What tests/killed.py kills of files that are replaced: profile, prepared engine, checkpoint, curves."""

from dataclasses import replace
from pathlib import Path

from calib.profiles import rename_profile, save_profile
from engines.selection.cache import Cache, Entry
from engines.selection.compare import Verdict
from engines.system import whole_folder
from live.performer.profile import Profile, find_profiles
from tests.live.puppet.figure import walker
from train.report.curves import Curve
from train.training.run_folder import run_folder
from train.training.tensor_file import read_tensors, write_tensors

STATS = walker(near=850, far=750, near_height=640, far_height=520)
ME = Profile("desk", "me", "old", "wizard", STATS)
KEY = {"model": "x"}
VERDICT = Verdict(3, 0.1, 0.2, 50.0, 50.0, 0.99, 1.0, 2.0)


def begin(folder: Path) -> None:
    _write(folder, 1)


def work(folder: Path) -> None:
    _write(folder, 2)
    rename_profile("desk", "stage", folder / "profiles")
    rename_profile("stage", "desk", folder / "profiles")


def look(folder: Path) -> None:
    whole_folder._YOUNG_S = 0.0
    good, refused = find_profiles(folder / "profiles")
    assert not refused and {profile.name for profile in good} <= {"desk", "stage"} and good
    for profile in good:
        (folder / "profiles" / f"{profile.name}.json").unlink()
    run = folder / "run"
    assert read_tensors(run / "last.pt")["step"] in (1, 2)
    assert Curve(run / "loss.csv", ["loss"], steps_done=2).table.rows.shape == (1, 3)
    found = Cache(folder / "cache").find(KEY)
    assert found is None or found.build_s in (1.0, 2.0)
    _write(folder, 1)
    unfinished = [path for path in (*folder.rglob(".edl-*"), *(folder / "run").glob(".l*"))]
    assert not unfinished, unfinished


def _write(folder: Path, step: int) -> None:
    save_profile(replace(ME, camera=str(step)), folder / "profiles")
    with run_folder(folder / "run"):
        write_tensors(folder / "run" / "last.pt", {"step": step})
        curve = Curve(folder / "run" / "loss.csv", ["loss"], steps_done=1)
        if not len(curve.table.rows):
            curve.add(1, 0.0, [1.0])
    cache = Cache(folder / "cache")
    with cache.building(KEY) as work:
        (work / "network.onnx").write_bytes(b"network")
        cache.store(KEY, Entry(work / "network.onnx", VERDICT, float(step)))
