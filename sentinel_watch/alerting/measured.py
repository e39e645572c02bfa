"""How small an event may be and still be found, as the bench of the monitor measured it.

The figures are those of docs/reference/bench-monitor.md, "Smallest area"; whoever changes a detector measures them anew.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DETECTABLE_HA", "below_measured_area"]

DETECTABLE_HA: Mapping[str, float] = dict.fromkeys(
    (
        "excavation", "waste_deposit", "tailings_change", "construction", "vegetation_loss", "surface_burn", "water_discolouration",
        "water_extent_change", "unknown_change",
    ),
    0.1,
)  # fmt: skip
"""Class -> area, hectares, from which on at least half of such events were found, planted and real; others were not measured, or less."""


def below_measured_area(event_class: str, area_ha: float) -> bool:
    """Return whether events of this class and area are more often missed than found, so that their absence says nothing.

    True too for a class that was never measured, or of which less than half was found at any area.

    `area_ha` is in hectares. The flag that comes of it limits what silence means, not what the alert itself is worth.
    """
    # infinite for a class that is not listed: not known must not read as good
    return area_ha < DETECTABLE_HA.get(event_class, inf)
