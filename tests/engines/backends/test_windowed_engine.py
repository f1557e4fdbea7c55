"""What a network draws in windows that follow its figure, against the same network on the whole canvas."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import U8
from engines.backends.fake_engine import open_fake
from engines.backends.windowed_engine import STEP_PX, Window, WindowedEngine, can_be_windowed, figure_box, window_sizes
from engines.engine import Engine, EngineSpec, TensorSpec
from engines.errors import EngineError

WIDTH, HEIGHT = 256, 192
Box = tuple[int, int, int, int]


def spec(figure: str = "doll", width: int = WIDTH, height: int = HEIGHT) -> EngineSpec:
    picture = (1, height, width, 4)
    return EngineSpec(
        (
            TensorSpec("pose_map", (1, height // 4, width // 4, 3)),
            TensorSpec("doll", picture),
            TensorSpec("previous", picture),
        ),
        (TensorSpec("frame", picture),),
        (("frame", "previous"),),
        figure,
    )


def whole(part: EngineSpec) -> Engine:
    return open_fake(Path("none"), part, precision="uint8", threads=1)


def feeds(box: Box | None, shade: int = 200) -> dict[str, U8]:
    """A figure that fills the box (left, top, right, bottom)."""
    doll = np.zeros((1, HEIGHT, WIDTH, 4), np.uint8)
    if box is not None:
        left, top, right, bottom = box
        doll[:, top:bottom, left:right] = shade
    return {"doll": doll, "pose_map": np.full((1, HEIGHT // 4, WIDTH // 4, 3), shade, np.uint8)}


@pytest.fixture
def engine() -> Iterator[WindowedEngine]:
    opened = WindowedEngine(spec(), whole)
    yield opened
    opened.close()


def cut(picture: U8, window: Window) -> U8:
    """The picture, empty outside of the window."""
    kept = np.zeros_like(picture)
    inside = (slice(None), slice(window.y, window.y + window.height), slice(window.x, window.x + window.width))
    kept[inside] = picture[inside]
    return kept


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return left, top, draw(st.integers(left + 1, WIDTH)), draw(st.integers(top + 1, HEIGHT))


@given(st.lists(st.one_of(st.none(), boxes()), min_size=1, max_size=8))
def test_it_draws_what_the_whole_canvas_shows_in_the_window_and_nothing_outside(path: list[Box | None]) -> None:
    windowed, reference = WindowedEngine(spec(), whole), whole(spec())
    previous = np.zeros((1, HEIGHT, WIDTH, 4), np.uint8)
    for shade, box in enumerate(path, 100):
        fed = feeds(box, shade)
        drawn = windowed.run(fed)["frame"]
        reference.load_state({"previous": cut(previous, windowed.window)})
        previous = cut(reference.run(fed)["frame"], windowed.window)
        assert np.array_equal(drawn, previous)
        assert np.array_equal(windowed.state()["previous"], previous)


@given(boxes())
def test_the_figure_with_a_margin_is_always_inside(box: Box) -> None:
    windowed = WindowedEngine(spec(), whole)
    windowed.run(feeds(box))
    window, (left, top, right, bottom) = windowed.window, box
    assert window.holds((max(left - 24, 0), max(top - 24, 0), min(right + 24, WIDTH), min(bottom + 24, HEIGHT)))
    assert not any(side % STEP_PX for side in (window.x, window.y, window.width, window.height))
    assert window.x + window.width <= WIDTH and window.y + window.height <= HEIGHT


def test_a_small_figure_is_drawn_in_the_smallest_window_and_a_large_one_on_the_whole_canvas(
    engine: WindowedEngine,
) -> None:
    engine.run(feeds((100, 40, 130, 150)))
    assert (engine.window.width, engine.window.height) == window_sizes((WIDTH, HEIGHT))[0]
    engine.run(feeds((10, 10, 250, 180)))
    assert (engine.window.width, engine.window.height) == (WIDTH, HEIGHT)
    assert engine.frames_by_size() == {window_sizes((WIDTH, HEIGHT))[0]: 1, (WIDTH, HEIGHT): 1}


def test_a_window_too_large_is_kept_for_half_a_second(engine: WindowedEngine) -> None:
    engine.run(feeds((10, 10, 250, 180)))
    large = engine.window
    seen = []
    for _ in range(20):
        engine.run(feeds((100, 40, 130, 150)))
        seen.append(engine.window == large)
    assert seen == [True] * 14 + [False] * 6


def test_a_figure_that_sways_stays_in_its_window(engine: WindowedEngine) -> None:
    places = set()
    for frame in range(60):
        sway = round(6 * np.sin(frame / 5))
        engine.run(feeds((100 + sway, 40, 130 + sway, 150)))
        places.add(engine.window)
    assert len(places) == 1


def test_while_nobody_is_shown_the_window_stays(engine: WindowedEngine) -> None:
    engine.run(feeds((100, 40, 130, 150)))
    window = engine.window
    engine.run(feeds(None))
    assert engine.window == window


def test_a_new_start_forgets_the_window_and_the_state(engine: WindowedEngine) -> None:
    first = engine.run(feeds((100, 40, 130, 150)))["frame"].copy()
    window = engine.window
    engine.run(feeds((10, 10, 250, 180)))
    engine.reset()
    assert np.array_equal(engine.run(feeds((100, 40, 130, 150)))["frame"], first) and engine.window == window


def test_a_state_moves_between_windowed_and_whole(engine: WindowedEngine) -> None:
    box = (100, 40, 130, 150)
    engine.run(feeds(box))
    other = whole(spec())
    other.load_state(engine.state())
    back = WindowedEngine(spec(), whole)
    back.load_state(other.state())
    wanted = engine.run(feeds(box))["frame"].copy()
    assert np.array_equal(other.run(feeds(box))["frame"], wanted)
    assert np.array_equal(back.run(feeds(box))["frame"], wanted)


def test_wrong_feeds_and_a_closed_engine_are_refused(engine: WindowedEngine) -> None:
    with pytest.raises(EngineError, match="wrong names"):
        engine.run({"doll": feeds(None)["doll"]})
    with pytest.raises(EngineError, match="do not fit"):
        engine.run({**feeds(None), "doll": np.zeros((1, 8, 8, 4), np.uint8)})
    described = engine.describe()
    engine.close()
    engine.close()
    assert engine.describe() == described, "whoever shows the state may ask in the moment of an exchange"
    for use in (lambda: engine.run(feeds(None)), engine.reset, engine.state):
        with pytest.raises(EngineError, match="closed"):
            use()


def test_if_one_size_cannot_be_opened_those_that_were_are_closed() -> None:
    opened: list[Engine] = []

    def open_size(part: EngineSpec) -> Engine:
        if len(opened) == 2:
            raise EngineError("no more")
        opened.append(whole(part))
        return opened[-1]

    with pytest.raises(EngineError, match="no more"):
        WindowedEngine(spec(), open_size)
    for engine in opened:
        with pytest.raises(EngineError, match="closed"):
            engine.reset()


def test_sizes_are_whole_steps_smallest_first_and_never_the_canvas() -> None:
    assert window_sizes((512, 512)) == [(256, 480), (288, 512), (352, 512)]
    for canvas in ((512, 768), (768, 512), (64, 64), (32, 32)):
        sizes = window_sizes(canvas)
        assert canvas not in sizes and sizes == sorted(sizes, key=lambda size: size[0] * size[1])
        assert not any(side % STEP_PX for size in sizes for side in size)


def test_only_a_network_with_a_figure_on_a_canvas_of_whole_steps_has_windows() -> None:
    assert can_be_windowed(spec()) and not can_be_windowed(spec(figure=""))
    assert not can_be_windowed(spec(width=264))


def test_a_figure_must_be_a_picture_with_alpha() -> None:
    for wrong in ("pose_map", "previous", "nobody"):
        with pytest.raises(EngineError, match="figure"):
            spec(figure=wrong)


def test_the_box_of_a_figure_is_that_of_its_alpha() -> None:
    picture = np.zeros((20, 30, 4), np.uint8)
    picture[..., :3] = 255
    assert figure_box(picture) is None
    picture[5, 7, 3] = picture[8, 3, 3] = 1
    assert figure_box(picture) == (3, 5, 8, 9)
