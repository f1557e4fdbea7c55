"""The loaders of what somebody sends to be learned from: archives, poses of OpenPose, picture sets."""

import contextlib
import io
import json
import math
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from live.puppet.values import BOUND_PX
from tests.fuzz.loader import Loader
from tests.fuzz.loaders import in_range
from tests.fuzz.mutations import BYTES
from tests.train.film import wave
from tests.train.picture_set import person, write_picture_set
from train.films.archive import unpack
from train.films.openpose import Person, are_normalised, read_openpose
from train.films.pictures import PictureSet
from train.films.track import track
from train.films.video import VideoInfo

ARCHIVES = ("a.zip", "b.tar", "c.tgz", "d.tar.bz2", "e.tar.xz")
SETS = 6  # pictures


def write_archives(folder: Path) -> None:
    """Two pictures and a pose, packed in every way that is unpacked."""
    files = {"set/images/1.png": b"a picture", "set/images/2.png": b"b" * 5000, "set/keypoints/1.json": b"{}"}
    for name in ARCHIVES:
        if name.endswith(".zip"):
            with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as packed:
                for path, content in files.items():
                    packed.writestr(path, content)
            continue
        mode = {".tar": "w", ".tgz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}[Path(name).suffix]
        with tarfile.open(folder / name, mode) as tar:  # type: ignore[call-overload]
            for path, content in files.items():
                info = tarfile.TarInfo(path)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))


def unpack_all(folder: Path) -> list[Path]:
    """The paths that come out of each, relative to where it was unpacked."""
    found: list[Path] = []
    for archive in sorted(folder.iterdir()):
        work = Path(tempfile.mkdtemp(dir=folder.parent))
        inner = work / "inner"
        inner.mkdir()
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                unpack(archive, inner)
            assert [path.name for path in work.iterdir()] == ["inner"], "nothing lands outside"
            found += [path.relative_to(inner) for path in inner.rglob("*")]
            assert not any(path.is_symlink() for path in inner.rglob("*"))
        finally:
            shutil.rmtree(work)
    return found


def paths(value: object) -> None:
    """Names that can be shown."""
    assert isinstance(value, list) and all(str(path).isprintable() and ".." not in path.parts for path in value)


def write_keypoints(folder: Path) -> None:
    """Nobody, one and two people."""
    for number in range(3):
        people = [person(wave(number), hands=True), person(wave(number + 9) + np.float32(40), hands=False)][:number]
        (folder / f"{number}.json").write_text(json.dumps({"version": 1.3, "people": people}))


def read_keypoints(folder: Path) -> list[Person | None]:
    """Who is followed through all."""
    pictures = [read_openpose(path) for path in sorted(folder.iterdir())]
    are_normalised(pictures, "pictures")
    return track(pictures)


def people(value: object) -> None:
    """Joints that there are, of people that are somewhere."""
    assert isinstance(value, list) and len(value) == 3
    for each in value:
        assert each is None or (in_range(each.points_px, math.inf) and in_range(each.scores, math.inf))
        assert each is None or math.isfinite(each.rank)


def _picture_set(folder: Path) -> None:
    write_picture_set(folder, SETS, hands=True)


def read_picture_set(folder: Path) -> tuple[VideoInfo, object]:
    """Its sizes, poses and pictures."""
    found = PictureSet(folder, "set")
    with contextlib.redirect_stdout(io.StringIO()):
        info = found.probe()
        poses, _ = found._read_poses(info)
    return info, poses


def picture_set(value: Any) -> None:
    """As many poses as pictures, inside them, of sizes that there are."""
    info, poses = value
    assert 0 < len(poses) == info.frames <= SETS and min(info.size) > 0
    for pose in poses:
        assert in_range(pose.points_px, BOUND_PX) and in_range(pose.scores, 1) and pose.scores.min() >= 0


_FILES = (*(f"images/{i:06d}.png" for i in range(SETS)), *(f"keypoints/{i:06d}_keypoints.json" for i in range(SETS)))

SET_LOADERS = [
    Loader("archives", write_archives, ARCHIVES, unpack_all, paths, own=BYTES),
    Loader("openpose", write_keypoints, ("0.json", "1.json", "2.json"), read_keypoints, people),
    Loader("picture set", _picture_set, _FILES, read_picture_set, picture_set),
]
