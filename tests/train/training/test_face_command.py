"""`python -m train face`, and the face stage of `all`: how long it takes, and that its end is theirs."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from train import __main__ as cli
from train.arguments import FACE_MINUTES, parser
from train.training import face

RUN = Path("some.run")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, dict[str, Any]]]:
    """Replaces the training; what was asked of it is here. A run named `stopped` is interrupted."""
    calls: list[tuple[Path, dict[str, Any]]] = []

    def train_face(folder: Path, **arguments: Any) -> bool:
        calls.append((folder, arguments))
        return folder.name != "stopped"

    monkeypatch.setattr(face, "train_face", train_face)
    return calls


@pytest.mark.parametrize(
    ("flags", "end"),
    [
        ([], {"steps": 0, "minutes": FACE_MINUTES, "resume": False}),
        (["--steps", "7"], {"steps": 7, "minutes": 0.0, "resume": False}),
        (["--minutes", "1.5", "--resume"], {"steps": 0, "minutes": 1.5, "resume": True}),
    ],
)
def test_the_command_trains_as_long_as_it_is_told(
    asked: list[tuple[Path, dict[str, Any]]], flags: list[str], end: dict[str, Any]
) -> None:
    assert cli.main(["face", str(RUN), *flags]) == 0
    assert asked == [(RUN, end)]


def test_a_stopped_one_says_how_to_go_on(
    asked: list[tuple[Path, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["face", "stopped"]) == 0
    assert "--resume" in capsys.readouterr().out


def test_steps_and_minutes_exclude_each_other() -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["face", "some.run", "--steps", "1", "--minutes", "1"])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("flags", "end"),
    [
        (["--minutes", "30"], {"minutes": 5.0}),
        (["--minutes", "600"], {"minutes": FACE_MINUTES}),
        (["--minutes", "30", "--face-minutes", "2"], {"minutes": 2.0}),
        (["--steps", "60"], {"steps": 10}),
        (["--steps", "2"], {"steps": 1}),
        (["--steps", "60", "--face-minutes", "2"], {"minutes": 2.0}),
        (["--minutes", "30", "--face-minutes", "0"], None),
    ],
)
def test_in_all_it_takes_a_sixth_and_goes_on_where_it_stopped(
    asked: list[tuple[Path, dict[str, Any]]], flags: list[str], end: dict[str, Any] | None
) -> None:
    chosen: Namespace = parser().parse_args(["all", "film.mp4", "--name", "paper", *flags])
    assert cli._train_face(RUN, chosen)
    assert asked == ([] if end is None else [(RUN, {**end, "resume": True})])
    assert end is None or not cli._train_face(Path("stopped"), chosen)
