"""`python -m train.bundle.torch2trt MODEL --out PLAN` builds a TensorRT plan with torch2trt; `engines` runs both.

Optional, and not run by the authors: torch2trt is not a dependency, needs TensorRT 10, and ended in May 2024.
engines/backends/tensorrt/torch2trt.py says how to install it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from engines.backends.tensorrt.library import check_tensorrt
from engines.backends.tensorrt.torch2trt import INSTALL, check_torch2trt
from engines.errors import EngineError, reason
from engines.system.whole_file import write_whole
from train.bundle.onnx_module import OnnxModule
from train.errors import TrainError

_OPSET = 18  # TensorRT 10 reads up to 20


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 ok, 1 failure (one line on stderr), 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m train.bundle.torch2trt", description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL", help="the fp32 ONNX file of a target's network")
    parser.add_argument("--out", type=Path, required=True, metavar="PLAN", help="where to write the plan")
    parser.add_argument("--precision", choices=("fp16", "fp32"), default="fp16")
    arguments = parser.parse_args(argv)
    try:
        plan = build(arguments.model, half=arguments.precision == "fp16")
        write_whole(arguments.out, plan)
    except (EngineError, TrainError, OSError) as error:
        print(f"error: {reason(error)}", file=sys.stderr)
        return 1
    return 0


def build(model: Path, *, half: bool) -> bytes:
    """The plan of the ONNX file, with float32 inputs and outputs of whole numbers 0..255, computing in fp16 if `half`.

    It uses torch2trt's own ONNX export (`use_onnx`), since its converters lack several of our operations. Raises
    EngineError if TensorRT is not 10, or torch2trt or a GPU is missing; TrainError if the build fails.
    """
    check_torch2trt(check_tensorrt())
    try:
        from torch2trt import torch2trt
    except Exception as error:  # importing it looks up names in tensorrt
        raise EngineError("torch2trt cannot be imported", got=reason(error), do=INSTALL) from error
    if not torch.cuda.is_available():
        raise EngineError("torch sees no NVIDIA GPU", do="install a torch build for CUDA, or use --builder onnx")
    module = OnnxModule(model, uint8=False).eval().cuda()
    examples = [torch.zeros(shape, device="cuda") for shape in module.input_shapes]
    try:
        built = torch2trt(
            module,
            examples,
            input_names=module.input_names,
            output_names=module.output_names,
            fp16_mode=half,
            use_onnx=True,
            onnx_opset=_OPSET,
        )
        return bytes(built.engine.serialize())
    except Exception as error:  # it does not check for failures inside: a failed build is an AttributeError
        raise TrainError("torch2trt could not build the plan", got=reason(error), do="use --builder onnx") from error


if __name__ == "__main__":
    sys.exit(main())
