"""What a pixel's usual deviation is: the shape of noise pooled over pixels of a kind, its size the pixel's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.detectors.harmonics import YEAR_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Residuals", "assign", "centres_of", "drawn_together", "whitening"]

PARTS = 12
"""Parts of the year that have a noise of their own."""
# wider than a twelfth of the year, so that cloudy months borrow from their neighbours
_AROUND_DAYS = 40
_WORTH_DATES = 3
_KINDS = 6
_LEAST_LOOKS = 200
"""Looks over all pixels of a kind, below which its noise is taken from all kinds together."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """What single looks at single pixels differ from the model by; n of them."""

    values: NDArray[np.float32]
    """(n, B) reflectance."""
    kind: NDArray[np.uint8]
    """(n,) kind of the pixel."""
    day: NDArray[np.int32]
    """(n,) days since 1970-01-01."""

    def of(self, chosen: NDArray[np.bool_]) -> Residuals:
        """Return the chosen ones."""
        return Residuals(self.values[chosen], self.kind[chosen], self.day[chosen])


def centres_of(features: NDArray[np.float32], kinds: int = _KINDS) -> NDArray[np.float32]:
    """Return centres (C, F) of kinds of pixels by k-means on `features` (n, F), started from the farthest points.

    No random number: the same pixels in any order give the same kinds but for rounding.

    Farthest-first start after Gonzalez (1985), then 15 steps of Lloyd's (1982); a kind that loses its last pixel keeps its centre.
    n must be 1 at least.
    """
    centres = [features.mean(axis=0)]
    for _ in range(kinds - 1):
        gap = np.min([np.square(features - centre).sum(axis=1) for centre in centres], axis=0)
        centres.append(features[np.argmax(gap)])
    found = np.stack(centres)
    for _ in range(15):
        label = assign(features, found)
        members = [features[label == kind] for kind in range(kinds)]
        found = np.stack([part.mean(axis=0) if len(part) else found[kind] for kind, part in enumerate(members)])
    return found.astype(np.float32)


def assign(features: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (n,) the index of the nearest of `centres` (C, F) for each row of `features` (n, F).

    Ties go to the first; 256 kinds at most. The squared length of a row is the same for every centre, and left out.
    """
    # multiplied out, since differences (n, C, F) would be far larger than the features
    gap = np.square(centres).sum(axis=1) - 2 * features @ centres.T
    return np.asarray(np.argmin(gap, axis=1), np.uint8)


def whitening(residuals: Residuals, kinds: int, floor: float) -> NDArray[np.float32]:
    """Return (C, S, B, B) lower triangles that make the noise of each kind, in each part of the year, independent and of unit variance.

    Each part of the year sees the looks around it; few of them are drawn towards the whole year's, and a kind that is
    hardly seen towards all kinds'. `floor` (reflectance) is added in every band.

    C = `kinds`, S = PARTS. It is the inverse of the covariance's Cholesky factor, so that the length of a whitened difference is the
    distance of Mahalanobis (1936). With the floor no covariance is singular, however few the looks.
    """
    ground = floor**2 * np.eye(residuals.values.shape[1])
    everything = _covariance(residuals.values)
    found = []
    for kind in range(kinds):
        own = residuals.of(residuals.kind == kind)
        # a kind may be a handful of pixels, whose own noise would be a guess
        year = _covariance(own.values) if len(own.values) >= _LEAST_LOOKS else everything
        dates, date = np.unique(own.day, return_inverse=True)
        near = [_near(dates, part) for part in range(PARTS)]
        found += [_drawn(own.values[some[date]], int(some.sum()), year) + ground for some in near]
    factors = [np.linalg.inv(np.linalg.cholesky(covariance)) for covariance in found]
    return np.stack(factors).astype(np.float32).reshape(kinds, PARTS, *ground.shape)


def noise_at(whiten: NDArray[np.float32], day: int) -> NDArray[np.float32]:
    """Return the (C, B) standard deviation of each kind's noise at `day` (since 1970-01-01), reflectance.

    `whiten` is (C, S, B, B). What the whitening undid is put together again, and the roots of its diagonal are taken.
    """
    part = int(day % YEAR_DAYS / YEAR_DAYS * whiten.shape[1]) % whiten.shape[1]
    colour = np.linalg.inv(whiten[:, part])
    return np.asarray(np.sqrt(np.square(colour).sum(axis=2)), np.float32)


def _near(days: NDArray[np.int32], part: int) -> NDArray[np.bool_]:
    """Return True for days around the middle of a part of the year.

    `days` (n,) are since 1970-01-01, `part` is 0 to PARTS - 1; the turn of the year is no edge.
    """
    gap = np.abs(np.mod(days - (part + 0.5) / PARTS * YEAR_DAYS, YEAR_DAYS))
    return np.asarray(np.minimum(gap, YEAR_DAYS - gap) <= _AROUND_DAYS)


def _drawn(some: NDArray[np.float32], dates: int, year: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariance of `some` residuals, drawn towards the `year`'s; what counts is the number of `dates`, not of pixels.

    Linear shrinkage, with _WORTH_DATES dates' worth of the year's. Pixels of one date share its haze and light, so that a thousand of
    them are one witness.
    """
    return (dates * _covariance(some) + _WORTH_DATES * year) / (dates + _WORTH_DATES)


def drawn_together(own: NDArray[np.float32], count: NDArray[np.intp], label: NDArray[np.uint8], worth: float) -> NDArray[np.float32]:
    """Return each pixel's usual distance (P,), drawn towards the median of its kind, which counts as `worth` looks.

    `own` (P,) is what `count` (P,) looks of the pixel say; NaN where it says nothing.

    Means of logarithms, since distances differ by factors; one below 0.1 counts as 0.1. NaN stays NaN.
    """
    log_own = np.log(np.maximum(own, 0.1))
    kinds = [log_own[(label == kind) & np.isfinite(own)] for kind in range(int(label.max(initial=0)) + 1)]
    of_kind = np.array([np.median(kind) if kind.size else 0.0 for kind in kinds])
    return np.exp((count * log_own + worth * of_kind[label]) / (count + worth)).astype(np.float32)


def _covariance(residuals: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (B, B) covariance about zero, with outliers cut; zero where nothing is known.

    `residuals` are (n, B) reflectance. About zero, since a mean that is off is the model's fault and part of what a look may be off by.
    Values beyond three scaled median deviations are set to that limit, band by band.
    """
    if not len(residuals):
        return np.zeros((residuals.shape[1], residuals.shape[1]))
    limit = 3 * 1.4826 * np.median(np.abs(residuals), axis=0)
    cut = np.clip(residuals, -limit, limit).astype(np.float64)
    return cut.T @ cut / len(cut)
