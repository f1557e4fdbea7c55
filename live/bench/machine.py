"""The machine's own speed, so that two machines, or two hours on one, can be compared."""

import time

import numpy as np

from engines.cpu import cpu_name
from engines.tools.peak import matmul_peak

_COPY_BYTES, _COPIES = 64 << 20, 12


def machine_speed() -> str:
    """One line: the processor, what one thread multiplies (a fixed matrix product in fp32) and copies in a second."""
    gflops = matmul_peak("fp32", threads=1) / 1e9
    return f"{cpu_name()}: {gflops:.0f} GFLOP/s in fp32 and {_copied():.1f} GB/s copied, on one thread"


def _copied() -> float:
    """GB copied in a second from one array to another, both too large for any cache: the best of some tries."""
    source, target = np.ones(_COPY_BYTES, np.uint8), np.empty(_COPY_BYTES, np.uint8)
    took_s = []
    for _ in range(_COPIES):
        start_s = time.perf_counter()
        np.copyto(target, source)
        took_s.append(time.perf_counter() - start_s)
    return _COPY_BYTES / min(took_s) / 1e9
