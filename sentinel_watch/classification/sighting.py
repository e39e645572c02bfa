"""What one scene shows of an event beside its surroundings: the change itself, a veil over it, or a scene that lies beside its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.classification.tilled import tilled
from sentinel_watch.domain.series import Sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["REACH_PX", "Stretch", "sight"]

REACH_PX = 12
"""How far around an event its surroundings are looked at."""
_LEAST_AROUND = 40
"""Pixels of surroundings without which nothing is known of them."""
_LEAST_SEEN = 0.5
_SHIFTS_PX = (0.25, 2.5)
_STEPS = 4


class Stretch(NamedTuple):
    """A rectangle of the AOI's grid around an event; B bands."""

    normal: NDArray[np.float32]
    """(B, y, x) reflectance that is normal at the scene's time, NaN = not known."""
    seen: NDArray[np.float32]
    """(B, y, x) reflectance that the scene shows, NaN = masked."""
    suspect: NDArray[np.bool_]
    """(y, x) True where a masker took the pixel for cloud or shadow without being sure."""
    own: NDArray[np.bool_]
    """(y, x) True on the event."""
    changed: NDArray[np.bool_]
    """(y, x) True on this event and on any other."""


def sight(part: Stretch, bands: Sequence[str], change: tuple[Mapping[str, float], Mapping[str, float]]) -> Sight | None:
    """Return what the scene shows of the event; None where it shows less than half of it, or the change is not known.

    `change` is the event's mean reflectance, expected and observed, by band.
    """
    step = np.array([change[1].get(band, np.nan) - change[0].get(band, np.nan) for band in bands])
    use = np.isfinite(step) & np.isfinite(part.seen).any(axis=(1, 2))
    residual = (part.seen - part.normal)[use]
    known = np.isfinite(residual).all(axis=0)
    own = part.own & known
    length = float(step[use] @ step[use])
    if length == 0 or own.sum() < max(1, _LEAST_SEEN * part.own.sum()):
        return None
    beside = known & ~part.changed
    common = np.median(residual[:, beside], axis=1) if beside.sum() >= _LEAST_AROUND else np.zeros(int(use.sum()))
    mean = residual[:, own].mean(axis=1)
    return Sight(
        toward=float((mean - common) @ step[use]) / length,
        around=float(common @ step[use]) / length,
        veiled=float(part.suspect[own].mean()),
        displaced=_displaced(part.normal[use], residual, own, beside),
        tilled=tilled(part.normal[use], part.seen[use], own),
    )


def _displaced(normal: NDArray[np.float32], residual: NDArray[np.float32], own: NDArray[np.bool_], beside: NDArray[np.bool_]) -> float:
    """Return the share of the residual on `own` that the shift of the pixels `beside` explains, 0-1; 0 where they show no shift.

    The shift is found on the surroundings alone: an edge that has really moved would look like a shift of itself. By a few steps, each
    from where the last one led, since one step is too short for edges of a pixel and a half.
    """
    seen, moved, shift = normal + residual, normal, np.zeros(2)
    for _ in range(_STEPS):
        shift = shift + _step(moved, seen - moved, beside)
        if not _SHIFTS_PX[0] <= float(np.hypot(*shift)) <= _SHIFTS_PX[1]:
            return 0.0
        moved = _shifted(normal, shift)
    known = np.isfinite(moved).all(axis=0)
    here, there = own & known, beside & known
    if here.sum() == 0 or there.sum() < _LEAST_AROUND:
        return 0.0
    told, rest = (_beyond(seen - picture, here, there) for picture in (normal, moved))
    return float(np.clip(1 - (rest**2).sum() / max(float((told**2).sum()), 1e-12), 0, 1))


def _beyond(residual: NDArray[np.float32], here: NDArray[np.bool_], there: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (B, n) the residual `here`, less what is common to the pixels `there`."""
    return np.asarray(residual[:, here] - np.median(residual[:, there], axis=1)[:, None])


def _shifted(picture: NDArray[np.float32], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return what `picture` (B, y, x) shows `shift` (rows, columns) further on, bilinear; NaN where that is not known."""
    whole = np.floor(shift).astype(int)
    (down, right), reach = shift - whole, int(np.abs(whole).max()) + 1
    padded = np.pad(picture, ((0, 0), (reach, reach), (reach, reach)), constant_values=np.nan)
    height, width = picture.shape[1:]
    out = np.zeros_like(picture)
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (down if y else 1 - down) * (right if x else 1 - right)
        top, left = reach + whole[0] + y, reach + whole[1] + x
        if weight > 0:
            out += np.float32(weight) * padded[:, top : top + height, left : left + width]
    return out


def _step(normal: NDArray[np.float32], residual: NDArray[np.float32], beside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the shift (rows, columns) of one step of Lucas and Kanade (1981) over all bands; nought where too little is known."""
    if min(normal.shape[1:]) < 3 or beside.sum() < _LEAST_AROUND:
        return np.zeros(2)
    slopes = np.stack([np.gradient(normal, axis=axis) for axis in (1, 2)])
    usable = np.isfinite(slopes).all(axis=(0, 1))
    there = beside & usable
    if there.sum() < _LEAST_AROUND:
        return np.zeros(2)
    left = residual - np.median(residual[:, there], axis=1)[:, None, None]
    # each band in units of its own scatter, of the mean: most ground is flat, and its edges alone show a shift
    scale = np.maximum(1.5 * np.abs(left[:, there]).mean(axis=1), 1e-4)[:, None]
    pull = np.clip(left[:, there] / scale, -3, 3)
    lever = slopes[:, :, there] / scale
    normal_matrix = np.einsum("ibp,jbp->ij", lever, lever) + 1e-9 * np.eye(2)
    return np.asarray(np.linalg.solve(normal_matrix, np.einsum("ibp,bp->i", lever, pull)))
