"""What lies around a site, as the operator's map layers tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

__all__ = ["SEARCH_M", "Parcel", "Surroundings"]

SEARCH_M = 10_000.0
"""So far around the AOI is looked; a distance of this much means this much or more, metres."""


LEAST_PCT = 0.5
"""Percent of an outline that a parcel must hold to be told."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel of the operator's cadastre."""

    geometry: BaseGeometry
    """In the AOI grid's CRS, metres."""
    parcel_id: str
    """As the layer has it; `?` where it has none."""
    owner: str = ""
    """Owner's reference, empty where the layer has none."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Role -> what the layers of that role hold near the site, in the AOI grid's CRS, metres.

    A role is absent where no layer was named for it, and empty where the layer holds nothing near: absent is "not known".
    """

    layers: Mapping[str, tuple[BaseGeometry, ...]] = field(default_factory=dict)
    parcels: tuple[Parcel, ...] | None = None
    """Parcels that the AOI touches, None where no cadastre was named."""

    def distance_m(self, role: str, geometry: BaseGeometry) -> float | None:
        """Return how far `geometry` (same CRS) is from the nearest feature, metres, SEARCH_M at most; None where no layer was named.

        0 where it touches or overlaps one. A role with an empty layer gives SEARCH_M: nothing within that distance.
        """
        if role not in self.layers:
            return None
        return min([float(geometry.distance(feature)) for feature in self.layers[role]], default=SEARCH_M)

    def overlap_ha(self, role: str, geometry: BaseGeometry) -> float | None:
        """Return how much of `geometry` (same CRS) lies in the features, hectares, none counted twice; None where no layer was named.

        0.0 where a layer was named and holds nothing there, which is an answer and not "not known".
        """
        if role not in self.layers:
            return None
        # what is left over is measured, so that features which overlap each other count once
        outside = geometry
        for feature in self.layers[role]:
            outside = outside.difference(feature)
        return float(geometry.area - outside.area) / 1e4

    def parcels_of(self, geometry: BaseGeometry) -> tuple[tuple[Parcel, float], ...] | None:
        """Return the parcels that `geometry` (same CRS) touches, each with its share of the area, percent, the largest first.

        Shares below half a percent are left out: borders of two maps never quite agree. None where no cadastre was named.
        """
        if self.parcels is None:
            return None
        shared = shapely.area(shapely.intersection([parcel.geometry for parcel in self.parcels], geometry)) / geometry.area * 100
        pairs = [(parcel, float(share)) for parcel, share in zip(self.parcels, shared, strict=True) if share >= LEAST_PCT]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0].parcel_id)))
