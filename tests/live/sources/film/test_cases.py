"""Films that went wrong for people. Needs ../shared/data/cases; see `clips`."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from live.sources.film.reader import FilmReader

pytestmark = pytest.mark.clips


@pytest.mark.parametrize(
    ("name", "size", "fps", "times", "said"),
    [
        ("colon_name/take-10:30.mp4", (256, 256), 30, [i / 30 for i in range(200)], []),
        (
            "damaged_frame/film.avi",
            (192, 192),
            30,
            [i / 30 for i in range(200) if i != 120],
            ["film.avi: 1 damaged frame left out, 199 are good"],
        ),
        ("phone_rotated/phone_rot.mp4", (270, 480), 30, [i / 30 for i in range(120)], []),
        (
            "time_jump/jump.ts",
            (640, 360),
            30,
            [i / 30 for i in range(60)],
            ["jump.ts: its timestamps jump once, which is ignored"],
        ),
        (
            "time_jump/back.ts",
            (640, 360),
            30,
            [i / 30 for i in range(60)],
            ["back.ts: its timestamps jump once, which is ignored"],
        ),
        # Two seconds of 10 frames, two of 30.
        ("vfr/vfr.mp4", (480, 270), 30, [*(i / 10 for i in range(20)), *(2 + i / 30 for i in range(60))], []),
    ],
)
def test_it_is_read_as_it_is_to_be(
    clips: Path, name: str, size: tuple[int, int], fps: float, times: list[float], said: list[str]
) -> None:
    heard: list[str] = []
    with closing(FilmReader(clips.parent / "cases" / name, heard.append)) as film:
        found = [frame.t_capture_s for frame in film]
    assert (film.size, film.fps, heard) == (size, fps, said)
    assert found == pytest.approx(times, abs=2e-3)


def test_a_browsers_recording_lasts_as_long_as_it_took(clips: Path) -> None:
    with closing(FilmReader(clips.parent / "cases" / "webm_without_rate" / "film_jitter.webm", lambda _: None)) as film:
        times = [frame.t_capture_s for frame in film]
    assert film.fps == 30 and len(times) == 200
    assert 6.5 < times[-1] < 6.7 and np.abs(np.array(times) - np.arange(200) / 30).max() < 0.02
