"""Cloud and shadow that SCL misses, found by what is normal at the pixel.

After Tmask (Zhu and Woodcock 2014, doi:10.1016/j.rse.2014.06.012): cloud is far brighter than normal in the short
wavelengths, shadow far darker in all. A change on the ground can look the same on one date, so such pixels are only
SUSPECT: usable once they have stayed that way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from sentinel_watch.domain.look import MaskReason
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Cube = NDArray[np.float32]

__all__ = ["BrightnessMasker"]

CLOUD_BANDS = ("B02", "B01", "B03", "B04")
"""The first that is there is looked at: scattering is strongest in the blue."""
SHADOW_GROUPS = (("B08", "B8A"), ("B11", "B12"), ("B02", "B03", "B04"))
"""Near infrared, short-wave infrared, visible: shadow darkens them all, water, fire and moisture only some."""


class BrightnessMasker(Part):
    """Flags SUSPECT what is much brighter in the blue, or much darker in every part of the spectrum, than is normal.

    Absolute limits keep dark ground from being flagged for noise, shares of normal keep bright ground from being flagged for
    its ordinary swing; a pixel must pass both. Raise them where true changes are held back, lower them where thin cloud passes.
    """

    cloud_rise: float = Field(0.04, gt=0, le=1)
    """Rise of blue above normal, reflectance, that is at least needed for cloud."""
    cloud_rise_share: float = Field(0.5, ge=0, le=10)
    """The same as a share of normal; the larger of the two counts, so that bright ground is not taken for cloud."""
    shadow_drop: float = Field(0.02, gt=0, le=1)
    """Drop of the infrared below normal, reflectance, that is at least needed for shadow."""
    shadow_drop_share: float = Field(0.35, gt=0, lt=1)
    """Drop as a share of normal; infrared must pass both, visible light half of this one."""

    def mask(self, reflectance: xr.DataArray, scl: NDArray[np.uint8] | None, normal: NDArray[np.float32] | None) -> NDArray[np.uint8]:  # noqa: ARG002
        """Return (y, x) flags, SUSPECT or 0; nothing is flagged where nothing is known to be normal.

        `reflectance` and `normal` (band, y, x), 0-1, in the same order of bands; NaN in either flags nothing. `scl` is not looked at.
        """
        shape = reflectance.shape[1:]
        if normal is None:
            return np.zeros(shape, np.uint8)
        names = [str(name) for name in reflectance["band"].values]
        seen, usual = dict(zip(names, reflectance.to_numpy(), strict=True)), dict(zip(names, normal, strict=True))
        suspect = np.broadcast_to(self._cloud(seen, usual) | self._shadow(seen, usual), shape)
        return suspect * np.uint8(MaskReason.SUSPECT)

    def _cloud(self, seen: dict[str, Cube], usual: dict[str, Cube]) -> NDArray[np.bool_]:
        """Return True where the first of CLOUD_BANDS that the look has is brighter than normal by both limits; (1, 1) False without any."""
        band = next((band for band in CLOUD_BANDS if band in seen and np.isfinite(seen[band]).any()), None)
        if band is None:
            return np.zeros((1, 1), bool)
        # A comparison with NaN is False: where nothing is normal yet, nothing is called cloud
        least = np.maximum(self.cloud_rise, self.cloud_rise_share * usual[band])
        return np.asarray(seen[band] - usual[band] > least)

    def _shadow(self, seen: dict[str, Cube], usual: dict[str, Cube]) -> NDArray[np.bool_]:
        """Return True where every group of bands is darker; without any infrared, nothing is called shadow."""
        darker = np.ones((1, 1), bool)
        judged = 0
        for group in SHADOW_GROUPS:
            bands = [band for band in group if band in seen and np.isfinite(seen[band]).any()]
            if not bands:
                continue
            visible = group is SHADOW_GROUPS[-1]
            judged += not visible
            least, share = (0.0, self.shadow_drop_share / 2) if visible else (self.shadow_drop, self.shadow_drop_share)
            now, before = (np.mean([cube[band] for band in bands], axis=0) for cube in (seen, usual))
            darker = darker & (before - now > np.maximum(least, share * before))
        return darker if judged else np.zeros((1, 1), bool)
