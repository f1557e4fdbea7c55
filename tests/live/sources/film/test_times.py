"""A film's timestamps rule, not the rate that its header names; and they are never trusted beyond reason."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.sources.film.reader import FilmReader
from live.sources.film.timeline import LONGEST_STEP_S, Timeline
from tests.live.odd_films import greys, write_browser_film, write_film

H264 = {"codec": "libx264", "pix_fmt": "yuv420p"}


def seen(path: Path) -> tuple[float, list[float], list[str]]:
    """The rate, the times, and what was said."""
    said: list[str] = []
    with closing(FilmReader(path, said.append)) as film:
        return film.fps, [frame.t_capture_s for frame in film], said


def test_frames_of_a_varying_rate_come_at_their_own_times(tmp_path: Path) -> None:
    stamps = [0, 100, 200, 300, 333, 367, 400, 433, 467, 500]
    fps, times, said = seen(write_film(tmp_path / "a.mp4", greys(10), stamps_ms=stamps, **H264))
    assert fps == 30 and not said
    assert times == pytest.approx([stamp / 1000 for stamp in stamps], abs=1e-3)


@pytest.mark.parametrize("rate", [1000, 120])
def test_a_browsers_thousand_frames_a_second_are_thirty(rate: int, tmp_path: Path) -> None:
    fps, times, _ = seen(write_browser_film(tmp_path / "a.webm", 24, rate=rate))
    assert fps == pytest.approx(30, rel=2e-3)
    assert times == pytest.approx([i / 30 for i in range(24)], abs=0.008)


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 60])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_an_even_film_has_the_rate_of_its_header(rate: int, name: str, tmp_path: Path) -> None:
    fps, times, said = seen(write_film(tmp_path / name, greys(12), rate=rate, **H264))
    assert fps == rate and not said
    assert times == pytest.approx([i / rate for i in range(12)], abs=1e-3)


def test_a_film_without_any_timestamp_goes_by_the_rate_that_it_was_coded_for(tmp_path: Path) -> None:
    fps, times, _ = seen(write_film(tmp_path / "a.h264", greys(6), options={"bf": "0"}, **H264))
    assert (fps, times) == (30, pytest.approx([i / 30 for i in range(6)]))


def test_two_films_in_one_file_play_one_after_the_other(tmp_path: Path) -> None:
    parts = [write_film(tmp_path / f"{i}.ts", greys(24), codec="mpeg2video", pix_fmt="yuv420p") for i in range(2)]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    fps, times, said = seen(both)
    assert fps == 30 and times == pytest.approx([i / 30 for i in range(48)], abs=2e-3)
    assert said == ["both.ts: its timestamps jump once, which is ignored"]


@pytest.mark.parametrize(
    ("stamps", "times", "jumps"),
    [
        ([5.0, 5.1, 5.2], [0, 0.1, 0.2], 0),
        ([-1.0, -0.9, -0.8], [0, 0.1, 0.2], 0),
        ([0.0, 0.1, 3600.1, 3600.2], [0, 0.1, 0.2, 0.3], 1),
        ([0.0, 0.1, -86400.0, -86399.9], [0, 0.1, 0.2, 0.3], 1),
        ([0.0, 0.1, 0.2, 9.2, 9.3], [0, 0.1, 0.2, 9.2, 9.3], 0),
        ([None, None, None], [0, 0.1, 0.2], 0),
        ([0.0, None, 0.2, 0.3], [0, 0.1, 0.2, 0.3], 0),
        ([0.0, 0.1, 0.1, 0.3], [0, 0.1, 0.101, 0.3], 0),
        ([0.0, 0.2, 0.1, 0.3], [0, 0.2, 0.201, 0.3], 0),
    ],
)
def test_jumps_and_restarts_are_one_frame_long(stamps: list[float | None], times: list[float], jumps: int) -> None:
    timeline = Timeline(0.1)
    assert [timeline.at(stamp) for stamp in stamps] == pytest.approx(times)
    assert timeline.jumps == jumps


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), max_size=40))
def test_whatever_the_stamps_time_goes_forward_and_not_for_ever(stamps: list[float | None]) -> None:
    timeline = Timeline(0.1)
    times = [timeline.at(stamp) for stamp in stamps]
    steps = np.diff(times)
    assert (steps > 0).all() and (steps <= LONGEST_STEP_S + 1e-3).all() and times[:1] in ([], [0.0])
