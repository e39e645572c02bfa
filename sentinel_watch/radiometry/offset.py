"""Whether a scene's offset looks right, judged by its pixels: some catalogues' flags are wrong.

Since processing baseline 04.00 (25 January 2022) reflectance is (DN - 1000) / 10000, and reprocessed archives have it on
older scenes too, so neither the sensing date nor the flag alone can be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["offset_doubt", "put_right"]

OFFSET = 0.1
"""What processing baseline 04.00 added to every band, reflectance."""
TOLERANCE = 0.025
MIN_PIXELS = 50
FAR_BELOW_ZERO = -0.03
"""Atmospheric correction leaves dark pixels a little below zero, but not as far as this."""


def offset_doubt(reflectance: xr.DataArray, clear: NDArray[np.bool_], normal: NDArray[np.float32] | None) -> str:
    """Return `offset_applied_twice`, `offset_missing`, or "" where nothing speaks against the offset.

    `reflectance` (band, y, x); `clear` (y, x) True = usable; `normal` (band, y, x) what is normal there, if known.
    A wrong offset moves every band by the same 0.1, which no cloud, shadow or season does. With nothing to compare with,
    only what lies far below zero is doubted: a scene with no dark pixel can be bright in truth.
    """
    values = reflectance.to_numpy()[:, clear]
    if values.shape[1] < MIN_PIXELS:
        return ""
    if normal is None:
        darkest = _percentile(values, 1)
        return "offset_applied_twice" if bool((darkest < FAR_BELOW_ZERO).any()) else ""
    # The median: up to half of the clear pixels may have changed in truth
    shift = _percentile(values - normal[:, clear], 50)
    for sign, code in ((1, "offset_missing"), (-1, "offset_applied_twice")):
        if shift.size >= 2 and bool((np.abs(shift - sign * OFFSET) < TOLERANCE).all()):
            return code
    return ""


def put_right(reflectance: xr.DataArray, doubt: str) -> xr.DataArray:
    """Return `reflectance` with an offset that was missed taken off, and one that was applied twice given back; as it is for no doubt."""
    sign = {"offset_missing": 1, "offset_applied_twice": -1}.get(doubt, 0)
    return reflectance - np.float32(sign * OFFSET) if sign else reflectance


def _percentile(values: NDArray[np.float32], percent: float) -> NDArray[np.float64]:
    """Return the percentile over the pixels of each band that has any."""
    seen = [band[np.isfinite(band)] for band in values]
    return np.array([np.percentile(band, percent) for band in seen if band.size], float)
