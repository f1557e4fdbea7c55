"""The NVIDIA graphics card: its driver and memory, and whether TensorRT can use it."""

import shutil
import subprocess

from engines.backends.tensorrt.cuda import find_device
from engines.backends.tensorrt.library import check_tensorrt
from engines.errors import EngineError, reason
from live.doctor.finding import Finding

_TOOL = "nvidia-smi"
_QUERY = ("--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader,nounits")
_LIMIT_S = 10.0
_LITTLE_MB = 1000
_WITHOUT = "the processor draws the puppet"


def findings() -> list[Finding]:
    """The cards; then TensorRT, if there is a card."""
    tool = shutil.which(_TOOL)
    if tool is None:
        return [Finding("absent", f"no NVIDIA card: {_WITHOUT}")]
    found = [examine_card(line) for line in _asked(tool).splitlines() if line.strip()]
    return [*found, tensorrt()]


def examine_card(line: str) -> Finding:
    """Judges a line of nvidia-smi's answer: name, driver, memory in MB and how much of it is free."""
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 4 or not all(part.isdigit() for part in parts[2:]):
        return Finding("warning", f"nvidia-smi answers: {line[:200]}", "reinstall NVIDIA's driver")
    name, driver, memory, free = parts
    told = f"{name}, driver {driver}, {int(free) / 1024:.1f} of {int(memory) / 1024:.1f} GB free"
    if int(free) < _LITTLE_MB:
        return Finding("warning", f"{told}: too little for an engine", "close programs that use the card")
    return Finding("ok", told)


def tensorrt() -> Finding:
    """Whether TensorRT is installed and finds the card."""
    try:
        version, device = check_tensorrt(), find_device()
    except EngineError as error:
        return Finding("warning", f"TensorRT is not used: {error.what}; {_WITHOUT}", error.do)
    return Finding("ok", f"TensorRT {version} finds it, CUDA {device.cuda}")


def _asked(tool: str) -> str:
    """Raises EngineError if it does not answer."""
    try:
        done = subprocess.run(
            [tool, *_QUERY],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        got = reason(error)
    else:
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout
        got = " ".join((done.stdout + done.stderr).split())[:200] or f"exit code {done.returncode}"
    raise EngineError(
        f"NVIDIA's driver does not answer: {_WITHOUT}", got=got, do="reinstall the driver, and restart the computer"
    )
