"""How far a look is from what is normal, compiled: the model's expectation, or the pixel's own earlier spectra.

Distances are lengths of whitened differences: bands that vary together count together, and noisy ones count less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes, spread
from sentinel_watch.detectors.char import char_lanes
from sentinel_watch.detectors.lanes import LANES, TOGETHER
from sentinel_watch.detectors.whitened import kinds_of, noise_of, part_of, whiten_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.char import Char
    from sentinel_watch.detectors.lanes import Floats
    from sentinel_watch.detectors.whitened import Model

__all__ = ["NEAREST", "STEPS_PER_REFLECTANCE", "Envelope", "Look", "drag", "nearest_length", "score"]

STEPS_PER_REFLECTANCE = 10_000
"""Stored spectra are whole numbers of this part of reflectance, as Sentinel-2's own are."""

NEAREST = 2
"""Which of the nearest spectra counts: the nearest may be one odd look."""

DRIFT_RATE = 0.1
"""Weight of a look in the running mean of residuals: it remembers about ten."""
DRIFT_CUT = 2.0
"""Noise scales per band beyond which a residual moves the running mean no further."""

_YEAR_DAYS = 365.2425
_PER_YEAR = 1 / _YEAR_DAYS
_PER_STEP = 1 / STEPS_PER_REFLECTANCE


class Envelope(NamedTuple):
    """A pixel's own earlier spectra, M of them at most, a multiple of TOGETHER."""

    spectra: NDArray[np.int16]
    """(P, B, M) reflectance * STEPS_PER_REFLECTANCE."""
    day: NDArray[np.int32]
    """(P, M) days since 1970-01-01, by season, so that those of one lie together; 0 = empty."""
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
    """(3, P) what counts as 1 for the look, for the running mean of deviations and towards char; NaN where the look saw nothing."""


@compiled
def _season_gap(one: int, other: int) -> float:
    """Return the days between two days of the year, 0 to half a year.

    Both are days since 1970-01-01; the turn of the year is no edge.
    """
    gap = float(abs(one - other))
    # multiplied and floored, since the remainder of a division costs more than all the rest
    gap -= _YEAR_DAYS * float(np.floor(gap * _PER_YEAR))
    return min(gap, _YEAR_DAYS - gap)


@compiled_lanes
def drag(mean: Floats, white: Floats, length: Floats, counts: NDArray[np.float32], moved: Floats) -> None:
    """Move the running `mean` (B, L) a step towards a look's residual `white` where it `counts` (L,), and write its length to `moved`.

    `length` (L,) is the residual's; wild looks are cut. Both lengths are squared.

    An exponentially weighted mean, DRIFT_RATE a look (Roberts, 1959): it shows faint shifts that last, of which no single look is
    remarkable. A lane whose look does not count keeps its mean. All in noise scales.
    """
    most = DRIFT_CUT * np.sqrt(len(mean))
    for lane in range(LANES):
        moved[lane] = min(1.0, most / np.sqrt(max(length[lane], 1e-12)))
    for b in range(len(mean)):
        for lane in range(LANES):
            mean[b, lane] += counts[lane] * DRIFT_RATE * (white[b, lane] * moved[lane] - mean[b, lane])
    moved[:] = 0
    for b in range(len(mean)):
        for lane in range(LANES):
            moved[lane] += mean[b, lane] * mean[b, lane]


@compiled_lanes
def _distances(spectrum: Floats, spectra: NDArray[np.int16], begin: int, whiten: NDArray[np.float32], scratch: Floats) -> None:
    """Write the squared distances of `spectrum` (B,) to TOGETHER of `spectra` (B, M), from `begin` on, to the first row of `scratch`.

    `scratch` (2 + B, TOGETHER) is used. The few spectra are the inner loop, so that it runs on vectors.
    """
    total, white = scratch[0], scratch[1]
    total[:] = 0
    for i in range(spectrum.size):
        gap = scratch[2 + i]
        for m in range(TOGETHER):
            gap[m] = spectrum[i] - spectra[i, begin + m] * _PER_STEP
            white[m] = whiten[i, i] * gap[m]
        for j in range(i):
            other, factor = scratch[2 + j], whiten[i, j]
            for m in range(TOGETHER):
                white[m] += factor * other[m]
        for m in range(TOGETHER):
            total[m] += white[m] * white[m]


