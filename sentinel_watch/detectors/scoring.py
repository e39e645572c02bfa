"""How far a look is from what is normal, compiled: the model's expectation, or the pixel's own earlier spectra.

Distances are lengths of whitened differences: bands that vary together count together, and noisy ones count less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import prange

from sentinel_watch.detectors.compiled import compiled, compiled_parallel
from sentinel_watch.detectors.fitting import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.fitting import Fit, Floats, History

__all__ = ["NEAREST", "STEPS_PER_REFLECTANCE", "Envelope", "Known", "Look", "Model", "noise_of", "score", "usual_distances", "whitened"]

STEPS_PER_REFLECTANCE = 10_000
"""Stored spectra are whole numbers of this part of reflectance, as Sentinel-2's own are."""

NEAREST = 2
"""Which of the nearest spectra counts: the nearest may be one odd look."""

DRIFT_RATE = 0.1
"""Weight of a look in the running mean of residuals: it remembers about ten."""
DRIFT_CUT = 2.0
"""Noise scales per band beyond which a residual moves the running mean no further."""

_YEAR_DAYS = 365.2425


class Model(NamedTuple):
    """What is normal; K terms, B bands, P pixels, C kinds of them, S parts of the year."""

    coefficients: NDArray[np.float32]
    """(K, B, P)."""
    whiten: NDArray[np.float32]
    """(C, S, B, B) lower triangles, by kind of pixel and part of the year: reflectance differences -> independent ones of unit variance."""
    kind: NDArray[np.uint8]
    """(P,)."""


class Envelope(NamedTuple):
    """A pixel's own earlier spectra, M of them at most."""

    spectra: NDArray[np.int16]
    """(P, M, B) reflectance * STEPS_PER_REFLECTANCE."""
    day: NDArray[np.int32]
    """(P, M) days since 1970-01-01, ascending by season; 0 = empty."""
    window: NDArray[np.int16]
    """(P,) days of the year to each side that count as the same season."""
    nearest: int
    """Which of the nearest spectra counts: 1 = the nearest, which one odd look would decide."""


class Look(NamedTuple):
    """A levelled look, to be judged."""

    values: NDArray[np.float32]
    """(B, P) reflectance."""
    row: Floats
    """(K,) harmonics of its day."""
    day: int
    """Days since 1970-01-01."""
    usual: NDArray[np.float32]
    """(2, P) what counts as 1 for the look and for the running mean of deviations; NaN where the look saw nothing."""


class Known(NamedTuple):
    """Model and spectra of a history whose looks were on `days` (T,), since 1970-01-01."""

    model: Model
    envelope: Envelope
    days: NDArray[np.int32]


@compiled
def whitened(difference: Floats, whiten: NDArray[np.float32], out: Floats) -> float:
    """Write the whitened `difference` (B,) to `out` and return its squared length."""
    total = 0.0
    for i in range(difference.size):
        out[i] = 0.0
        for j in range(i + 1):
            out[i] += whiten[i, j] * difference[j]
        total += out[i] * out[i]
    return total


@compiled
def _season_gap(one: int, other: int) -> float:
    """Return the days between two days of the year, 0 to half a year."""
    gap = float(abs(one - other))
    # np.floor, since the remainder of a division costs more than all the rest.
    gap -= _YEAR_DAYS * float(np.floor(gap / _YEAR_DAYS))
    return min(gap, _YEAR_DAYS - gap)


@compiled
def noise_of(model: Model, pixel: int, day: int) -> NDArray[np.float32]:
    """Return the (B, B) whitening of a pixel at a day."""
    parts = model.whiten.shape[1]
    years = day / _YEAR_DAYS
    whiten: NDArray[np.float32] = model.whiten[model.kind[pixel], int((years - np.floor(years)) * parts) % parts]
    return whiten


@compiled
def _envelope_distance(spectrum: Floats, day: int, skip: int, pixel: int, model: Model, envelope: Envelope) -> float:
    """Return the squared distance of `spectrum` (B,) to the pixel's own spectra of the season, but not of day `skip`."""
    whiten = noise_of(model, pixel, day)
    difference, scratch = np.empty(spectrum.size), np.empty(spectrum.size)
    best = np.full(envelope.nearest, np.inf)
    for m in range(envelope.day.shape[1]):
        stored = envelope.day[pixel, m]
        left_out = stored == skip
        if stored == 0 or left_out or _season_gap(stored, day) > envelope.window[pixel]:
            continue
        for b in range(spectrum.size):
            difference[b] = spectrum[b] - envelope.spectra[pixel, m, b] / STEPS_PER_REFLECTANCE
        length = whitened(difference, whiten, scratch)
        for k in range(best.size):
            if length < best[k]:
                best[k], length = length, best[k]
    return float(best[-1])


