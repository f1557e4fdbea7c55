"""A synthetic folder of picture pairs: a white disc, and the same disc in colours."""

from pathlib import Path

import cv2
import numpy as np

from tests.train.picture_set import write_rgb


def write_pairs(folder: Path, *, train: int = 12, test: int = 3, size: tuple[int, int] = (140, 100)) -> Path:
    """`train_A`, `train_B`, and with `test` above 0 `test_A`, `test_B`; `size` is (width, height). Returns `folder`."""
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("test", test)):
        for i in range(count):
            a = np.zeros((size[1], size[0], 3), np.uint8)
            cv2.circle(a, (int(rng.integers(20, 120)), int(rng.integers(20, 80))), 15, (255, 255, 255), -1)
            b = np.where(a > 0, np.array([200, 60, 30], np.uint8), np.array([20, 40, 90 + i], np.uint8))
            for letter, image in (("A", a), ("B", b)):
                (folder / f"{split}_{letter}").mkdir(parents=True, exist_ok=True)
                write_rgb(folder / f"{split}_{letter}" / f"{i:03d}.png", image)
    return folder
