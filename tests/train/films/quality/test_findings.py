import numpy as np

from train.films.quality.findings import tally, too_few


def mask(*frames: int) -> np.ndarray:
    found = np.zeros(6, np.bool_)
    found[list(frames)] = True
    return found


def test_each_thrown_away_frame_is_counted_once_for_its_gravest_fault() -> None:
    weight = np.array([0, 0, 0.3, 1, 1, 0.5], np.float32)
    faults = {"no person": mask(0), "two people": mask(0, 1), "blurred": mask(1, 2, 5)}
    found = tally(weight, faults, ["the camera moves"])
    assert (found.frames, found.usable) == (6, 4)
    assert found.thrown_away == {"no person": 1, "two people": 1}
    assert found.weighed_down == {"blurred": 2}
    text = "\n".join(found.lines("full"))
    assert "full: 4 of 6 frames" in text and "thrown away: 1 no person, 1 two people" in text
    assert "counting less: 2 blurred" in text and "warning: the camera moves" in text


def test_under_3000_frames_there_is_advice_how_much_to_film() -> None:
    assert too_few(3000) == []
    assert "only 1200 usable frames: film 2 minutes more" in too_few(1200)[0]
