"""Opens what the user gave (videos, folders or archives) as sources for `prepare`."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from engines.system.same_file import collision
from engines.system.whole_folder import clear, unfinished
from live.sources.picture_files import inside
from train.dataset.folder import check_dataset_place
from train.dataset.format import no_puppet
from train.errors import TrainError
from train.films import prepare as puppets
from train.films.archive import is_archive, unpack
from train.films.extracted_source import FilmSource
from train.films.film import Film
from train.films.layout import folders_below, subfolder
from train.films.pictures import IMAGES, KEYPOINTS, PictureSet
from train.films.prepare_pairs import holds_pairs, prepare_pairs

FPS = 30.0


def prepare_paths(
    paths: Sequence[Path],
    *,
    name: str,
    out: Path,
    mattes: Sequence[Path] = (),
    plates: Sequence[Path] = (),
    fps: float | None = None,
    puppet: bool = False,
) -> Path:
    """Make a dataset from videos, picture folders or archives of these, or from one folder of picture pairs; returns
    its folder, `out`/`name`.

    `mattes`, `plates`: one for each path, or none. `fps`: of pictures (default 30). `puppet`: refuse pairs. Raises
    TrainError, and EngineError if that folder holds something not ours; both before anything is written.
    """
    _check(paths, mattes, plates, fps)
    check_dataset_place(out, name)
    sources = [("the source", path) for path in (*paths, *mattes, *plates)]
    if problem := collision(sources, [("the data set", out / name)]):
        raise TrainError(problem)
    with ExitStack() as stack:
        opened = [_opened(path, out, stack) for path in paths]
        paired = [root for path in opened if path.is_dir() for root in folders_below(path) if holds_pairs(root)]
        if paired:
            if len(opened) > 1 or mattes or plates:
                got = f"{len(opened)} sources"
                raise TrainError(
                    "picture pairs cannot be mixed with anything else", got=got, wanted="one folder of pairs"
                )
            if puppet:
                raise no_puppet(paths[0].name, "a bundle")
            if len(paired) > 1:
                got = ", ".join(str(root.relative_to(opened[0])) for root in paired[:4])
                raise TrainError(f"several folders of pairs in {paths[0].name}", got=got, do="give one of them")
            return prepare_pairs(paired[0], name=name, out=out, title=_name(paths[0]))
        films: list[FilmSource] = []
        for i, path in enumerate(opened):
            extras = [given[i] if given else None for given in (mattes, plates)]
            films += _pictures(path, paths[i], extras, fps or FPS) if path.is_dir() else [Film(path, *extras)]
        return puppets.prepare(films, name=name, out=out)


def _check(paths: Sequence[Path], mattes: Sequence[Path], plates: Sequence[Path], fps: float | None) -> None:
    for flag, given in (("--matte", mattes), ("--plate", plates)):
        if given and len(given) != len(paths):
            raise TrainError(
                f"{flag} for some videos only", got=str(len(given)), wanted=f"none, or {len(paths)}: one per video"
            )
    if fps is not None and not 0 < fps <= 240:
        raise TrainError("no such frame rate", got=f"--fps {fps:g}", wanted="above 0, at most 240")


def _pictures(folder: Path, given: Path, extras: list[Path | None], fps: float) -> list[FilmSource]:
    """The picture sets in `folder`; `given` is what the user named."""
    if any(extras):
        raise TrainError(f"--matte and --plate are for videos: {given.name} holds pictures")
    roots = _picture_sets(folder, given)
    return [PictureSet(root, "/".join([_name(given), *root.relative_to(folder).parts]), fps) for root in roots]


def _name(path: Path) -> str:
    return path.name or path.resolve().name  # "." has none


def _opened(path: Path, out: Path, stack: ExitStack) -> Path:
    """The path itself, or the folder it was unpacked into, which is removed when the stack closes."""
    if not (path.is_file() and is_archive(path)):
        return path
    try:
        out.mkdir(parents=True, exist_ok=True)
        clear(out)
        folder = stack.enter_context(unfinished(out))
    except OSError as error:
        raise TrainError(f"cannot unpack to {out}", got=str(error), do="choose another --work") from error
    unpack(path, folder)
    return folder


def _picture_sets(folder: Path, given: Path) -> list[Path]:
    """The folders at or below `folder` that hold pictures with poses, in order of name."""
    found = [root for root in folders_below(folder) if all(subfolder(root, name) for name in (IMAGES, KEYPOINTS))]
    if not found:
        raise TrainError(
            f"no pictures with poses in {given}",
            got=inside(folder),
            wanted=f"{IMAGES}/ and {KEYPOINTS}/ (OpenPose JSON of the same names), or train_A/ and train_B/",
            do="give the folder that holds both, or a video",
        )
    return found
