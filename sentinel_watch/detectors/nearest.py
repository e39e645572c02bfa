"""The search among a pixel's own earlier spectra, compiled: all of them at once, so that it runs on vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled_lanes
from sentinel_watch.detectors.whitened import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.lanes import Floats
    from sentinel_watch.detectors.whitened import Model

__all__ = ["NEAREST", "STEPS_PER_REFLECTANCE", "Envelope", "second_nearest"]

STEPS_PER_REFLECTANCE = 10_000
"""Stored spectra are whole numbers of this part of reflectance, as Sentinel-2's own are."""

NEAREST = 2
"""Which of the nearest spectra counts, as `second_nearest` has it: the nearest may be one odd look."""

_YEAR_DAYS = 365.2425
_PER_YEAR = 1 / _YEAR_DAYS
_PER_STEP = 1 / STEPS_PER_REFLECTANCE


class Envelope(NamedTuple):
    """A pixel's own earlier spectra, M of them at most."""

    spectra: NDArray[np.int16]
    """(P, B, M) reflectance * STEPS_PER_REFLECTANCE."""
    day: NDArray[np.int32]
    """(P, M) days since 1970-01-01, by season, so that those of one lie together; 0 = empty."""
    window: NDArray[np.int16]
    """(P,) days of the year to each side that count as the same season."""


@compiled_lanes
def second_nearest(at: tuple[int, int, int], length: float, spectrum: Floats, known: tuple[Model, Envelope], scratch: Floats) -> float:
    """Return the lesser of `length` and the squared distance of `spectrum` (B,) to the second nearest of the pixel's own of the season.

    `at` is the pixel, the day, and a day whose spectra are left out. `scratch` (2 + B, M) is used.

    Days are since 1970-01-01, distances squared and in noise scales. With fewer than two spectra of the season `length` comes back.
    Spectra are the inner loops, so that they run on vectors, and are read where they lie: a view of each row would cost more than it.
    """
    (pixel, day, _), (model, envelope) = at, known
    kind, part, white, size = model.kind[pixel], part_of(model, day), 1 + spectrum.size, envelope.day.shape[1]
    _bar_other_seasons(envelope.day, at, envelope.window[pixel], scratch)
    for i in range(spectrum.size):
        value, factor = spectrum[i], model.whiten[kind, part, i, i]
        for m in range(size):
            scratch[1 + i, m] = value - envelope.spectra[pixel, i, m] * _PER_STEP
            scratch[white, m] = factor * scratch[1 + i, m]
        for j in range(i):
            factor = model.whiten[kind, part, i, j]
            for m in range(size):
                scratch[white, m] += factor * scratch[1 + j, m]
        for m in range(size):
            scratch[0, m] += scratch[white, m] * scratch[white, m]
    least, second = length, length
    for m in range(size):
        second = min(second, max(least, scratch[0, m]))
        least = min(least, scratch[0, m])
    return second


@compiled_lanes
def _bar_other_seasons(days: NDArray[np.int32], at: tuple[int, int, int], window: int, scratch: Floats) -> None:
    """Write nought to the first row of `scratch` where a spectrum of `days` (P, M) may speak, and infinity elsewhere.

    `at` is the pixel, the day, and one that may not speak, since 1970-01-01, 0 = empty; `window` are days of the year to each side, whose
    turn is no edge.
    """
    pixel, day, skip = at
    for m in range(days.shape[1]):
        kept = days[pixel, m]
        gap = float(abs(kept - day))
        # multiplied and floored, since the remainder of a division costs more than all the rest
        gap -= _YEAR_DAYS * np.floor(gap * _PER_YEAR)
        may = (kept != 0) & (kept != skip) & (min(gap, _YEAR_DAYS - gap) <= window)
        scratch[0, m] = 0.0 if may else np.inf
