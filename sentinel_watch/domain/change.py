"""What a detector knows of a block, and the regions that its changed pixels form.

Per-pixel results are columns over the changed pixels alone, since of millions of pixels a few thousand change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon

__all__ = ["CONFIRMING_EVIDENCE", "Arrays", "ChangeMap", "PixelStatus", "Region"]

Arrays: TypeAlias = "Mapping[str, NDArray[Any]]"
"""Named arrays: how a detector's baseline and state are kept and saved."""


CONFIRMING_EVIDENCE = 4.0
"""Evidence without which no detector confirms a pixel; one that has less has come that share of the way."""


class PixelStatus(IntEnum):
    """How far a pixel's change has come; the numbers rise as it goes on, and are what the arrays hold."""

    # the numbers are stored with events: a change of one would misread every workspace
    STABLE = 0
    # in this order, so that `> STABLE` and `< CONFIRMED` can be asked of whole arrays
    PROVISIONAL = 1
    """Off its baseline, not yet often enough."""
    CONFIRMED = 2
    FINISHED = 3
    """Was confirmed, and has been back at its baseline since."""


@dataclass(frozen=True, slots=True)
class ChangeMap:
    """The changed pixels of a block after a look; n = pixels whose status is not STABLE, in row-major order.

    All columns have the same length n, which may be 0; bands are in the order of the looks' `band` coordinate. Rows and columns
    count from the AOI's corner, so that maps of neighbouring blocks can be joined as they are.
    """

    rows: NDArray[np.int32]
    """(n,) row in the AOI's grid."""
    cols: NDArray[np.int32]
    """(n,) column in the AOI's grid."""
    status: NDArray[np.uint8]
    """(n,) PixelStatus."""
    evidence: NDArray[np.float32]
    """(n,) accumulated evidence of change; 0 = none, no upper limit."""
    magnitude: NDArray[np.float32]
    """(n,) mean distance from the baseline since the onset, in units of the pixel's own noise."""
    onset: NDArray[np.int32]
    """(n,) day of the first anomalous look, days since 1970-01-01."""
    confirmed: NDArray[np.int32]
    """(n,) day of confirmation, days since 1970-01-01; 0 = not confirmed."""
    last_clear: NDArray[np.int32]
    """(n,) day of the last usable look before the onset, days since 1970-01-01; 0 = none."""
    last_look: NDArray[np.int32]
    """(n,) day of the last usable look, days since 1970-01-01."""
    n_looks: NDArray[np.uint16]
    """(n,) usable looks since the onset, including it."""
    n_anomalous: NDArray[np.uint16]
    """(n,) anomalous looks since the onset, including it."""
    expected: NDArray[np.float32]
    """(n, band) mean reflectance that the baseline expected at the anomalous looks."""
    observed: NDArray[np.float32]
    """(n, band) mean reflectance seen at the anomalous looks."""


@dataclass(frozen=True, slots=True)
class Region:
    """Connected changed pixels on one date: a detection.

    `area_ha` is measured in the grid, hectares; days are UTC. `expected` and `observed` are reflectance, 0-1, NaN for a band that
    no pixel has.
    """

    # arrays have no single truth value, and equality of regions must
    rows: NDArray[np.int32] = field(compare=False)
    """(n,) row in the AOI's grid."""
    cols: NDArray[np.int32] = field(compare=False)
    """(n,) column in the AOI's grid; like `rows` it says no more than the outline does."""
    geometry: Polygon | MultiPolygon
    """Outline along pixel edges, in the grid's CRS, metres."""
    area_ha: float
    status: PixelStatus
    """CONFIRMED where the evidence of its pixels suffices; FINISHED where no pixel is changed any more."""
    onset: date
    """Day on which the pixels that confirmed it turned anomalous, their median; before confirmation, that of all pixels."""
    last_clear: date | None
    """Day of the last usable look before the onset."""
    confirmed: date | None
    last_observed: date
    """Day of the last usable look at any pixel."""
    magnitude: float
    """Median over the pixels, in units of noise."""
    evidence: float
    """Median over the pixels."""
    n_looks: int
    n_anomalous: int
    """Medians over the pixels."""
    expected: Mapping[str, float]
    observed: Mapping[str, float]
    """Mean reflectance over the pixels, by band."""
    still_clear: date | None = None
    """Latest day on which a fifth of the pixels, or more, were yet to be seen changed; None where no look tells."""
    half_by: date | None = None
    """Day by which half of the pixels had been seen changed, of those days on which they last began to be."""
    mostly_by: date | None = None
    """The same for four fifths of them."""
