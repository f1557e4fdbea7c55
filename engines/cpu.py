"""This machine's processor: what engines need to know about it."""

import platform
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")


def cpu_bf16(cpu_info: Path = _CPU_INFO) -> bool | None:
    """Whether this CPU computes in bf16 natively (avx512_bf16 or amx_bf16); None where the system does not tell.

    OpenVINO's own list of capabilities is not enough: it names BF16 even where it only emulates it.
    """
    flags = _cpu_lines(cpu_info, "flags")
    return bool({flag for line in flags for flag in line.split()} & {"avx512_bf16", "amx_bf16"}) if flags else None


def cpu_name(cpu_info: Path = _CPU_INFO) -> str:
    """The processor's name and the flags that decide how fast it is, as far as the system tells."""
    names = _cpu_lines(cpu_info, "model name")
    flags = {flag for line in _cpu_lines(cpu_info, "flags") for flag in line.split()}
    fast = sorted(flag for flag in flags if flag.startswith(("avx", "amx")))
    return " ".join([(names or [platform.processor() or platform.machine()])[0], *fast])


def _cpu_lines(cpu_info: Path, key: str) -> list[str]:
    try:
        text = cpu_info.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(key)]
