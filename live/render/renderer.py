"""`Renderer`: RenderInput -> PuppetFrame. Owns the recurrence, the face, the gate and the "back soon" card."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from engines.arrays import U8
from engines.engine import Engine, EngineSpec, TensorSpec
from engines.errors import EngineError
from live.clock import Clock, SystemClock
from live.puppet.config import POSE_MAP_SHRINK
from live.puppet.drawing.pose_map import CHANNELS
from live.puppet.errors import TargetError
from live.puppet.values import Conditioning, PuppetFrame
from live.render.composite import composite, cut_out, gate
from live.render.face import Face, face_share
from live.render.mark import Mark
from live.render.standby_card import back_soon_card


@dataclass(frozen=True, slots=True)
class RenderInput:
    """Input of the generate stage. `conditioning` None: show the card. `epoch`: see `live.scene.presence`. `cut` grows
    with every scene change across which the previous picture must not be fed back.
    """

    frame_id: int
    t_capture_s: float
    conditioning: Conditioning | None
    epoch: int
    cut: int = 0


class Renderer:
    """Runs `engine` (None: shows the doll itself) and puts the result on `background`, (H, W, 3) uint8 RGB.

    The previous picture is not fed back after a new epoch or cut, or a gap of more than `gap_reset_s` in capture time;
    `resets` counts these. `face` is painted on the engine's output and not fed back; `face_s`: the seconds it took in
    the last step, None if there was none to paint. `mark`: draw the "AI" mark into every picture but the card. `hangs`:
    a step does not end, and no other may start. `step` and `close` are called from one thread, which may set
    `background` (same size) between steps; `take_engine` and `take_face` from any.

    Raises TargetError unless the engine's tensors are those of `generator_spec` for the background's size.
    """

    def __init__(
        self,
        engine: Engine | None,
        background: U8,
        *,
        gap_reset_s: float,
        face: Face | None = None,
        clock: Clock | None = None,
        mark: bool = False,
    ) -> None:
        height, width = background.shape[:2]
        if engine is not None:
            check_generator(engine.spec, (width, height))
        self.background = background
        self._engine, self._gap_reset_s = engine, gap_reset_s
        self._face, self._clock = face, clock or SystemClock()
        self._handed: deque[Engine | Face | None] = deque()  # None: no more faces
        self._closed, self._handing = False, threading.Lock()
        self.face_s: float | None = None
        self._painted = np.empty((height, width, 4), np.uint8)
        self._open = np.full((height, width), 255, np.uint8)
        self._card = back_soon_card(width, height)
        self._mark = Mark(width, height) if mark else None
        self.resets = 0
        self.hangs = False
        self._last: tuple[int, int, float] | None = None  # cut, epoch and capture time of the last picture drawn

    @property
    def engine(self) -> Engine | None:
        """The engine in use, to describe but not to run."""
        return self._engine

    @property
    def face(self) -> Face | None:
        """The face network in use."""
        return self._face

    def description(self) -> dict[str, str]:
        """Backend, device and precision in use, for the report; and the sizes it drew in, if it draws in windows."""
        engine = self._engine
        if engine is None:
            return {"backend": "doll", "device": "CPU", "precision": "uint8"}
        described = {"backend": engine.backend, "device": engine.device, "precision": engine.precision}
        sizes = engine.frames_by_size()
        if total := sum(sizes.values()):
            shares = (f"{width}x{height} {count / total:.0%}" for (width, height), count in sizes.items())
            described["windows"] = f"in {', '.join(shares)}"
        return described

    @property
    def paints_faces(self) -> bool:
        """Whether there is a face network."""
        return self._face is not None

    def take_engine(self, engine: Engine) -> None:
        """Use `engine`, which must be warm and now belongs to this renderer, from the next picture on; the recurrence
        continues.

        Raises, and takes nothing: EngineError if its tensors differ from those of the engine in use; TargetError if
        there was none and they do not fit the canvas.
        """
        if self._engine is None:
            check_generator(engine.spec, (self._open.shape[1], self._open.shape[0]))
        elif engine.spec != self._engine.spec:
            raise EngineError(
                "this engine belongs to another network", got=str(engine.spec), wanted=str(self._engine.spec)
            )
        self._hand_over(engine)

    def take_face(self, face: Face | None) -> None:
        """Like `take_engine`, for the face network; None: paint no more faces."""
        self._hand_over(face)

    def take_face_engine(self, engine: Engine) -> None:
        """`take_face` with a face network on `engine`. Raises TargetError if its tensors are wrong."""
        self._hand_over(Face(engine))

    def reset(self) -> None:
        """Forget the previous picture and start over, except for the count of resets."""
        self._last = None
        if self._engine is not None:
            self._engine.reset()

    def step(self, drawn: RenderInput, spare: PuppetFrame | None = None, *, cutout: bool = False) -> PuppetFrame:
        """The finished picture, in the arrays of `spare` if given, which nobody else may still use.

        `cutout`: fill that too. Raises EngineError.
        """
        self.face_s = None
        self._take_what_was_handed()
        if drawn.conditioning is None:
            return self.card(drawn.frame_id, drawn.t_capture_s, spare, cutout=cutout)
        self._keep_or_reset(drawn)
        frame = self._blank(drawn.frame_id, drawn.t_capture_s, spare, cutout)
        doll = drawn.conditioning.doll
        if self._engine is None:
            picture, near = doll, self._open
        else:
            outputs = self._engine.run(feeds_of(drawn.conditioning))
            picture, near = self._with_face(outputs["frame"][0], drawn.conditioning), gate(doll, doll.shape[1])
        composite(picture, near, self.background, frame.image, frame.matte)
        if frame.cutout is not None:
            cut_out(picture, frame.matte, frame.cutout)
        if self._mark is not None:
            self._mark.draw(frame.image, frame.cutout)
        return frame

    def card(
        self, frame_id: int, t_capture_s: float, spare: PuppetFrame | None = None, *, cutout: bool = False
    ) -> PuppetFrame:
        """The "back soon" card; see `step` for the rest."""
        frame = self._blank(frame_id, t_capture_s, spare, cutout)
        np.copyto(frame.image, self._card)
        frame.matte.fill(0)
        if frame.cutout is not None:
            frame.cutout.fill(0)
        return frame

    def close(self) -> None:
        """Free the engines, including any handed over and never used; but not while a step `hangs` in them."""
        with self._handing:
            self._closed = True
            hangs = self.hangs
        if not hangs:
            self._free()

    def hang(self) -> None:
        """A step does not end: leave this renderer alone until `came_back` is called."""
        self.hangs = True

    def came_back(self) -> None:
        """The hung step has ended after all, in its own thread: carry on, or free the engines if closed meanwhile."""
        with self._handing:
            self.hangs, closed = False, self._closed
        if closed:
            self._free()

    def _free(self) -> None:
        for owned in (self._engine, self._face, *self._handed):
            if owned is not None:
                owned.close()

    def _hand_over(self, new: Engine | Face | None) -> None:
        with self._handing:
            if not self._closed:
                self._handed.append(new)
                return
        if new is not None:  # too late, and nobody else will free it
            new.close()

    def _take_what_was_handed(self) -> None:
        while self._handed:
            new = self._handed.popleft()
            old: Engine | Face | None
            if new is None or isinstance(new, Face):
                old, self._face = self._face, new
            else:
                self._carry_state(new)
                old, self._engine = self._engine, new
            if old is not None:
                old.close()

    def _carry_state(self, new: Engine) -> None:
        """Continue the recurrence of the engine in use in `new`, or start over if the engine in use has failed."""
        if self._engine is None:
            return
        try:
            new.load_state(self._engine.state())
        except EngineError:
            new.reset()
            self.resets += 1

    def _with_face(self, frame: U8, conditioning: Conditioning) -> U8:
        """`frame`, or a copy with the face painted: the engine is fed its own output next."""
        if self._face is None or face_share(conditioning) == 0:
            return frame
        start_s = self._clock.now()
        np.copyto(self._painted, frame)
        self._face.paint(self._painted, conditioning)
        self.face_s = self._clock.now() - start_s
        return self._painted

    def _blank(self, frame_id: int, t_capture_s: float, spare: PuppetFrame | None, cutout: bool) -> PuppetFrame:
        image = np.empty_like(self.background) if spare is None else spare.image
        matte = np.empty_like(self._open) if spare is None else spare.matte
        cut = None
        if cutout:
            cut = np.empty_like(self._painted) if spare is None or spare.cutout is None else spare.cutout
        return PuppetFrame(frame_id, t_capture_s, image, matte, cut)

    def _keep_or_reset(self, drawn: RenderInput) -> None:
        if self._last is not None:
            *scene, t_s = self._last
            if [drawn.cut, drawn.epoch] != scene or drawn.t_capture_s - t_s > self._gap_reset_s:
                self.reset()
                self.resets += 1
        self._last = (drawn.cut, drawn.epoch, drawn.t_capture_s)


def generator_spec(canvas: tuple[int, int]) -> EngineSpec:
    """The tensors of a generator for a `canvas` of (width, height) px."""
    width, height = canvas
    picture = (1, height, width, 4)
    pose_map = (1, height // POSE_MAP_SHRINK, width // POSE_MAP_SHRINK, CHANNELS)
    return EngineSpec(
        inputs=(TensorSpec("pose_map", pose_map), TensorSpec("doll", picture), TensorSpec("previous", picture)),
        outputs=(TensorSpec("frame", picture),),
        state=(("frame", "previous"),),
    )


def check_generator(spec: EngineSpec, canvas: tuple[int, int], *, name: str = "the generator") -> None:
    """Raises TargetError unless the tensors of `spec`, in any order, are those of a generator for `canvas`.

    The compiled code that takes its output relies on the canvas size: a picture of another size would be read and
    written beyond its end.
    """
    wanted = generator_spec(canvas)
    if any(set(getattr(spec, side)) != set(getattr(wanted, side)) for side in ("inputs", "outputs", "state")):
        raise TargetError(
            f"{name} does not fit this target's canvas of {canvas[0]}x{canvas[1]}",
            got=_described(spec),
            wanted=_described(wanted),
            do="export the target again with this version (python -m train export)",
        )


def _described(spec: EngineSpec) -> str:
    tensors = ", ".join(str(tensor) for tensor in (*spec.inputs, *spec.outputs))
    return f"{tensors}, state {', '.join(f'{output} -> {into}' for output, into in spec.state) or 'none'}"


def feeds_of(conditioning: Conditioning) -> dict[str, U8]:
    """A generator engine's inputs by tensor name: views of the conditioning's arrays, (1, ...)."""
    return {"pose_map": conditioning.pose_map[None], "doll": conditioning.doll[None]}
