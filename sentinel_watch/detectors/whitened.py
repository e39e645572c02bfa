"""What is normal for a pixel and how noisy its kind is, compiled: differences in reflectance as multiples of noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes
from sentinel_watch.detectors.lanes import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.lanes import Floats

__all__ = ["Model", "kinds_of", "part_of", "triangles_of", "whiten_lanes"]

_YEAR_DAYS = 365.2425


class Model(NamedTuple):
    """What is normal; K terms, B bands, P pixels, C kinds of them, S parts of the year."""

    coefficients: NDArray[np.float32]
    """(K, B, P)."""
    whiten: NDArray[np.float32]
    """(C, S, B, B) lower triangles, by kind of pixel and part of the year: reflectance differences -> independent ones of unit variance."""
    kind: NDArray[np.uint8]
    """(P,)."""


@compiled
def part_of(model: Model, day: int) -> int:
    """Return the part of the year that a day lies in.

    0 to S - 1, as the second axis of `model.whiten` has it; `day` is since 1970-01-01.
    """
    parts = model.whiten.shape[1]
    years = day / _YEAR_DAYS
    # rounding can make the last instant of a year a whole one
    part: int = int((years - np.floor(years)) * parts) % parts
    return part


@compiled
def kinds_of(model: Model, first: int) -> NDArray[np.intp]:
    """Return (L,) the kinds of a tile of pixels from `first` on.

    Lanes beyond the last pixel are kind 0, so that they can be computed like the others.
    """
    kinds = np.zeros(LANES, np.intp)
    found = model.kind[first : first + LANES]
    kinds[: found.size] = found
    return kinds


@compiled
def triangles_of(whiten: NDArray[np.float32], kind: NDArray[np.intp], triangles: NDArray[np.float32]) -> None:
    """Write the whitenings of a tile's pixels, `whiten` (C, B, B) by `kind` (L,), to `triangles` (B * (B + 1) / 2, L), packed by rows.

    To look them up a lane is what costs, so it is done once for all looks of one part of the year.
    """
    entry = 0
    for i in range(whiten.shape[1]):
        for j in range(i + 1):
            for lane in range(LANES):
                triangles[entry, lane] = whiten[kind[lane], i, j]
            entry += 1


@compiled_lanes
def whiten_lanes(left: Floats, triangles: NDArray[np.float32], white: Floats, length: Floats) -> None:
    """Write the whitened `left` (B, L) to `white`, and its squared length to `length` (L,), by the `triangles` of `triangles_of`."""
    length[:] = 0
    entry = 0
    for i in range(len(left)):
        white[i] = 0
        for j in range(i + 1):
            for lane in range(LANES):
                white[i, lane] += triangles[entry, lane] * left[j, lane]
            entry += 1
        for lane in range(LANES):
            length[lane] += white[i, lane] * white[i, lane]
