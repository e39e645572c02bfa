"""Masks by Sentinel-2's own scene classification layer (SCL), with a buffer around cloud and shadow.

SCL comes at 20 m and is read by nearest neighbour: its numbers are names, and a mean of two of them is a third class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from scipy.ndimage import distance_transform_edt

from sentinel_watch.domain.look import MaskReason
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["SclMasker"]

LAST_CLASS = 11


class SclMasker(Part):
    """Trusts the classes of ESA's Sen2Cor.

    0 no data, 1 saturated or defective, 2 dark (topographic shadow), 3 cloud shadow, 4 vegetation, 5 bare, 6 water,
    7 unclassified, 8 and 9 cloud of medium and high probability, 10 thin cirrus, 11 snow or ice. Wider buffers lose clear
    ground, narrower ones let cloud edges through, which look like bright new surfaces.
    """

    nodata: tuple[int, ...] = (0,)
    """Classes without data."""
    defect: tuple[int, ...] = (1,)
    """Saturated and defective pixels."""
    cloud: tuple[int, ...] = (8, 9, 10)
    """Cloud classes; leave 10, thin cirrus, out where clear looks are rare."""
    shadow: tuple[int, ...] = (3,)
    """Cloud shadow; add 2, dark areas, where relief is low."""
    snow: tuple[int, ...] = (11,)
    """Snow and ice."""
    cloud_buffer_px: float = Field(3, ge=0, le=100)
    """Pixels this near to cloud count as cloud: SCL misses the thin edges."""
    shadow_buffer_px: float = Field(2, ge=0, le=100)
    """Pixels this near to shadow count as shadow."""

    def mask(self, reflectance: xr.DataArray, scl: NDArray[np.uint8] | None, normal: NDArray[np.float32] | None) -> NDArray[np.uint8]:  # noqa: ARG002
        """Return (y, x) MaskReason flags, 0 = usable; nothing is flagged where there is no SCL, DEFECT for unknown classes.

        `scl` (y, x) classes 0-11, None where the scene has no SCL. `reflectance` gives the shape only; `normal` is not looked at.
        """
        if scl is None:
            return np.zeros(reflectance.shape[1:], np.uint8)
        found = {
            MaskReason.NODATA: np.isin(scl, self.nodata),
            MaskReason.DEFECT: np.isin(scl, self.defect) | (scl > LAST_CLASS),
            MaskReason.CLOUD: _near(np.isin(scl, self.cloud), self.cloud_buffer_px),
            MaskReason.SHADOW: _near(np.isin(scl, self.shadow), self.shadow_buffer_px),
            MaskReason.SNOW: np.isin(scl, self.snow),
        }
        mask = np.zeros(scl.shape, np.uint8)
        for reason, where in found.items():
            mask |= where * np.uint8(reason)
        return mask


def _near(where: NDArray[np.bool_], distance_px: float) -> NDArray[np.bool_]:
    """Return True where a True pixel's centre is at most `distance_px` away."""
    # Without a single pixel to measure to, the transform's distances mean nothing.
    if distance_px == 0 or not where.any():
        return where
    return np.asarray(distance_transform_edt(~where) <= distance_px)
