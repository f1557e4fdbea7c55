"""`SceneOpener`: from a Look to a Scene, warm, sharing with the scene before what the look leaves as it was."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from engines.bundle import FaceNetwork
from engines.bundle import Generator as GeneratorNetwork
from engines.engine import Engine
from live.clock import Clock
from live.config import LiveConfig
from live.performer.profile import fitted, mirrored
from live.puppet.condition import Conditioner
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Pose
from live.render.face import Face
from live.render.renderer import Drawn, Generator
from live.scene.background import make_background
from live.scene.idle_legs import IdleLegs
from live.scene.presence import Presence
from live.scene.scene import Scene, Scenes
from live.scene.settings import Look, LookError, steadied
from live.scene.target import Target, open_target

# Opens a network as the look's engine and precision say. Raises EngineError.
OpenEngine = Callable[[GeneratorNetwork | FaceNetwork, Look], Engine]
OpenTarget = Callable[[str, str], Target]


@dataclass(frozen=True, slots=True)
class OpenedScene:
    """A scene that is ready, with engines for a generator that it shares with the scene before: `use` or `drop` it."""

    scene: Scene
    shares_generator: bool
    engine: Engine | None = None
    face: Face | None = None
    face_changes: bool = False

    def use(self, scenes: Scenes) -> bool:
        """Show it from the next frame on. False, with all closed, when the run is over."""
        if self.engine is not None:
            self.scene.generator.take_engine(self.engine)
        if self.face_changes:
            self.scene.generator.take_face(self.face)
        return scenes.put(self.scene)

    def drop(self) -> None:
        """It is not wanted any more: free what is its own."""
        for owned in (self.engine, self.face):
            if owned is not None:
                owned.close()
        if not self.shares_generator:
            self.scene.generator.close()


class SceneOpener:
    """`picture_size`: (width, height) of the source's pictures, which a performer's measures are brought to; None while
    it is not known, and for recorded poses. Keeps nothing else, so it may be used from any thread.
    """

    def __init__(
        self,
        config: LiveConfig,
        clock: Clock,
        open_engine: OpenEngine,
        *,
        open_target: OpenTarget = open_target,
    ) -> None:
        self._config, self._clock = config, clock
        self.picture_size: tuple[int, int] | None = None
        self._open_engine, self._open_target = open_engine, open_target

    def first(self, look: Look) -> Scene:
        """The scene that a run begins with. Raises PuppetError or EngineError."""
        target = self._open_target(look.target, look.framing)
        return self._whole(look, target, cut=0)

    def after(self, was: Scene, look: Look, *, anew: bool = False) -> OpenedScene:
        """The scene for `look`, after `was`; `anew`: without anything of it that may have failed.

        Raises PuppetError or EngineError, with all it opened closed again.
        """
        if look.differs(was.look, "target", "framing"):
            target = self._open_target(look.target, look.framing)
            if target.bundle.canvas != was.target.bundle.canvas:
                raise _another_size(target, was.target)
        else:
            target = was.target
        if anew or look.target != was.look.target:
            return OpenedScene(self._whole(look, target, cut=was.cut + 1), shares_generator=False)
        return self._changed(was, look, target)

    def _whole(self, look: Look, target: Target, *, cut: int) -> Scene:
        conditioner, background = self._conditioner(look, target), make_background(look.background, target.plate)
        engine, face = self._engines(look, target)
        config = self._config
        with ExitStack() as opened:
            for owned in (engine, face):
                if owned is not None:
                    opened.callback(owned.close)
            generator = Generator(
                engine, background, gap_reset_s=config.gap_reset_s, face=face, clock=self._clock, mark=config.mark
            )
            _warm_up(target, conditioner, generator)
            opened.pop_all()
        presence, legs = self._presence(target), _legs(look, target)
        return Scene(look, target, conditioner, presence, legs, generator, background, cut)

    def _changed(self, was: Scene, look: Look, target: Target) -> OpenedScene:
        """The same target otherwise: the generator stays, with other engines where the look wants them."""
        restaged = look.differs(was.look, "framing")
        refitted = restaged or look.differs(was.look, "mirror", "smoothing", "performer")
        ground = restaged or look.differs(was.look, "background")
        scene = Scene(
            look,
            target,
            self._conditioner(look, target) if refitted else was.conditioner,
            self._presence(target) if restaged else was.presence,
            _legs(look, target) if refitted else was.legs,
            was.generator,
            make_background(look.background, target.plate) if ground else was.background,
            was.cut + (restaged or look.mirror != was.look.mirror),
        )
        if look.differs(was.look, "engine", "precision"):
            return OpenedScene(scene, True, *self._engines(look, target), face_changes=True)
        if look.differs(was.look, "face"):
            return OpenedScene(scene, True, None, self._face(look, target), face_changes=True)
        return OpenedScene(scene, shares_generator=True)

    def _engines(self, look: Look, target: Target) -> tuple[Engine | None, Face | None]:
        """Those of generator and face, opened side by side, warm; None where there is none."""
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(self._face, look, target)
            engine = None
            try:
                engine = self._warm_engine(target.generator, look)
                return engine, opening.result()
            except BaseException:
                face = None if opening.exception() else opening.result()
                for owned in (engine, face):
                    if owned is not None:
                        owned.close()
                raise

    def _face(self, look: Look, target: Target) -> Face | None:
        engine = self._warm_engine(target.face if look.face else None, look)
        if engine is None:
            return None
        try:
            return Face(engine)
        except BaseException:
            engine.close()
            raise

    def _warm_engine(self, network: GeneratorNetwork | FaceNetwork | None, look: Look) -> Engine | None:
        """An engine that has run once, and is as new."""
        if network is None:
            return None
        engine = self._open_engine(network, look)
        try:
            engine.run({tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in engine.spec.feeds})
            engine.reset()
        except BaseException:
            engine.close()
            raise
        return engine

    def _conditioner(self, look: Look, target: Target) -> Conditioner:
        puppet = steadied(target.puppet, look.smoothing)
        return Conditioner(puppet, target=target.stats, atlas=target.atlas, performer=self._performer(look))

    def _performer(self, look: Look) -> BodyStats | None:
        if look.performer is None:
            return None
        stats = look.performer.stats_for(look.framing)
        if self.picture_size is not None:
            stats = fitted(stats, self.picture_size)
        return mirrored(stats) if look.mirror else stats

    def _presence(self, target: Target) -> Presence:
        return Presence(target.idle, hold_s=self._config.hold_s, ease_s=self._config.ease_s)


def _legs(look: Look, target: Target) -> IdleLegs:
    return IdleLegs(target.idle, always=look.framing == "half", valid_score=target.puppet.valid_score)


def _another_size(target: Target, was: Target) -> LookError:
    (width, height), (wide, high) = target.bundle.canvas, was.bundle.canvas
    return LookError(
        f"{target.bundle.title} cannot be shown now: its pictures have another size than those that go out",
        got=f"{width}x{height}",
        wanted=f"{wide}x{high}",
        do=f"end this run and start again with --target {target.bundle.name}",
    )


def _warm_up(target: Target, conditioner: Conditioner, generator: Generator) -> None:
    """Draw the first idle pose once, so that the first real frame meets compiled code."""
    conditioner.place(Pose.empty(0, 0.0, target.bundle.canvas))
    conditioner.reset()
    generator.step(Drawn(0, 0.0, conditioner.draw(target.idle.pose(0, 0.0, 0.0)), 0), cutout=True)
    generator.reset()
