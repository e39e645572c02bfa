"""How far two looks at the same ground lie apart, in units of what differs between two looks anyway.

One look knows nothing of a pixel's own noise. It is taken from the pair, and from that side of it to which no event goes: vegetation
grows denser by itself, as much as it thins, but nobody digs, dumps, burns or fells a place greener.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from sentinel_watch.detectors.normalise import scene_correction
from sentinel_watch.detectors.signs import greener
from sentinel_watch.detectors.weather import clouded, greenness, shaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentinel_watch.detectors.normalise import Correction

    Image = NDArray[np.float32]

__all__ = ["Contrast", "Noise", "contrast", "seeded"]

_SAMPLE_PX = 10_000
_USUAL = 3.5
"""Noise scales, over four bands together, that a pair of unchanged pixels hardly ever differs by."""
_QUIET_SHARE = 0.683
"""Share of normal deviates within one standard deviation."""
_LEAST_QUIET_PX = 30
_MOST_SPREAD = 2.5
"""Noise against the expected one that is believed: where works and regrowth lie side by side, no side of the pair is quiet."""
_AROUND = np.ones((3, 3))


class Noise(NamedTuple):
    """What unchanged ground differs by between two looks of one season, before the pair itself is asked."""

    floor: float
    """Reflectance."""
    share: float
    """Share of the reflectance, for the view angle, moisture and light."""


class Contrast(NamedTuple):
    """What a look shows against a reference; NaN where either is not known."""

    expected: Image
    """(B, y, x) reflectance that unchanged ground would have shown in the look."""
    distance: Image
    """(y, x) from that, in units of what unchanged pixels hardly exceed; 0 where the difference is none of the ground."""
    sure: NDArray[np.bool_]
    """(y, x) True where no pixel of the 3 x 3 around would explain it, were the look shifted by a pixel."""
    doubtful: NDArray[np.bool_]
    """(y, x) True = off as under a cloud or in its shadow."""


def contrast(seen: Image, reference: Image, bands: Sequence[str], noise: Noise, sure_from: float) -> Contrast:
    """Return how `seen` differs from `reference`, both (B, y, x) reflectance, NaN = not known, in every band or none.

    The look's haze and light are put on the reference, and not taken out of the look: what is told as seen must have been seen.
    `sure_from` is the distance from which on a difference can be sure. Change vector analysis (Malila, 1980) in whitened bands.
    """
    correction = _correction(seen, reference, noise)
    gain, offset = (part.astype(np.float32)[:, None, None] for part in (correction.gain, correction.offset))
    expected = reference * gain + offset
    # by the brighter of the two, and not by the look's own haze
    scale = np.hypot(noise.floor, noise.share * np.fmax(reference, (seen - offset) / gain)).astype(np.float32)
    doubtful = clouded(seen - expected, bands) | shaded(seen, expected, bands)
    clear = ~doubtful & ~(cleared := clouded(expected - seen, bands) | shaded(expected, seen, bands))
    spread = _spread((seen - expected) / scale, clear & _quiet(seen, expected, bands))
    scale *= spread[:, None, None]
    explained = cleared | _greener(seen, expected, bands)
    distance = np.where(explained, np.float32(0), _length((seen - expected) / scale))
    sure = (distance > sure_from) & (_least_around(seen, expected, scale) > sure_from)
    return Contrast(expected, distance, sure, doubtful)


def seeded(found: Contrast, low: float, least_px: int) -> NDArray[np.bool_]:
    """Return (y, x) True where the distance is above `low` in one piece, 8-connected, of which `least_px` or more pixels are sure.

    Hysteresis (Canny, 1986): the rim of an event is as faint as noise, and belongs to it only because it touches what is sure.
    """
    pieces, count = ndimage.label(found.distance > low, _AROUND)
    sure = ndimage.sum_labels(found.sure, pieces, np.arange(count + 1))
    return np.asarray((pieces > 0) & (sure >= least_px)[pieces])


def _correction(seen: Image, reference: Image, noise: Noise) -> Correction:
    """Return the haze and light of `seen` against `reference`.

    The noise is the expected one and not the pair's: a change of half of the block would make its own spread the usual one.
    """
    known = np.flatnonzero(np.isfinite(seen).all(axis=0) & np.isfinite(reference).all(axis=0))
    # evenly spread and not drawn: the same look must give the same bytes
    chosen = known[:: max(1, known.size // _SAMPLE_PX)]
    now, was = (image.reshape(len(image), -1)[:, chosen] for image in (seen, reference))
    return scene_correction(now, was, np.hypot(noise.floor, noise.share * was))


def _greener(seen: Image, expected: Image, bands: Sequence[str]) -> NDArray[np.bool_]:
    """Return (y, x) True where the look shows denser vegetation than expected."""
    residual, usual = (image.reshape(len(bands), -1) for image in (seen - expected, expected))
    return greener(residual, usual, bands).reshape(seen.shape[1:])


def _quiet(seen: Image, expected: Image, bands: Sequence[str]) -> NDArray[np.bool_]:
    """Return (y, x) True where greenness did not fall; everywhere where the bands do not tell."""
    gain = greenness(seen, bands) - greenness(expected, bands)
    return np.asarray(gain >= 0) if np.isfinite(gain).any() else np.ones(gain.shape, np.bool_)


def _spread(deviation: Image, quiet: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (B,) the standard deviation of `deviation` (B, y, x) where `quiet` (y, x), 1 to _MOST_SPREAD.

    1 where too few pixels are quiet to tell.
    """
    quiet = quiet & np.isfinite(deviation).all(axis=0)
    if quiet.sum() < _LEAST_QUIET_PX:
        return np.ones(len(deviation), np.float32)
    return np.asarray(np.clip(np.quantile(np.abs(deviation[:, quiet]), _QUIET_SHARE, axis=1), 1, _MOST_SPREAD), np.float32)


def _length(deviation: Image) -> Image:
    """Return (y, x) the length of `deviation` (B, y, x), in units of what hardly occurs.

    A length grows with the root of the number of bands.
    """
    return np.asarray(np.sqrt(np.square(deviation).mean(axis=0)) * np.float32(2 / _USUAL))


def _least_around(seen: Image, expected: Image, scale: Image) -> Image:
    """Return (y, x) the least distance of a pixel of `seen` from the 3 x 3 of `expected` around it; infinite where none is known."""
    rows, cols = seen.shape[1:]
    padded = np.pad(expected, ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    least = np.full((rows, cols), np.inf, np.float32)
    for top in range(3):
        for left in range(3):
            least = np.fmin(least, _length((seen - padded[:, top : top + rows, left : left + cols]) / scale))
    return least
