"""Opens everything a run needs, side by side where that takes long, and warms it up: from a LiveConfig to Parts."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import cv2

from engines.base import Engine
from engines.bundle import FaceNetwork, find_target
from engines.bundle import Generator as GeneratorNetwork
from engines.choose import open_engine
from live.background import make_background
from live.calibration import load_calibration
from live.clock import Clock
from live.config import LiveConfig
from live.estimator import HolisticEstimator, PoseEstimator, RecordedEstimator
from live.face import Face
from live.generator import Drawn, Generator
from live.loop import Parts
from live.mirror import MirroredEstimator, mirrored
from live.pose_stage import PoseStage
from live.presence import Presence
from live.puppet.condition import Conditioner
from live.puppet.values import Pose
from live.report import Report
from live.sinks.choose import make_sink
from live.sinks.several import Sinks
from live.sources.base import Say
from live.sources.choose import OpenedSource, open_source
from live.sources.paced import PacedSource
from live.target import Target, open_target


def open_parts(config: LiveConfig, clock: Clock, stop: threading.Event, report: Report, say: Say) -> Parts:
    """Open target, source, estimator, engine and sinks. Raises PuppetError or EngineError."""
    cv2.setNumThreads(1)  # its pictures are small, and its idle threads would spin beside the estimator's
    find_target(config.target)  # a mistyped name is to be told at once, not after all is loaded
    with ThreadPoolExecutor(3) as pool:
        source_opening = pool.submit(open_source, config, clock, say)
        estimator_opening = pool.submit(HolisticEstimator) if _needs_pictures(config) else None
        target = open_target(config.target, config.framing)
        engine_opening = pool.submit(_open_engine, target.generator, config)
        face_opening = pool.submit(_open_engine, target.face if config.face else None, config)
        performer = load_calibration(config.calibration)
        background = make_background(config.background, target.plate)
        conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas, performer=performer)
        opened = source_opening.result()
        engine, face_engine = engine_opening.result(), face_opening.result()
        estimator = _estimator(opened, estimator_opening, target, config, say)
    face = None if face_engine is None else Face(face_engine)
    generator = Generator(engine, background, gap_reset_s=config.gap_reset_s, face=face, clock=clock)
    _warm_up(target, conditioner, generator)
    _describe_engines(report, engine, face_engine, say)
    fps = config.fps or (target.bundle.fps if config.realtime else opened.source.fps)
    sinks = Sinks([make_sink(spec) for spec in config.sinks], say)
    sinks.open(target.bundle.canvas, fps)
    presence = Presence(target.idle, hold_s=config.hold_s, ease_s=config.ease_s)
    poses = PoseStage(
        estimator,
        conditioner,
        presence,
        clock,
        report,
        valid_score=target.puppet.valid_score,
        forget_s=config.forget_s,
    )
    source = opened.source
    if config.realtime and not source.live:
        source = PacedSource(source, clock, stop)
    say(f"{source.name} -> {target.bundle.title} ({config.framing}) -> {', '.join(sinks.names)}")
    return Parts(source, poses, generator, sinks, fps)


def _needs_pictures(config: LiveConfig) -> bool:
    return not config.source.lower().endswith(".npz")


def _open_engine(network: GeneratorNetwork | FaceNetwork | None, config: LiveConfig) -> Engine | None:
    if network is None:
        return None
    return open_engine(
        network.file,
        network.spec,
        backend=config.engine,
        precision=config.precision,
        threads=config.threads,
    )


def _estimator(
    opened: OpenedSource, opening: "Future[HolisticEstimator] | None", target: Target, config: LiveConfig, say: Say
) -> PoseEstimator:
    if opened.poses is not None:
        poses = [mirrored(pose) for pose in opened.poses] if config.mirror else opened.poses
        estimator: PoseEstimator = RecordedEstimator(poses, opened.estimator or "", loop=config.loop)
    elif opening is not None:
        estimator = opening.result()
        estimator = MirroredEstimator(estimator) if config.mirror else estimator
    if estimator.name != target.bundle.estimator:
        say(
            f"{target.bundle.name} was trained on poses by {target.bundle.estimator}, these are by {estimator.name}: "
            "expect the puppet to follow less well"
        )
    return estimator


def _warm_up(target: Target, conditioner: Conditioner, generator: Generator) -> None:
    """Draw the first idle pose once, so that the first real frame meets compiled code."""
    conditioner.place(Pose.empty(0, 0.0, target.bundle.canvas))
    conditioner.reset()
    drawn = Drawn(0, 0.0, conditioner.draw(target.idle.pose(0, 0.0, 0.0)), 0)
    generator.step(drawn)
    generator.reset()


def _describe_engines(report: Report, engine: Engine | None, face: Engine | None, say: Say) -> None:
    if engine is None:
        report.engine = {"backend": "doll", "device": "CPU", "precision": "uint8"}
        say("this target has no generator yet: the bare paper doll is shown")
    else:
        report.engine = {"backend": engine.backend, "device": engine.device, "precision": engine.precision}
        say(f"engine: {engine.describe()}")
    if face is not None:
        say(f"face: {face.describe()}")
