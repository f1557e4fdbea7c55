"""Turns a LiveConfig into Parts: opens everything a run needs, in parallel where that is slow, and warms it up."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import cv2

from engines.bundle import find_target, open_bundle
from engines.messages import Info, Say
from live.clock import Clock
from live.config import LiveConfig
from live.control.director import Director, DirectorContext
from live.control.wizard_port import Gesture, WizardFactory
from live.estimator.choose import alike, open_estimator
from live.estimator.estimator import PoseEstimator
from live.estimator.recorded import RecordedEstimator
from live.faults.fault_policy import FaultPolicy
from live.faults.replacement import Replacement
from live.performer.profile import load_profile
from live.puppet.compiler import cache_problem
from live.puppet.errors import CalibrationError
from live.render.mark import RESPONSIBLE
from live.scene.engine_selector import EngineSelector
from live.scene.engine_upgrade import EngineUpgrade
from live.scene.scene import Scene, Scenes
from live.scene.scene_factory import SceneFactory
from live.scene.settings import SceneSettings
from live.session.loop import Parts
from live.session.pose_stage import PoseStage
from live.sinks.choose import make_sink
from live.sinks.several import Sinks
from live.sources.choose import OpenedSource, open_source
from live.sources.paced import PacedSource
from live.specs import is_browser
from live.telemetry.report import Report


def open_parts(
    config: LiveConfig,
    clock: Clock,
    stop: threading.Event,
    report: Report,
    say: Say,
    *,
    heed: Callable[[], None] = lambda: None,
    open_wizard: WizardFactory | None = None,
    gesture: Gesture | None = None,
) -> Parts:
    """Open target, source, estimator, engine and sinks. Raises PuppetError or EngineError. `heed`: see `perform`."""
    cv2.setNumThreads(1)  # its pictures are small, and its idle threads would compete with the estimator's
    find_target(config.target)  # report a mistyped name at once, not after everything is loaded
    engines = EngineSelector(config.threads, say)
    opener = SceneFactory(config, clock, engines.open)
    engines.open_ahead(_first_settings(config))
    try:
        scene, opened, estimator = _loaded(config, clock, opener, say)
    finally:
        engines.close()
    opener.picture_size = opened.source.size if opened.poses is None else None
    scene = _measured(scene, opener, opened, config, say)
    _describe(scene, estimator, config, report, say)
    bundle = scene.target.bundle
    fps = config.fps or (bundle.fps if config.realtime else opened.source.fps)
    outputs = [make_sink(spec) for spec in config.sinks if not is_browser(spec)]
    sinks = Sinks(outputs, say, realtime=config.realtime, clock=clock, report=report)
    heed()
    sinks.open(bundle.canvas, fps)
    scenes = Scenes(scene)
    stage = DirectorContext(scenes, sinks, opener, opened.source.name, clock, stop, report)
    director = Director(stage, say, framing=config.framing, open_wizard=open_wizard, gesture=gesture)
    poses = _pose_stage(estimator, opened, stage, director, config, say)
    source = opened.source
    if config.realtime and not source.live:
        source = PacedSource(source, clock, stop)
    # Nothing is switched in the middle of a file, so that the same clip gives the same frames.
    upgrade = EngineUpgrade(engines, scenes, say) if config.realtime and config.upgrade else None
    return Parts(source, poses, scenes, sinks, fps, director, upgrade)


def _loaded(
    config: LiveConfig, clock: Clock, opener: SceneFactory, say: Say
) -> tuple[Scene, OpenedSource, PoseEstimator]:
    """Open what takes long, in parallel."""
    pool = ThreadPoolExecutor(2)
    try:
        source_opening = pool.submit(open_source, config, clock, say)
        estimator_opening = pool.submit(open_estimator, config.estimator, say) if _needs_pictures(config) else None
        scene = opener.first(_first_settings(config))
        opened = source_opening.result()
        return scene, opened, _estimator(opened, estimator_opening, config)
    finally:
        pool.shutdown(wait=False)  # after Ctrl-C or an error, do not wait for what is still being opened


def _first_settings(config: LiveConfig) -> SceneSettings:
    framing = config.framing
    if framing == "auto":  # until somebody has been seen
        takes = open_bundle(find_target(config.target)).takes
        framing = "full" if "full" in takes else min(takes)
    return SceneSettings(
        config.target, framing, config.background, config.mirror, config.engine, config.precision, config.face
    )


def _measured(scene: Scene, opener: SceneFactory, opened: OpenedSource, config: LiveConfig, say: Say) -> Scene:
    """The scene with the performer's measures, if there is a profile."""
    profile = load_profile(config.calibration, camera=opened.source.name, say=say)
    if profile is None:
        return scene
    try:
        scene = opener.after(scene, replace(scene.settings, performer=profile)).scene
    except CalibrationError as error:
        if config.calibration != "auto":
            raise
        say(f"continuing without the calibration {profile.name}: {error}")
        return scene
    say(Info(f"calibration: {profile.name}"))
    return scene


def _needs_pictures(config: LiveConfig) -> bool:
    return not config.source.lower().endswith(".npz")


def _pose_stage(
    estimator: PoseEstimator,
    opened: OpenedSource,
    stage: DirectorContext,
    director: Director,
    config: LiveConfig,
    say: Say,
) -> PoseStage:
    return PoseStage(
        estimator,
        stage.scenes,
        stage.clock,
        stage.report,
        forget_s=config.forget_s,
        replacement=Replacement("the pose estimator", _another(opened, config, say), say),
        reopen=director.reopen,
        faults=partial(FaultPolicy, say=say, clock=stage.clock, realtime=config.realtime, live=opened.source.live),
        realtime=config.realtime,
        ahead_s=partial(_latency_s, stage.report, stage.clock) if config.realtime and config.predict else None,
        saw=director.saw,
        resized=director.resized,
    )


def _latency_s(report: Report, clock: Clock) -> float:
    """How long a frame takes from its capture to the sinks just now; 0 as long as nobody knows."""
    latency = report.recent_latency_s(clock.now())
    return latency[0] if latency else 0.0


def _another(opened: OpenedSource, config: LiveConfig, say: Say) -> Callable[[], PoseEstimator]:
    """A function that opens another estimator like the run's."""
    if opened.poses is None:
        return lambda: open_estimator(config.estimator, say)
    return lambda: _estimator(opened, None, config)


def _estimator(opened: OpenedSource, opening: "Future[PoseEstimator] | None", config: LiveConfig) -> PoseEstimator:
    if opened.poses is not None or opening is None:
        return RecordedEstimator(opened.poses or [], opened.estimator or "", loop=config.loop)
    return opening.result()


def _describe(scene: Scene, estimator: PoseEstimator, config: LiveConfig, report: Report, say: Say) -> None:
    bundle, generator = scene.target.bundle, scene.generator
    if not alike(estimator.name, bundle.estimator):
        say(
            f"{bundle.name} was trained on poses from {bundle.estimator}, but these are from {estimator.name}: "
            "expect the puppet to follow less well"
        )
    report.engine = generator.description()
    if generator.engine is None:
        say("this target has no generator yet, so the bare paper doll is shown")
    if not config.mark:
        say(RESPONSIBLE)
    if problem := cache_problem():
        say(f"the compiled drawing code cannot be saved ({problem}), so each start takes half a minute longer")
