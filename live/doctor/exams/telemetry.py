"""Telemetry: checks that no library reports anything to anybody."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from live.doctor.finding import Finding

# OpenVINO imports its telemetry module on import; None in sys.modules keeps it out. ONNX Runtime has a switch.
_MODULE, _SWITCH = "openvino_telemetry", "ORT_DISABLE_TELEMETRY"
_LIBRARIES = ("onnxruntime", "openvino")
_CLIENT = Path("intel", "openvino_ga_cid")  # in the home folder
_ANEW = "download the program again; until then run it without a network"


def findings() -> list[Finding]:
    """What was not switched off; if all was, both libraries are loaded and checked once more."""
    there = importlib.util.find_spec(_MODULE) is not None if _MODULE not in sys.modules else False
    wrong = reporting(sys.modules, os.environ, there=there)
    if wrong:
        return wrong  # loading them would report
    for name in _LIBRARIES:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    wrong = reporting(sys.modules, os.environ, there=False)
    return wrong or [Finding("ok", "off: OpenVINO and ONNX Runtime report nothing"), *left_behind(_home())]


def reporting(modules: Mapping[str, object], environment: Mapping[str, str], *, there: bool) -> list[Finding]:
    """What reports, or would. `there`: OpenVINO's telemetry is installed and not kept out."""
    found = []
    if there or modules.get(_MODULE) is not None:
        found.append(Finding("warning", "OpenVINO reports to Google: its telemetry is not kept out", _ANEW))
    if environment.get(_SWITCH) != "1":
        found.append(Finding("warning", f"ONNX Runtime may report to Microsoft: {_SWITCH} is not 1", _ANEW))
    return found


def left_behind(home: Path | None) -> list[Finding]:
    """What OpenVINO once wrote into the home folder, by another program or an older version of this one."""
    if home is None or not (home / _CLIENT).exists():
        return []
    told = f"{home / _CLIENT} exists: some program has let OpenVINO report before"
    return [Finding("absent", told, "delete it if you like; this program does not read it")]


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
