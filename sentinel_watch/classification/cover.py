"""What the ground of a region looks like, in the few terms that the rules speak of.

Measures come from the mean spectrum of a region, so a region of half water and half sand looks like neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Cover", "CoverType"]


class CoverType(StrEnum):
    """Land cover in four kinds, as coarse as a mean spectrum can bear; the values are the words of explanations."""

    WATER = "water"
    SNOW = "snow"
    VEGETATION = "vegetation"
    BARE = "bare ground"


@dataclass(frozen=True, slots=True)
class Cover:
    """Mean reflectance of a region, 0-1 by band, and what follows from it; a measure is None where its bands are missing.

    Ratios lie in -1 to 1: reflectance below 0.001 counts as 0.001. `Cover({"B08": 0.4, "B04": 0.1}).ndvi` is 0.6.
    """

    bands: Mapping[str, float]

    @property
    def ndvi(self) -> float | None:
        """Return (NIR - red) / (NIR + red), Rouse et al. 1974.

        About 0.1 for bare ground, 0.8 for dense green vegetation, below 0 for water.
        """
        return self._contrast(("B08", "B8A"), ("B04",))

    @property
    def ndmi(self) -> float | None:
        """Return (NIR - SWIR1) / (NIR + SWIR1): high for leaves that hold water.

        Gao 1996 (doi:10.1016/S0034-4257(96)00067-3), as used with SWIR1 by Wilson and Sader 2002.
        """
        return self._contrast(("B08", "B8A"), ("B11",))

    @property
    def nbr(self) -> float | None:
        """Return (NIR - SWIR2) / (NIR + SWIR2), Key and Benson 2006: fire lowers the first and raises the second."""
        return self._contrast(("B08", "B8A"), ("B12",))

    @property
    def wetness(self) -> float | None:
        """Return (green - SWIR1) / (green + SWIR1), MNDWI; red stands in where green is missing.

        Xu 2006 (doi:10.1080/01431160600589179). SWIR2 stands in for a missing SWIR1. Above 0 for water, and higher still for snow.
        """
        return self._contrast(("B03", "B04"), ("B11", "B12"))

    @property
    def brightness(self) -> float | None:
        """Return the mean reflectance of the visible bands, 0-1, of those that there are."""
        seen = [value for band in ("B02", "B03", "B04") if (value := self._first((band,))) is not None]
        return sum(seen) / len(seen) if seen else None

    @property
    def albedo(self) -> float | None:
        """Return the mean reflectance of all bands, 0-1; no albedo in the physical sense, which weights bands by the sun's energy."""
        seen = [value for value in self.bands.values() if isfinite(value)]
        return sum(seen) / len(seen) if seen else None

    @property
    def cover_type(self) -> CoverType | None:
        """Return the land cover, or None where the bands do not tell.

        Snow is asked for before water, since both absorb the short-wave infrared and only snow is bright.
        """
        ndvi, wetness = self.ndvi, self.wetness
        # 0.4 is the snow index's usual limit (Hall et al. 1995); 0.3 keeps bright, silty water out
        if wetness is not None and wetness > 0.4 and (self.brightness or 0.0) > 0.3:
            return CoverType.SNOW
        # what is wet and green is a flooded field or floating plants
        if wetness is not None and wetness > 0.0 and (ndvi is None or ndvi < 0.3):
            return CoverType.SNOW if self._thin_snow else CoverType.WATER
        if ndvi is None:
            return None
        # sparse dry grass reaches 0.3, and is nearer to bare ground than to a crop
        return CoverType.VEGETATION if ndvi >= 0.35 else CoverType.BARE

    @property
    def _thin_snow(self) -> bool:
        """Return whether what is dark in the short-wave infrared is as bright as no water is, and more so in the near infrared than in red.

        Water absorbs the near infrared, and silty water too reflects less of it than of red; plants show through thin snow.
        """
        infrared, red = self._first(("B08", "B8A")), self._first(("B04",))
        brightness = self.brightness
        if infrared is None or red is None or brightness is None:
            return False
        return brightness > 0.15 and infrared > max(0.2, 1.2 * red)

    def _first(self, names: tuple[str, ...]) -> float | None:
        """Return the reflectance of the first of `names` that is known, else None.

        Infinite values count as unknown too: a reflectance divided by nought upstream must not become a cover.
        """
        # a plain loop: a block's regions ask this a million times
        for name in names:
            value = self.bands.get(name)
            if value is not None and isfinite(value):
                return value
        return None

    def _contrast(self, plus: tuple[str, ...], minus: tuple[str, ...]) -> float | None:
        """Return (a - b) / (a + b) of the first known band on either side, None where a side has none.

        The order of names is one of preference, as of B8A for a missing B08. The answer lies in -1 to 1.
        """
        a, b = self._first(plus), self._first(minus)
        if a is None or b is None:
            return None
        # haze correction leaves dark bands at nought or below, where a ratio is anything
        a, b = max(a, 1e-3), max(b, 1e-3)
        return (a - b) / (a + b)