@compiled
def nearest_length(
    at: tuple[int, int, int], length: float, enough: float, spectrum: Floats, known: tuple[Model, Envelope], scratch: Floats
) -> float:
    """Return the lesser of `length` and the squared distance of `spectrum` (B,) to the pixel's own spectra of the season.

    `at` is the pixel, the day, and a day whose spectra are left out. What is not above `enough` need not be exact.
    `scratch` (3 + B, TOGETHER) is used.

    Days are since 1970-01-01, distances squared and in noise scales. The `envelope.nearest`-th least distance is what counts, so with
    fewer spectra of the season than that `length` comes back.
    """
    pixel, day, skip = at
    model, envelope = known
    whiten, days, spectra, window = noise_of(model, pixel, day), envelope.day[pixel], envelope.spectra[pixel], envelope.window[pixel]
    best, last, asked = scratch[2 + spectrum.size], envelope.nearest - 1, -1
    # nothing beyond the model's own distance can matter, so the search begins there
    best[:] = length
    for m in range(days.size):
        # in calibration a look's own spectrum may not speak for it
        if days[m] == 0 or days[m] == skip or _season_gap(days[m], day) > window:
            continue
        if m // TOGETHER > asked:
            asked = m // TOGETHER
            _distances(spectrum, spectra, asked * TOGETHER, whiten, scratch)
        found = scratch[0, m % TOGETHER]
        for k in range(last + 1):
            if found < best[k]:
                best[k], found = found, best[k]
        if best[last] <= enough:
            break
    return float(best[last])


@compiled
def _deviations(look: Look, model: Model, first: int, counts: NDArray[np.float32], left: Floats) -> None:
    """Write what a tile's pixels differ from the model by to `left` (B, L), nought where unseen, and to `counts` (L,) 1 where seen.

    Lanes beyond the last pixel are nought as well. Sums run in single reads of (K, B, P), a row of pixels at a time.
    """
    usual = look.usual[0, first : first + LANES]
    counts[usual.size :] = 0
    for lane in range(usual.size):
        counts[lane] = np.float32(0) if np.isnan(usual[lane]) else np.float32(1)
    for b in range(len(left)):
        values = look.values[b, first : first + LANES]
        for lane in range(values.size):
            left[b, lane] = values[lane]
        for k in range(look.row.size):
            coefficients, term = model.coefficients[k, b, first : first + LANES], look.row[k]
            for lane in range(coefficients.size):
                left[b, lane] -= term * coefficients[lane]
        for lane in range(LANES):
            # an unseen pixel's NaN would stay in its running mean for good
            left[b, lane] = left[b, lane] if counts[lane] > 0 else 0.0


@compiled
def _fetch(pixels: NDArray[np.intp], envelope: Envelope) -> int:
    """Read something of each cache line that the spectra of `pixels` (n,) lie in; return what it comes to, or it would not be read.

    So short a loop has many reads under way at once; the search among one pixel's spectra is too long for that, and would wait for each.
    """
    total = 0
    for pixel in pixels:
        total += envelope.window[pixel]
        for m in range(0, envelope.day.shape[1], 16):
            total += envelope.day[pixel, m]
        for b in range(envelope.spectra.shape[1]):
            total += envelope.spectra[pixel, b, 0]
    return total


