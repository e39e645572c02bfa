"""Linear algebra of many pixels side by side, compiled: a pixel a lane, always all lanes, so that a pixel's place changes nothing.

What is a number in a book is a row of LANES numbers here, in double precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentinel_watch.compiled import compiled_lanes

__all__ = ["LANES", "TOGETHER", "Floats", "add_products", "factorise", "multiply", "substitute", "subtract_product"]

LANES = 256
"""Pixels in a tile: enough for long reads from memory, few enough for a tile's looks to stay in cache."""

TOGETHER = 8
"""Rows that are summed in one go."""

Floats = NDArray[np.float64]


@compiled_lanes
def add_products(total: Floats, factors: Floats, rows: Floats) -> None:
    """Add `factors` (n, TOGETHER) times `rows` (TOGETHER, L) to `total` (n, L).

    TOGETHER must be a multiple of 4.
    """
    for n in range(0, len(total) - 1, 2):
        _add_to_two(total[n], total[n + 1], factors[n : n + 2], rows)
    if len(total) % 2:
        _add_to_one(total[len(total) - 1], factors[len(total) - 1], rows)


@compiled_lanes
def _add_to_two(one: Floats, two: Floats, factors: Floats, rows: Floats) -> None:
    """Add the products of two rows of `factors` (2, TOGETHER) with `rows` (TOGETHER, L) to `one` and `two` (L,)."""
    # Written out and by fours, since only so all factors stay in registers, and a row is read once for both.
    for half in range(0, TOGETHER, 4):
        a, b, c, d = factors[0, half], factors[0, half + 1], factors[0, half + 2], factors[0, half + 3]
        e, f, g, h = factors[1, half], factors[1, half + 1], factors[1, half + 2], factors[1, half + 3]
        r, s, t, u = rows[half], rows[half + 1], rows[half + 2], rows[half + 3]
        for lane in range(LANES):
            p, q, v, w = r[lane], s[lane], t[lane], u[lane]
            one[lane] = one[lane] + a * p + b * q + c * v + d * w
            two[lane] = two[lane] + e * p + f * q + g * v + h * w


@compiled_lanes
def _add_to_one(one: Floats, factors: Floats, rows: Floats) -> None:
    """Add the products of the last of an odd number of rows, `factors` (TOGETHER,), to `one` (L,).

    The order of the sums is that of `_add_to_two`, so that a row's place does not show in its last bits.
    """
    for half in range(0, TOGETHER, 4):
        a, b, c, d = factors[half], factors[half + 1], factors[half + 2], factors[half + 3]
        r, s, t, u = rows[half], rows[half + 1], rows[half + 2], rows[half + 3]
        for lane in range(LANES):
            one[lane] = one[lane] + a * r[lane] + b * s[lane] + c * t[lane] + d * u[lane]


@compiled_lanes
def factorise(normal: Floats) -> None:
    """Replace normal equations, packed (K * (K + 1) / 2, L), by their Cholesky factor, the diagonal as its reciprocal.

    Row i of the lower triangle begins at entry i * (i + 1) / 2. A lane whose equations are not positive definite becomes NaN or infinite
    without an error, and no other lane feels it. The reciprocals spare `substitute` its divisions.
    """
    entry = 0
    while entry < len(normal):
        # the row that begins at this entry; the quarter keeps the root clear of the whole number below
        i = int(np.sqrt(2 * entry + 0.25))
        for j in range(i + 1):
            for k in range(j):
                subtract_product(normal[entry + j], normal[entry + k], normal[j * (j + 1) // 2 + k])
            if j < i:
                multiply(normal[entry + j], normal[j * (j + 1) // 2 + j])
        corner = normal[entry + i]
        for lane in range(LANES):
            corner[lane] = 1 / np.sqrt(corner[lane])
        entry += i + 1


@compiled_lanes
def substitute(factor: Floats, right: Floats) -> None:
    """Turn `right` (K, L) into the solution, by what `factorise` leaves, forwards and backwards.

    `factor` is packed as `factorise` leaves it, K * (K + 1) / 2 rows; first L z = b, then L' x = z, in place.
    """
    terms = len(right)
    for i in range(terms):
        for k in range(i):
            subtract_product(right[i], factor[i * (i + 1) // 2 + k], right[k])
        multiply(right[i], factor[i * (i + 1) // 2 + i])
    for i in range(terms - 1, -1, -1):
        for k in range(i + 1, terms):
            subtract_product(right[i], factor[k * (k + 1) // 2 + i], right[k])
        multiply(right[i], factor[i * (i + 1) // 2 + i])


@compiled_lanes
def subtract_product(row: Floats, one: Floats, other: Floats) -> None:
    """Take `one` * `other` from `row`.

    (L,) each; product and difference are rounded once, not twice.
    """
    for lane in range(LANES):
        row[lane] -= one[lane] * other[lane]


@compiled_lanes
def multiply(row: Floats, by: Floats) -> None:
    """Multiply `row` by `by`."""
    for lane in range(LANES):
        row[lane] *= by[lane]