@compiled
def _leverage(factor: Floats, row: Floats, scratch: Floats) -> float:
    """Return row' A^-1 row of A's packed Cholesky factor."""
    total = 0.0
    for i in range(row.size):
        scratch[i] = row[i]
        for k in range(i):
            scratch[i] -= factor[i * (i + 1) // 2 + k] * scratch[k]
        scratch[i] /= factor[i * (i + 1) // 2 + i]
        total += scratch[i] * scratch[i]
    return total


@compiled
def _pixel_factor(clear: NDArray[np.bool_], basis: Floats, penalty: Floats) -> Floats:
    """Return the packed Cholesky factor of one pixel's ridged normal equations."""
    terms = basis.shape[1]
    factor = np.zeros(terms * (terms + 1) // 2)
    for i in range(terms):
        for j in range(i + 1):
            total = penalty[i] if i == j else 0.0
            for t in range(clear.size):
                if clear[t]:
                    total += basis[t, i] * basis[t, j]
            for k in range(j):
                total -= factor[i * (i + 1) // 2 + k] * factor[j * (j + 1) // 2 + k]
            factor[i * (i + 1) // 2 + j] = np.sqrt(total) if i == j else total / factor[j * (j + 1) // 2 + j]
    return factor


@compiled
def _drag(drift: Floats, white: Floats, length: float) -> float:
    """Move the running mean `drift` (B,) a step towards a look's whitened residual, and return its length; wild looks are cut."""
    shrink = min(1.0, DRIFT_CUT * np.sqrt(white.size) / max(length, 1e-6))
    total = 0.0
    for b in range(white.size):
        drift[b] += DRIFT_RATE * (white[b] * shrink - drift[b])
        total += drift[b] * drift[b]
    return float(np.sqrt(total))


@compiled
def _loo_look(at: tuple[int, int], rest: float, history: History, fit: Fit, known: Known, white: Floats) -> float:
    """Return how far a look of the history is from a model and spectra that do without it; `white` (B,) is set to its residual."""
    t, pixel = at
    bands, terms = known.model.coefficients.shape[1], fit.basis.shape[1]
    spectrum, left = np.empty(bands), np.empty(bands)
    for b in range(bands):
        spectrum[b] = (history.values[t, b, pixel] - history.offset[t, b]) * history.factor[t, b]
        left[b] = spectrum[b]
        for k in range(terms):
            left[b] -= fit.basis[t, k] * known.model.coefficients[k, b, pixel]
        left[b] /= rest
    day = known.days[t]
    length = whitened(left, noise_of(known.model, pixel, day), white)
    return float(np.sqrt(min(length, _envelope_distance(spectrum, day, day, pixel, known.model, known.envelope))))


@compiled_parallel
def usual_distances(
    history: History, days: NDArray[np.int32], fit: Fit, model: Model, envelope: Envelope, share: float
) -> NDArray[np.float32]:
    """Return (2, P) float32 what `share` of a pixel's own looks, each left out in turn, stay below; NaN without a look.

    The first row is the distance of single looks, the second the length of the running mean of residuals.
    """
    looks, bands, pixels = history.values.shape
    usual = np.full((2, pixels), np.nan, np.float32)
    for pixel in prange(pixels):
        known = Known(model, envelope, days)
        factor = _pixel_factor(history.clear[:, pixel], fit.basis, fit.penalty[pixel])
        distances, drifts, count = np.empty(looks), np.empty(looks), 0
        white, drift, scratch = np.empty(bands), np.zeros(bands), np.empty(fit.basis.shape[1])
        for t in range(looks):
            if history.clear[t, pixel]:
                rest = max(1 - _leverage(factor, fit.basis[t], scratch), 0.1)
                distances[count] = _loo_look((t, pixel), rest, history, fit, known, white)
                length = 0.0
                for b in range(bands):
                    length += white[b] ** 2
                drifts[count] = _drag(drift, white, np.sqrt(length))
                count += 1
        if count:
            at = max(int(np.ceil(share * count)) - 1, 0)
            usual[0, pixel] = np.sort(distances[:count])[at]
            usual[1, pixel] = np.sort(drifts[:count])[at]
    return usual


@compiled
def _score_pixel(pixel: int, look: Look, model: Model, envelope: Envelope, drift: NDArray[np.float32], scratch: Floats) -> float:
    """Return how far one pixel is off, in whitened units; `scratch` (3, B) is used, its row 1 and 2 become deviation and mean."""
    spectrum, white, mean = scratch[0], scratch[1], scratch[2]
    for b in range(spectrum.size):
        left = float(look.values[b, pixel])
        for k in range(look.row.size):
            left -= look.row[k] * model.coefficients[k, b, pixel]
        spectrum[b] = left
        mean[b] = drift[pixel, b]
    length = whitened(spectrum, noise_of(model, pixel, look.day), white)
    if length > look.usual[0, pixel] ** 2:
        for b in range(spectrum.size):
            spectrum[b] = look.values[b, pixel]
        return float(np.sqrt(min(length, _envelope_distance(spectrum, look.day, 0, pixel, model, envelope))))
    return float(np.sqrt(length))


@compiled_parallel
def score(look: Look, model: Model, envelope: Envelope, drift: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (2, P) float32: how far the look is off, and the running mean of deviations, in units of the usual; NaN where unseen.

    `drift` (P, B), the running mean, is moved. Spectra are only asked for where the model alone would call the pixel
    anomalous.
    """
    bands, pixels = look.values.shape
    distances = np.empty((2, pixels), np.float32)
    for tile in prange((pixels + LANES - 1) // LANES):
        scratch = np.empty((3, bands))
        for pixel in range(tile * LANES, min((tile + 1) * LANES, pixels)):
            if np.isnan(look.usual[0, pixel]):
                distances[:, pixel] = np.nan
                continue
            distances[0, pixel] = _score_pixel(pixel, look, model, envelope, drift, scratch) / look.usual[0, pixel]
            length = 0.0
            for b in range(bands):
                length += scratch[1, b] ** 2
            distances[1, pixel] = _drag(scratch[2], scratch[1], np.sqrt(length)) / look.usual[1, pixel]
            for b in range(bands):
                drift[pixel, b] = scratch[2, b]
    return distances
