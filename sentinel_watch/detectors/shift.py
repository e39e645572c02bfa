"""Looks that lie beside the others by a pixel or so: the shift is estimated against what is expected, and taken back.

Gauss-Newton on brightness constancy (Lucas and Kanade, 1981) over all bands together, with differences weighted by
their noise and large ones, which may be events or clouds, cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Shift", "estimate_shift", "move_back"]

_STEPS = 4
_CUT = 3.0
_WINDOW_PX = 256
_LEAST_PX = 100
_CORRELATED = 20
"""Neighbouring pixels and bands err together: so many count as one when the error of the shift is told."""


class Shift(NamedTuple):
    """How far a look lies from its place, pixels."""

    rows: float
    cols: float
    error: float
    """Standard error of either, pixels; infinite where the ground shows no structure."""
    explained: float
    """Share of the difference between look and expectation that the shift takes away, 0-1."""

    @property
    def length(self) -> float:
        """Return the length of the shift, pixels."""
        return float(np.hypot(self.rows, self.cols))


def estimate_shift(seen: NDArray[np.float32], expected: NDArray[np.float32], noise: NDArray[np.float32]) -> Shift:
    """Return the shift of `seen` (B, y, x) against `expected` (B, y, x), both NaN where unknown; `noise` (B,) reflectance.

    Only the middle of a large block is asked.

    Positive rows and columns mean that the look lies too far down and right. A shift is followed up to 4 pixels. The error is infinite
    where fewer than 100 pixels have known neighbours, and large where the ground is flat.
    """
    seen, expected = (_middle(image) for image in (seen, expected))
    known = np.isfinite(seen).all(axis=0) & np.isfinite(expected).all(axis=0)
    # slopes beside the unknown are those of the filling, not of the ground
    inner = ndimage.binary_erosion(known, iterations=3)
    if inner.sum() < _LEAST_PX:
        return Shift(0.0, 0.0, np.inf, 0.0)
    filled = np.where(known, expected, 0)
    slopes = np.stack([np.gradient(band) for band in filled])[:, :, inner] / noise[:, None, None]
    moved, place = np.where(known, seen, filled), np.zeros(2)
    error, costs = np.inf, []
    for _ in range(_STEPS):
        back = np.stack([ndimage.shift(band, -place, order=1, mode="nearest") for band in moved])
        left = (back - filled)[:, inner] / noise[:, None]
        # an offset that is left over is no shift
        left = left - np.median(left, axis=1, keepdims=True)
        weight = np.minimum(1, _CUT / np.maximum(np.abs(left), 1e-6))
        costs.append(float(np.minimum(np.abs(left), _CUT).mean()))
        # flat ground has no slopes, and its equations must still be solved
        normal = np.einsum("bip,bjp,bp->ij", slopes, slopes, weight) + 1e-9 * np.eye(2)
        step = -np.linalg.solve(normal, np.einsum("bip,bp,bp->i", slopes, left, weight))
        # beyond the reach of its slopes a step would lead nowhere
        place = np.clip(place + step, -4, 4)
        error = float(np.sqrt(_CORRELATED * np.linalg.inv(normal).diagonal().max()))
    return Shift(float(place[0]), float(place[1]), error, 1 - costs[-1] / max(costs[0], 1e-9))


def move_back(seen: NDArray[np.float32], shift: Shift) -> NDArray[np.float32]:
    """Return `seen` (B, y, x) moved to its place; NaN where a value that it is made of is not known.

    By bilinear interpolation, float32. A strip at the edge that the look came from is NaN, and so is any pixel beside an unknown one.
    """
    known = np.isfinite(seen).all(axis=0)
    back = (-shift.rows, -shift.cols)
    support = ndimage.shift(known.astype(np.float32), back, order=1, mode="constant", cval=0.0)
    filled = np.where(known, seen, 0)
    bands = [ndimage.shift(band, back, order=1, mode="nearest") for band in filled]
    # a hair below 1, since weights of 1 do not sum to it exactly
    return np.where(support > 0.999, np.stack(bands), np.nan).astype(np.float32)


def _middle(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the middle _WINDOW_PX rows and columns of `image` (B, y, x); all of a smaller one."""
    rows, cols = (max(0, (size - _WINDOW_PX) // 2) for size in image.shape[1:])
    return image[:, rows : rows + _WINDOW_PX, cols : cols + _WINDOW_PX]
