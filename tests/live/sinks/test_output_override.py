"""Hide and freeze: what may leave, however the frames come; recordings that begin and end while it runs."""

import threading
from pathlib import Path

import numpy as np
import pytest

from live.control.director import Director
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.render.standby_card import back_soon_card
from live.scene.settings import SettingsError
from live.sinks.output_override import NO_PICTURE, OutputOverride
from live.sinks.several import Sinks
from live.sinks.video_file import VideoFileSink
from tests.live.command_line import pictures
from tests.live.fakes import Collector
from tests.live.patience import PATIENCE_S
from tests.live.scenery import Show, write_scenery
from tests.live.tiny_target import SIDE

CARD = back_soon_card(SIDE, SIDE)


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenery(tmp_path_factory.mktemp("scenery"))


def frame(number: int, *, cutout: bool = False) -> PuppetFrame:
    image = np.full((SIDE, SIDE, 3), number, np.uint8)
    matte = np.full((SIDE, SIDE), 255, np.uint8)
    return PuppetFrame(
        number, number / 30, image, matte, np.full((SIDE, SIDE, 4), number, np.uint8) if cutout else None
    )


def test_hidden_is_the_card_without_a_matte_and_without_a_cutout() -> None:
    override = OutputOverride()
    override.hidden = True
    shown = override.apply(frame(7, cutout=True))
    assert np.array_equal(shown.image, CARD) and shown.frame_id == NO_PICTURE
    assert shown.matte.max() == 0 and shown.cutout is not None and shown.cutout.max() == 0


def test_frozen_is_a_copy_of_the_first_picture_and_hidden_has_precedence() -> None:
    override, first = OutputOverride(), frame(7, cutout=True)
    override.frozen = True
    override.apply(first)
    first.image[:] = 99  # the loop writes its next picture into these arrays
    shown = override.apply(frame(8))
    assert (shown.image == 7).all() and shown.frame_id == 7
    override.hidden = True
    assert np.array_equal(override.apply(frame(9)).image, CARD)
    override.hidden = override.frozen = False
    assert override.apply(frame(10)).frame_id == 10


def test_no_picture_leaves_after_hide_has_returned_not_even_one_that_was_made_before(scenery: Path) -> None:
    hidden: list[int] = []

    def hide(director: Director) -> None:
        director.hide(True)
        hidden.append(len(show.sink.images))

    def unhide(director: Director) -> None:
        hidden.append(len(show.sink.images))
        director.hide(False)

    show = Show(scenery, {10: hide, 25: unhide})
    show.run()
    behind = show.sink.images[hidden[0] : hidden[1]]
    assert len(behind) >= 13 and all(np.array_equal(image, CARD) for image in behind)
    assert len(show.sink.images) == 40, "every window has its picture"
    assert not np.array_equal(show.sink.images[-1], CARD)
    assert not np.array_equal(show.sink.images[5], CARD)


class Gated(Collector):
    """A sink whose send waits."""

    def __init__(self) -> None:
        super().__init__()
        self.busy, self.gate = threading.Event(), threading.Event()

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        self.busy.set()
        assert self.gate.wait(PATIENCE_S)
        return super().send(frame, tick)


def test_hide_waits_for_the_picture_that_is_just_leaving() -> None:
    gated = Gated()
    sinks = Sinks([gated], lambda _: None)
    sinks.open((SIDE, SIDE), 30.0)
    sending = threading.Thread(target=sinks.send, args=(frame(1), 0))
    sending.start()
    assert gated.busy.wait(PATIENCE_S)
    sent_when_hidden: list[int] = []
    hiding = threading.Thread(target=lambda: (sinks.hide(True), sent_when_hidden.append(len(gated.images))))
    hiding.start()
    hiding.join(0.05)  # it would have returned by now if it did not wait
    gated.gate.set()
    hiding.join(PATIENCE_S)
    sending.join(PATIENCE_S)
    assert sent_when_hidden == [1]
    sinks.send(frame(2), 1)
    assert np.array_equal(gated.images[-1], CARD)


