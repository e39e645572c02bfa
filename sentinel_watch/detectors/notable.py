"""Which pixels of a scored look the rules are asked about, compiled: all others are as usual, and cost one glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Limits", "Notable", "notable"]


class Limits(NamedTuple):
    """From where on a pixel is off; float32 as the distances are."""

    quiet: np.float32
    """Of the distance of a look."""
    drift: np.float32
    """Of the running mean of deviations."""
    char: np.float32
    """Of the way towards char: what goes beyond it goes beyond `quiet` by as much."""
    weight: np.float32
    """Most by which a distance may yet be raised."""


class Notable(NamedTuple):
    """The pixels that the rules are asked about, n of them."""

    where: NDArray[np.int32]
    """(n,) index of the pixel in the block, ascending."""
    distance: NDArray[np.float32]
    """(n,) of the look, or what its way towards char comes to."""
    drift: NDArray[np.float32]
    """(n,) of the running mean of deviations."""
    off: int
    """How many pixels without a track are off,"""
    of: int
    """of how many."""


def notable(distances: NDArray[np.float32], seen: NDArray[np.bool_], tracks: NDArray[np.int32], limits: Limits) -> Notable:
    """Return the pixels that were `seen` (P,) and are off, or have a track, by the `distances` (3, P) that `scoring.score` gives.

    `tracks` are the indices of the pixels with a track, which put no look in doubt, being known to be off.
    """
    tracked, where, distance = np.zeros(seen.size, np.bool_), np.empty(seen.size, np.int32), np.empty(seen.size, np.float32)
    tracked[tracks] = True
    count, off, of = _pick(distances, seen, tracked, limits, where, distance)
    chosen = where[:count].copy()
    return Notable(chosen, distance[:count].copy(), distances[1, chosen], off, of)


@compiled
def _pick(
    distances: NDArray[np.float32],
    seen: NDArray[np.bool_],
    tracked: NDArray[np.bool_],
    limits: Limits,
    where: NDArray[np.int32],
    distance: NDArray[np.float32],
) -> tuple[int, int, int]:
    """Write the notable pixels and their distances to `where` and `distance` (P,).

    Return how many they are, and how many pixels without a track are off, of how many.
    """
    count, off, of = 0, 0, 0
    for pixel in range(seen.size):
        length, drift, char = distances[0, pixel], distances[1, pixel], distances[2, pixel]
        if char > limits.char:
            length = max(length, limits.quiet + char - limits.char)
        untracked = seen[pixel] & (not tracked[pixel])
        of += untracked
        off += untracked & (length > limits.quiet)
        # written each time and counted sometimes: no branch that is hard to guess
        where[count], distance[count] = pixel, length
        count += seen[pixel] & (tracked[pixel] | (max(length / limits.quiet, drift / limits.drift) * limits.weight > np.float32(1)))
    return count, off, of
