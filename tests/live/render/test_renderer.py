"""The generator: matte near the doll only, background behind it, recurrence reset when it should be."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.arrays import U8
from engines.backends.fake_engine import open_fake
from engines.errors import EngineError
from live.clock import FakeClock
from live.puppet.condition import Conditioner
from live.puppet.errors import TargetError
from live.puppet.values import Conditioning
from live.render.composite import composite, gate
from live.render.face import Face
from live.render.renderer import Renderer, RenderInput, generator_spec
from live.scene.background import make_background
from tests.live.face_engine import FaceEngine
from tests.live.fakes import fake_engine, plate
from tests.live.tiny_target import CONFIG, DOLL, PLATE, SIDE, atlas, stats, walking


def conditionings(count: int) -> list[Conditioning]:
    conditioner = Conditioner(CONFIG, target=stats(), atlas=atlas(), performer=None)
    return [conditioner.step(pose) for pose in walking(count)]


def drawn(conditioning: Conditioning, *, t_s: float | None = None, epoch: int = 0) -> RenderInput:
    at = conditioning.t_capture_s if t_s is None else t_s
    return RenderInput(conditioning.frame_id, at, conditioning, epoch)


def test_without_an_engine_the_doll_stands_on_the_plate() -> None:
    (first,) = conditionings(1)
    frame = Renderer(None, plate(), gap_reset_s=0.5).step(drawn(first))
    assert (frame.image[frame.matte == 255] == DOLL).all()
    assert (frame.image[frame.matte == 0] == PLATE).all()
    assert 0.02 < (frame.matte == 255).mean() < 0.6
    assert (frame.frame_id, frame.t_capture_s) == (first.frame_id, first.t_capture_s)


def test_composite_is_the_textbook_formula() -> None:
    rng = np.random.default_rng(1)
    rgba, ground, near = (rng.integers(0, 256, shape, np.uint8) for shape in ((9, 7, 4), (9, 7, 3), (9, 7)))
    image, matte = np.empty((9, 7, 3), np.uint8), np.empty((9, 7), np.uint8)
    composite(rgba, near, ground, image, matte)
    alpha = np.round(rgba[..., 3].astype(float) * near / 255)
    wanted = np.round((rgba[..., :3] * alpha[..., None] + ground * (255 - alpha[..., None])) / 255)
    assert np.array_equal(matte, alpha)
    assert np.abs(image - wanted).max() <= 1


def test_the_gate_is_open_at_the_doll_and_closed_far_from_it() -> None:
    doll = np.zeros((128, 128, 4), np.uint8)
    doll[60:68, 60:68, 3] = 255
    near = gate(doll, 128)
    assert (near[56:72, 56:72] == 255).all()
    assert near[:30].max() == 0 and near[:, 100:].max() == 0
    assert (np.abs(np.diff(near[64].astype(int))) < 64).all(), "it fades, no edge"
    assert gate(np.zeros((128, 128, 4), np.uint8), 128).max() == 0


class Blob:
    """An engine that draws a blob into the corner, whatever it is given."""

    backend = device = precision = "blob"
    spec = generator_spec((SIDE, SIDE))

    def run(self, feeds: dict[str, U8]) -> dict[str, U8]:
        frame = feeds["doll"].copy()
        frame[0, :8, :8] = 255
        return {"frame": frame}

    def reset(self) -> None:
        return None


def test_what_the_generator_draws_far_from_the_doll_is_not_shown() -> None:
    (first,) = conditionings(1)
    assert first.doll[:12, :12].max() == 0
    frame = Renderer(Blob(), plate(), gap_reset_s=0.5).step(drawn(first))  # type: ignore[arg-type]
    assert (frame.image[:8, :8] == PLATE).all()


def test_a_new_epoch_or_a_hole_in_time_resets_and_small_gaps_do_not() -> None:
    a, b, c = conditionings(3)
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    generator.step(drawn(a, t_s=0.0))
    generator.step(drawn(b, t_s=0.4))
    assert generator.resets == 0
    generator.step(drawn(c, t_s=1.0))
    assert generator.resets == 1
    generator.step(drawn(a, t_s=1.03, epoch=1))
    assert generator.resets == 2


def test_reset_equals_new() -> None:
    first, second = conditionings(2)
    used, new = (Renderer(fake_engine(), plate(), gap_reset_s=0.5) for _ in range(2))
    used.step(drawn(first))
    carried = used.step(drawn(second)).image
    used.reset()
    fresh = new.step(drawn(second)).image
    assert np.array_equal(used.step(drawn(second)).image, fresh)
    assert not np.array_equal(carried, fresh), "the fake engine shows a state that is kept"


def slow_face(clock: FakeClock) -> Face:
    """A face network that takes 0.25 s."""

    def wait(colours: U8) -> U8:
        clock.now_s += 0.25
        return colours

    return Face(FaceEngine(wait))  # type: ignore[arg-type]


def whitened(colours: U8) -> U8:
    return np.full_like(colours, 255)


def test_the_face_is_painted_before_compositing_and_not_fed_back() -> None:
    first, second = conditionings(2)
    plain = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    with_face = Renderer(fake_engine(), plate(), gap_reset_s=0.5, face=Face(FaceEngine(whitened)))  # type: ignore[arg-type]
    without, painted = plain.step(drawn(first)), with_face.step(drawn(first))
    changed = (without.image != painted.image).any(axis=2)
    box = first.face_box
    assert box is not None
    near = np.s_[box.y0 - 1 : box.y1 + 1, box.x0 - 1 : box.x1 + 1]  # it is painted before rounding
    assert changed[near].any()
    changed[near] = False
    assert not changed.any() and np.array_equal(without.matte, painted.matte)
    faceless = replace(second, face_box=None)
    assert np.array_equal(plain.step(drawn(faceless)).image, with_face.step(drawn(faceless)).image), "not fed back"


def test_the_time_of_the_face_is_that_of_this_step_or_none() -> None:
    (first,) = conditionings(1)
    clock = FakeClock()
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5, face=slow_face(clock), clock=clock)
    generator.step(drawn(first))
    assert generator.face_s == 0.25
    generator.step(drawn(replace(first, face_box=None)))
    assert generator.face_s is None
    generator.step(drawn(first))
    generator.step(RenderInput(7, 1.5, None, 0))
    assert generator.face_s is None and generator.paints_faces
    assert not Renderer(fake_engine(), plate(), gap_reset_s=0.5).paints_faces


def test_a_spare_frames_arrays_are_written_over() -> None:
    first, second = conditionings(2)
    generator = Renderer(None, plate(), gap_reset_s=0.5)
    spare = generator.step(drawn(first))
    frame = generator.step(drawn(second), spare)
    assert frame.image is spare.image and frame.matte is spare.matte
    assert np.array_equal(frame.image, generator.step(drawn(second)).image)


def test_the_card_says_something_and_holds_nothing_else() -> None:
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    frame = generator.step(RenderInput(7, 1.5, None, 0))
    assert (frame.frame_id, frame.t_capture_s) == (7, 1.5)
    assert frame.matte.max() == 0
    assert 2 < len(np.unique(frame.image.reshape(-1, 3), axis=0)) < 300


@pytest.mark.parametrize(("spec", "colour"), [("green", (0, 177, 64)), ("#102030", (16, 32, 48)), ("plate", PLATE)])
def test_backgrounds_by_name_and_colour(spec: str, colour: tuple[int, int, int]) -> None:
    ground = make_background(spec, plate())
    assert ground.shape == (SIDE, SIDE, 3) and ground.flags.c_contiguous
    assert (ground == colour).all()


def test_a_picture_fills_the_canvas_without_being_stretched(tmp_path: Path) -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = (10, 20, 250)  # BGR: the middle square is red
    cv2.imwrite(str(tmp_path / "b.png"), picture)
    ground = make_background(str(tmp_path / "b.png"), plate())
    assert ground.shape == (SIDE, SIDE, 3)
    assert (ground[64, 4:-4] == (250, 20, 10)).all()


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_a_background_that_cannot_be_read_is_a_clear_error(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "b.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TargetError, match=r"b\.png"):
        make_background(str(path), plate())


def stepped(generator: Renderer, steps: list[Conditioning]) -> list[U8]:
    return [generator.step(drawn(step)).image for step in steps]


def test_an_engine_that_is_handed_over_goes_on_from_the_state_and_the_old_one_is_closed() -> None:
    steps = conditionings(6)
    plain, first = Renderer(fake_engine(), plate(), gap_reset_s=0.5), fake_engine()
    generator = Renderer(first, plate(), gap_reset_s=0.5)
    shown = stepped(generator, steps[:3])
    generator.take_engine(second := fake_engine())
    assert generator.engine is first, "not before the next picture"
    shown += stepped(generator, steps[3:])
    assert generator.engine is second and generator.resets == 0
    assert all(np.array_equal(a, b) for a, b in zip(shown, stepped(plain, steps), strict=True))
    with pytest.raises(EngineError, match="closed"):
        first.state()


def test_an_engine_whose_state_cannot_be_carried_starts_anew_and_is_counted() -> None:
    first, second = conditionings(2)
    generator = Renderer(broken := fake_engine(), plate(), gap_reset_s=0.5)
    generator.step(drawn(first))
    broken.close()
    generator.take_engine(fake_engine())
    fresh = Renderer(fake_engine(), plate(), gap_reset_s=0.5).step(drawn(second)).image
    assert np.array_equal(generator.step(drawn(second)).image, fresh) and generator.resets == 1


def test_an_engine_of_another_network_is_refused() -> None:
    spec = fake_engine().spec
    other = open_fake(Path("none"), replace(spec, state=()), precision="auto", threads=1)
    with pytest.raises(EngineError, match="another network"):
        Renderer(fake_engine(), plate(), gap_reset_s=0.5).take_engine(other)


@pytest.mark.parametrize("side", [SIDE // 2, SIDE * 2])
def test_an_engine_that_draws_pictures_of_another_size_is_refused(side: int) -> None:
    other = open_fake(Path("none"), generator_spec((side, side)), precision="auto", threads=1)
    with pytest.raises(TargetError, match=f"canvas of {SIDE}x{SIDE}"):
        Renderer(other, plate(), gap_reset_s=0.5)
    with pytest.raises(TargetError, match=f"canvas of {SIDE}x{SIDE}"):
        Renderer(None, plate(), gap_reset_s=0.5).take_engine(other)


def test_what_was_handed_over_and_never_used_is_closed_too() -> None:
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    generator.take_engine(early := fake_engine())
    generator.close()
    generator.take_engine(late := fake_engine())
    for engine in (early, late):
        with pytest.raises(EngineError, match="closed"):
            engine.state()


def test_faces_come_and_go_between_two_pictures() -> None:
    first, second, third = conditionings(3)
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    generator.take_face_engine(FaceEngine(whitened))  # type: ignore[arg-type]
    generator.step(drawn(first))
    assert generator.face_s is not None and generator.paints_faces
    generator.take_face(None)
    generator.step(drawn(second))
    assert generator.face_s is None and not generator.paints_faces
    with pytest.raises(TargetError, match="face network"):
        generator.take_face_engine(fake_engine())
    generator.step(drawn(third))


def test_the_cutout_is_the_puppet_before_it_stood_anywhere() -> None:
    (first,) = conditionings(1)
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    assert generator.step(drawn(first)).cutout is None
    frame = Renderer(fake_engine(), plate(), gap_reset_s=0.5).step(drawn(first), cutout=True)
    assert frame.cutout is not None and np.array_equal(frame.cutout[..., 3], frame.matte)
    assert frame.matte.max() > 0 and (frame.cutout[frame.matte == 0] == 0).all()
    alpha = frame.cutout[..., 3:].astype(float) / 255
    again = frame.cutout[..., :3] * alpha + np.array(PLATE) * (1 - alpha)
    assert np.abs(again - frame.image).max() <= 1
    card = generator.step(RenderInput(7, 1.5, None, 0), frame, cutout=True)
    assert card.cutout is frame.cutout and card.cutout.max() == 0


def test_a_cut_to_another_scene_resets_as_a_new_epoch_does() -> None:
    first, second = conditionings(2)
    generator = Renderer(fake_engine(), plate(), gap_reset_s=0.5)
    generator.step(drawn(first))
    generator.step(replace(drawn(second), cut=1))
    assert generator.resets == 1