def test_a_sink_that_hangs_does_not_keep_hide_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.sinks.several._PATIENCE_S", 0.01)
    gated = Gated()
    sinks = Sinks([gated], lambda _: None)
    sinks.open((SIDE, SIDE), 30.0)
    sending = threading.Thread(target=sinks.send, args=(frame(1), 0))
    sending.start()
    assert gated.busy.wait(PATIENCE_S)
    sinks.hide(True)
    gated.gate.set()
    sending.join(PATIENCE_S)


def test_frozen_one_picture_goes_out_until_it_is_off(scenery: Path) -> None:
    orders = {10: lambda director: director.freeze(True), 30: lambda director: director.freeze(False)}
    show = Show(scenery, orders).run()  # type: ignore[arg-type]
    images = show.sink.images
    assert len(images) == 40
    assert all(np.array_equal(image, images[13]) for image in images[13:27])
    assert not np.array_equal(images[13], images[5]) and not np.array_equal(images[13], images[-1])
    changes = [(change["name"], change["value"]) for change in show.report.to_json()["changes"]]
    assert changes == [("freeze", True), ("freeze", False)]


def test_a_hidden_or_frozen_picture_is_no_new_frame(scenery: Path) -> None:
    hidden = Show(scenery, {0: lambda director: director.hide(True)}).run()
    assert hidden.report.capture_to_send.count == 0 and hidden.report.sent.count == 40


def test_a_recording_begins_and_ends_while_it_runs_and_plays_at_once(scenery: Path, tmp_path: Path) -> None:
    recorded: list[np.ndarray] = []
    states: list[object] = []

    def start(director: Director) -> None:
        assert director.record(tmp_path / "a.mp4") == tmp_path / "a.mp4"
        assert director.record(None) == tmp_path / "a.mp4", "one at a time"
        states.append(director.state().recording)

    def stop(director: Director) -> None:
        assert director.stop_recording() == tmp_path / "a.mp4"
        recorded.extend(pictures(str(tmp_path / "a.mp4")))
        assert director.stop_recording() is None
        states.append(director.state().recording)

    show = Show(scenery, {10: start, 20: lambda director: director.hide(True), 30: stop})
    show.run()
    assert abs(len(recorded) - (30 - 10)) <= 2, "one or two frames are on their way when it begins and ends"
    assert np.abs(recorded[-1].astype(int) - CARD).mean() < 6, "hidden in the recording too"
    assert np.abs(recorded[0].astype(int) - CARD).mean() > 20
    assert states == [str(tmp_path / "a.mp4"), None] and len(show.sink.images) == 40
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_recording_that_is_still_on_at_the_end_is_complete(
    scenery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named: list[Path | None] = []
    Show(scenery, {10: lambda director: named.append(director.record())}).run()
    (file,) = tmp_path.iterdir()
    assert named == [Path(file.name)] and file.name.startswith("puppet-20") and file.suffix == ".mp4"
    assert len(pictures(str(file))) >= 28


def test_a_recording_that_cannot_be_written_is_refused_and_the_others_go_on(scenery: Path, tmp_path: Path) -> None:
    refused: list[str] = []

    def start(director: Director) -> None:
        for path in (tmp_path / "no" / "a.mp4", tmp_path / "a.gif"):
            with pytest.raises((SinkError, SettingsError)) as error:
                director.record(path)
            refused.append(str(error.value))

    show = Show(scenery, {10: start}).run()
    assert "no folder" in refused[0] and "FILE.mp4" in refused[1]
    assert len(show.sink.images) == 40 and show.director.state().recording is None


def test_a_disk_that_is_full_ends_the_recording_alone(
    scenery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(sink: VideoFileSink, frame: PuppetFrame, tick: int) -> bool:
        raise SinkError("the disk is full")

    monkeypatch.setattr(VideoFileSink, "send", full)
    show = Show(scenery, {10: lambda director: director.record(tmp_path / "a.mp4")}).run()
    assert len(show.sink.images) == 40 and show.director.state().recording is None
    assert show.said == ["output lost: the disk is full"]


def test_no_output_is_added_to_a_run_that_is_over(tmp_path: Path) -> None:
    sinks = Sinks([Collector()], lambda _: None)
    sinks.open((SIDE, SIDE), 30.0)
    sinks.close(complete=True)
    with pytest.raises(SinkError, match="has ended"):
        sinks.add(Collector())
