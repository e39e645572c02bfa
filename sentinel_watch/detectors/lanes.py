"""Linear algebra of many pixels side by side, compiled: a pixel a lane, always all lanes, so that a pixel's place changes nothing.

What is a number in a book is a row of LANES numbers here, in double precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentinel_watch.compiled import compiled_lanes

__all__ = ["LANES", "TOGETHER", "Floats", "add_products", "factorise", "multiply", "substitute", "subtract_product"]

LANES = 512
"""Pixels in a tile: enough for long reads from memory, few enough for a tile's sums to stay in cache."""

TOGETHER = 8
"""Rows that are summed in one go."""

Floats = NDArray[np.float64]


@compiled_lanes
def add_products(total: Floats, factors: Floats, rows: Floats) -> None:
    """Add `factors` (n, TOGETHER) times `rows` (TOGETHER, L) to `total` (n, L).

    TOGETHER is written out as 8 in the two kernels below: whoever changes the number changes them.
    """
    for n in range(0, len(total) - 1, 2):
        _add_to_two(total[n], total[n + 1], factors[n : n + 2], rows)
    if len(total) % 2:
        _add_to_one(total[len(total) - 1], factors[len(total) - 1], rows)


@compiled_lanes
def _add_to_two(one: Floats, two: Floats, factors: Floats, rows: Floats) -> None:
    """Add the products of two rows of `factors` (2, TOGETHER) with `rows` (TOGETHER, L) to `one` and `two` (L,)."""
    # Written out, since only so the sums stay in registers and a row is read once for both.
    a, b, c, d = factors[0, 0], factors[0, 1], factors[0, 2], factors[0, 3]
    e, f, g, h = factors[0, 4], factors[0, 5], factors[0, 6], factors[0, 7]
    i, j, k, m = factors[1, 0], factors[1, 1], factors[1, 2], factors[1, 3]
    n, o, p, q = factors[1, 4], factors[1, 5], factors[1, 6], factors[1, 7]
    for lane in range(LANES):
        r, s, t, u = rows[0, lane], rows[1, lane], rows[2, lane], rows[3, lane]
        left = one[lane] + a * r + b * s + c * t + d * u
        right = two[lane] + i * r + j * s + k * t + m * u
        r, s, t, u = rows[4, lane], rows[5, lane], rows[6, lane], rows[7, lane]
        one[lane] = left + e * r + f * s + g * t + h * u
        two[lane] = right + n * r + o * s + p * t + q * u


@compiled_lanes
def _add_to_one(one: Floats, factors: Floats, rows: Floats) -> None:
    """Add the products of the last of an odd number of rows, `factors` (TOGETHER,), to `one` (L,).

    The order of the sums is that of `_add_to_two`, so that a row's place does not show in its last bits.
    """
    a, b, c, d = factors[0], factors[1], factors[2], factors[3]
    e, f, g, h = factors[4], factors[5], factors[6], factors[7]
    for lane in range(LANES):
        left = one[lane] + a * rows[0, lane] + b * rows[1, lane] + c * rows[2, lane] + d * rows[3, lane]
        one[lane] = left + e * rows[4, lane] + f * rows[5, lane] + g * rows[6, lane] + h * rows[7, lane]


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
