"""The look at the virtual camera, on fakes: what was sent comes back, or not, or wrong, or there is none."""

import threading
from pathlib import Path

import numpy as np
import pytest

from engines.arrays import U8
from live.doctor.exams.readback import CHART, _exclusive, examine_output
from live.doctor.finding import Finding
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sources.camera_list import CameraDevice
from tests.live.fakes import PATIENCE_S

OURS = CameraDevice(10, "Puppet", virtual=True)


class FakeOutput:
    """A sink; `taken` and `broken`: it cannot be opened, or sent to."""

    def __init__(self, *, taken: bool = False, broken: bool = False) -> None:
        self.name, self.taken, self.broken, self.closed = "virtual camera", taken, broken, False
        self.size = (0, 0)
        self.sent_to = threading.Event()

    def open(self, size: tuple[int, int], fps: float) -> None:
        if self.taken:
            raise SinkError("no virtual camera can be opened", got="busy", do="close the program that sends to it")
        self.name, self.size = "virtual camera /dev/video10", size

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        self.sent_to.set()
        if self.broken:
            raise SinkError("it takes no more pictures", do="start again")
        return True

    def close(self, *, complete: bool) -> None:
        self.closed = True


def looked_at(
    seen: U8 | None = CHART,
    *,
    sink: FakeOutput | None = None,
    devices: list[CameraDevice] | None = [OURS],  # noqa: B006
    programs: tuple[str, ...] = (),
    exclusive: bool | None = True,
) -> Finding:
    sink = sink or FakeOutput()

    def read_back(index: int) -> U8 | None:
        assert index == OURS.index and sink.sent_to.wait(PATIENCE_S)
        return seen

    (finding,) = examine_output(devices, lambda: sink, read_back, lambda device: list(programs), exclusive)  # type: ignore[arg-type, return-value]
    assert sink.closed or not sink.size[0]
    return finding


def test_what_comes_back_as_it_was_sent_is_ok() -> None:
    finding = looked_at(CHART)
    assert finding.mark == "ok"
    assert finding.text == '10 "Puppet": what is sent comes back, 512x512, colours within 0 of 255'
    assert looked_at(CHART.clip(9, 250)).mark == "ok"


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (None, "other programs get none"),
        (CHART[:, ::-1], "colours come back wrong"),
        (CHART[:, :, ::-1], "colours come back wrong"),
        (np.zeros_like(CHART), "colours come back wrong"),
        (CHART[:256], "sent 512x512, read 512x256"),
    ],
)
def test_what_comes_back_otherwise_is_a_warning(seen: U8 | None, told: str) -> None:
    finding = looked_at(seen)
    assert finding.mark == "warning"
    assert told in finding.text and "modprobe" in finding.do


def test_none_is_a_warning_with_how_to_get_one() -> None:
    finding = looked_at(devices=[])
    assert finding.mark == "warning" and finding.text.startswith("none") and finding.do


def test_one_that_others_hold_is_sent_nothing() -> None:
    sink = FakeOutput()
    finding = looked_at(sink=sink, programs=("zoom",))
    assert finding == Finding("warning", '10 "Puppet" is in use by zoom: nothing was sent', "close zoom")
    assert sink.size == (0, 0)


def test_one_that_cannot_be_opened_or_breaks_says_why() -> None:
    assert looked_at(sink=FakeOutput(taken=True)).text == "no virtual camera can be opened; got: busy"
    assert looked_at(sink=FakeOutput(broken=True)).text == "it takes no more pictures"


def test_one_that_browsers_do_not_list_is_a_warning(tmp_path: Path) -> None:
    finding = looked_at(exclusive=False)
    assert finding.mark == "warning" and "Zoom" in finding.text and "exclusive_caps=1" in finding.do
    (tmp_path / "exclusive_caps").write_text("N,N,N\n")
    assert _exclusive(tmp_path / "exclusive_caps") is False
    (tmp_path / "exclusive_caps").write_text("Y,N,N\n")
    assert _exclusive(tmp_path / "exclusive_caps") is True
    assert _exclusive(tmp_path / "none") is None


def test_where_devices_are_not_listed_it_is_opened_only() -> None:
    finding = looked_at(None, devices=None, exclusive=None)
    assert finding.mark == "ok" and "opens" in finding.text
