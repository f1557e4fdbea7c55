"""`SceneFactory`: turns SceneSettings into a warm Scene that shares what has not changed with the one before."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from engines.bundle import FaceNetwork
from engines.bundle import GeneratorNetwork as GeneratorNetwork
from engines.engine import Engine
from live.clock import Clock
from live.config import LiveConfig
from live.performer.profile import fitted, mirror_stats
from live.puppet.condition import Conditioner
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Pose
from live.render.face import Face
from live.render.renderer import Renderer, RenderInput
from live.scene.background import make_background
from live.scene.idle_legs import IdleLegs
from live.scene.presence import Presence
from live.scene.scene import Scene, Scenes
from live.scene.settings import SceneSettings, SettingsError, steadied
from live.scene.target import Target, open_target

# Opens a network with the settings' engine and precision. Raises EngineError.
OpenEngine = Callable[[GeneratorNetwork | FaceNetwork, SceneSettings], Engine]
OpenTarget = Callable[[str, str], Target]


@dataclass(frozen=True, slots=True)
class OpenedScene:
    """A scene that is ready, with new engines if it shares its generator with the scene before: `use` or `drop` it."""

    scene: Scene
    shares_generator: bool
    engine: Engine | None = None
    face: Face | None = None
    face_changes: bool = False

    def use(self, scenes: Scenes) -> bool:
        """Show it from the next frame on. If the run is over, close everything and return False."""
        if self.engine is not None:
            self.scene.generator.take_engine(self.engine)
        if self.face_changes:
            self.scene.generator.take_face(self.face)
        return scenes.put(self.scene)

    def drop(self) -> None:
        """Discard it: free what it does not share."""
        for owned in (self.engine, self.face):
            if owned is not None:
                owned.close()
        if not self.shares_generator:
            self.scene.generator.close()


class SceneFactory:
    """`picture_size`: (width, height) of the source's pictures, to which a performer's measures are scaled; None while
    unknown, and for recorded poses. Has no other state, so it may be used from any thread.
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

    def first(self, settings: SceneSettings) -> Scene:
        """The first scene of a run. Raises PuppetError or EngineError."""
        target = self._open_target(settings.target, settings.framing)
        return self._whole(settings, target, cut=0)

    def after(self, was: Scene, settings: SceneSettings, *, anew: bool = False) -> OpenedScene:
        """The scene for `settings`, after `was`; `anew`: without reusing anything of `was` that may have failed.

        Raises PuppetError or EngineError, after closing all that it opened.
        """
        if settings.differs(was.settings, "target", "framing"):
            target = self._open_target(settings.target, settings.framing)
            if target.bundle.canvas != was.target.bundle.canvas:
                raise _another_size(target, was.target)
        else:
            target = was.target
        if anew or settings.target != was.settings.target:
            return OpenedScene(self._whole(settings, target, cut=was.cut + 1), shares_generator=False)
        return self._changed(was, settings, target)

    def _whole(self, settings: SceneSettings, target: Target, *, cut: int) -> Scene:
        conditioner, background = (
            self._conditioner(settings, target),
            make_background(settings.background, target.plate),
        )
        engine, face = self._engines(settings, target)
        config = self._config
        with ExitStack() as opened:
            for owned in (engine, face):
                if owned is not None:
                    opened.callback(owned.close)
            generator = Renderer(
                engine, background, gap_reset_s=config.gap_reset_s, face=face, clock=self._clock, mark=config.mark
            )
            _warm_up(target, conditioner, generator)
            opened.pop_all()
        presence, legs = self._presence(target), _legs(settings, target)
        return Scene(settings, target, conditioner, presence, legs, generator, background, cut)

    def _changed(self, was: Scene, settings: SceneSettings, target: Target) -> OpenedScene:
        """The same target with other settings: keeps the generator, with new engines if the settings want them."""
        restaged = settings.differs(was.settings, "framing")
        refitted = restaged or settings.differs(was.settings, "mirror", "smoothing", "performer")
        ground = restaged or settings.differs(was.settings, "background")
        scene = Scene(
            settings,
            target,
            self._conditioner(settings, target) if refitted else was.conditioner,
            self._presence(target) if restaged else was.presence,
            _legs(settings, target) if refitted else was.legs,
            was.generator,
            make_background(settings.background, target.plate) if ground else was.background,
            was.cut + (restaged or settings.mirror != was.settings.mirror),
        )
        if settings.differs(was.settings, "engine", "precision"):
            return OpenedScene(scene, True, *self._engines(settings, target), face_changes=True)
        if settings.differs(was.settings, "face"):
            return OpenedScene(scene, True, None, self._face(settings, target), face_changes=True)
        return OpenedScene(scene, shares_generator=True)

    def _engines(self, settings: SceneSettings, target: Target) -> tuple[Engine | None, Face | None]:
        """The generator's and the face's, opened in parallel and warm; None where there is none."""
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(self._face, settings, target)
            engine = None
            try:
                engine = self._warm_engine(target.generator, settings)
                return engine, opening.result()
            except BaseException:
                face = None if opening.exception() else opening.result()
                for owned in (engine, face):
                    if owned is not None:
                        owned.close()
                raise

    def _face(self, settings: SceneSettings, target: Target) -> Face | None:
        engine = self._warm_engine(target.face if settings.face else None, settings)
        if engine is None:
            return None
        try:
            return Face(engine)
        except BaseException:
            engine.close()
            raise

    def _warm_engine(self, network: GeneratorNetwork | FaceNetwork | None, settings: SceneSettings) -> Engine | None:
        """An engine that has run once and was reset."""
        if network is None:
            return None
        engine = self._open_engine(network, settings)
        try:
            engine.run({tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in engine.spec.feeds})
            engine.reset()
        except BaseException:
            engine.close()
            raise
        return engine

    def _conditioner(self, settings: SceneSettings, target: Target) -> Conditioner:
        puppet = steadied(target.puppet, settings.smoothing)
        return Conditioner(puppet, target=target.stats, atlas=target.atlas, performer=self._performer(settings))

    def _performer(self, settings: SceneSettings) -> BodyStats | None:
        if settings.performer is None:
            return None
        stats = settings.performer.stats_for(settings.framing)
        if self.picture_size is not None:
            stats = fitted(stats, self.picture_size)
        return mirror_stats(stats) if settings.mirror else stats

    def _presence(self, target: Target) -> Presence:
        return Presence(target.idle, hold_s=self._config.hold_s, ease_s=self._config.ease_s)


def _legs(settings: SceneSettings, target: Target) -> IdleLegs:
    return IdleLegs(target.idle, always=settings.framing == "half", valid_score=target.puppet.valid_score)


def _another_size(target: Target, was: Target) -> SettingsError:
    (width, height), (wide, high) = target.bundle.canvas, was.bundle.canvas
    return SettingsError(
        f"{target.bundle.title} cannot be shown now: its pictures differ in size from those this run sends out",
        got=f"{width}x{height}",
        wanted=f"{wide}x{high}",
        do=f"end this run and start again with --target {target.bundle.name}",
    )


def _warm_up(target: Target, conditioner: Conditioner, generator: Renderer) -> None:
    """Draw the first idle pose once, so that all code is compiled before the first real frame."""
    conditioner.place(Pose.empty(0, 0.0, target.bundle.canvas))
    conditioner.reset()
    generator.step(RenderInput(0, 0.0, conditioner.draw(target.idle.pose(0, 0.0, 0.0)), 0), cutout=True)
    generator.reset()
