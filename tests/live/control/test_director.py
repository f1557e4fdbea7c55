"""The director: what is changed takes effect between two frames, no picture is lost, and what fails changes nothing."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live.config import LiveConfig
from live.control.director import Director
from live.puppet.values import Pose
from live.scene.settings import SettingsError
from live.telemetry.loop_state import LoopState
from tests.live.patience import PATIENCE_S
from tests.live.scenery import Engines, ScriptedWizard, Show, write_scenery
from tests.live.tiny_target import SIDE, walking, write_target

PLAIN = LiveConfig("red", "colour", ("collector",), realtime=False)


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenery(tmp_path_factory.mktemp("scenery"))


def changes(show: Show) -> list[tuple[str, object]]:
    return [(change["name"], change["value"]) for change in show.report.to_json()["changes"]]


def all_passed(show: Show, count: int) -> None:
    frames = show.report.to_json()["frames"]
    assert [frames[k] for k in ("captured", "estimated", "generated", "sent")] == [count] * 4
    assert len(show.sink.images) == count and show.sink.complete is True


def test_another_target_is_shown_from_one_frame_to_the_next(scenery: Path) -> None:
    blue = str(scenery / "blue")
    show = Show(scenery, {15: lambda director: director.change("target", blue)}).run()
    assert show.shown() == ["red full"] * 15 + ["blue full"] * 25
    all_passed(show, 40)
    (red,), (other,) = show.engines.of("red"), show.engines.of("blue")
    assert (red.dolls, other.dolls) == ({"red"}, {"blue"}), "no engine is ever fed the other's doll"
    assert red.closed_by == "_generate" and other.closed_by is not None
    assert changes(show) == [("target", blue)]


def test_another_framing_stands_on_its_own_plate_with_the_same_engine(scenery: Path) -> None:
    show = Show(scenery, {15: lambda director: director.change("framing", "half")}).run()
    assert show.shown() == ["red full"] * 15 + ["red half"] * 25
    all_passed(show, 40)
    (engine,) = show.engines.opened
    assert engine.runs >= 40
    assert show.report.to_json()["person"]["resets"] == 1, "the picture before is not fed into the other framing"


def test_another_engine_goes_on_from_the_state_of_the_one_before(scenery: Path) -> None:
    plain = Show(scenery, {}).run()
    show = Show(scenery, {15: lambda director: director.change("engine", "other")}).run()
    all_passed(show, 40)
    first, second = show.engines.opened
    assert first.closed_by == "_generate" and second.settings.engine == "other"
    assert first.runs + second.runs == 40 + 3, "each is warmed up before it is shown"
    assert all(np.array_equal(a, b) for a, b in zip(show.sink.images, plain.sink.images, strict=True))
    assert show.report.to_json()["person"]["resets"] == 0
    assert show.report.to_json()["engine"]["backend"] == "other"


def test_mirror_smoothing_and_background_change_the_picture_alone(scenery: Path) -> None:
    orders = {
        10: lambda director: director.change("background", "#0a141e"),
        20: lambda director: director.change("mirror", True),
        30: lambda director: director.change("smoothing", 1),
    }
    plain, show = Show(scenery, {}).run(), Show(scenery, orders).run()  # type: ignore[arg-type]
    all_passed(show, 40)
    assert len(show.engines.opened) == 1
    corners = [tuple(image[2, 2]) for image in show.sink.images]
    assert corners == [(40, 0, 0)] * 10 + [(10, 20, 30)] * 30
    near = [np.abs(a.astype(int) - b)[20:].max() for a, b in zip(show.sink.images, plain.sink.images, strict=True)]
    assert max(near[:10]) == 0 and min(near[20:]) > 100
    assert changes(show) == [("background", "#0a141e"), ("mirror", True), ("smoothing", 1.0)]


def test_what_cannot_be_opened_is_said_and_what_runs_goes_on(scenery: Path) -> None:
    told: list[LoopState] = []
    orders = {
        10: lambda director: director.change("engine", "broken"),
        20: lambda director: told.append(director.state()),
        30: lambda director: director.change("mirror", True),
    }
    show = Show(scenery, orders).run()  # type: ignore[arg-type]
    all_passed(show, 40)
    assert set(show.shown()) == {"red full"}
    assert told[0].problem == "the engine cannot be opened; do this: use another one"
    assert (told[0].engine, told[0].pending) == ("auto", "")
    assert show.director.state().problem == "", "the next wish clears it"


def test_a_target_with_another_canvas_is_refused_in_words(scenery: Path, tmp_path: Path) -> None:
    from live.puppet.fingerprint import fingerprint
    from tests.live.tiny_target import CONFIG

    wide = replace(CONFIG, canvas_px=(256, SIDE))
    folder = write_target(tmp_path / "wide", canvas=[256, SIDE], puppet=wide.to_json(), fingerprint=fingerprint(wide))
    show = Show(scenery, {10: lambda director: director.change("target", str(folder))}).run()
    assert set(show.shown()) == {"red full"}
    assert "256x128; wanted: 128x128; do this: end this run and start again with --target" in str(
        show.director.state().problem
    )


def test_the_newest_wish_wins_and_what_it_overtook_is_never_shown(scenery: Path) -> None:
    engines = Engines(held="blue")

    def overtake(director: Director) -> None:
        director.change("target", str(scenery / "blue"))
        assert engines.waiting.wait(PATIENCE_S)
        director.change("mirror", True)
        director.change("target", str(scenery / "red"))
        assert director.state().pending == "changing …"
        engines.gate.set()

    show = Show(scenery, {10: overtake}, engines=engines).run()
    assert set(show.shown()) == {"red full"}
    all_passed(show, 40)
    (blue,) = engines.of("blue")
    assert blue.closed_by == "switcher" and blue.runs == 2, "it was warmed up, and no more"
    assert changes(show) == [("mirror", True)]


def test_a_switch_that_takes_long_holds_nothing_up(scenery: Path) -> None:
    engines = Engines(held="blue")
    orders = {
        5: lambda director: director.change("target", str(scenery / "blue")),
        30: lambda director: engines.gate.set() or director.settled(PATIENCE_S),
    }
    show = Show(scenery, orders, engines=engines, settle=False).run()  # type: ignore[arg-type]
    assert show.shown() == ["red full"] * 30 + ["blue full"] * 10
    all_passed(show, 40)


def test_the_end_of_the_run_during_a_switch_closes_everything(scenery: Path) -> None:
    engines = Engines(held="blue")

    def leave(director: Director) -> None:
        director.change("target", str(scenery / "blue"))
        assert engines.waiting.wait(PATIENCE_S)
        director.stop()

    show = Show(scenery, {10: leave}, engines=engines, settle=False)
    show.run(after_loop=engines.gate.set)
    assert set(show.shown()) == {"red full"} and show.sink.complete is True
    assert [engine.closed_by is not None for engine in engines.opened] == [True, True]


def test_two_targets_in_a_row_leave_no_engine_open(scenery: Path) -> None:
    orders = {
        10: lambda director: director.change("target", str(scenery / "blue")),
        11: lambda director: director.change("target", str(scenery / "red")),
        12: lambda director: director.change("face", False),
    }
    show = Show(scenery, orders).run()  # type: ignore[arg-type]
    assert show.shown() == ["red full"] * 10 + ["blue full"] + ["red full"] * 29
    assert all(engine.closed_by for engine in show.engines.opened)


def test_a_wrong_value_is_refused_at_once(scenery: Path) -> None:
    show = Show(scenery, {})
    for name, value, told in (
        ("mirror", "yes", "not a valid mirror"),
        ("smoothing", 1.5, "quick"),
        ("framing", "close", "full, half, auto"),
        ("background", "nowhere.png", "plate, green"),
        ("target", "nobody", "nobody"),
        ("volume", 1, "cannot be changed"),
    ):
        with pytest.raises(SettingsError, match=told):
            show.director.change(name, value)
    show.parts.close()


def test_framing_auto_follows_what_is_in_view_and_stays_auto(scenery: Path) -> None:
    poses = [_seated(pose) if i >= 60 else pose for i, pose in enumerate(walking(240))]
    told: list[object] = []
    show = Show(
        scenery,
        {i: lambda director: told.append(director.state().framing_asked) for i in range(0, 240, 10)},
        poses=poses,
        frames=240,
        config=replace(PLAIN, framing="auto"),
    ).run()
    shown = show.shown()
    assert shown[59] == "red full" and shown[-1] == "red half" and set(told) == {"auto"}
    assert shown.index("red half") <= 60 + 3.5 * 30
    all_passed(show, 240)


def _seated(pose: Pose) -> Pose:
    from live.puppet import topology as T

    scores = pose.scores.copy()
    legs = [T.R_KNEE, T.L_KNEE, T.R_ANKLE, T.L_ANKLE, T.R_BIG_TOE, T.L_BIG_TOE, T.R_SMALL_TOE, T.L_SMALL_TOE]
    scores[[*legs, T.R_HEEL, T.L_HEEL]] = 0
    return replace(pose, scores=scores)


def test_the_state_is_json_and_has_what_was_promised(scenery: Path) -> None:
    show = Show(scenery, {}).run()
    state = json.loads(json.dumps(show.director.state().to_json()))
    assert set(state) == {
        *("target", "title", "framing", "framing_asked", "background", "mirror", "engine", "precision", "engine_text"),
        *(
            "smoothing",
            "face",
            "has_face",
            "pending",
            "problem",
            "frozen",
            "hidden",
            "recording",
            "calibrating",
            "show_me",
        ),
        *("person", "fps", "latency_ms", "stage_ms", "budget_ms", "drops", "source", "sinks", "targets", "engines"),
        *("profile", "canvas", "consent", "picture"),
    }
    assert state["consent"] == "its maker did not state whose film it was made from"
    assert (state["canvas"], state["person"], state["source"]) == ([SIDE, SIDE], "in view", "colour")


def test_the_viewfinder_shows_the_camera_only_when_asked_and_no_more_once_hidden(scenery: Path) -> None:
    seen: list[bool] = []

    def settings(director: Director) -> None:
        seen.append(director.viewfinder.frame is not None)

    orders = {
        5: settings,
        6: lambda director: director.show_me(True),
        8: settings,
        9: lambda director: director.hide(True),
        10: lambda director: director.show_me(True),
        11: settings,
        12: lambda director: director.hide(False),
        14: settings,
        15: lambda director: director.show_me(True),
        17: settings,
        18: lambda director: director.show_me(False),
        19: settings,
    }
    show = Show(scenery, orders).run()  # type: ignore[arg-type]
    assert seen == [False, True, False, False, True, False]
    assert show.director.viewfinder.pose is not None


def calibrated(director: Director) -> None:
    """The wizard is started, and there."""
    director.calibrate(True)
    for thread in threading.enumerate():
        if thread.name == "wizard":
            thread.join(PATIENCE_S)


def test_the_wizard_is_fed_unmirrored_and_its_measures_are_used(scenery: Path) -> None:
    wizard, told = ScriptedWizard(), list[dict[str, object]]()

    orders = {
        10: calibrated,
        12: lambda director: told.append(director.state()),
        20: lambda director: told.append(director.state()),
    }
    show = Show(
        scenery,
        orders,  # type: ignore[arg-type]
        config=replace(PLAIN, mirror=True),
        open_wizard=lambda target, camera: wizard,
    ).run()
    assert [state.calibrating for state in told] == [True, False]
    assert [state.profile for state in told] == [None, "this run"]
    assert len(wizard.poses) == 3 and np.array_equal(wizard.poses[0].points_px, show.poses[10].points_px)
    view = show.director.viewfinder.wizard
    assert view is not None and view.finished
    assert ("performer", "this run") in changes(show)
    assert show.said == ["calibration 1/2: Stand Hold still.", "calibration 2/2: Done"]
    all_passed(show, 40)


def test_a_wizard_that_breaks_is_said_and_the_show_goes_on(scenery: Path) -> None:
    wizard = ScriptedWizard(fails=True)

    show = Show(scenery, {10: calibrated}, open_wizard=lambda target, camera: wizard).run()
    assert show.director.state().problem == "the calibration broke off: RuntimeError: a bug in the wizard"
    assert wizard.cancelled and not show.director.state().calibrating
    all_passed(show, 40)
