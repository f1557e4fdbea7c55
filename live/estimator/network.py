"""`Network`: one of MediaPipe's models, which looks at a region of a picture, on one thread."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.arrays import F32, U8
from live.estimator.region import Region

if TYPE_CHECKING:
    import openvino as ov

_BORDERS = {"edge": cv2.BORDER_REPLICATE, "black": cv2.BORDER_CONSTANT}


class Network:
    """A compiled model and the memory it works in. Not thread-safe.

    `model`: see `live.estimator.compiled`; several networks may share one, and run side by side. `border`: what lies
    beyond the picture: its edge repeated ("edge"), or black ("black").
    """

    def __init__(self, model: "ov.CompiledModel", *, border: str = "edge") -> None:
        import openvino as ov

        self._border = _BORDERS[border]
        self.size = int(model.input(0).get_shape()[1])
        self._picture = np.zeros((1, self.size, self.size, 3), np.uint8)
        self._request = model.create_infer_request()
        self._request.set_input_tensor(ov.Tensor(self._picture, shared_memory=True))
        self._outputs = [self._request.get_output_tensor(i).data for i in range(len(model.outputs))]

    def run(self, image: U8, region: Region) -> list[F32]:
        """What the model says of `region` of `image` (H, W, 3) uint8 RGB: one array for each wanted output, in the
        model's shapes. They are the network's own, and valid until its next run.
        """
        cv2.warpAffine(
            image,
            region.matrix(self.size),
            (self.size, self.size),
            dst=self._picture[0],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=self._border,
        )
        self._request.start_async()  # lets other threads go on, and unlike infer() does not gather the outputs anew
        self._request.wait()
        return self._outputs
