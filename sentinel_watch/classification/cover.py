"""What the ground of a region looks like, in the few terms that the rules speak of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Cover", "CoverType"]


class CoverType(StrEnum):
    """Land cover in four kinds."""

    WATER = "water"
    SNOW = "snow"
    VEGETATION = "vegetation"
    BARE = "bare ground"


@dataclass(frozen=True, slots=True)
class Cover:
    """Mean reflectance of a region, 0-1 by band, and what follows from it; a measure is None where its bands are missing."""

    bands: Mapping[str, float]

    @property
    def ndvi(self) -> float | None:
        """Return (NIR - red) / (NIR + red), Rouse et al. 1974."""
        return self._contrast(("B08", "B8A"), ("B04",))

    @property
    def ndmi(self) -> float | None:
        """Return (NIR - SWIR1) / (NIR + SWIR1), Gao 1996 as used with SWIR1 by Wilson and Sader 2002."""
        return self._contrast(("B08", "B8A"), ("B11",))

    @property
    def nbr(self) -> float | None:
        """Return (NIR - SWIR2) / (NIR + SWIR2), Key and Benson 2006."""
        return self._contrast(("B08", "B8A"), ("B12",))

    @property
    def wetness(self) -> float | None:
        """Return (green - SWIR1) / (green + SWIR1), Xu 2006 (MNDWI); red stands in where green is missing."""
        return self._contrast(("B03", "B04"), ("B11", "B12"))

    @property
    def brightness(self) -> float | None:
        """Return the mean reflectance of the visible bands."""
        seen = [value for band in ("B02", "B03", "B04") if (value := self._first((band,))) is not None]
        return sum(seen) / len(seen) if seen else None

    @property
    def albedo(self) -> float | None:
        """Return the mean reflectance of all bands."""
        seen = [value for value in self.bands.values() if isfinite(value)]
        return sum(seen) / len(seen) if seen else None

    @property
    def cover_type(self) -> CoverType | None:
        """Return the land cover, or None where the bands do not tell."""
        ndvi, wetness, brightness = self.ndvi, self.wetness, self.brightness
        if wetness is not None and brightness is not None and wetness > 0.4 and brightness > 0.3:
            return CoverType.SNOW
        if wetness is not None and wetness > 0.0 and (ndvi is None or ndvi < 0.3):
            return CoverType.WATER
        if ndvi is None:
            return None
        return CoverType.VEGETATION if ndvi >= 0.35 else CoverType.BARE

    def _first(self, names: tuple[str, ...]) -> float | None:
        return next((self.bands[name] for name in names if isfinite(self.bands.get(name, float("nan")))), None)

    def _contrast(self, plus: tuple[str, ...], minus: tuple[str, ...]) -> float | None:
        a, b = self._first(plus), self._first(minus)
        if a is None or b is None:
            return None
        a, b = max(a, 1e-3), max(b, 1e-3)
        return (a - b) / (a + b)
