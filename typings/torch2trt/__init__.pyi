# What is used of torch2trt at 4e820ae (May 2024): it ships no type hints.
from collections.abc import Sequence

from torch import Tensor, nn

class _Engine:
    def serialize(self) -> bytes: ...

class TRTModule(nn.Module):
    engine: _Engine

def torch2trt(
    module: nn.Module,
    inputs: Sequence[Tensor],
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    fp16_mode: bool,
    use_onnx: bool,
    onnx_opset: int,
) -> TRTModule: ...
