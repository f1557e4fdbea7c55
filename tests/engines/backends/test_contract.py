"""The contract of `engines.engine.Engine`, over every backend that this machine can load."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.backends.onnxruntime_engine import open_reference
from engines.engine import Engine
from engines.errors import EngineError
from engines.selection.candidates import BACKENDS
from tests.engines.tiny_model import tiny_feeds, tiny_spec

# Backend and precision; "plain": the bundle's own file, where it is otherwise what the backend prepared of it;
# "windows": that, following the figure.
ENGINES = (
    "onnxruntime fp32 plain",
    "onnxruntime int8",
    "openvino fp32",
    "openvino fp32 plain",
    "openvino fp32 windows",
    "openvino bf16",
    "openvino int8",
    "fake uint8 plain",
)
FRAMES = 6
# Largest and mean difference in 0..255 from the reference over FRAMES frames. fp32: another order of sums, then
# truncation to uint8. bf16 has 8 bits of mantissa. int8: the ranges are those of noise, as is what is drawn.
TOLERANCE = {"fp32": (1, 0.01), "bf16": (6, 0.6), "int8": (60, 4.0)}

Open = Callable[[], Engine]


@pytest.fixture(autouse=True, scope="module")
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """OpenVINO compiles each network once for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDL_CACHE", str(tmp_path_factory.mktemp("engines")))
        yield


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    backend, precision = str(request.param).split()[:2]
    missing = BACKENDS[backend].available() or BACKENDS[backend].unsupported_reason(precision)
    if missing:
        pytest.skip(missing)
    return str(request.param)


@pytest.fixture(scope="session")
def prepared(tiny_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """What a backend made of the tiny network, by name."""
    made: dict[str, Path] = {}

    def artifact(name: str) -> Path:
        if name.endswith("plain"):
            return tiny_network
        if name not in made:
            backend, precision = name.split()[:2]
            folder, feeds = tmp_path_factory.mktemp("prepared"), [tiny_feeds(seed) for seed in range(8)]
            made[name] = BACKENDS[backend].prepare(tiny_network, tiny_spec(), precision, folder, feeds, lambda _: None)
        return made[name]

    return artifact


@pytest.fixture
def open_it(name: str, prepared: Callable[[str], Path]) -> Iterator[Open]:
    backend, precision = name.split()[:2]
    opened: list[Engine] = []

    def open_another() -> Engine:
        spec = replace(tiny_spec(), figure="doll") if name.endswith("windows") else tiny_spec()
        opened.append(BACKENDS[backend].open(prepared(name), spec, precision=precision, threads=1))
        return opened[-1]

    yield open_another
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_it: Open) -> Engine:
    return open_it()


def frames_of(engine: Engine, count: int = FRAMES, first: int = 0) -> np.ndarray:
    """`count` successive frames, copied: (count, 1, H, W, 4) uint8."""
    return np.array([engine.run(tiny_feeds(seed))["frame"].copy() for seed in range(first, first + count)])


def test_it_says_what_it_is(engine: Engine, name: str) -> None:
    assert [engine.backend, engine.precision] == name.split()[:2]
    assert (replace(engine.spec, figure=""), engine.device) == (tiny_spec(), "CPU")
    line = engine.describe()
    assert line.startswith(f"{engine.backend} CPU {engine.precision}, ")
    assert "\n" not in line


def test_outputs_have_the_spec_s_names_shapes_and_dtypes(engine: Engine) -> None:
    outputs = engine.run(tiny_feeds())
    assert list(outputs) == ["frame"]
    assert (outputs["frame"].shape, outputs["frame"].dtype) == ((1, 32, 32, 4), np.uint8)
    assert outputs["frame"].flags.c_contiguous


def test_it_equals_the_reference_within_its_tolerance(engine: Engine, name: str, tiny_network: Path) -> None:
    precision = name.split()[1]
    if precision not in TOLERANCE:
        pytest.skip("the fake runs no model")
    reference = open_reference(tiny_network, tiny_spec())
    wanted = frames_of(reference).astype(int)
    reference.close()
    assert np.ptp(wanted) > 200, "the model must use the range, or any engine would pass"
    difference = np.abs(frames_of(engine) - wanted)
    largest, mean = TOLERANCE[precision]
    assert difference.max() <= largest
    assert difference.mean() <= mean


def test_the_previous_frame_is_fed_back(engine: Engine) -> None:
    first, second = (engine.run(tiny_feeds(0))["frame"].copy() for _ in range(2))
    assert not np.array_equal(first, second), "same feeds, another state"
    assert np.array_equal(engine.state()["previous"], second)


def test_a_frame_depends_on_the_state_and_the_feeds_alone(engine: Engine, open_it: Open) -> None:
    wanted = frames_of(engine)
    other = open_it()
    for seed, frame in enumerate(wanted):
        other.load_state({"previous": wanted[seed - 1] if seed else np.zeros_like(frame)})
        assert np.array_equal(other.run(tiny_feeds(seed))["frame"], frame)


@pytest.mark.parametrize("runs_before", [0, 1, 2, 3])
def test_a_reset_engine_equals_a_new_one(engine: Engine, open_it: Open, runs_before: int) -> None:
    frames_of(engine, runs_before, first=7)
    engine.reset()
    assert not engine.state()["previous"].any()
    assert np.array_equal(frames_of(engine), frames_of(open_it()))


