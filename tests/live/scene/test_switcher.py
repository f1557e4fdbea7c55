"""Wishes and scenes: what is shared, what is closed, and what has to change together."""

from dataclasses import replace
from pathlib import Path

import pytest

from live.clock import FakeClock
from live.config import LiveConfig
from live.performer.mirror import mirror_pose
from live.performer.profile import Profile
from live.puppet.errors import CalibrationError
from live.puppet.geometry.body_stats import BodyStats
from live.scene.scene import Scene, Scenes
from live.scene.scene_factory import SceneFactory
from live.scene.settings import SceneSettings, SettingsError
from live.scene.switcher import Switcher
from tests.live.patience import PATIENCE_S
from tests.live.scenery import Engines, Show, write_scenery
from tests.live.tiny_target import stats, walking

CONFIG = LiveConfig("red", "colour", ("null",))


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenery(tmp_path_factory.mktemp("scenery"))


def first(scenery: Path) -> tuple[SceneFactory, Engines, Scene]:
    engines = Engines()
    opener = SceneFactory(CONFIG, FakeClock(), engines.open)
    return opener, engines, opener.first(SceneSettings(str(scenery / "red"), "full"))


def profile(stats_: BodyStats) -> Profile:
    return Profile("me", "me", "cam", "wizard", stats_)


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"background": "green"}, {"background"}),
        ({"mirror": True}, {"conditioner", "legs", "cut"}),
        ({"smoothing": 1.0}, {"conditioner", "legs"}),
        ({"performer": profile(stats())}, {"conditioner", "legs"}),
        ({"framing": "half"}, {"conditioner", "legs", "presence", "background", "target", "cut"}),
        ({"engine": "other"}, set()),
        ({"face": False}, set()),
    ],
)
def test_a_scene_shares_what_the_look_leaves_as_it_was(change: dict[str, object], new: set[str], scenery: Path) -> None:
    opener, engines, was = first(scenery)
    opened = opener.after(was, replace(was.settings, **change))  # type: ignore[arg-type]
    names = ("target", "conditioner", "presence", "legs", "background", "cut")
    assert {name for name in names if getattr(opened.scene, name) is not getattr(was, name)} == new
    assert opened.shares_generator and opened.scene.generator is was.generator
    assert (opened.engine is not None) == ("engine" in change) and opened.face_changes == (
        "face" in change or "engine" in change
    )
    opened.drop()
    assert engines.opened[0].closed_by is None, "what is shown goes on"
    was.generator.close()


def test_a_scene_that_was_never_reached_is_closed_with_those_before_the_one_that_is(scenery: Path) -> None:
    opener, engines, one = first(scenery)
    scenes = Scenes(one)
    for name in ("blue", "red"):
        assert opener.after(scenes.current, replace(one.settings, target=str(scenery / name))).use(scenes)
    assert [engine.closed_by for engine in engines.opened] == [None] * 3
    scenes.reached(scenes.current)
    assert [engine.closed_by is None for engine in engines.opened] == [False, False, True]
    scenes.close()
    assert engines.opened[2].closed_by is not None


def test_reaching_a_scene_leaves_the_ones_that_are_still_to_come(scenery: Path) -> None:
    opener, engines, one = first(scenery)
    scenes = Scenes(one)
    for name in ("blue", "red"):
        assert opener.after(scenes.current, replace(one.settings, target=str(scenery / name))).use(scenes)
    scenes.reached(scenes._scenes[1])
    assert [engine.closed_by is None for engine in engines.opened] == [False, True, True]
    scenes.close()
    assert all(engine.closed_by for engine in engines.opened)


def test_a_scene_that_comes_after_the_end_is_closed(scenery: Path) -> None:
    opener, engines, one = first(scenery)
    scenes = Scenes(one)
    late = opener.after(one, replace(one.settings, target=str(scenery / "blue")))
    scenes.close()
    assert late.use(scenes) is False
    assert all(engine.closed_by for engine in engines.opened)


