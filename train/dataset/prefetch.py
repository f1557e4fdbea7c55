"""Draws training batches ahead, in a thread beside the training step."""

import threading
from queue import SimpleQueue
from typing import Any, Protocol

from train.dataset.rollouts import Batch
from train.dataset.share import WHOLE, Share

AHEAD = 2  # batches drawn and not yet used


class BatchSource(Protocol):
    """What batches are drawn from: `train.dataset.rollouts.Rollouts`."""

    def sample(self, share: Share = WHOLE) -> Batch: ...
    def state(self) -> dict[str, Any]: ...


class Prefetch:
    """The batches of a source in order, up to AHEAD of them made before they are asked for.

    Drawing releases Python's lock in numba, and a training step in torch, so the two overlap. `state()` is the source's
    state after the last batch used: a run that resumes from it draws again what had been drawn ahead. The source
    belongs to the thread until `close()`.
    """

    def __init__(self, source: BatchSource, share: Share = WHOLE) -> None:
        self._source, self._share, self._state = source, share, source.state()
        self._made: SimpleQueue[tuple[Batch, dict[str, Any]] | BaseException] = SimpleQueue()
        self._room, self._closed = threading.Semaphore(AHEAD), False
        self._thread = threading.Thread(target=self._draw, name="draw batches", daemon=True)
        self._thread.start()

    def sample(self) -> Batch:
        """The next batch, waited for if need be. Raises what the source raised while making it."""
        made = self._made.get()
        self._room.release()
        if isinstance(made, BaseException):
            self._made.put(made)  # asked again, it fails again
            raise made
        batch, self._state = made
        return batch

    def state(self) -> dict[str, Any]:
        """The source's state as if nothing had been drawn ahead."""
        return self._state

    def close(self) -> None:
        """End the thread after its current batch."""
        self._closed = True
        self._room.release()
        self._thread.join()

    def _draw(self) -> None:
        try:
            while self._room.acquire() and not self._closed:
                self._made.put((self._source.sample(self._share), self._source.state()))
        except BaseException as error:
            self._made.put(error)
