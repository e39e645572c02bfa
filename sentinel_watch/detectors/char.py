"""Fire, by what it leaves: how far a look lies from what is normal towards char, whatever else is noise.

Leaves are bright in the near infrared and char is not, while char is no darker than leaves beyond two micrometres. A shadow, the
common darkness, takes all bands down alike. A deviation whose direction is known beforehand stands out of the noise at about a
third of the length that one of any direction needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled_lanes
from sentinel_watch.detectors.lanes import LANES
from sentinel_watch.detectors.whitened import whiten_lanes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentinel_watch.detectors.lanes import Floats

__all__ = ["Char", "char_lanes", "char_of"]

_CENTRE_NM = {
    "B01": 443, "B02": 490, "B03": 560, "B04": 665, "B05": 705, "B06": 740, "B07": 783,
    "B08": 842, "B8A": 865, "B09": 945, "B11": 1610, "B12": 2190,
}  # fmt: skip
"""Centre wavelength of each band, nanometres (Sentinel-2 MSI, rounded)."""
_BLUE, _RISE = 0.03, 0.09
"""Reflectance of char at 490 nm, and its rise up to 2190 nm, even all the way: it has neither pigment nor water."""
_VEGETATED = 0.45
"""NDVI from which on ground can burn."""


class Char(NamedTuple):
    """Char as the bands at hand see it."""

    spectrum: Floats
    """(B,) reflectance."""
    red: int
    """Row of B04; -1 = fire cannot be told."""
    infrared: int
    """Row of B08; -1 = fire cannot be told."""


def char_of(bands: Sequence[str]) -> Char:
    """Return char as `bands` see it; without B04, B08, or the wavelength of a band, fire cannot be told."""
    if not {"B04", "B08"} <= set(bands) <= set(_CENTRE_NM):
        return Char(np.zeros(len(bands)), -1, -1)
    rise = np.array([(_CENTRE_NM[band] - 490) / (2190 - 490) for band in bands])
    return Char(_BLUE + _RISE * rise, bands.index("B04"), bands.index("B08"))


@compiled_lanes
def char_lanes(char: Char, expected: Floats, white: Floats, triangles: NDArray[np.float32], room: Floats, towards: Floats) -> None:
    """Write to `towards` (L,) how far a look lies towards char, in noise scales; -1 where nothing grows that could burn.

    `expected` (B, L) reflectance is overwritten; `white` (B, L) is the look's whitened residual, by the same
    `triangles`; `room` (B, L) is scratch. 0 where the look lies the other way.

    A matched filter: the residual's projection on the way from the expected spectrum to char, both whitened, of unit variance under
    the model's noise alone (adaptive matched filter; Robey et al., 1992).
    """
    towards[:] = -1
    if char.red < 0:
        return
    for lane in range(LANES):
        red, infrared = expected[char.red, lane], expected[char.infrared, lane]
        towards[lane] = 1.0 if infrared - red > _VEGETATED * max(infrared + red, 0.02) else -1.0
    for b in range(len(expected)):
        for lane in range(LANES):
            expected[b, lane] = char.spectrum[b] - expected[b, lane]
    length, product = np.empty(LANES), np.zeros(LANES)
    whiten_lanes(expected, triangles, room, length)
    for b in range(len(white)):
        for lane in range(LANES):
            product[lane] += white[b, lane] * room[b, lane]
    for lane in range(LANES):
        far = max(product[lane], 0.0) / np.sqrt(max(length[lane], 1e-12))
        towards[lane] = far if towards[lane] > 0 else -1.0