@compiled
def _ask_spectra(look: Look, known: tuple[Model, Envelope], first: int, length: Floats, asked: NDArray[np.intp]) -> None:
    """Bring `length` (L,), squared distances, down to that of the pixel's own spectra, where the model alone would call it anomalous.

    `asked` (L + 1,) is scratch. Few pixels are anomalous: asking last and seldom is what makes scoring fast.
    """
    bands, usual, count = len(look.values), look.usual[0, first : first + LANES], 0
    for lane in range(usual.size):
        # written each time and counted sometimes: a guess of which lanes are anomalous would often be wrong
        asked[count] = first + lane
        # Not so where the usual distance is NaN: the pixel is unseen.
        count += length[lane] > usual[lane] ** 2
    asked[LANES] = _fetch(asked[:count], known[1])
    spectrum, scratch = np.empty(bands), np.empty((3 + bands, TOGETHER))
    for pixel in asked[:count]:
        for b in range(bands):
            spectrum[b] = look.values[b, pixel]
        length[pixel - first] = nearest_length((pixel, look.day, 0), length[pixel - first], 0.0, spectrum, known, scratch)


@compiled
def _in_usual(squared: Floats, usual: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the lengths whose squares are `squared` (L,) to `out` (n,), in units of `usual` (n,); n is at most L."""
    for lane in range(out.size):
        out[lane] = np.sqrt(squared[lane]) / usual[lane]


@compiled
def _expected(look: Look, left: Floats, first: int, expected: Floats) -> None:
    """Write what the model expects of a tile's pixels to `expected` (B, L), reflectance; `left` (B, L) is the residual.

    Lanes beyond the last pixel keep what they had, which nobody reads.
    """
    for b in range(len(left)):
        values = look.values[b, first : first + LANES]
        for lane in range(values.size):
            expected[b, lane] = values[lane] - left[b, lane]


@compiled
def _score(
    look: Look, known: tuple[Model, Envelope, Char], drift: NDArray[np.float32], distances: NDArray[np.float32], share: tuple[int, int]
) -> None:
    """Write what `score` describes to `distances`; of one thread's `share`, every so-manieth tile, whose `drift` alone it moves."""
    (bands, pixels), (model, envelope, char), (thread, threads) = look.values.shape, known, share
    left, white, mean = np.zeros((bands, LANES)), np.empty((bands, LANES)), np.zeros((bands, LANES))
    expected, room, towards = np.zeros((bands, LANES)), np.empty((bands, LANES)), np.empty(LANES)
    counts, length, moved = np.empty(LANES, np.float32), np.empty(LANES), np.empty(LANES)
    noise, asked = model.whiten[:, part_of(model, look.day)], np.zeros(LANES + 1, np.intp)
    for first in range(thread * LANES, pixels, threads * LANES):
        last = min(first + LANES, pixels)
        _deviations(look, model, first, counts, left)
        for b in range(bands):
            before = drift[b, first:last]
            for lane in range(before.size):
                mean[b, lane] = before[lane]
        kinds = kinds_of(model, first)
        whiten_lanes(left, noise, kinds, white, length)
        drag(mean, white, length, counts, moved)
        _expected(look, left, first, expected)
        char_lanes(char, expected, white, noise, kinds, room, towards)
        _ask_spectra(look, (model, envelope), first, length, asked)
        _in_usual(length, look.usual[0, first:last], distances[0, first:last])
        _in_usual(moved, look.usual[1, first:last], distances[1, first:last])
        far = distances[2, first:last]
        for lane in range(far.size):
            far[lane] = max(towards[lane], 0.0) / look.usual[2, first + lane]
        for b in range(bands):
            after = drift[b, first:last]
            for lane in range(after.size):
                after[lane] = mean[b, lane]


def score(look: Look, model: Model, envelope: Envelope, char: Char, drift: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (3, P) float32: how far the look is off, the running mean of deviations, and how far the look lies towards char.

    All in units of the usual; NaN where unseen. `drift` (B, P), the running mean, is moved. Spectra are only asked for where the model
    alone would call the pixel anomalous.

    1 is the usual largest distance of the pixel, as `look.usual` has it, whose NaN says what is unseen; the drift of unseen pixels stays.
    All rows are lengths, not squares.
    """
    distances = np.empty((3, look.values.shape[1]), np.float32)
    spread(lambda *share: _score(look, (model, envelope, char), drift, distances, share))
    return distances
