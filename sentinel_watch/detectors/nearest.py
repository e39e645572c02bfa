"""The search among a pixel's own earlier spectra, compiled: all of them at once, so that it runs on vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes
from sentinel_watch.detectors.whitened import noise_of

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
def _bar_other_seasons(days: NDArray[np.int32], day: int, skip: int, window: int, bar: Floats) -> None:
    """Write nought to `bar` (M,) where a spectrum of `days` (M,) may speak about `day`, and infinity elsewhere.

    Days are since 1970-01-01, 0 = empty; `window` are days of the year to each side, whose turn is no edge. That of `skip` may not speak.
    """
    for m in range(days.size):
        gap = float(abs(days[m] - day))
        # multiplied and floored, since the remainder of a division costs more than all the rest
        gap -= _YEAR_DAYS * np.floor(gap * _PER_YEAR)
        may = (days[m] != 0) & (days[m] != skip) & (min(gap, _YEAR_DAYS - gap) <= window)
        bar[m] = 0.0 if may else np.inf


@compiled_lanes
def _add_distances(spectrum: Floats, spectra: NDArray[np.int16], whiten: NDArray[np.float32], total: Floats, gaps: Floats) -> None:
    """Add the squared distances of `spectrum` (B,) to `spectra` (B, M) to `total` (M,); `gaps` (B + 1, M) is scratch.

    The spectra are the inner loop, so that it runs on vectors.
    """
    white = gaps[spectrum.size]
    for i in range(spectrum.size):
        gap, value, stored, factor = gaps[i], spectrum[i], spectra[i], whiten[i, i]
        for m in range(total.size):
            gap[m] = value - stored[m] * _PER_STEP
            white[m] = factor * gap[m]
        for j in range(i):
            other, factor = gaps[j], whiten[i, j]
            for m in range(total.size):
                white[m] += factor * other[m]
        for m in range(total.size):
            total[m] += white[m] * white[m]


@compiled
def _second_least(values: Floats, most: float) -> float:
    """Return the second least of `values` (M,), but `most` at most."""
    least, second = most, most
    for value in values:
        second = min(second, max(least, value))
        least = min(least, value)
    return second


@compiled
def second_nearest(at: tuple[int, int, int], length: float, spectrum: Floats, known: tuple[Model, Envelope], scratch: Floats) -> float:
    """Return the lesser of `length` and the squared distance of `spectrum` (B,) to the second nearest of the pixel's own of the season.

    `at` is the pixel, the day, and a day whose spectra are left out. `scratch` (2 + B, M) is used.

    Days are since 1970-01-01, distances squared and in noise scales. With fewer than two spectra of the season `length` comes back.
    """
    (pixel, day, skip), (model, envelope) = at, known
    _bar_other_seasons(envelope.day[pixel], day, skip, envelope.window[pixel], scratch[0])
    _add_distances(spectrum, envelope.spectra[pixel], noise_of(model, pixel, day), scratch[0], scratch[1:])
    return _second_least(scratch[0], length)
