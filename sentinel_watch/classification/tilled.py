"""Whether what changed is a field that was cut or ploughed, told by two looks and by the evenness of its ground.

Their spectra do not tell a harvest from a clearing. But farm machines level what they work on, and work up to the edges that the
field had before; pits, heaps and fellings are rough, and begin in the middle of something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["tilled"]

_NOISE_FLOOR, _NOISE_SHARE = 0.01, 0.06
"""Reflectance, and share of it, by which unchanged ground differs between two looks."""
_EVEN = 1.0
"""Slope below which ground is even: from pixel to pixel it differs less than it does between two looks."""
_EDGED = 1.3
"""How many times as steep as the inside the place's edges must have been before the change."""
_LEAST_INSIDE = 9
_AROUND = np.ones((3, 3))


def tilled(normal: NDArray[np.float32], seen: NDArray[np.float32], own: NDArray[np.bool_]) -> bool:
    """Return whether the ground on `own` (y, x) is as even in `seen` as it was in `normal`, both (B, y, x), and had its edges before.

    Reflectance, NaN = not known. False where too little is known. Medians, since one place often holds several fields.
    """
    inside = ndimage.binary_erosion(own, _AROUND)
    if inside.sum() < _LEAST_INSIDE:
        inside = own
    before, after = _slope(normal), _slope(seen)
    edge = ndimage.binary_dilation(own, _AROUND) & ~ndimage.binary_erosion(own, _AROUND)
    # there the slope is that of one side only
    edge[[0, -1]] = edge[:, [0, -1]] = False
    edge, inside = edge & np.isfinite(before), inside & np.isfinite(before) & np.isfinite(after)
    if not edge.any() or inside.sum() < _LEAST_INSIDE:
        return False
    was, now = float(np.median(before[inside])), float(np.median(after[inside]))
    return max(was, now) < _EVEN and float(before[edge].mean()) > _EDGED * was


def _slope(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (y, x) by how much neighbours differ in `image` (B, y, x), all bands together, in units of what two looks differ by.

    NaN where a neighbour is not known in any band; bands that are known nowhere are left out.
    """
    known = image[np.isfinite(image).any(axis=(1, 2))]
    if not known.size or min(known.shape[1:]) < 2:
        return np.full(image.shape[1:], np.nan, np.float32)
    scale = np.hypot(_NOISE_FLOOR, _NOISE_SHARE * known)
    down, right = np.gradient(known, axis=(1, 2))
    return np.asarray(np.sqrt((np.square(down / scale) + np.square(right / scale)).mean(axis=0)), np.float32)
