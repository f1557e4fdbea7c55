"""The machine: its Python, operating system, processor and memory."""

import os
import platform
import sys
from pathlib import Path

from live.doctor.exams.requirements import fits, read_requirements
from live.doctor.finding import Finding

_LEAST_CORES = 2
_LEAST_MEMORY_GB = 3.0  # a run takes less than 2; a browser and OBS need the rest
_MEMORY = Path("/proc/meminfo")


def findings() -> list[Finding]:
    """Python, then the rest."""
    return [python(platform.python_version(), read_requirements().python, sys.maxsize > 2**32), computer()]


def python(version: str, wanted: str, wide: bool) -> Finding:
    """Judges a Python of this version; `wide`: it is 64-bit."""
    named = f"Python {version}, {platform.python_implementation()}"
    if not wide:
        return Finding("bad", f"{named}, 32 bit: the libraries do not exist for it", "install a 64-bit Python")
    if not fits(version, wanted):
        return Finding("warning", f"{named}: not a tested version ({wanted})", "make a new venv with Python 3.11")
    return Finding("ok", f"{named}, 64 bit")


def computer(cores: int | None = None, memory: Path = _MEMORY) -> Finding:
    """System, processor, memory. `cores`: how many this program may use; by default, as many as it may here."""
    cores = cores or _cores()
    gigabytes = _memory_gb(memory)
    told = f"{platform.system()} {platform.release()}, {_processor()}, {cores} core{'s' if cores > 1 else ''}"
    told += f", {gigabytes:.1f} GB" if gigabytes else ""
    if cores < _LEAST_CORES:
        return Finding("warning", f"{told}: with one core the puppet will stutter", "close all other programs")
    if gigabytes and gigabytes < _LEAST_MEMORY_GB:
        return Finding("warning", f"{told}: little memory", "close all other programs")
    return Finding("ok", told)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        from engines.cpu import cpu_name
    except ImportError:  # numpy is missing
        return platform.processor() or platform.machine()
    return cpu_name().partition(" avx")[0]  # its flags are for the engines' cache


def _memory_gb(memory: Path) -> float:
    """0 if the system does not tell."""
    try:
        line = next(line for line in memory.read_text().splitlines() if line.startswith("MemTotal:"))
        return int(line.split()[1]) / 2**20
    except (OSError, StopIteration, ValueError, IndexError):
        return 0.0
