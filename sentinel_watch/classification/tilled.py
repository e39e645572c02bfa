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
_ALIKE_SHARE, _ALIKE = 0.22, 0.9
"""Slope of the change, as a share of it or, where the change is weak, by itself, below which all of the ground changed alike."""
_EDGED, _LEAST_EDGE = 1.3, 0.5
"""How many times as steep as the inside the place's edges must have been before the change, and how steep at least."""
_LEAST_INSIDE = 9
_AROUND = np.ones((3, 3))


def tilled(normal: NDArray[np.float32], seen: NDArray[np.float32], own: NDArray[np.bool_]) -> bool:
    """Return whether the ground on `own` (y, x) is as even in `seen` as it was in `normal`, changed alike, and had its edges before.

    Both are (B, y, x) reflectance, NaN = not known. False where too little is known. Medians, since one place often holds several
    fields.
    """
    if not own.any():
        return False
    rows, cols = (np.flatnonzero(own.any(axis=axis)) for axis in (1, 0))
    # what lies beyond the next pixels has no part in it
    near = np.s_[max(rows[0] - 2, 0) : rows[-1] + 3, max(cols[0] - 2, 0) : cols[-1] + 3]
    known = np.isfinite(normal).any(axis=(1, 2)) & np.isfinite(seen).any(axis=(1, 2))
    normal, seen, own = normal[known][:, *near], seen[known][:, *near], own[near]
    before, eroded = _slope(normal, normal), ndimage.binary_erosion(own, _AROUND)
    inside = (eroded if eroded.sum() >= _LEAST_INSIDE else own) & np.isfinite(before)
    edge = ndimage.binary_dilation(own, _AROUND) & ~eroded & np.isfinite(before)
    # there the slope is that of one side only
    edge[[0, -1]] = edge[:, [0, -1]] = False
    if not edge.any() or inside.sum() < _LEAST_INSIDE:
        return False
    was = float(np.median(before[inside]))
    if was >= _EVEN or float(before[edge].mean()) <= max(_EDGED * was, _LEAST_EDGE):
        return False
    after = _slope(seen, seen)
    inside &= np.isfinite(after)
    return bool(inside.sum() >= _LEAST_INSIDE and np.median(after[inside]) < _EVEN and _alike(seen - normal, np.fmax(normal, seen), inside))


def _alike(change: NDArray[np.float32], ground: NDArray[np.float32], inside: NDArray[np.bool_]) -> bool:
    """Return whether the `change` (B, y, x) of `ground` (B, y, x) is the same all over the `inside` (y, x)."""
    size = np.sqrt(np.square(change / _noise(ground)).mean(axis=0))
    return float(np.median(_slope(change, ground)[inside])) < max(_ALIKE_SHARE * float(np.median(size[inside])), _ALIKE)


def _noise(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what unchanged ground of `image` (B, y, x) differs by between two looks; reflectance, as `image`."""
    return np.asarray(np.hypot(_NOISE_FLOOR, _NOISE_SHARE * image), np.float32)


def _slope(image: NDArray[np.float32], ground: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (y, x) by how much neighbours differ in `image` (B, y, x), all bands together, in units of the noise on `ground` (B, y, x).

    NaN where a neighbour is not known in any band, and throughout in an image of no bands, of a single row or of a single column.
    """
    if not len(image) or min(image.shape[1:]) < 2:
        return np.full(image.shape[1:], np.nan, np.float32)
    down, right = (part / _noise(ground) for part in np.gradient(image, axis=(1, 2)))
    return np.asarray(np.sqrt((np.square(down) + np.square(right)).mean(axis=0)), np.float32)
