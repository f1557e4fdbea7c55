"""The loop: ids in = ids out, newest wins, drops counted, lag bounded, nothing of the camera ever shown."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engines.arrays import U8
from live.clock import FakeClock, SystemClock
from live.puppet.condition import Conditioner
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Conditioning, Frame, PlacedPose, Pose
from live.render.face import Face
from live.render.renderer import Renderer, RenderInput
from live.scene.scene import RenderJob
from live.session.inbetweens import Inbetweens
from tests.live.face_engine import FaceEngine
from tests.live.fakes import (
    REALTIME,
    Collector,
    ColourSource,
    ListedEstimator,
    LockstepSource,
    Meter,
    WatchedGenerator,
    fake_engine,
    fake_loop,
    plate,
)
from tests.live.tiny_target import walking


def test_without_real_time_every_frame_passes_once_with_its_id_and_time(tiny: Path) -> None:
    generator, sink = WatchedGenerator(), Collector()
    loop, report, _ = fake_loop(ColourSource(40), ListedEstimator(walking(40)), tiny, sinks=[sink], generator=generator)
    loop.run()
    assert generator.stamps == [(i, i * (1 / 30)) for i in range(40)]
    assert len(sink.images) == 40
    assert sink.complete is True
    frames = report.to_json()["frames"]
    assert [frames[k] for k in ("captured", "estimated", "generated", "sent")] == [40] * 4
    assert set(frames["dropped_by_slot"].values()) == {0}


def test_faces_are_painted_in_the_loop_and_timed_apart(tiny: Path) -> None:
    painted, plain = Collector(), Collector()
    clock, reports = FakeClock(), []

    def brighter(colours: U8) -> U8:
        clock.now_s += 0.25
        return np.minimum(colours, 215) + np.uint8(40)

    face = Face(FaceEngine(brighter))  # type: ignore[arg-type]
    with_face = Renderer(fake_engine(), plate(), gap_reset_s=0.5, face=face, clock=clock)
    for sink, generator in ((painted, with_face), (plain, None)):
        loop, report, _ = fake_loop(
            ColourSource(20),
            ListedEstimator(walking(20)),
            tiny,
            sinks=[sink],
            generator=generator,
            clock=clock,
        )
        loop.run()
        reports.append(report)
    assert all((a != b).any() for a, b in zip(painted.images, plain.images, strict=True))
    assert [report.stages["face"].count for report in reports] == [20, 0]
    assert reports[0].stages["face"].max_s == 0.25
    assert reports[0].stages["generate"].count == 20 and reports[0].stages["generate"].max_s == 0
    assert "face" in reports[0].table() and "face" not in reports[1].table()


def test_the_same_clip_twice_gives_identical_pictures(tiny: Path) -> None:
    runs = []
    for _ in range(2):
        sink = Collector()
        poses = walking(60, seen=range(5, 30))
        fake_loop(ColourSource(60), ListedEstimator(poses), tiny, sinks=[sink])[0].run()
        runs.append(np.array(sink.images))
    assert np.array_equal(runs[0], runs[1])
    assert (runs[0][10] != runs[0][2]).any(), "the puppet moves"


def test_with_a_slow_generator_the_newest_wins_drops_are_counted_and_lag_cannot_grow(tiny: Path) -> None:
    count, slowness = 300, 5
    estimated, ages = Meter(), []

    def wait_for_more(drawn: RenderInput) -> None:
        ages.append(estimated.count - drawn.frame_id)
        estimated.wait_for(min(count, estimated.count + slowness))

    generator, sink = WatchedGenerator(wait_for_more), Collector()
    estimator = ListedEstimator(walking(count), after=estimated.add)
    loop, report, _ = fake_loop(
        LockstepSource(count, estimated),
        estimator,
        tiny,
        sinks=[sink],
        generator=generator,
        clock=SystemClock(),
        config=replace(REALTIME, frames=count),
    )
    loop.run()
    ids = [frame_id for frame_id, _ in generator.stamps]
    frames = report.to_json()["frames"]
    dropped = frames["dropped_by_slot"]
    assert ids == sorted(set(ids)), "ids only go forward"
    assert ids[-1] == count - 1, "the last frame of all is shown"
    assert frames["captured"] == frames["estimated"] + dropped["frame"] == count
    assert frames["estimated"] == frames["generated"] + dropped["conditioning"]
    assert dropped["conditioning"] > count / 2
    # Each takes what was the newest then: never older than what came while the one before was made.
    assert max(ages) <= slowness + 3
    assert np.mean(ages[-10:]) <= np.mean(ages[:10]) + 2


def test_frames_and_duration_end_a_run(tiny: Path) -> None:
    for config, wanted in (
        (replace(REALTIME, realtime=False, frames=7), 7),
        (replace(REALTIME, realtime=False, duration_s=0.5), 15),
    ):
        sink = Collector()
        loop, _, _ = fake_loop(ColourSource(60), ListedEstimator(walking(60)), tiny, sinks=[sink], config=config)
        loop.run()
        assert len(sink.images) == wanted


def test_nothing_of_the_camera_reaches_a_sink_in_any_state(tiny: Path) -> None:
    sink = Collector()
    poses = walking(120, seen=range(20, 60))  # idle, in view, held, easing, idle
    generator = WatchedGenerator()
    fake_loop(ColourSource(120), ListedEstimator(poses), tiny, sinks=[sink], generator=generator)[0].run()
    sink.images.append(generator.card(0, 0.0).image)
    assert len(sink.images) == 121
    assert not sink.holds_camera_colour()


def test_a_person_who_leaves_and_returns_resets_the_recurrence_once(tiny: Path) -> None:
    poses = walking(200)
    for i in range(50, 120):
        poses[i] = walking(1, seen=range(0))[0]
    loop, report, _ = fake_loop(ColourSource(200), ListedEstimator(poses), tiny, sinks=[Collector()])
    loop.run()
    person = report.to_json()["person"]
    assert person["resets"] == 1
    assert person["in_view_s"] == pytest.approx(130 / 30, abs=0.05)
    assert person["lost_s"] == pytest.approx(70 / 30, abs=0.05)


def test_a_hole_in_time_resets_the_recurrence(tiny: Path) -> None:
    source = ColourSource(4, dt_s=0.8)
    loop, report, _ = fake_loop(source, ListedEstimator(walking(4)), tiny, sinks=[Collector()])
    loop.run()
    assert report.to_json()["person"]["resets"] == 3


def test_stop_ends_a_run_and_keeps_the_file(tiny: Path) -> None:
    sink = Collector()
    loop, _, stop = fake_loop(ColourSource(10**9), ListedEstimator(walking(1) * 10**5), tiny, sinks=[sink])
    keep = sink.send

    def send(frame, tick):  # type: ignore[no-untyped-def]
        if tick == 5:
            stop.set()
        return keep(frame, tick)

    sink.send = send  # type: ignore[method-assign]
    loop.run()
    assert sink.complete is True
    assert len(sink.images) == 6


def still(count: int) -> list[Pose]:
    return [replace(golden_pose(0), frame_id=i, t_capture_s=i / 30) for i in range(count)]


class EachTwiceMore(Inbetweens):
    """Two more pictures of every pose, whatever the clock says."""

    def __init__(self) -> None:
        super().__init__(30.0, lambda line: None)
        self._left = 0

    def drew(self, job: RenderJob, begun_s: float, now_s: float) -> None:
        super().drew(job, begun_s, now_s)
        self._left = 2

    def wait_s(self, now_s: float) -> float | None:
        return 0.0 if self._left and self._job is not None else None

    def next(self) -> tuple[RenderJob, float] | None:
        self._left -= 1
        return None if self._job is None else (self._job, (2 - self._left) / 60)


def test_pictures_between_two_poses_move_on_and_keep_the_frames_number_and_time(tiny: Path) -> None:
    count, drawn, seen = 12, Meter(), []

    def note(shown: RenderInput) -> None:
        assert shown.conditioning is not None
        seen.append((shown.frame_id, shown.t_capture_s, shown.conditioning.placed.points_px[:25].mean(axis=0)))
        drawn.add()

    class Patient(ColourSource):
        def read(self) -> Frame | None:  # waits for all pictures of the frames before
            drawn.wait_for(3 * self._next_id)
            return super().read()

    poses = [replace(p, points_px=p.points_px + np.float32([9 * i, 0])) for i, p in enumerate(still(count))]
    loop, report, _ = fake_loop(
        Patient(count),
        ListedEstimator(poses),
        tiny,
        sinks=[Collector()],
        generator=WatchedGenerator(note),
        clock=SystemClock(),
        config=replace(REALTIME, frames=count),
        ahead_s=lambda: 0.0,
    )
    loop._inbetweens = EachTwiceMore()
    loop.run()
    for number in range(count - 1):
        times, places = zip(*((t_s, place[0]) for frame_id, t_s, place in seen if frame_id == number), strict=True)
        assert len(times) == 3 and set(times) == {number / 30}
        following = next(place[0] for frame_id, _, place in seen if frame_id == number + 1)
        assert number < 4 or places[0] < places[1] < places[2] < following + 2
    assert report.generated.count == len(seen) > report.estimated.count


def test_a_pose_is_drawn_where_the_performer_will_be_when_the_picture_is_seen(tiny: Path) -> None:
    places = {}
    for ahead_s in (0.0, 0.05):
        neck_px: list[float] = []

        def note(shown: RenderInput, neck_px: list[float] = neck_px) -> None:
            assert shown.conditioning is not None
            neck_px.append(shown.conditioning.placed.points_px[1, 0])

        poses = [replace(p, points_px=p.points_px + np.float32([9 * i, 0])) for i, p in enumerate(still(20))]
        loop, _, _ = fake_loop(
            ColourSource(20),
            ListedEstimator(poses),
            tiny,
            sinks=[Collector()],
            generator=WatchedGenerator(note),
            ahead_s=partial(float, ahead_s),
        )
        loop.run()
        places[ahead_s] = np.array(neck_px)
    late, early = places[0.0], places[0.05]
    assert early[0] == late[0], "of the first pose no motion is known"
    assert (early[5:] > late[5:]).all() and (early[5:-2] < late[7:]).all()


def test_each_frame_is_drawn_after_the_one_before_and_a_new_conditioner_begins_anew(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, calls = Conditioner.draw, []

    def note(self: Conditioner, placed: PlacedPose, before: Conditioning | None = None) -> Conditioning:
        drawn = draw(self, placed, before)
        calls.append((self, before, drawn))
        return drawn

    monkeypatch.setattr(Conditioner, "draw", note)
    loop, _, _ = fake_loop(ColourSource(20), ListedEstimator(still(20)), tiny, sinks=[Collector()])
    first = loop.parts.scenes.current
    estimate = loop.parts.poses.step

    def change_in_the_middle(frame: Frame) -> RenderJob:
        if frame.frame_id == 10:
            loop.parts.scenes.put(replace(first, conditioner=other))
        return estimate(frame)

    other = Conditioner(first.target.puppet, target=first.target.stats, atlas=first.target.atlas)
    calls.clear()
    monkeypatch.setattr(loop.parts.poses, "step", change_in_the_middle)
    loop.run()
    assert [conditioner is other for conditioner, _, _ in calls] == [False] * 10 + [True] * 10
    for number, (_, before, _) in enumerate(calls):
        assert before is (None if number in (0, 10) else calls[number - 1][2])
