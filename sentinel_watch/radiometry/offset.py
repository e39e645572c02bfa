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
MIN_PIXELS = 50
FAR_BELOW_ZERO = -0.03
"""Atmospheric correction leaves dark pixels a little below zero, but not as far as this."""
_BELOW_ZERO = -0.02
"""Reflectance below which the darkest pixels must not come to lie when an offset is taken off."""
_TOLERANCE, _LEAVES_TOLERANCE = 0.06, 0.15
"""Reflectance by which the median ground may differ, beside the offset, between two looks: in most bands, and where leaves are bright."""
_SURE = 0.025
"""The same in every band for what nothing but an offset moved."""
_ALIKE = 0.05
"""Reflectance by which bands that leaves do not brighten may be moved unlike: drying soil and haze move them by their wavelength."""
_LEAVES = ("B05", "B06", "B07", "B08", "B8A", "B09")


def offset_doubt(reflectance: xr.DataArray, clear: NDArray[np.bool_], normal: NDArray[np.float32] | None) -> str:
    """Return `offset_applied_twice`, `offset_missing`, or "" where nothing speaks against the offset.

    `reflectance` (band, y, x), bands by name; `clear` (y, x) True = usable; `normal` (band, y, x) what is normal there, if known.
    A wrong offset moves every band by the same 0.1, the darkest pixels too, which hardly any cloud, shadow or season does. With nothing
    to compare with, only what lies far below zero is doubted: a scene with no dark pixel can be bright in truth.
    """
    values = reflectance.to_numpy()[:, clear]
    if values.shape[1] < MIN_PIXELS:
        return ""
    darkest = _percentile(values, 1)
    below = bool((darkest < FAR_BELOW_ZERO).any())
    if normal is None:
        return "offset_applied_twice" if below else ""
    # The median: up to half of the clear pixels may have changed in truth
    shift, leafy = _percentile(values - normal[:, clear], 50), np.isin(reflectance["band"].to_numpy(), _LEAVES)
    # ground that is bright all over shows nothing below zero
    if (below or bool((np.abs(shift + OFFSET) < _SURE).all())) and _moved(shift + OFFSET, leafy):
        return "offset_applied_twice"
    return "offset_missing" if _moved(shift - OFFSET, leafy) and not (darkest - OFFSET < _BELOW_ZERO).any() else ""


def _moved(left: NDArray[np.float64], leafy: NDArray[np.bool_]) -> bool:
    """Return whether an offset explains how the bands moved: `left` (B,) is what it leaves, reflectance, NaN = not known.

    `leafy` (B,) is True for the bands that leaves brighten, which any season moves. One band alone says nothing.
    """
    steady, leaves = left[~leafy & np.isfinite(left)], left[leafy & np.isfinite(left)]
    if steady.size < 2:
        return False
    alike = bool((np.abs(steady) < _TOLERANCE).all()) and float(np.ptp(steady)) < _ALIKE
    return alike and bool((np.abs(leaves) < _LEAVES_TOLERANCE).all())


def put_right(reflectance: xr.DataArray, doubt: str) -> xr.DataArray:
    """Return `reflectance` with an offset that was missed taken off, and one that was applied twice given back; as it is for no doubt."""
    sign = {"offset_missing": 1, "offset_applied_twice": -1}.get(doubt, 0)
    return reflectance - np.float32(sign * OFFSET) if sign else reflectance


def _percentile(values: NDArray[np.float32], percent: float) -> NDArray[np.float64]:
    """Return (B,) the percentile over the known pixels of each band of `values` (B, n); NaN for a band that has none."""
    seen = [band[np.isfinite(band)] for band in values]
    return np.array([np.percentile(band, percent) if band.size else np.nan for band in seen], float)
