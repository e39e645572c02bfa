"""A history that itself changed: where the level of a pixel moved for good, only what came after is normal.

The statistic is the one for a change in mean at an unknown time: the weighted distance of the means before and after,
largest over all times at which both sides hold enough looks (Hawkins, 1977).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from sentinel_watch.compiled import compiled, compiled_parallel
from sentinel_watch.detectors.scoring import Model, noise_of, whitened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.fitting import History
    from sentinel_watch.detectors.lanes import Floats

__all__ = ["break_looks"]


@compiled
def _running_sums(pixel: int, history: History, days: NDArray[np.int32], basis: Floats, model: Model) -> tuple[Floats, NDArray[np.int64]]:
    """Return running sums (n + 1, B) of the pixel's whitened residuals, and the look (n,) that each step is of.

    A residual is the levelled look less the model's expectation, whitened as in its part of the year, so in noise scales. With the sums
    the mean over any run of looks costs one subtraction. Looks that are not clear take no place: n is the pixel's clear looks.
    """
    looks, bands, _ = history.values.shape
    sums, which = np.zeros((looks + 1, bands)), np.zeros(looks, np.int64)
    left, white, count = np.empty(bands), np.empty(bands), 0
    for t in range(looks):
        if not history.clear[t, pixel]:
            continue
        for b in range(bands):
            left[b] = (history.values[t, b, pixel] - history.offset[t, b]) * history.factor[t, b]
            for k in range(basis.shape[1]):
                left[b] -= basis[t, k] * model.coefficients[k, b, pixel]
        length = np.sqrt(whitened(left, noise_of(model, pixel, days[t]), white))
        # One wild look must not move a mean.
        shrink = min(1.0, 3 * np.sqrt(bands) / max(length, 1e-6))
        for b in range(bands):
            sums[count + 1, b] = sums[count, b] + white[b] * shrink
        which[count] = t
        count += 1
    return sums[: count + 1], which[:count]


@compiled_parallel
def break_looks(history: History, days: NDArray[np.int32], basis: Floats, model: Model, least: int, step: float) -> NDArray[np.int64]:
    """Return (P,) the look from which on each pixel's level is the present one; 0 = it never moved.

    A move counts where the means differ by `step` noise scales or more, with `least` looks on either side.

    Looks are on `days` (T,) since 1970-01-01, with the harmonics `basis` (T, K). `model` was fitted to the whole history, so a step on
    the ground is a step in its residuals, as far as the harmonics have not bent to it. With fewer than 2 * `least` clear looks the
    answer is 0: no split leaves enough on both sides.
    """
    pixels = history.clear.shape[1]
    since = np.zeros(pixels, np.int64)
    for pixel in prange(pixels):
        sums, which = _running_sums(pixel, history, days, basis, model)
        count, best = which.size, 0.0
        for split in range(least, count - least + 1):
            gap = 0.0
            for b in range(sums.shape[1]):
                gap += (sums[split, b] / split - (sums[count, b] - sums[split, b]) / (count - split)) ** 2
            # what a difference of means can tell: most in the middle, where neither mean rests on few looks
            weight = split * (count - split) / count
            # size is asked beside significance: with many looks a step of no account is significant too
            if gap >= step * step and gap * weight > best:
                best = gap * weight
                since[pixel] = which[split]
    return since
