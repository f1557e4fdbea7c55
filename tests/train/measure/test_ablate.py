import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from live.performer.recording import save_poses
from tests.train.dataset_folder import write_dataset
from tests.train.film import poses
from tests.train.measure.test_drawings import Blush
from train import __main__ as cli
from train.errors import TrainError
from train.measure import ablate as ablation
from train.measure import evaluate
from train.measure.ablate import VARIANTS, Plan, ablate
from train.networks.face_network import FaceGenerator
from train.networks.player import WITH_FACE
from train.training import face, run
from train.training.checkpoint import load_checkpoint, save_checkpoint

QUICK = {"steps": 2, "batch": 1, "crop": (64, 64), "threads": 1, "tensorboard": False}
FEW = ("no-temporal", "doll", "temporal", "no-feedback", "face")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper", 60)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, short_drift: None) -> None:
    monkeypatch.setattr(evaluate, "open_estimator", lambda kind, say: None)
    monkeypatch.setattr(evaluate, "Witness", lambda plate, _, eye: WITNESS(plate, None, eye))


WITNESS, WHOLE_RUN = evaluate.Witness, run.run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was trained and measured, in order; the real work is done too."""
    done: list[str] = []
    for module, name in ((run, "run"), (ablation, "train_face"), (ablation, "evaluate")):
        whole = getattr(module, name)

        def watched(folder: Path, *rest: Any, whole: Any = whole, name: str = name, **named: Any) -> Any:
            done.append(f"{name} {folder.name}")
            return whole(folder, *rest, **named)

        monkeypatch.setattr(module, name, watched)
    return done


def test_every_variant_gets_a_row_and_each_run_is_trained_once(dataset: Path, tmp_path: Path, asked: list[str]) -> None:
    save_poses(tmp_path / "dance.npz", poses(40, side=320), estimator="fake")
    plan = Plan(QUICK, FEW, frames=3, drivers=[tmp_path / "dance.npz"])
    assert ablate(dataset, tmp_path / "out", plan)
    assert asked == [
        "run no-temporal",
        "evaluate no-temporal",
        "run lite",
        "train_face lite",
        "evaluate lite",
    ]
    text = (tmp_path / "out" / "ablation.md").read_text()
    lines = [[part.strip() for part in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    rows = {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[2:]}
    wanted = [VARIANTS[name].title for name in FEW if VARIANTS[name].drawn_by != WITH_FACE]
    assert list(rows) == wanted  # of so short a film no face is made
    doll, lite = rows["doll alone"], rows["lite + temporal"]
    assert (float(doll["GFLOP a frame"]), doll["steps"], lite["steps"]) == (0, "0", "2")
    assert float(lite["GFLOP a frame"]) == pytest.approx(5.39 / 16, abs=0.02)  # 128 pixels a side, not 512
    assert float(lite["M parameters"]) == pytest.approx(2.41, abs=0.05)
    assert not load_checkpoint(tmp_path / "out" / "no-temporal").config.temporal
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {
        "ablation_full.png",
        "contact_full.png",
        "contact_dance_full.png",
    }


def test_a_face_gets_a_row_with_its_arithmetic_on_top(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "train_face", lambda *_, **__: True)
    monkeypatch.setattr(ablation, "averaged_face", lambda *_: FaceGenerator())
    monkeypatch.setattr(face, "open_face", lambda _: Blush())
    assert ablate(dataset, tmp_path / "out", Plan(QUICK, ("temporal", "face"), frames=2))
    lines = [
        line.split("|")[1:4] for line in (tmp_path / "out" / "ablation.md").read_text().splitlines() if "|" in line
    ]
    (_, lite, parameters), (title, with_face, more) = lines[2:4]
    assert title.strip() == VARIANTS["face"].title
    assert float(with_face) > float(lite) > 0 and float(more) > float(parameters)


def test_what_is_finished_is_not_done_again(dataset: Path, tmp_path: Path, asked: list[str]) -> None:
    plan = Plan(QUICK, ("temporal",), frames=2)
    assert ablate(dataset, tmp_path / "out", plan) and asked == ["run lite", "evaluate lite"]
    assert ablate(dataset, tmp_path / "out", plan) and len(asked) == 2
    folder = tmp_path / "out" / "lite"
    save_checkpoint(folder, replace(load_checkpoint(folder), steps_done=3))  # it was trained on
    assert ablate(dataset, tmp_path / "out", plan) and asked.pop() == "evaluate lite"
    more = Plan(QUICK, ("temporal", "no-feedback", "doll"), frames=2)
    assert ablate(dataset, tmp_path / "out", more) and asked[2:] == ["evaluate lite"]  # the run is there already


def test_a_run_that_was_stopped_goes_on(
    dataset: Path, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(QUICK, ("temporal",), frames=2)
    monkeypatch.setattr(ablation, "_measured", lambda *_: True)
    monkeypatch.setattr(ablation, "_row", lambda *_: None)
    monkeypatch.setattr(ablation, "write_ablation", lambda *_, **__: "")
    with monkeypatch.context() as once:
        once.setattr(run, "run", stopped)
        assert not ablate(dataset, tmp_path / "out", plan)
    resumed: list[Path] = []
    whole = run.resume
    monkeypatch.setattr(run, "resume", lambda folder: resumed.append(folder) or whole(folder))
    assert ablate(dataset, tmp_path / "out", plan)
    assert resumed == [tmp_path / "out" / "lite"]
    assert load_checkpoint(resumed[0]).steps_done == 2


def stopped(folder: Path, config: Any) -> bool:
    """A run that is stopped before its second step."""
    WHOLE_RUN(folder, replace(config, steps=1))
    save_checkpoint(folder, replace(load_checkpoint(folder), config=config))
    return False


def test_runs_of_other_settings_are_not_mixed(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ablation.json").write_text(json.dumps({"dataset": str(dataset), "steps": 100}))
    with pytest.raises(TrainError, match="other settings"):
        ablate(dataset, tmp_path / "out", Plan(QUICK, ("temporal",)))


@pytest.mark.parametrize(
    ("settings", "variants", "said"),
    [
        (QUICK, ("temporal", "best"), "no such variants"),
        (QUICK, ("doll",), "no comparison"),
        ({**QUICK, "preset": "full"}, ("temporal",), "chooses these itself"),
    ],
)
def test_what_cannot_be_compared_is_refused(settings: dict[str, Any], variants: tuple[str, ...], said: str) -> None:
    with pytest.raises(TrainError, match=said):
        Plan(settings, variants)


def test_the_command_runs_it(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []
    monkeypatch.setattr(ablation, "ablate", lambda folder, out, plan: bool(plans.append(plan)) or True)
    flags = ["--out", str(tmp_path / "out"), "--minutes", "5", "--variants", "temporal", "full", "--seed", "3"]
    assert cli.main(["ablate", str(dataset), *flags]) == 0
    assert plans[0].runs == ["lite", "full"] and plans[0].frames == 300
    assert plans[0].settings["minutes"] == 5 and plans[0].settings["seed"] == 3
