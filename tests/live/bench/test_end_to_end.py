"""The end-to-end bench: what its table says of given times, and that it goes through every stage of a real target."""

from typing import Any

import numpy as np
import pytest

from live.bench import end_to_end
from live.bench.end_to_end import Times, dotted, stage_table, stages
from live.bench.machine import machine_speed
from live.config import LiveConfig
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Frame, Pose


class Golden:
    """An estimator that sees the golden pose in every frame; counts them."""

    name = "golden"

    def __init__(self) -> None:
        self.seen = 0
        self.closed = False

    def estimate(self, frame: Frame) -> Pose:
        self.seen += 1
        return golden_pose(frame.frame_id)

    def reset(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_the_table_adds_our_stages_up_and_reads_the_frame_for_the_rival_too() -> None:
    times = {name: Times([wall] * 4, [cpu] * 4) for name, wall, cpu in (("read", 0.002, 0.001), ("draw", 0.01, 0.02))}
    rows = stage_table({**times, "rival": Times([0.05] * 4, [0.07] * 4)}).splitlines()
    told = {row[:22].strip(): row[22:].split() for row in rows[1:]}
    assert told["draw"] == ["20.0", "20.0", "10.0", "10.0", "10.0"]
    assert told["ours, together"] == ["21.0", "21.0", "12.0", "12.0", "12.0"]
    assert told["read and rival"] == ["71.0", "71.0", "52.0", "52.0", "52.0"]
    assert rows[0].startswith("4 frames")


def test_every_stage_is_timed_once_for_each_frame_after_the_warm_up_and_all_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    estimators: list[Golden] = []

    def open_golden(kind: str, say: Any) -> Golden:
        estimators.append(Golden())
        return estimators[-1]

    monkeypatch.setattr(end_to_end, "open_estimator", open_golden)
    config = LiveConfig("fortnite", "demo", ("null",), engine="fake", loop=True)
    times = stages(config, 3)
    assert {name: len(own.wall_s) for name, own in times.items()} == dict.fromkeys(times, 3)
    assert all(own.closed and own.seen == 13 for own in estimators) and len(estimators) == 2
    assert min(times["condition"].wall_s) > 0


def test_a_dot_is_drawn_on_every_point_that_was_found_and_the_picture_stays_as_it_is() -> None:
    picture, pose = np.zeros((720, 1280, 3), np.uint8), golden_pose(0)
    shown = dotted(picture, pose)
    assert not picture.any()
    for x, y in pose.points_px[pose.scores > 0].round().astype(int):
        if 0 <= x < 1280 and 0 <= y < 720:
            assert shown[y, x, 1] == 255


def test_the_machine_s_speed_is_told_in_one_line() -> None:
    pytest.importorskip("openvino")
    line = machine_speed()
    assert "GFLOP/s" in line and "GB/s" in line and "\n" not in line
