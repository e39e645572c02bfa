"""How far a look is from what is normal, compiled: the model's expectation, or the pixel's own earlier spectra.

Distances are lengths of whitened differences: bands that vary together count together, and noisy ones count less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes, spread
from sentinel_watch.detectors.char import char_lanes
from sentinel_watch.detectors.lanes import LANES
from sentinel_watch.detectors.nearest import second_nearest
from sentinel_watch.detectors.whitened import kinds_of, part_of, triangles_of, whiten_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.char import Char
    from sentinel_watch.detectors.lanes import Floats
    from sentinel_watch.detectors.nearest import Envelope
    from sentinel_watch.detectors.whitened import Model

__all__ = ["Look", "drag", "score"]

DRIFT_RATE = 0.1
"""Weight of a look in the running mean of residuals: it remembers about ten."""
DRIFT_CUT = 2.0
"""Noise scales per band beyond which a residual moves the running mean no further."""


class Look(NamedTuple):
    """A levelled look, to be judged."""

    values: NDArray[np.float32]
    """(B, P) reflectance."""
    row: Floats
    """(K,) harmonics of its day."""
    day: int
    """Days since 1970-01-01."""
    usual: NDArray[np.float32]
    """(3, P) what counts as 1 for a look, for the running mean of deviations and towards char."""
    spread: float
    """Noise of the look against the usual one: what counts as 1 is larger by that factor."""
    seen: NDArray[np.bool_]
    """(P,) True = judged."""


class _Room(NamedTuple):
    """Room for a tile of pixels; lanes last, but where one pixel's spectra are searched."""

    counts: NDArray[np.float32]
    """(L,) 1 where the look saw the pixel."""
    usual: NDArray[np.float32]
    """(3, L) what counts as 1 in this look, NaN where unseen."""
    left: Floats
    """(B, L) residuals."""
    triangles: NDArray[np.float32]
    """(B * (B + 1) / 2, L) whitenings."""
    white: Floats
    """(B, L) whitened residuals."""
    length: Floats
    """(L,) their squared lengths."""
    mean: Floats
    """(B, L) the running mean of them."""
    moved: Floats
    """(L,) its squared length."""
    expected: Floats
    """(B, L) reflectance."""
    scratch: Floats
    """(B, L)."""
    towards: Floats
    """(L,) how far the look lies towards char."""
    asked: NDArray[np.intp]
    """(L + 1,) pixels whose spectra are asked."""
    spectrum: Floats
    """(B,) one of them."""
    search: Floats
    """(2 + B, M)."""


