"""Live and training read the same film alike, frame for frame."""

from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from live.sources.video import VideoSource
from tests.live.odd_films import (
    corners,
    greys,
    write_browser_film,
    write_damaged,
    write_film,
    write_interlaced,
    write_turned,
)
from train.films.video import pair_by_beat, probe, read_frames

H264 = {"codec": "libx264", "pix_fmt": "yuv420p"}


@pytest.mark.parametrize(
    "make",
    [
        lambda path: write_film(path / "plain.mp4", greys(12), **H264),
        lambda path: write_film(path / "odd.mkv", [corners((63, 47))] * 4),
        lambda path: write_turned(path / "turned.mp4", (0, 1, -1, 0), corners()),
        lambda path: write_film(path / "wide.mp4", greys(4), sample_aspect_ratio=Fraction(4, 3), **H264),
        lambda path: write_film(path / "hdr.mkv", greys(4), pix_fmt="yuv420p10le", color_trc=18, color_primaries=9),
        lambda path: write_film(path / "deep.mkv", greys(4), pix_fmt="yuv420p12le"),
        lambda path: write_interlaced(path / "interlaced.mp4"),
        lambda path: write_damaged(path / "damaged.avi", 12, 5),
        lambda path: write_film(path / "varying.mp4", greys(4), stamps_ms=[0, 100, 133, 400], **H264),
        lambda path: write_browser_film(path / "browser.webm", 12),
    ],
)
def test_live_and_training_see_the_same_frames(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    info = probe(path)
    seen = list(read_frames(info))
    with closing(VideoSource(path, lambda _: None)) as source:
        assert (source.size, source.fps) == (info.size, info.fps)
        for frame in seen:
            live = source.read()
            assert live is not None and live.frame_id == frame.frame_id
            assert np.array_equal(live.image, frame.image)
            assert live.t_capture_s == pytest.approx(frame.t_capture_s, abs=1e-3)
        assert source.read() is None and seen


def test_a_frame_that_was_lost_leaves_its_time_empty_in_training(tmp_path: Path) -> None:
    frames = read_frames(probe(write_damaged(tmp_path / "a.avi", 8, 3)))
    assert [frame.t_capture_s for frame in frames] == [i / 30 for i in (0, 1, 2, 4, 5, 6, 7)]


def test_a_matte_stays_with_its_frame_behind_one_that_was_lost(tmp_path: Path) -> None:
    film, matte = write_damaged(tmp_path / "film.avi", 8, 3), write_damaged(tmp_path / "matte.avi", 8, 5)
    pairs = list(pair_by_beat(read_frames(probe(film)), 30, read_frames(probe(matte)), 30))
    levels = [[round(int(frame.image[0, 0, 0]) / 10) for frame in pair] for pair in pairs]
    assert levels == [[i, i] for i in (0, 1, 2, 4, 6, 7)]
