"""The normal equations of harmonics: 4 N + 1 sums stand for all of them, since products of harmonics are sums of harmonics.

cos a cos b = (cos(a - b) + cos(a + b)) / 2, and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled_lanes
from sentinel_watch.detectors.lanes import LANES, TOGETHER, Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Equations", "equations", "fill"]


class Equations(NamedTuple):
    """What the looks' days make of sums; Q = groups of TOGETHER looks, K = 2 N + 1 terms, E = K * (K + 1) / 2."""

    waves: Floats
    """(Q, 4 N + 1, TOGETHER) harmonics at the looks, up to twice the order, nought beyond the last look."""
    minus: Floats
    """(Q, TOGETHER, TOGETHER) looks in rows: the terms with their sign turned, nought beyond the last term."""
    near: NDArray[np.intp]
    """(E,) entry e, packed by rows, is half the sum `near` plus `sign` times half the sum `far`."""
    far: NDArray[np.intp]
    sign: Floats


def equations(basis: Floats) -> Equations:
    """Return the equations of looks whose harmonics are `basis` (T, K), K <= TOGETHER, as `harmonics.design` orders them.

    T looks are filled up with nought to whole groups, so that the kernels have no remainder to treat. K <= TOGETHER holds for models
    up to order 3: a higher one needs other kernels, and would fail here at the assignment of `minus`.
    """
    looks, terms = basis.shape
    groups = -(-looks // TOGETHER)
    waves = np.zeros((groups * TOGETHER, 2 * terms - 1))
    waves[:looks] = _up_to_twice(basis)
    minus = np.zeros((groups * TOGETHER, TOGETHER))
    minus[:looks, :terms] = -basis
    entries = [_halves(i, j) for i in range(terms) for j in range(i + 1)]
    near, far, sign = (np.array(column) for column in zip(*entries, strict=True))
    by_group = waves.reshape(groups, TOGETHER, -1).transpose(0, 2, 1)
    return Equations(np.ascontiguousarray(by_group), minus.reshape(groups, TOGETHER, TOGETHER), near, far, sign.astype(float))


def _up_to_twice(basis: Floats) -> Floats:
    """Return (T, 2 K - 1) harmonics up to twice the order of `basis` (T, K), from products of its own (de Moivre).

    Wave n + N is wave n times wave N as complex numbers of length 1, so the days themselves are not needed.
    """
    spin = basis[:, 1::2] + 1j * basis[:, 2::2]
    higher = spin * spin[:, -1:]
    return np.hstack([basis, np.stack([higher.real, higher.imag], axis=-1).reshape(len(basis), -1)])


def _halves(i: int, j: int) -> tuple[int, int, int]:
    """Return which two sums, and with what sign the second, make twice the product of terms `i` >= `j`.

    Terms are 0 for the mean, 2 n - 1 for the cosine and 2 n for the sine of wave n; sums are numbered alike, up to twice the order.
    """
    if j == 0:
        return i, i, 1
    together, apart = (i + 1) // 2 + (j + 1) // 2, (i + 1) // 2 - (j + 1) // 2
    if i % 2 == j % 2:
        # cosine of wave 0 is 1, which is the mean's term, number 0
        return max(2 * apart - 1, 0), 2 * together - 1, 1 if i % 2 else -1
    # the sine is odd: its sign goes with that of the difference, and sine of wave 0 is nought
    return 2 * together, 2 * apart, np.sign(apart) * (-1 if i % 2 else 1)


@compiled_lanes
def fill(normal: Floats, sums: Floats, by: Equations) -> None:
    """Write the packed normal equations (E, L) that `sums` (4 N + 1, L) stand for.

    Entry i * (i + 1) / 2 + j, where i >= j, is the weighted sum over the looks of term i times term j. At order 3 thirteen sums make all
    28 entries, and the sums are what costs, being over the looks.
    """
    for entry in range(len(normal)):
        one, other, out, half = sums[by.near[entry]], sums[by.far[entry]], normal[entry], 0.5 * by.sign[entry]
        for lane in range(LANES):
            out[lane] = 0.5 * one[lane] + half * other[lane]
