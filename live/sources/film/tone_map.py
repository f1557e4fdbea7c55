"""`ToneMap`: converts pictures of HDR and wide-colour films (HLG, PQ, BT.2020) to ordinary ones (BT.709).

White paper, 203 cd/m2 in HDR (report ITU-R BT.2408), becomes an ordinary picture's white. Anything brighter than half
of that, up to 1,000 cd/m2, is compressed below it by the EETF of report ITU-R BT.2390 (chapter 5), applied to the
brightest of red, green and blue so that no colour changes its hue. HLG is first converted to the light of a
1,000 cd/m2 display as in ITU-R BT.2100 (system gamma 1.2). PQ is clipped there, whatever peak brightness the film
states: anything above is lamps and glints.
"""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64, U8
from live.puppet.compiler import numba

PQ, HLG, BT2020 = 16, 18, 9  # in ITU-T H.273: two transfer curves; the primaries
_SIGNAL_STEPS = 4096  # of the tables indexed by signal: 12 bits, as fine as any film's
_LIGHT_STEPS = 65_536  # of those indexed by light, which are steep near black
_WHITE_NITS, _PEAK_NITS = 203.0, 1000.0
_PEAK = _PEAK_NITS / _WHITE_NITS  # light is measured in units of white
_DISPLAY_GAMMA = 2.4  # of an ordinary display: BT.1886
_PQ_NITS, _M1, _M2, _C1, _C2, _C3 = 10_000.0, 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # BT.2100
# From BT.2020's red, green and blue to BT.709's, for linear light: report ITU-R BT.2407.
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)


class ToneMap:
    """For films of one transfer curve `transfer` (as numbered in H.273), in BT.2020's colours."""

    def __init__(self, transfer: int) -> None:
        signal, share = np.linspace(0, 1, _SIGNAL_STEPS), np.linspace(0, 1, _LIGHT_STEPS)
        curve = {PQ: _pq, HLG: _hlg}.get(transfer, _sdr)
        self._light = curve(signal).astype(np.float32)
        self._lift = (_PEAK * share**0.2 if transfer == HLG else np.ones(1)).astype(np.float32)
        self._press = (_eetf(share * _PEAK) if curve is not _sdr else np.ones(1)).astype(np.float32)
        self._shown = np.rint(255 * share ** (1 / _DISPLAY_GAMMA)).astype(np.uint8)

    def apply(self, rgb: NDArray[np.uint16]) -> U8:
        """A new (H, W, 3) uint8 picture from one with 16 bits per colour."""
        out = np.empty(rgb.shape, np.uint8)
        _apply(rgb, self._light, self._lift, self._press, self._shown, _TO_BT709, out)
        return out


def _sdr(signal: F64) -> F64:
    return np.asarray(signal**_DISPLAY_GAMMA)


def _hlg(signal: F64) -> F64:
    """BT.2100's HLG inverse OETF: signal 0..1 to the scene's light, 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _pq(signal: F64) -> F64:
    """BT.2100's PQ EOTF: signal 0..1 to the display's light, 0.._PEAK whites."""
    root = signal ** (1 / _M2)
    light = (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return np.asarray(np.minimum(light * _PQ_NITS / _WHITE_NITS, _PEAK), np.float64)


def _pq_signal(light: F64) -> F64:
    """The inverse of `_pq`, without its bound."""
    power = (light * _WHITE_NITS / _PQ_NITS) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _eetf(light: F64) -> F64:
    """The factor for light of 0.._PEAK whites that brings the maximum to 1: BT.2390's EETF, black kept at 0."""
    peak, white = (float(_pq_signal(np.array(value))) for value in (_PEAK, 1.0))
    signal, most = _pq_signal(light) / peak, white / peak
    knee = 1.5 * most - 0.5
    t = np.clip((signal - knee) / (1 - knee), 0, 1)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    pressed = _pq(np.where(signal < knee, signal, bent) * peak)
    return np.where(light > 0, pressed / np.maximum(light, 1e-9), 1.0)


@numba.njit(nogil=True, cache=True)
def _apply(rgb: NDArray[np.uint16], light: F32, lift: F32, press: F32, shown: U8, primaries: F32, out: U8) -> None:
    """Write `out` (H, W, 3). `light` is indexed by 12 bits of signal, the other tables by light, 0..1 of its maximum.
    `lift` and `press` have a single entry, 1, if there is nothing to do.
    """
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            red, green, blue = light[rgb[y, x, 0] >> 4], light[rgb[y, x, 1] >> 4], light[rgb[y, x, 2] >> 4]
            scene = 0.2627 * red + 0.6780 * green + 0.0593 * blue
            factor = lift[int(scene * (len(lift) - 1) + 0.5)]
            most = min(factor * max(red, green, blue) / _PEAK, 1.0)
            factor *= press[int(most * (len(press) - 1) + 0.5)]
            for c in range(3):
                mixed = factor * (primaries[c, 0] * red + primaries[c, 1] * green + primaries[c, 2] * blue)
                out[y, x, c] = shown[int(min(max(mixed, 0.0), 1.0) * (len(shown) - 1) + 0.5)]
