"""What lies around a site, as the operator's map layers tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

__all__ = ["SEARCH_M", "Surroundings"]

SEARCH_M = 10_000.0
"""So far around the AOI is looked; a distance of this much means this much or more, metres."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Role -> what the layers of that role hold near the site, in the AOI grid's CRS, metres.

    A role is absent where no layer was named for it, and empty where the layer holds nothing near: absent is "not known".
    """

    layers: Mapping[str, tuple[BaseGeometry, ...]] = field(default_factory=dict)

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
