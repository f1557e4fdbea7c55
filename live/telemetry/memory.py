"""The peak memory of this process."""

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_rss_mb() -> float:
    """The most memory this process ever held in RAM, in MB (1e6 bytes)."""
    if sys.platform == "win32":
        return _windows_peak_bytes() / 1e6
    if _STATUS.exists():  # getrusage would count what a large parent held before exec
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _windows_peak_bytes() -> int:
    import ctypes

    # PROCESS_MEMORY_COUNTERS (psapi.h): two DWORDs, then eight SIZE_T, of which the first is PeakWorkingSetSize.
    counters = (ctypes.c_size_t * 9)()
    size = ctypes.sizeof(counters)
    handle = ctypes.c_void_p(-1)  # GetCurrentProcess() is the constant -1
    loader = getattr(ctypes, "windll")  # noqa: B009 - the name exists on Windows only
    loader.psapi.GetProcessMemoryInfo(handle, ctypes.byref(counters), size)
    return int(counters[1])
