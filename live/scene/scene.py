"""`Scene`: everything about what is shown, replaced as a whole between two frames. `Scenes`: the one that runs."""

import threading
from dataclasses import dataclass, replace

from engines.arrays import U8
from live.puppet.condition import Conditioner
from live.puppet.values import PuppetFrame
from live.render.renderer import Renderer, RenderInput
from live.scene.idle_legs import IdleLegs
from live.scene.predictor import Motion
from live.scene.presence import Presence
from live.scene.settings import SceneSettings
from live.scene.target import Target


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity
class Scene:
    """`settings`, opened. `background`: (H, W, 3) uint8 RGB. `cut` differs from the previous scene's if that scene's
    last picture must not be fed back into this one.

    The estimating thread owns conditioner, presence and legs; the generating thread owns the generator. A scene shares
    with its predecessor the parts that have not changed.
    """

    settings: SceneSettings
    target: Target
    conditioner: Conditioner
    presence: Presence
    legs: IdleLegs
    generator: Renderer
    background: U8
    cut: int = 0

    def finish(self, drawn: RenderInput, spare: PuppetFrame | None, *, cutout: bool) -> PuppetFrame:
        """The finished picture of what was drawn for this scene; see `Renderer.step`."""
        self.generator.background = self.background
        return self.generator.step(drawn, spare, cutout=cutout)

    def card(self, drawn: RenderInput, spare: PuppetFrame | None, *, cutout: bool) -> PuppetFrame:
        """The "back soon" card in its place."""
        return self.generator.card(drawn.frame_id, drawn.t_capture_s, spare, cutout=cutout)


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A drawn picture with its scene: the pose map of one target never reaches the generator of another.

    `motion`: the pose it was drawn from, moved on by `ahead_s`; None if it is not to be moved on.
    """

    scene: Scene
    drawn: RenderInput
    motion: Motion | None = None
    ahead_s: float = 0.0

    def later(self, by_s: float) -> RenderInput:
        """`drawn` anew, of the pose moved on by `by_s` more. May be called from any thread. Needs `motion`."""
        assert self.motion is not None
        later = self.motion.after(self.ahead_s + by_s)
        conditioning = self.scene.conditioner.draw(later, self.drawn.conditioning)
        return replace(self.drawn, conditioning=conditioning)


class Scenes:
    """The newest scene, and earlier ones that may still have a picture on its way.

    Anybody may `put`; the estimating thread takes `current` for each frame; the generating thread calls `reached`,
    which closes the scenes before the one it has reached.
    """

    def __init__(self, first: Scene) -> None:
        self._scenes = [first]
        self._gone_resets = 0
        self._closed = False
        self._lock = threading.Lock()

    @property
    def current(self) -> Scene:
        """The newest."""
        return self._scenes[-1]

    @property
    def resets(self) -> int:
        """How often the recurrence started over, in all scenes."""
        with self._lock:
            return self._gone_resets + sum(generator.resets for generator in self._generators())

    def put(self, scene: Scene) -> bool:
        """Show `scene` from the next frame on. If the run is over, close it and return False."""
        with self._lock:
            if not self._closed:
                self._scenes = [*self._scenes, scene]
                return True
        scene.generator.close()
        return False

    def reached(self, scene: Scene) -> None:
        """No more pictures of earlier scenes will come: close what they do not share with `scene`."""
        if self._scenes[0] is scene:
            return
        with self._lock:
            before = self._generators()
            self._scenes = self._scenes[self._scenes.index(scene) :]
            gone = [generator for generator in before if generator not in self._generators()]
            self._gone_resets += sum(generator.resets for generator in gone)
        for generator in gone:
            generator.close()

    def close(self) -> None:
        """Close all scenes, including any put later."""
        with self._lock:
            self._closed = True
            generators = self._generators()
        for generator in generators:
            generator.close()

    def _generators(self) -> list[Renderer]:
        """Each once, in order."""
        return list({id(scene.generator): scene.generator for scene in self._scenes}.values())
