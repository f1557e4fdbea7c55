"""Keeps the frames of the takes in the computer's memory while training if they fit, else on the disk."""

import mmap
import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SHARE = 0.6  # of the computer's memory that frames may take; the networks and other programs need the rest
GB = 1e9


def settle(frames: Iterable[NDArray[np.uint8]], *, memory: float | None = None) -> str:
    """Ask for all frames to be read ahead if they fit; returns one line on where they are. `memory`: bytes available.

    Frames are mapped files. What is read of them stays in the system's page cache, in memory, so they are never copied:
    reading ahead only spares the first pass its random reads. They do not go to GPU memory: a batch's pictures are cut
    and zoomed on the CPU, where its poses are drawn too, and then take a few megabytes.
    """
    mapped = [array for array in frames if isinstance(array, np.memmap)]
    size, memory = sum(array.nbytes for array in mapped), _memory() if memory is None else memory
    if size > SHARE * memory:
        return f"frames: {size / GB:.1f} GB, read from the disk as needed (memory: {memory / GB:.0f} GB)"
    for array in mapped:
        opened = array._mmap  # type: ignore[attr-defined]  # numpy has no other way to it
        if hasattr(opened, "madvise"):  # not on Windows
            opened.madvise(mmap.MADV_WILLNEED)
    return f"frames: {size / GB:.1f} GB, kept in memory"


def _memory() -> float:
    """Bytes of memory of this computer; 0 if the system does not say."""
    if not hasattr(os, "sysconf"):
        return 0.0
    return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
