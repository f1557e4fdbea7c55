"""The gate: what it lets through, what it refuses, and that it leaves each engine its own pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.arrays import U8
from engines.backends.host_engine import Arrays, HostEngine, Step
from engines.backends.onnxruntime_engine import open_reference
from engines.engine import EngineSpec, TensorSpec
from engines.errors import EngineError
from engines.selection.compare import compare
from tests.engines.tiny_model import tiny_feeds, tiny_spec

_SHAPE = (1, 8, 8, 4)
SPEC = EngineSpec(
    inputs=(TensorSpec("doll", _SHAPE), TensorSpec("previous", _SHAPE)),
    outputs=(TensorSpec("frame", _SHAPE),),
    state=(("frame", "previous"),),
)
Draw = Callable[[U8, U8], np.ndarray]


def engine_of(draw: Draw) -> HostEngine:
    """frame = draw(doll, previous)."""

    def prepare(inputs: Arrays, outputs: Arrays) -> Step:
        def step() -> None:
            outputs["frame"][:] = np.clip(draw(inputs["doll"], inputs["previous"]), 0, 255)

        return step

    return HostEngine(SPEC, prepare, backend="fake", device="CPU", precision="uint8", detail="for the gate")


def feeds(count: int = 60, alpha: int = 255) -> list[dict[str, U8]]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        doll = rng.integers(60, 120, _SHAPE, np.uint8)
        doll[..., 3] = alpha
        found.append({"doll": doll})
    return found


def drawn(doll: U8, previous: U8) -> np.ndarray:
    frame = doll.astype(int) // 2 + previous // 4 + 60
    frame[..., 3] = 255
    return frame


def test_the_same_engine_passes_as_identical() -> None:
    verdict = compare(engine_of(drawn), engine_of(drawn), feeds())
    assert (verdict.refusal, verdict.frames, verdict.loop_mean, verdict.growth) == ("", 60, 0.0, 1.0)
    assert verdict.psnr_db == verdict.figure_db == float("inf")
    assert "identical over 60 frames" in str(verdict)


def test_a_small_steady_difference_passes_with_its_figures() -> None:
    verdict = compare(engine_of(lambda d, p: drawn(d, p) + 1), engine_of(drawn), feeds())
    assert verdict.refusal == ""
    assert verdict.single_mean == pytest.approx(0.8, abs=0.3)
    assert 44 < verdict.psnr_db < 50


def test_a_large_difference_is_refused_with_its_figures() -> None:
    refusal = compare(engine_of(lambda d, p: drawn(d, p) - 12), engine_of(drawn), feeds()).refusal
    assert " dB against the reference in the figure, wanted: at least 35" in refusal
    assert "levels off on average, wanted: at most 2.0" in refusal


def test_an_error_that_feeds_on_itself_is_refused_though_each_step_is_right() -> None:
    def climbs(doll: U8, previous: U8) -> np.ndarray:
        return previous.astype(int) + (previous < 200)

    def stays(doll: U8, previous: U8) -> np.ndarray:
        return previous.astype(int)

    verdict = compare(engine_of(climbs), engine_of(stays), feeds(100))
    assert verdict.single_mean <= 1
    assert "grows" in verdict.refusal


def test_colours_where_nothing_shows_are_of_no_matter_to_what_is_seen() -> None:
    def other_colours(doll: U8, previous: U8) -> np.ndarray:
        frame = doll.astype(int)
        frame[..., :3] += 2
        return frame

    verdict = compare(engine_of(other_colours), engine_of(lambda d, p: d.astype(int)), feeds(20, alpha=0))
    assert (verdict.loop_mean, verdict.psnr_db, verdict.figure_db) == (0.0, float("inf"), float("inf"))


def test_a_difference_in_a_small_figure_is_not_hidden_by_the_empty_picture_around_it() -> None:
    def with_a_figure(level: int) -> Draw:
        def draw(doll: U8, previous: U8) -> np.ndarray:
            frame = np.zeros(_SHAPE, int)
            frame[0, 0, 0] = (level, level, level, 255)
            return frame

        return draw

    verdict = compare(engine_of(with_a_figure(120)), engine_of(with_a_figure(100)), feeds(20))
    assert verdict.psnr_db > 35 > verdict.figure_db
    assert "in the figure" in verdict.refusal


def test_only_the_first_frames_are_looked_at_when_asked_so() -> None:
    drawn_feeds = 0

    def counted() -> Iterator[dict[str, U8]]:
        nonlocal drawn_feeds
        for feed in feeds():
            drawn_feeds += 1
            yield feed

    assert compare(engine_of(drawn), engine_of(drawn), counted(), frames=4).frames == 4
    assert drawn_feeds == 4


def test_the_loop_of_an_engine_is_not_disturbed_by_the_single_steps(tiny_network: Path) -> None:
    """With a network and without looking in between, the last frame is the same."""
    candidate, reference, alone = (open_reference(tiny_network, tiny_spec()) for _ in range(3))
    frames = [tiny_feeds(seed) for seed in range(12)]
    compare(candidate, reference, frames)
    for feed in frames:
        alone.run(feed)
    assert np.array_equal(candidate.state()["previous"], alone.state()["previous"])
    assert np.array_equal(reference.state()["previous"], alone.state()["previous"])
    for engine in (candidate, reference, alone):
        engine.close()


def test_nothing_to_compare_and_two_networks_are_refused(tiny_network: Path) -> None:
    with pytest.raises(EngineError, match="nothing to compare"):
        compare(engine_of(drawn), engine_of(drawn), [])
    other = open_reference(tiny_network, tiny_spec())
    with pytest.raises(EngineError, match="the engines run different networks"):
        compare(engine_of(drawn), other, feeds())
    other.close()
