import numpy as np
import pytest

from live.render.mark import Mark


@pytest.mark.parametrize("level", [0, 28, 128, 245, 255])
def test_the_mark_is_legible_on_any_ground_and_leaves_the_rest_of_the_picture_alone(level: int) -> None:
    image = np.full((512, 512, 3), level, np.uint8)
    Mark(512, 512).draw(image)
    corner = image[430:, 430:]
    assert corner.max() - corner.min() > 200, "light words on a dark plate"
    image[430:, 430:] = level
    assert (image == level).all()


def test_the_mark_is_part_of_the_picture_without_a_background() -> None:
    image, cutout = np.zeros((256, 128, 3), np.uint8), np.zeros((256, 128, 4), np.uint8)
    Mark(128, 256).draw(image, cutout)
    drawn = cutout[..., 3] == 255
    assert drawn.any() and np.array_equal(cutout[drawn][:, :3], image[drawn]) and not cutout[~drawn].any()


@pytest.mark.parametrize("size", [(1, 1), (4, 200), (200, 4), (13, 12)])
def test_a_picture_smaller_than_the_mark_gets_what_of_it_fits(size: tuple[int, int]) -> None:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    Mark(*size).draw(image)
    assert image.any()
