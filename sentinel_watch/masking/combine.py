"""All reasons against a pixel, put together.

A bit is a reason and bits only add up, so the order of the maskers does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.look import MaskReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.contracts import Masker

__all__ = ["LOWEST", "combine", "physical"]

LOWEST = -0.1
HIGHEST = 2.0
"""Range of surface reflectance; above 1 lie glint and snow on slopes, beyond it saturation and errors."""


def combine(
    maskers: Iterable[Masker], reflectance: xr.DataArray, scl: NDArray[np.uint8] | None, normal: NDArray[np.float32] | None
) -> NDArray[np.uint8]:
    """Return (y, x) MaskReason flags: those of every masker, and NODATA and DEFECT, which no pipeline can leave out.

    Arguments as of `contracts.Masker.mask`.
    """
    mask = physical(reflectance)
    for masker in maskers:
        mask |= masker.mask(reflectance, scl, normal)
    return mask


def physical(reflectance: xr.DataArray) -> NDArray[np.uint8]:
    """Return (y, x) flags: NODATA where a band lacks a value, DEFECT where one lies outside [-0.1, 2].

    `reflectance` (band, y, x), NaN = no data. A band with no value anywhere is one that the scene does not have, and
    does not count.
    """
    values = reflectance.to_numpy()
    missing = np.isnan(values)
    present = ~missing.all(axis=(1, 2))
    nodata = missing[present].any(axis=0) if present.any() else np.ones(values.shape[1:], bool)
    # NaN fails both comparisons, and is no defect.
    defect = ((values < LOWEST) | (values > HIGHEST)).any(axis=0)
    return (nodata * np.uint8(MaskReason.NODATA)) | (defect * np.uint8(MaskReason.DEFECT))
