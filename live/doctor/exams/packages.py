"""The libraries: whether each is installed in a fitting version and can be loaded."""

import importlib
import importlib.metadata
from collections.abc import Callable, Mapping

from live.doctor.exams.requirements import PROGRAM, fits, read_requirements
from live.doctor.finding import Finding
from live.doctor.isolation import run_look

_INSTALL = "pip install -e ."
_MODULES = {"opencv-contrib-python": "cv2", "protobuf": "google.protobuf"}
# mediapipe takes seconds, and the exam of the models loads it; that of the virtual camera loads pyvirtualcam.
_NOT_LOADED = ("mediapipe", "pyvirtualcam")
# Each installs its own cv2 into the same folder; the last one installed wins, and pip does not notice.
_OTHER_OPENCVS = ("opencv-python", "opencv-python-headless", "opencv-contrib-python-headless")

Version = Callable[[str], str | None]  # of an installed library; None if not installed


def findings() -> list[Finding]:
    """A line for each thing that is wrong; if none, one line that all is well."""
    wanted = read_requirements().libraries
    if not wanted:
        return [Finding("warning", "the needed libraries are unknown: not installed, and there is no pyproject.toml")]
    wrong = versions(wanted, installed_version)
    missing = {name for name in wanted if installed_version(name) is None}
    wrong += [finding for name in wanted if name not in missing for finding in loaded(name)]
    return wrong or [
        Finding("ok", f"all {len(wanted)} are installed and fit; {PROGRAM} {installed_version(PROGRAM) or ''}")
    ]


def versions(wanted: Mapping[str, str], version: Version) -> list[Finding]:
    """What is wrong with the installed libraries: missing, too old, too new, one too many."""
    found = []
    have = {name: version(name) for name in wanted}
    if missing := [name for name, known in have.items() if known is None]:
        found.append(Finding("bad", f"not installed: {', '.join(missing)}", _INSTALL))
    for name, known in have.items():
        if known is not None and not fits(known, wanted[name]):
            found.append(Finding("warning", f"{name} {known}: wanted {wanted[name]}", _INSTALL))
    if others := [name for name in _OTHER_OPENCVS if version(name) is not None]:
        # Uninstalling one removes files of the other, so uninstall all and reinstall one.
        names = " ".join([*others, "opencv-contrib-python"])
        told = f"more than one OpenCV is installed, in one place: {', '.join(others)} beside opencv-contrib-python"
        found.append(Finding("warning", told, f"pip uninstall {names} && {_INSTALL}"))
    return found


def loaded(name: str) -> list[Finding]:
    """Load an installed library; no findings if that works."""
    if name in _NOT_LOADED:
        return []

    def load() -> list[Finding]:
        importlib.import_module(_MODULES.get(name, name.replace("-", "_")))
        return []

    return run_look(load, "bad")


def installed_version(name: str) -> str | None:
    """The version of an installed library; None if not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
