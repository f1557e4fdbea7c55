"""Archives that were damaged at random: unpacked, or refused by us, and nothing else."""

import random
import shutil
from pathlib import Path

import pytest

from tests.train.films.packing import tar, zipped
from train.errors import TrainError
from train.films.archive import unpack


def members() -> dict[str, bytes]:
    rng = random.Random(1)
    return {
        f"set/{'images' if i % 2 else 'keypoints'}/{i}.{'png' if i % 2 else 'json'}": rng.randbytes(40)
        for i in range(9)
    }


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_mutated_archive_is_unpacked_or_our_error(tmp_path: Path, name: str) -> None:
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    made = zipped(tmp_path / name, members()) if name == "a.zip" else tar(tmp_path / name, members())
    good, rng, refused = made.read_bytes(), random.Random(name), 0
    for _ in range(200):
        made.write_bytes(mutated(good, rng))
        shutil.rmtree(out)
        out.mkdir()
        try:
            unpack(made, out)
        except TrainError:
            refused += 1
        assert sorted(path.name for path in tmp_path.iterdir()) == [name, "deep"]
    assert refused


def mutated(good: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, put in, taken out, doubled or cut off."""
    data = bytearray(good)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at, kind = rng.randrange(len(data) or 1), rng.randrange(6)
        if kind < 3:
            data[at : at + 1] = rng.choice((bytes([rng.randrange(256)]), b"\xff", b"\0", b"\x80"))
        elif kind == 3:
            data[at : at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
        elif kind == 4:
            data[at:at] = data[at : at + rng.randrange(600)]
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)