@compiled
def _room(bands: int, spectra: int) -> _Room:
    """Return room for a tile: one a thread, reused for all its tiles. Nought at first, for lanes that no pixel fills are computed too."""
    counts, usual, left = np.zeros(LANES, np.float32), np.zeros((3, LANES), np.float32), np.zeros((bands, LANES))
    triangles = np.zeros((bands * (bands + 1) // 2, LANES), np.float32)
    white, length, mean, moved = np.zeros((bands, LANES)), np.zeros(LANES), np.zeros((bands, LANES)), np.zeros(LANES)
    expected, scratch, towards = np.zeros((bands, LANES)), np.zeros((bands, LANES)), np.zeros(LANES)
    asked, spectrum, search = np.zeros(LANES + 1, np.intp), np.zeros(bands), np.zeros((2 + bands, spectra))
    return _Room(counts, usual, left, triangles, white, length, mean, moved, expected, scratch, towards, asked, spectrum, search)


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


@compiled
def _stage(look: Look, first: int, room: _Room) -> None:
    """Write 1 to `room.counts` where a tile's pixels are seen, and what is usual for them, NaN where they are not, to `room.usual`."""
    seen, spread = look.seen[first : first + LANES], np.float32(look.spread)
    room.counts[seen.size :] = 0
    for lane in range(seen.size):
        room.counts[lane] = np.float32(1) if seen[lane] else np.float32(0)
    for row in range(len(room.usual)):
        usual = look.usual[row, first : first + LANES]
        for lane in range(usual.size):
            room.usual[row, lane] = usual[lane] * spread if seen[lane] else np.float32(np.nan)


@compiled
def _deviate(look: Look, model: Model, first: int, room: _Room) -> None:
    """Write what a tile's pixels differ from the model by to `room.left`, nought where unseen, and what it expects to `room.expected`.

    Lanes beyond the last pixel are nought as well. Sums run in single reads of (K, B, P), a row of pixels at a time.
    """
    for b in range(len(room.left)):
        values, left = look.values[b, first : first + LANES], room.left[b]
        for lane in range(values.size):
            left[lane] = values[lane]
        for k in range(look.row.size):
            coefficients, term = model.coefficients[k, b, first : first + LANES], look.row[k]
            for lane in range(coefficients.size):
                left[lane] -= term * coefficients[lane]
        for lane in range(LANES):
            # an unseen pixel's NaN would stay in its running mean for good
            left[lane] = left[lane] if room.counts[lane] > 0 else 0.0
        for lane in range(values.size):
            room.expected[b, lane] = values[lane] - left[lane]


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
def _ask_spectra(look: Look, known: tuple[Model, Envelope], first: int, room: _Room) -> None:
    """Bring `room.length`, squared distances, down to that of the pixel's own spectra, where the model alone would call it anomalous.

    Few pixels are anomalous: asking last and seldom is what makes scoring fast.
    """
    length, asked, count = room.length, room.asked, 0
    for lane in range(min(LANES, look.seen.size - first)):
        # written each time and counted sometimes: a guess of which lanes are anomalous would often be wrong
        asked[count] = first + lane
        # Not so where the usual distance is NaN: the pixel is unseen.
        count += length[lane] > room.usual[0, lane] ** 2
    asked[LANES] = _fetch(asked[:count], known[1])
    for pixel in asked[:count]:
        for b in range(room.spectrum.size):
            room.spectrum[b] = look.values[b, pixel]
        length[pixel - first] = second_nearest((pixel, look.day, 0), length[pixel - first], room.spectrum, known, room.search)


@compiled
def _in_usual(squared: Floats, usual: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the lengths whose squares are `squared` (L,) to `out` (n,), in units of `usual` (L,); n is at most L."""
    for lane in range(out.size):
        out[lane] = np.sqrt(squared[lane]) / usual[lane]


@compiled
def _score(
    look: Look, known: tuple[Model, Envelope, Char], drift: NDArray[np.float32], distances: NDArray[np.float32], share: tuple[int, int]
) -> None:
    """Write what `score` describes to `distances`; of one thread's `share`, every so-manieth tile, whose `drift` alone it moves."""
    (bands, pixels), (model, envelope, char), (thread, threads) = look.values.shape, known, share
    room, noise = _room(bands, envelope.day.shape[1]), model.whiten[:, part_of(model, look.day)]
    for first in range(thread * LANES, pixels, threads * LANES):
        last = min(first + LANES, pixels)
        _stage(look, first, room)
        _deviate(look, model, first, room)
        for b in range(bands):
            before = drift[b, first:last]
            for lane in range(before.size):
                room.mean[b, lane] = before[lane]
        triangles_of(noise, kinds_of(model, first), room.triangles)
        whiten_lanes(room.left, room.triangles, room.white, room.length)
        drag(room.mean, room.white, room.length, room.counts, room.moved)
        char_lanes(char, room.expected, room.white, room.triangles, room.scratch, room.towards)
        _ask_spectra(look, (model, envelope), first, room)
        _in_usual(room.length, room.usual[0], distances[0, first:last])
        _in_usual(room.moved, room.usual[1], distances[1, first:last])
        far = distances[2, first:last]
        for lane in range(far.size):
            far[lane] = max(room.towards[lane], 0.0) / room.usual[2, lane]
        for b in range(bands):
            after = drift[b, first:last]
            for lane in range(after.size):
                after[lane] = room.mean[b, lane]


def score(look: Look, model: Model, envelope: Envelope, char: Char, drift: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (3, P) float32: how far the look is off, the running mean of deviations, and how far the look lies towards char.

    All in units of the usual; NaN where unseen. `drift` (B, P), the running mean, is moved. Spectra are only asked for where the model
    alone would call the pixel anomalous.

    1 is the usual largest distance of the pixel, as `look.usual` and `look.spread` have it; the drift of unseen pixels stays.
    All rows are lengths, not squares.
    """
    distances = np.empty((3, look.values.shape[1]), np.float32)
    spread(lambda *share: _score(look, (model, envelope, char), drift, distances, share))
    return distances
