"""One thread for torch: the same bits on every machine, and no fight over the cores."""

import torch

torch.set_num_threads(1)
