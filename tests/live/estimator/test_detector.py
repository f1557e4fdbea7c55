import numpy as np

from live.estimator.detector import anchors, merged


def test_each_model_has_as_many_anchors_as_it_names_boxes() -> None:
    assert anchors(224, (8, 16, 32, 32, 32)).shape == (2254, 2)  # pose_detection
    assert anchors(128, (8, 16, 16, 16)).shape == (896, 2)  # face_detection_short_range


def test_anchors_go_row_by_row_from_the_middle_of_the_first_cell() -> None:
    found = anchors(128, (8, 16, 16, 16))
    assert np.allclose(found[[0, 1, 2]], [[0.5 / 16, 0.5 / 16], [0.5 / 16, 0.5 / 16], [1.5 / 16, 0.5 / 16]])
    assert np.allclose(found[[512, 517, 518]], [[0.5 / 8, 0.5 / 8], [0.5 / 8, 0.5 / 8], [1.5 / 8, 0.5 / 8]])


def box(x: float, y: float, side: float, point: float) -> list[tuple[float, float]]:
    return [(x, y), (side, side), (point, point)]


def test_boxes_on_one_place_become_one_by_their_scores_and_others_stay() -> None:
    values = np.array([box(0.5, 0.5, 0.2, 0.4), box(0.51, 0.5, 0.2, 0.7), box(0.1, 0.1, 0.1, 0.2)], np.float32)
    first, second = merged(values, np.array([0.8, 0.4, 0.9], np.float32))
    assert np.allclose(first, 0.2) and np.allclose(second, (0.4 * 0.8 + 0.7 * 0.4) / 1.2)


def test_nothing_found_is_nothing() -> None:
    assert merged(np.zeros((0, 3, 2), np.float32), np.zeros(0, np.float32)) == []


def test_a_box_without_size_is_found_all_the_same() -> None:
    assert len(merged(np.array([box(0.5, 0.5, 0.0, 0.4)], np.float32), np.ones(1, np.float32))) == 1
