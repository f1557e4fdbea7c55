"""The other builder, torch2trt: NVIDIA's converter for torch modules, last released in May 2024.

It needs torch, which lives in `train` alone, so it runs as a separate program:
`python -m train.bundle.torch2trt MODEL --out PLAN`. It takes the same ONNX file as our builder, and our runtime runs
what it makes. It does not support uint8, so the plan's tensors are float32, nor TensorRT 11. Not run by the authors.
"""

import subprocess
import sys
from pathlib import Path

from engines.backends.tensorrt.library import version_of
from engines.errors import EngineError, reason

PRECISIONS = ("fp16", "fp32")
PROGRAM = "train.bundle.torch2trt"
INSTALL = (
    'pip install "tensorrt-cu13>=10.12,<11" onnx_graphsurgeon && '
    'pip install --no-build-isolation "git+https://github.com/NVIDIA-AI-IOT/torch2trt@4e820ae"'
)
_LONGEST_S = 3600


def check_torch2trt(tensorrt: str) -> None:
    """Raises EngineError unless torch2trt can work with this version of TensorRT."""
    major, _ = version_of(tensorrt)
    if major != 10:
        raise EngineError(
            "torch2trt cannot work with this TensorRT: its last release, of May 2024, uses what TensorRT 11 removed",
            got=f"TensorRT {tensorrt}",
            wanted="TensorRT 10",
            do=f"use --builder onnx, which is the default, or {INSTALL}",
        )


def build_with_torch2trt(model: Path, out: Path, *, precision: str, tensorrt: str) -> Path:
    """Builds the plan `out` from the fp32 ONNX file `model` in a separate process, and returns `out`.

    `precision`: fp16 or fp32; `tensorrt`: the installed version. Raises EngineError, with the program's last line, when
    it fails or does not support that version.
    """
    check_torch2trt(tensorrt)
    if precision not in PRECISIONS:
        raise EngineError("torch2trt is not used for this precision", got=precision, wanted=", ".join(PRECISIONS))
    command = [sys.executable, "-m", PROGRAM, str(model), "--out", str(out), "--precision", precision]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError("torch2trt could not be run", got=reason(error), do="use --builder onnx") from error
    if done.returncode != 0 or not out.is_file():
        words = [line for line in done.stderr.splitlines() if line.strip()]
        raise EngineError(
            "torch2trt built no plan",
            got=reason(RuntimeError(words[-1] if words else f"exit code {done.returncode}")),
            do=f"use --builder onnx, which is the default; torch2trt needs the train extra, and {INSTALL}",
        )
    return out
