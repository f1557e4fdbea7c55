"""Rehearsals: what a target's networks are fed during a performance, with nobody in front of a camera.

They consist of the bundle's idle loop, then the poses recorded from the demo clip in each of its takes. Engines are
calibrated on this and compared with the reference over it, before a person sees them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.arrays import U8
from engines.backends.onnxruntime_engine import open_reference
from engines.bundle import SHIPPED, find_target, open_bundle
from live.performer.recording import load_poses
from live.puppet.condition import Conditioner
from live.puppet.drawing.face_map import CHANNELS, SIDE, draw_face_map
from live.puppet.values import Conditioning
from live.render.face import crop_face, face_share, square_of
from live.render.renderer import feeds_of
from live.scene.target import open_target

DEMO_POSES = SHIPPED / "demo" / "poses.npz"
_IDLE = 30  # frames of the idle loop: one second
_OTHER_TAKES = 60  # frames of the demo in every take but the first, which gets them all


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The generator feeds of a target (name or folder), frame by frame; every `iter()` starts over.

    `poses`: a recording. A frame's arrays are (1, ...) uint8 and valid until the next frame.
    The first `next` raises PuppetError or EngineError if the target or the poses cannot be read.
    """

    target: str
    poses: Path = DEMO_POSES

    def __iter__(self) -> Iterator[dict[str, U8]]:
        for conditioning in self.conditionings():
            yield feeds_of(conditioning)

    def conditionings(self) -> Iterator[Conditioning]:
        """The conditionings that the feeds are taken from."""
        poses, _ = load_poses(self.poses)
        for place, take in enumerate(_takes(self.target)):
            target = open_target(self.target, take)
            conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas, performer=None)
            if not place:
                for frame in range(_IDLE):
                    time_s = frame / target.bundle.fps
                    yield conditioner.draw(target.idle.pose(frame, time_s, time_s))
            for pose in poses if not place else poses[:_OTHER_TAKES]:
                yield conditioner.step(pose)


class FaceRehearsal:
    """The feeds of the same target's face network: face maps, and what the reference generator draws there.

    The generator runs only once: its output is kept (0.2 MB a frame) after the first complete iteration.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._kept: list[dict[str, U8]] | None = None

    def __iter__(self) -> Iterator[dict[str, U8]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept = []
        for feeds in self._drawn():
            kept.append({name: array.copy() for name, array in feeds.items()})
            yield feeds
        self._kept = kept

    def _drawn(self) -> Iterator[dict[str, U8]]:
        target = open_target(self._rehearsal.target, next(iter(_takes(self._rehearsal.target))))
        if target.generator is None:
            return
        generator = open_reference(target.generator.file, target.generator.spec)
        face_map = np.empty((SIDE, SIDE, CHANNELS), np.uint8)
        try:
            for conditioning in self._rehearsal.conditionings():
                frame, square = generator.run(feeds_of(conditioning))["frame"][0], square_of(conditioning)
                if square is None or face_share(conditioning) == 0:
                    continue
                draw_face_map(conditioning.placed, square, face_map)
                yield {"face_map": face_map[None], "crop": crop_face(frame, square)[None]}
        finally:
            generator.close()


def _takes(target: str) -> list[str]:
    """The target's takes, the whole body first."""
    return sorted(open_bundle(find_target(target)).takes, key=lambda take: (take != "full", take))
