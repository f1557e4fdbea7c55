"""The losses, as pure functions. Each returns a scalar: the mean over samples, each times its weight (N,) in 0..1.

Pictures are (N, 4, H, W): RGB and matte, straight alpha, 0..1. Samples with doubtful poses have small weights: they
add little, and do not raise the others.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

DETAIL_WINDOWS = (8, 4, 2)  # pixels, at full, half and quarter size
FLAT = 0.01  # gradient per pixel below which nobody sees detail: two and a half levels


def per_sample(values: Tensor, weight: Tensor) -> Tensor:
    """The mean over all axes but the first, weighted, then the mean over samples."""
    return (values.float().flatten(1).mean(1) * weight).mean()


def composite_over(picture: Tensor, background: Tensor) -> Tensor:
    """(N, 3, H, W): the picture laid over `background` (N, 3, 1, 1) or (N, 3, H, W)."""
    matte = picture[:, 3:]
    return picture[:, :3] * matte + background * (1 - matte)


def composite_l1(generated: Tensor, real: Tensor, background: Tensor, weight: Tensor) -> Tensor:
    """L1 of what is seen over one background; a random one makes any colour inside the matte count."""
    ours = (generated[:, :3] - background) * generated[:, 3:]  # the background itself cancels out of the difference
    theirs = (real[:, :3] - background) * real[:, 3:]
    return per_sample((ours - theirs).abs(), weight)


def matte_l1(generated: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """L1 of the mattes."""
    return per_sample((generated[:, 3:] - real[:, 3:]).abs(), weight)


def foreground_l1(generated: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """L1 of the colours inside the real matte, per pixel of matte: a small figure counts as much as a large one."""
    matte = real[:, 3:]
    wrong = ((generated[:, :3] - real[:, :3]).abs() * matte).flatten(1).sum(1)
    area = matte.flatten(1).sum(1)
    enough = area.new_tensor(0.01 * matte[0].numel())  # else a window with hardly any figure overweights its few pixels
    return (wrong / (3 * torch.maximum(area, enough)) * weight).mean()


def feature_l1(
    generated: list[Tensor],
    real: list[Tensor],
    weight: Tensor,
    layer_weights: tuple[float, ...] = (),
    *,
    mean: Callable[[Tensor], Tensor] = lambda size: size,
) -> Tensor:
    """L1 of activations, each layer relative to the real one's mean size; mean over layers.

    With `layer_weights`, the weighted sum of the plain L1s instead. `mean` averages the real ones' size over the
    processes that share the batch; everything else here is a mean over samples and needs no such step.
    """
    apart = [(_size(g - r) * weight).mean() for g, r in zip(generated, real, strict=True)]
    if layer_weights:
        return torch.stack([w * term for w, term in zip(layer_weights, apart, strict=True)]).sum()
    sizes = mean(torch.stack([_size(r).mean() for r in real]))
    return (torch.stack(apart) / (sizes + 1e-6)).mean()


def _size(activation: Tensor) -> Tensor:
    """(N,) float32: mean absolute value of each sample; reads channels-last memory in order."""
    return activation.permute(0, 2, 3, 1).flatten(1).abs().mean(1).float()


def least_squares(scores: Tensor, wanted: float, weight: Tensor) -> Tensor:
    """LSGAN (Mao et al. 2017): squared distance of patch scores from `wanted` (1 real, 0 generated)."""
    return per_sample((scores.float() - wanted) ** 2, weight)


LSGAN, HINGE = "lsgan", "hinge"
MIDDLE = {LSGAN: 0.5, HINGE: 0.0}  # scores above it mean real


def discriminator_loss(kind: str, real: Tensor, fake: Tensor, weight: Tensor) -> Tensor:
    """Half the error of the scores of real and generated patches: squared, or the hinge (Lim & Ye 2017)."""
    if kind == HINGE:
        return 0.5 * (per_sample(F.relu(1 - real.float()), weight) + per_sample(F.relu(1 + fake.float()), weight))
    return 0.5 * (least_squares(real, 1.0, weight) + least_squares(fake, 0.0, weight))


def generator_loss(kind: str, fake: Tensor, weight: Tensor) -> Tensor:
    """What the generator pays for patches recognised as generated."""
    return per_sample(-fake.float(), weight) if kind == HINGE else least_squares(fake, 1.0, weight)


def motion_l1(generated: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """L1 between the changes from frame to frame in (B, T, 4, H, W) and those in the film, T at least 2.

    A picture may be a little off, but by the same amount in every frame: a changing error is seen as flicker. The
    paper's temporal discriminator judges pairs of frames too (section 3.2); this compares them pixel by pixel.
    """
    ours, theirs = (premultiply(frames[:, 1:]) - premultiply(frames[:, :-1]) for frames in (generated, real))
    return per_sample((ours - theirs).abs(), weight)


def detail_l1(
    generated: Tensor, real: Tensor, weight: Tensor, *, mean: Callable[[Tensor], Tensor] = lambda size: size
) -> Tensor:
    """L1 of how much detail pictures (N, 4, H, W) have around each place, relative to the real ones; mean over full,
    half and quarter size.

    Detail is the gradient's size, averaged over some 8x8 pixels: an edge slightly out of place costs little here. L1
    and features then ask for an edge, not for the blur that is the mean of where it might be. The smaller sizes are
    those at which a face that was enlarged to be judged will be seen. `mean`: as in `feature_l1`.
    """
    ours, theirs = (premultiply(pictures)[..., :3, :, :].float() for pictures in (generated, real))
    total = torch.zeros((), device=generated.device)
    for window in DETAIL_WINDOWS:
        found, wanted = _detail(ours, window), _detail(theirs, window)
        total = total + per_sample((found - wanted).abs(), weight) / mean(wanted.mean())
        ours, theirs = F.avg_pool2d(ours, 2), F.avg_pool2d(theirs, 2)
    return total / len(DETAIL_WINDOWS)


def _detail(colours: Tensor, window: int) -> Tensor:
    across, down = colours[..., :-1, 1:] - colours[..., :-1, :-1], colours[..., 1:, :-1] - colours[..., :-1, :-1]
    size = (across**2 + down**2 + FLAT**2).sqrt()
    once = F.avg_pool2d(size, window, 1)
    return F.avg_pool2d(once, window, window // 2)  # twice: a window with hard edges would punish a shifted edge


def ping_pong(there_and_back: Tensor, weight: Tensor) -> Tensor:
    """L1 of frames (B, 2T-1, 4, H, W) of x_1 .. x_T .. x_1: the way back must look like the way there, so
    nothing may drift (TecoGAN, Chu et al. 2020, section 3.2).
    """
    count = there_and_back.shape[1] // 2
    there, back = there_and_back[:, :count], there_and_back[:, count + 1 :].flip(1)
    return per_sample((premultiply(there) - premultiply(back)).abs(), weight)


def seen_l1(generated: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """L1 of premultiplied pictures (N, ..., 4, H, W) to a teacher's or to the doll."""
    return per_sample((premultiply(generated) - premultiply(wanted)).abs(), weight)


def box_mask(spots: Tensor, side_px: int, size: tuple[int, int]) -> Tensor:
    """(..., 1, H, W) of `size`: 1 in the squares of `side_px` around any of `spots` (..., S, 2), x then y px, else 0.

    A spot that is NaN has no square.
    """
    y, x = (torch.arange(length, device=spots.device) + 0.5 for length in size)
    in_column = (x - spots[..., :1]).abs() <= side_px / 2
    in_row = (y - spots[..., 1:]).abs() <= side_px / 2
    return (in_row[..., :, None] & in_column[..., None, :]).any(-3).float()[..., None, :, :]


def premultiply(pictures: Tensor) -> Tensor:
    """(..., 4, H, W): colours times matte, and the matte."""
    matte = pictures[..., 3:, :, :]
    return torch.cat([pictures[..., :3, :, :] * matte, matte], -3)