@pytest.mark.parametrize("runs_before", [0, 1, 2])
def test_the_state_can_be_carried_to_another_engine(engine: Engine, open_it: Open, runs_before: int) -> None:
    frames_of(engine, 3)
    other = open_it()
    frames_of(other, runs_before, first=9)
    other.load_state(engine.state())
    assert np.array_equal(frames_of(other, first=3), frames_of(engine, first=3))


def test_a_given_state_is_a_copy(engine: Engine) -> None:
    frames_of(engine, 1)
    engine.state()["previous"].fill(99)
    mine = engine.state()
    engine.load_state(mine)
    mine["previous"].fill(77)
    assert not (engine.state()["previous"] == 77).all()
    assert not (engine.state()["previous"] == 99).all()


def test_an_output_stays_until_the_next_run_whatever_happens_to_the_state(engine: Engine) -> None:
    shown = engine.run(tiny_feeds())["frame"]
    wanted = shown.copy()
    engine.reset()
    engine.reset()
    engine.load_state({"previous": np.full_like(wanted, 5)})
    engine.reset()
    assert np.array_equal(shown, wanted)


def test_outputs_reuse_their_buffers(engine: Engine) -> None:
    seen = {engine.run(tiny_feeds())["frame"].ctypes.data for _ in range(8)}
    assert len(seen) <= 2


def test_an_output_cannot_be_drawn_upon(engine: Engine) -> None:
    with pytest.raises(ValueError, match="read-only"):
        engine.run(tiny_feeds())["frame"][:] = 0


def test_feeds_of_any_memory_layout_count_the_same_and_are_not_touched(engine: Engine, open_it: Open) -> None:
    feeds = tiny_feeds()
    strided = {n: np.asfortranarray(a) for n, a in feeds.items()}
    for array in strided.values():
        array.flags.writeable = False
    assert not strided["doll"].flags.c_contiguous
    assert np.array_equal(engine.run(strided)["frame"], open_it().run(feeds)["frame"])
    assert all(np.array_equal(strided[n], feeds[n]) for n in feeds)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop("doll"), "wrong names; got: pose_map; wanted: doll, pose_map"),
        (lambda f: f.update(previous=f["doll"]), "wrong names; got: doll, pose_map, previous"),
        (lambda f: f.update(doll=f["doll"][0]), r"got: doll uint8\[32, 32, 4\]; wanted: doll uint8\[1, 32, 32, 4\]"),
        (lambda f: f.update(doll=f["doll"][:, :16]), r"got: doll uint8\[1, 16, 32, 4\]"),
        (lambda f: f.update(doll=f["doll"].astype(np.float32)), "got: doll float32"),
        (lambda f: f.update(doll=f["doll"].astype(np.int8)), "got: doll int8"),
        (lambda f: f.update(doll=f["doll"].tolist()), "got: doll: list"),
        (lambda f: f.clear(), "got: nothing"),
    ],
)
def test_wrong_feeds_are_refused_and_change_nothing(
    engine: Engine, open_it: Open, change: Callable[[dict[str, np.ndarray]], object], message: str
) -> None:
    frames_of(engine, 1)
    wrong = tiny_feeds(1)
    change(wrong)
    with pytest.raises(EngineError, match=message):
        engine.run(wrong)
    other = open_it()
    assert np.array_equal(frames_of(engine, 2, first=1), frames_of(other, 3)[1:])


def test_a_wrong_state_is_refused_and_changes_nothing(engine: Engine) -> None:
    frames_of(engine, 1)
    before = engine.state()["previous"]
    for wrong in ({}, {"frame": before}, {"previous": before[:, :8]}, {"previous": before.astype(float)}):
        with pytest.raises(EngineError, match="state arrays"):
            engine.load_state(wrong)
    assert np.array_equal(engine.state()["previous"], before)


def test_two_engines_side_by_side_do_not_meet(engine: Engine, open_it: Open) -> None:
    wanted = frames_of(open_it())
    other = open_it()
    for seed, frame in enumerate(wanted):
        other.run(tiny_feeds(seed + 50))
        assert np.array_equal(engine.run(tiny_feeds(seed))["frame"], frame)


def test_another_thread_may_use_it(engine: Engine, open_it: Open) -> None:
    wanted = frames_of(open_it())
    got: list[np.ndarray] = [frames_of(engine, 3)]
    thread = threading.Thread(target=lambda: got.append(frames_of(engine, 3, first=3)))
    thread.start()
    thread.join()
    assert np.array_equal(np.concatenate(got), wanted)


def test_threads_at_once_wait_for_each_other(engine: Engine, open_it: Open) -> None:
    def run_some() -> None:
        for _ in range(5):
            engine.run(tiny_feeds(0))

    threads = [threading.Thread(target=run_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other = open_it()
    for _ in range(15):
        other.run(tiny_feeds(0))
    assert np.array_equal(engine.state()["previous"], other.state()["previous"])


def test_a_closed_engine_refuses_and_may_be_closed_again(engine: Engine) -> None:
    shown, described = engine.run(tiny_feeds())["frame"], engine.describe()
    engine.close()
    engine.close()
    assert engine.describe() == described, "whoever shows the state may ask in the moment of an exchange"
    for use in (lambda: engine.run(tiny_feeds()), engine.reset, engine.state, lambda: engine.load_state({})):
        with pytest.raises(EngineError, match="is closed"):
            use()
    assert shown.any(), "a buffer still held by somebody is not freed under them"
