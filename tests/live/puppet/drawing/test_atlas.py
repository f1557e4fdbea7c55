import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from live.puppet.drawing.atlas import Atlas, load_atlas, save_atlas
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.errors import TargetError
from tests.live.puppet.paper import paper_atlas


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("atlas") / "atlas.npz"
    save_atlas(path, paper_atlas())
    return path


def changed(saved: Path, out: Path, **arrays: object) -> Path:
    """A copy of an atlas with some arrays replaced, or left out where None is given."""
    with np.load(saved) as data:
        content = {**dict(data), **{name.replace("__", "."): value for name, value in arrays.items()}}
    np.savez(out, **{name: value for name, value in content.items() if value is not None})
    return out


def test_an_atlas_comes_back_as_it_was_saved(saved: Path) -> None:
    want, got = paper_atlas(), load_atlas(saved)
    assert np.array_equal(got.extents, want.extents)
    for a, b in zip(got.parts, want.parts, strict=True):
        assert np.array_equal(a.rgba, b.rgba) and np.array_equal(a.keys, b.keys)


def test_equal_atlases_give_equal_bytes(saved: Path, tmp_path: Path) -> None:
    save_atlas(tmp_path / "again.npz", load_atlas(saved))
    assert (tmp_path / "again.npz").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(saved: Path, tmp_path: Path, share: float) -> None:
    whole = saved.read_bytes()
    (tmp_path / "atlas.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(TargetError, match=r"cannot be read: atlas\.npz"):
        load_atlas(tmp_path / "atlas.npz")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot be read"):
        load_atlas(tmp_path / "none.npz")


def test_a_damaged_byte_is_refused_unless_it_changes_nothing(tmp_path: Path) -> None:
    path, rng = tmp_path / "atlas.npz", np.random.default_rng(0)
    save_atlas(path, Atlas.empty())
    whole, refused = path.read_bytes(), 0
    for at in rng.permutation(len(whole))[:400]:
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        path.write_bytes(damaged)
        try:  # a date in the zip, for example, says nothing of the atlas
            assert all(not part.rgba.any() for part in load_atlas(path).parts)
        except TargetError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(
    "arrays",
    [
        {"format": np.array(1)},
        {"head__rgba": None},
        {"head__rgba": np.zeros((1, 4, 4, 3), np.uint8)},
        {"head__rgba": np.zeros((4, 4, 4), np.uint8)},
        {"head__rgba": np.zeros((1, 4, 4, 4), np.float32)},
        {"head__rgba": np.zeros((0, 4, 4, 4), np.uint8)},
        {"head__keys": np.zeros((2, KEY_SIZE), np.float32)},
        {"head__keys": np.zeros((1, 3), np.float32)},
        {"extents": np.ones((3, 3))},
        {"extents": np.zeros_like(paper_atlas().extents)},
        {"extents": np.full_like(paper_atlas().extents, np.nan)},
        {"extents": np.full_like(paper_atlas().extents, np.inf)},
        {"extents": np.full_like(paper_atlas().extents, 1e30)},
        {"head__keys": np.full((1, KEY_SIZE), np.nan, np.float32)},
        {"head__keys": np.full((1, KEY_SIZE), 1e30, np.float32)},
        {"head__rgba": np.zeros((257, 2, 2, 4), np.uint8), "head__keys": np.zeros((257, KEY_SIZE), np.float32)},
        {"head__rgba": np.zeros((1, 2, 5000, 4), np.uint8), "head__keys": np.zeros((1, KEY_SIZE), np.float32)},
    ],
    ids=lambda arrays: next(iter(arrays)),
)
def test_arrays_of_another_shape_or_kind_are_refused(
    saved: Path, tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    with pytest.raises(TargetError):
        load_atlas(changed(saved, tmp_path / "atlas.npz", **arrays))


def test_a_texture_too_small_to_blend_is_refused(saved: Path, tmp_path: Path) -> None:
    path = changed(saved, tmp_path / "atlas.npz", head__rgba=np.full((1, 1, 1, 4), 255, np.uint8))
    with pytest.raises(TargetError, match="head"):
        load_atlas(path)


def test_pickles_are_refused_and_not_run(saved: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (witness,)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Trap()], object), allow_pickle=True)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / "atlas.npz", "w") as new:
        for name in old.namelist():
            new.writestr(name, buffer.getvalue() if name == "head.rgba.npy" else old.read(name))
    with pytest.raises(TargetError, match="head.rgba is of another kind: object"):
        load_atlas(tmp_path / "atlas.npz")
    assert not witness.exists()
