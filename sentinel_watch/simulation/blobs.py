"""Connected blobs of pixels to plant events on; shapes only, what becomes of the pixels is for `events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["grow_blob"]

NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def grow_blob(free: NDArray[np.bool_], n_pixels: int, rng: np.random.Generator, tries: int = 200) -> NDArray[np.intp] | None:
    """Return (n_pixels, 2) rows and columns of a 4-connected blob inside `free` (y, x), core first; None where it does not fit.

    Grown from a random pixel by taking, of three random border pixels, the one nearest to the core: ragged, not thin.
    `free` is True where a pixel may be taken; `tries` is how many starts are drawn before it is given up.
    """
    starts = np.argwhere(free)
    # a start may lie in a corner that is too small, though another is not
    for _ in range(tries if len(starts) >= n_pixels else 0):
        blob = _grow(free, tuple(starts[rng.integers(len(starts))]), n_pixels, rng)
        if len(blob) == n_pixels:
            return np.array(blob)
    return None


def _grow(free: NDArray[np.bool_], core: tuple[int, int], n_pixels: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return the pixels (row, column) in the order in which they were taken, `core` first; fewer than asked for where hemmed in."""
    blob, taken, border = [core], {core}, _around(core, free, {core})
    while border and len(blob) < n_pixels:
        # the nearest of all would give discs, a random one threads
        picks = [border[i] for i in rng.integers(len(border), size=3)]
        pixel = min(picks, key=lambda p: (p[0] - core[0]) ** 2 + (p[1] - core[1]) ** 2)
        border.remove(pixel)
        blob.append(pixel)
        taken.add(pixel)
        border += [p for p in _around(pixel, free, taken) if p not in border]
    return blob


def _around(pixel: tuple[int, int], free: NDArray[np.bool_], taken: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of the four neighbours of `pixel` that are in the array, free and not yet taken."""
    near = [(pixel[0] + dy, pixel[1] + dx) for dy, dx in NEIGHBOURS]
    inside = [p for p in near if 0 <= p[0] < free.shape[0] and 0 <= p[1] < free.shape[1]]
    return [p for p in inside if free[p] and p not in taken]
