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
    """Return the equations of looks whose harmonics are `basis` (T, K), K <= TOGETHER, as `harmonics.design` orders them."""
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
    spin = basis[:, 1::2] + 1j * basis[:, 2::2]
    higher = spin * spin[:, -1:]
    return np.hstack([basis, np.stack([higher.real, higher.imag], axis=-1).reshape(len(basis), -1)])


def _halves(i: int, j: int) -> tuple[int, int, int]:
    """Return which two sums, and with what sign the second, make twice the product of terms `i` >= `j`."""
    if j == 0:
        return i, i, 1
    together, apart = (i + 1) // 2 + (j + 1) // 2, (i + 1) // 2 - (j + 1) // 2
    if i % 2 == j % 2:
        return max(2 * apart - 1, 0), 2 * together - 1, 1 if i % 2 else -1
    return 2 * together, 2 * apart, np.sign(apart) * (-1 if i % 2 else 1)


@compiled_lanes
def fill(normal: Floats, sums: Floats, by: Equations) -> None:
    """Write the packed normal equations (E, L) that `sums` (4 N + 1, L) stand for."""
    for entry in range(len(normal)):
        one, other, out, half = sums[by.near[entry]], sums[by.far[entry]], normal[entry], 0.5 * by.sign[entry]
        for lane in range(LANES):
            out[lane] = 0.5 * one[lane] + half * other[lane]
