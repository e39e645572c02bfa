"""Surface reflectance from digital numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sentinel_watch.domain.scene import Scene

__all__ = ["to_reflectance"]


def to_reflectance(dn: Mapping[str, NDArray[np.float32]], scene: Scene, bands: Sequence[str]) -> xr.DataArray:
    """Return (band, y, x) float32 surface reflectance of `bands`, 1.0 = all light reflected, NaN = no data.

    `dn` holds (y, x) digital numbers, NaN = no data; reflectance = DN * scale + offset of the scene's asset. A band that
    `dn` lacks is NaN. Nothing is clipped: what cannot be reflectance is for masking to flag. Raises ValueError where
    `dn` is empty, for then there is no grid.
    """
    if not dn:
        raise ValueError(f"nothing was read of {scene.scene_id}")
    shape = next(iter(dn.values())).shape
    values = np.full((len(bands), *shape), np.nan, np.float32)
    for index, band in enumerate(bands):
        if band in dn:
            asset = scene.assets[band]
            # In float64, so that old and new baselines' encodings of the same reflectance give the same float32.
            values[index] = dn[band] * np.float64(asset.scale) + np.float64(asset.offset)
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": list(bands)})
