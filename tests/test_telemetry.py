"""Nothing leaves this machine: no command calls anybody, or leaves an id of the user's machine in the home folder."""

import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from live.performer.recording import save_poses
from tests.live.tiny_face import write_target_with_face
from tests.live.tiny_target import ESTIMATOR, walking
from tests.sealed_network import Done, missing, run_sealed

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "help": "run_live.py --help",
    "show": "run_live.py --target {target} --source {film} --no-realtime --engine openvino --sink null",
    "engines list": "-m engines list",  # it imports both runtimes
    "calib": "-m calib --source {poses} --profiles {home}/profiles",
    "train help": "-m train --help",
    "train prepare": "-m train prepare {film} --name film --work {home}/work",
    "train run": "-m train run {home}/work/film --out {home}/work/run --steps 1",
}
# What may lie in a home afterwards: our own, and the list of fonts that matplotlib makes, which mediapipe brings along.
OURS = (".cache/everybody-dance-live/", ".config/everybody-dance-live/", ".cache/matplotlib/", "profiles/", "work/")


@cache
def _why_not() -> str:
    return missing()


@pytest.fixture
def sealed() -> None:
    if _why_not():
        pytest.skip(_why_not())


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A recording, a film in which nobody is, and a target with a network."""
    av = pytest.importorskip("av")
    folder = tmp_path_factory.mktemp("given")
    save_poses(folder / "walk.npz", walking(20), estimator=ESTIMATOR)
    with av.open(str(folder / "film.mp4"), "w") as file:
        stream = file.add_stream("h264", rate=30)
        stream.width = stream.height = 64
        for _ in range(4):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")))
        file.mux(stream.encode())
    target = write_target_with_face(folder / "faced")
    return {"poses": str(folder / "walk.npz"), "film": str(folder / "film.mp4"), "target": str(target)}


def at_home(home: Path) -> dict[str, str]:
    """The environment of a user who has never run anything, but for the drawing code, which is compiled already."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)}


def python(arguments: list[str], home: Path) -> Done:
    return run_sealed([sys.executable, *arguments], cwd=ROOT, env=at_home(home))


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_calls_nobody_and_leaves_no_trace_of_others(name: str, given: dict[str, str], tmp_path: Path) -> None:
    if name == "train run" and find_spec("torch") is None:
        pytest.skip("needs torch")
    done = python([part.format(home=tmp_path, **given) for part in COMMANDS[name].split()], tmp_path)
    assert "Traceback" not in done.told and done.code in (0, 1), done.told
    assert done.packets == []
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path for path in left if not path.startswith(OURS)} == set()


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    "call", ["getaddrinfo('example.org', 80)", "create_connection(('192.0.2.1', 443), 1)"], ids=["name", "address"]
)
def test_the_recorder_sees_a_name_and_an_address(call: str, tmp_path: Path) -> None:
    done = python(["-c", f"import socket; socket.{call}"], tmp_path)
    assert done.code == 1 and any("example" in packet or "192.0.2.1:443" in packet for packet in done.packets)


@pytest.mark.parametrize("package", ["engines", "live", "calib", "train"])
def test_each_package_keeps_the_runtimes_from_reporting_before_anything_else(package: str, tmp_path: Path) -> None:
    code = (
        f"import os, sys, {package}\n"
        "early = sys.modules.keys() & {'openvino', 'onnxruntime'}\n"
        "off = os.environ.get('ORT_DISABLE_TELEMETRY') == '1' and 'openvino_telemetry' in sys.modules\n"
        "sys.exit(0 if off and not early else f'{early}, off: {off}')"
    )
    done = subprocess.run([sys.executable, "-c", code], env=at_home(tmp_path), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
