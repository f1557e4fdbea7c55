import os
import signal
from pathlib import Path
from typing import Any

import pytest

import train.films.prepare
from engines.bundle import open_bundle
from tests.train.dataset_folder import write_dataset
from train import __main__ as cli
from train.bundle import export
from train.measure import evaluate
from train.training import run as runs
from train.training.config import LossWeights, RunConfig
from train.training.step import StepReport, Trainer

SMALL = ["--batch", "1", "--crop", "64", "64", "--threads", "1", "--precision", "fp32"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replaces `prepare` by one that writes the synthetic data set; the films it was given are here."""
    films: list[Any] = []

    def prepare(given: list[Any], *, name: str, out: Path) -> Path:
        films.extend(given)
        return write_dataset(out / name, 150)

    monkeypatch.setattr(train.films.prepare, "prepare", prepare)
    monkeypatch.setattr(evaluate, "open_estimator", lambda kind, say: None)
    return films


def everything(tmp_path: Path, *flags: str) -> int:
    places = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "puppy")]
    return cli.main(["all", "film.mp4", "--name", "paper", *places, *SMALL, *flags])


def test_describe_prints_size_and_arithmetic(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", "--canvas", "64"]) == 0
    assert "lite" in (text := capsys.readouterr().out) and "at 64x64" in text


@pytest.mark.parametrize("arguments", [[], ["dance"], ["run"], ["run", "data", "--out", "x", "--steps", "many"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        *(["prepare", "film.mp4", "--name", name, "--work", "work"] for name in ("../me", "", "{tmp}/me", ".", "..")),
        *(["all", "film.mp4", "--name", "me", "--work", "work", "--out", out] for out in ("work/me", "work", "", ".")),
        ["prepare", "work/me/film.mp4", "--name", "me", "--work", "work"],
        ["prepare", "link.mp4", "--name", "me", "--work", "work"],
        ["prepare", "film.mp4", "--plate", "work/me/plate.png", "--name", "me", "--work", "work"],
        ["prepare", "film.mp4", "--name", "me", "--work", ""],
        ["run", "work/me", "--out", "work", "--steps", "5"],
        ["run", "work/me", "--out", "work/me/run", "--steps", "5"],
        ["ablate", "work/me", "--out", "work/me", "--steps", "5"],
        *(["export", "work/me.run", "--out", out] for out in ("work/me.run", "work", "", "..")),
        *(
            ["transfer", "film.mp4", "--target", "human", "--out", out]
            for out in ("film.mp4", "hard.mp4", "./film.mp4")
        ),
        ["transfer", "film.mp4", "--target", "work/me", "--out", "work/me/out.mp4"],
        ["transfer", "film.mp4", "--target", "human", "--background", "set.mp4", "--out", "set.mp4"],
        ["bench", "--target", "work/me", "--chart", "work/me/poster.png"],
    ],
)
def test_what_would_write_over_something_is_refused_before_anything_is_done(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("work/me", "work/me.run"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("film.mp4", "set.mp4", "work/me/film.mp4", "work/me/plate.png", "work/me/manifest.json"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "link.mp4").symlink_to("work/me/film.mp4")
    os.link("film.mp4", "hard.mp4")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(cli, "COMMANDS", {})
    with pytest.raises(SystemExit) as stop:
        cli.main([argument.format(tmp=tmp_path) for argument in arguments])
    assert stop.value.code == 2 and sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "nowhere", "--out", "{tmp}/run", "--steps", "5"],
        ["run", "nowhere", "--out", "{tmp}/run"],
        ["run", "nowhere", "--out", "{tmp}/run", "--steps", "5", "--weight", "beauty=3"],
        ["run", "nowhere", "--out", "{tmp}/run", "--steps", "5", "--weight", "matte"],
        ["evaluate", "{tmp}"],
        ["export", "{tmp}", "--out", "{tmp}/out"],
        ["prepare", "a.mp4", "b.mp4", "--matte", "m.mp4", "--name", "x", "--work", "{tmp}"],
    ],
)
def test_a_failure_is_one_line_and_exits_1(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([argument.format(tmp=tmp_path) for argument in arguments]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_flags_become_the_runs_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunConfig] = []
    monkeypatch.setattr(runs, "run", lambda folder, config: bool(asked.append(config)) or True)
    flags = "--weight matte=2 --weight ping_pong=0.5 --lengthen-at 0.3 0.6 --gan hinge --preset full --teacher old.run"
    assert cli.main(["run", "data", "--out", "run", "--steps", "5", *flags.split()]) == 0
    config = asked[0]
    assert config.weights == LossWeights(matte=2.0, ping_pong=0.5) and config.lengthen_at == (0.3, 0.6)
    assert (config.gan, config.preset, Path(config.teacher).name) == ("hinge", "full", "old.run")


def test_all_without_steps_makes_the_bare_doll(asked: list[Any], tmp_path: Path) -> None:
    assert everything(tmp_path, "--steps", "0", "--matte", "m.mp4", "--plate", "p.png", "--film-of", "me") == 0
    assert [(film.video.name, film.matte.name, film.plate.name) for film in asked] == [("film.mp4", "m.mp4", "p.png")]
    bundle = open_bundle(tmp_path / "puppy")
    assert not bundle.generators and bundle.consent == "me"


@pytest.mark.usefixtures("short_drift")
def test_all_goes_on_where_it_was_stopped_trains_measures_and_exports(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Trainer.step

    def stopped(self: Trainer, *arguments: Any) -> StepReport:
        os.kill(os.getpid(), signal.SIGINT)
        return whole(self, *arguments)

    with monkeypatch.context() as once:
        once.setattr(Trainer, "step", stopped)
        assert everything(tmp_path, "--steps", "3") == 1
    assert not (tmp_path / "puppy").exists()
    made: list[Path] = []
    monkeypatch.setattr("train.bundle.int8.add_int8", made.append)
    assert everything(tmp_path, "--steps", "3", "--title", "Paper", "--resume") == 0
    assert len(asked) == 1  # the videos were read once
    assert made == [tmp_path / "puppy"]
    bundle = open_bundle(tmp_path / "puppy")
    assert bundle.title == "Paper" and list(bundle.generators) == ["lite"] and bundle.manifest["training"]["steps"] == 3
    assert (tmp_path / "work" / "paper.run" / evaluate.FOLDER / "metrics.md").exists()


def test_a_run_is_exported_with_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(export, "export_run", lambda run, out, **said: asked.append((run.name, out.name, said)))
    monkeypatch.setattr("train.bundle.int8.add_int8", lambda out: asked.append(("int8", out.name)))
    flags = ["--title", "Paper", "--licence", "CC0", "--film-of", "agreed", "--best"]
    assert cli.main(["export", "a.run", "--out", "puppy", *flags]) == 0
    said = {"title": "Paper", "licence": "CC0", "consent": "agreed", "best": True}
    assert asked == [("a.run", "puppy", said), ("int8", "puppy")]
