"""Pictures as bytes."""

import struct

import cv2
import numpy as np

from live.room.encode import cut_out_png, jpeg, small_jpeg


def unpacked(data: bytes) -> np.ndarray:
    """The whole cut-out again, as /stage puts it together."""
    width, height, x, y = struct.unpack("<4H", data[:8])
    whole = np.zeros((height, width, 4), np.uint8)
    if len(data) > 8:
        part = cv2.imdecode(np.frombuffer(data[8:], np.uint8), cv2.IMREAD_UNCHANGED)
        whole[y : y + part.shape[0], x : x + part.shape[1]] = cv2.cvtColor(part, cv2.COLOR_BGRA2RGBA)
    return whole


def test_a_cut_out_arrives_bit_by_bit() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 4), dtype=np.uint8)
    cutout = np.zeros((48, 64, 4), np.uint8)
    cutout[10:30, 20:63] = noise[10:30, 20:63]
    cutout[cutout[:, :, 3] == 0] = 0
    assert np.array_equal(unpacked(cut_out_png(cutout)), cutout)


def test_only_the_rectangle_with_the_puppet_is_sent() -> None:
    cutout = np.zeros((48, 64, 4), np.uint8)
    cutout[5:7, 9:12] = 255
    data = cut_out_png(cutout)
    assert struct.unpack("<4H", data[:8]) == (64, 48, 9, 5)
    assert cv2.imdecode(np.frombuffer(data[8:], np.uint8), cv2.IMREAD_UNCHANGED).shape == (2, 3, 4)


def test_a_card_is_sent_as_nothing_at_all() -> None:
    assert cut_out_png(np.zeros((48, 64, 4), np.uint8)) == struct.pack("<4H", 64, 48, 0, 0)


def test_a_jpeg_keeps_red_red() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[:] = (200, 30, 60)
    back = cv2.imdecode(np.frombuffer(jpeg(image), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(back.astype(int) - image).max() < 12


def test_the_camera_picture_is_no_wider_than_a_phone_shows_it() -> None:
    back = cv2.imdecode(np.frombuffer(small_jpeg(np.zeros((1080, 1920, 3), np.uint8)), np.uint8), cv2.IMREAD_COLOR)
    assert back.shape == (360, 640, 3)