def test_a_failure_takes_back_what_failed_and_leaves_the_other_wishes(scenery: Path) -> None:
    opener, _, one = first(scenery)
    scenes = Scenes(one)
    switcher = Switcher(scenes, opener, lambda before, after: None)
    switcher.wish(engine="broken", mirror=True)
    switcher.wish(background="green")
    switcher.start()
    assert switcher.settled(PATIENCE_S)
    assert "cannot be opened" in switcher.problem and switcher.pending == ""
    settings = scenes.current.settings
    assert (settings.engine, settings.mirror, settings.background) == ("auto", False, "plate")
    switcher.wish(background="green")
    assert switcher.settled(PATIENCE_S) and scenes.current.settings.background == "green"
    switcher.close()
    scenes.close()


def test_an_error_nobody_thought_of_does_not_end_the_switcher(scenery: Path) -> None:
    opener, _, one = first(scenery)
    scenes = Scenes(one)

    def fail(was: Scene, settings: SceneSettings, *, anew: bool) -> None:
        raise ZeroDivisionError("a bug")

    switcher = Switcher(scenes, opener, lambda before, after: None)
    opener.after, keep = fail, opener.after  # type: ignore[assignment,method-assign]
    switcher.start()
    switcher.wish(mirror=True)
    assert switcher.settled(PATIENCE_S) and switcher.problem == "ZeroDivisionError: a bug"
    opener.after = keep  # type: ignore[method-assign]
    switcher.wish(mirror=True)
    assert switcher.settled(PATIENCE_S) and switcher.problem == "" and scenes.current.settings.mirror
    switcher.close()
    scenes.close()


def test_measures_are_brought_to_the_picture_and_mirrored_with_it(scenery: Path) -> None:
    opener, _, one = first(scenery)
    opener.picture_size = (256, 256)
    measured = replace(stats(), image_size=(128, 128), hip_x=20.0, neck_x=22.0)
    scene = opener.after(one, replace(one.settings, mirror=True, performer=profile(measured))).scene
    used = scene.conditioner.performer
    assert used is not None and used.image_size == (256, 256)
    assert used.hip_x == pytest.approx(255 - 40) and used.neck_x == pytest.approx(255 - 44)
    opener.picture_size = (640, 360)
    with pytest.raises(CalibrationError, match="another shape"):
        opener.after(one, replace(one.settings, performer=profile(measured)))
    one.generator.close()


def test_measures_that_were_taken_so_far_go_along_to_another_target(scenery: Path) -> None:
    poses = walking(240)
    show = Show(
        scenery,
        {200: lambda director: director.change("target", str(scenery / "blue"))},
        frames=240,
        poses=poses,
    )
    before = show.parts.scenes.current.conditioner
    show.run()
    after = show.parts.scenes.current.conditioner
    assert after is not before and before.performer is not None
    assert after.performer == before.performer, "frozen measures stay as they are"


def test_what_has_to_change_together_does(scenery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`choices` knows what every target was filmed in, and what every engine can."""
    show = Show(scenery, {})
    director, choices = show.director, show.director._catalog
    blue = str(scenery / "blue")
    choices.targets = [{"name": blue, "framings": ["half"]}]
    choices.engines = [{"backend": "other", "precision": "fp32"}]
    with pytest.raises(SettingsError, match="not filmed in this framing; got: full; wanted: half; do this: change"):
        director.change("target", blue)
    director.change("framing", "auto")
    director.change("target", blue)
    assert director._switcher.wanted.framing == "half"
    director.change("precision", "bf16")
    director.change("engine", "other")
    assert director._switcher.wanted.precision == "auto"
    show.parts.close()


def test_mirrored_poses_and_measures_agree() -> None:
    """One who stands left of the middle stands right of it in the mirror, by pose and by measures alike."""
    from live.performer.profile import mirror_stats as mirrored_stats

    pose = walking(1)[0]
    left = replace(stats(), image_size=pose.image_size, neck_x=float(pose.points_px[1, 0]))
    assert mirrored_stats(left).neck_x == pytest.approx(float(mirror_pose(pose).points_px[1, 0]))
