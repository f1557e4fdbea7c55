import numpy as np

from train.atlas.cut_out import cut_out, masked_median


def test_the_median_is_that_of_the_samples_inside_their_matte() -> None:
    colours = np.array([10, 20, 90], np.float32).reshape(3, 1, 1, 1) * np.ones((3, 2, 2, 3), np.float32)
    inside = np.ones((3, 2, 2), np.bool_)
    inside[0, 0, 0] = inside[2, 0, 1] = False
    inside[:, 1, 1] = False
    found = masked_median(colours, inside)[..., 0]
    assert found.tolist() == [[20, 10], [20, 0]]


def test_holes_that_the_part_surrounds_are_filled_and_bays_are_not() -> None:
    member = np.zeros((60, 40), np.float32)
    member[10:50, 5:35] = 1
    member[25:32, 15:22] = 0  # an eye
    member[35:50, 28:35] = 0  # beside the arm
    texture = np.full((60, 40, 4), 255, np.uint8)
    alpha = cut_out(texture, member)[..., 3]
    assert alpha[28, 18] > 200 and alpha[45, 33] < 60 and alpha[4, 20] < 60
