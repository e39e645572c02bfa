"""What a whole look has in common is not change: haze, offset, gain and view angle are taken out, robustly.

Per look and band, observed = expected + offset + gain * (expected - mean), fitted to the pixels that agree with it in
all bands together. Two starts compete, no offset and the median one: where an event covers most of the block, the
pixels that stayed as they were are enough to hold the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentinel_watch.compiled import compiled

__all__ = ["Correction", "correct", "scene_correction"]

_AGREE = 3.0
"""Pixels within so many noise scales, over all bands together, hold the correction."""
_GAIN_SPREAD = 0.05
"""What is believed of gains before looking: they differ from 1 by about so much."""
_MOST_GAIN = 0.15
_INDEPENDENT = 50
_ENOUGH = 0.25
"""Share of the pixels that must agree with "no offset" for it to be preferred."""
_LEAST_PIXELS = 12

Floats = NDArray[np.float64]


class Correction(NamedTuple):
    """What is taken out of a look: true = (observed - offset) / gain, per band."""

    offset: Floats
    """(B,) reflectance."""
    gain: Floats
    """(B,)."""
    spread: float
    """Noise of the pixels that agree, in units of their usual noise."""
    agreeing: float
    """Share of the pixels that agree, 0-1."""


class _Ground(NamedTuple):
    """What a look shows of n pixels."""

    residual: Floats
    """(B, n) observed minus expected, reflectance."""
    lever: Floats
    """(B, n) expected minus its median."""
    precision: Floats
    """(B, n) 1 / noise."""
    worth: Floats
    """(n,) weight of a pixel that agrees."""


def correct(values: NDArray[np.float32], correction: Correction) -> NDArray[np.float32]:
    """Return `values` (B, P) reflectance with the look's offset and gain taken out.

    Bands are in the same order in both. NaN stays NaN; gains lie in 0.85 to 1.15, so that nothing is divided by nought.
    """
    offset, gain = (part.astype(np.float32)[:, None] for part in (correction.offset, correction.gain))
    return (values - offset) / gain


def scene_correction(observed: NDArray[np.float32], expected: NDArray[np.float32], noise: NDArray[np.float32]) -> Correction:
    """Return the correction of a look from clear pixels: `observed`, `expected` and `noise`, (B, n) reflectance each.

    With fewer pixels than a dozen nothing is corrected.

    No value may be NaN. A correction always comes back: `agreeing` says what it is worth, and the caller decides how little is too little.
    """
    bands, pixels = observed.shape
    if pixels < _LEAST_PIXELS:
        return Correction(np.zeros(bands), np.ones(bands), 1.0, 1.0)
    residual, level, scale = (np.ascontiguousarray(part, np.float64) for part in (observed - expected, expected, noise))
    still = _settle(residual, level, scale, np.zeros(bands))
    # an event that covers most of the block has the median on its side, and would be taken for haze
    if still.agreeing >= _ENOUGH:
        return still
    moved = _settle(residual, level, scale, np.median(residual, axis=1))
    return moved if moved.agreeing > still.agreeing else still


def _settle(residual: Floats, expected: Floats, noise: Floats, offset: Floats) -> Correction:
    """Reweight and refit until the pixels that agree are settled.

    Tukey's weights of the misfit over all bands together; `offset` (B,) is where it starts, and decides which of two answers it ends in.
    A start with which no pixel agrees stays as it is, `agreeing` 0 and `spread` infinite.
    """
    # about the middle, where an error of the gain moves the offset least
    pivot, variance = np.median(expected, axis=1), noise**2
    look = _Ground(residual, expected - pivot[:, None], 1 / noise, 1 / variance.mean(axis=0))
    misfit = np.empty(residual.shape[1])
    line = _refit(look, np.stack((offset, np.zeros_like(offset))), variance.mean(axis=1), misfit)
    agree = misfit < _AGREE**2
    # the median of squared deviates lies below their mean, which is 1
    spread = float(np.sqrt(np.median(misfit[agree]) / 0.8)) if agree.any() else np.inf
    return Correction(line[0] - line[1] * pivot, 1 + line[1], spread, float(agree.mean()))


@compiled
def _refit(look: _Ground, line: Floats, noise: Floats, misfit: Floats) -> Floats:
    """Return what `line` (2, B), offset and slope, becomes in ten steps, and leave its misfits in `misfit` (n,).

    `noise` (B,) is the mean variance of a pixel. A step whose weights are all nought ends it.
    """
    for _ in range(10):
        _misfits(look, line, misfit)
        if not _weigh(misfit, look.worth):
            break
        line = _line(_moments(look, misfit), noise)
    _misfits(look, line, misfit)
    return line


@compiled
def _weigh(misfit: Floats, worth: Floats) -> bool:
    """Turn each `misfit` (n,) into Tukey's weight, times what its pixel is `worth` (n,); return whether any is above nought."""
    for n in range(misfit.size):
        inside = max(1 - misfit[n] / _AGREE**2, 0.0)
        misfit[n] = inside * inside * worth[n]
    return bool(misfit.any())


@compiled
def _misfits(look: _Ground, line: Floats, misfit: Floats) -> None:
    """Write the mean squared residual over the bands, in units of noise, of each pixel from `line` (2, B) to `misfit` (n,).

    `misfit` is overwritten; pixels are read band by band, as they lie in memory.
    """
    bands = len(look.residual)
    misfit[:] = 0
    for b in range(bands):
        offset, gain = line[0, b], line[1, b]
        for n in range(misfit.size):
            left = (look.residual[b, n] - offset - gain * look.lever[b, n]) * look.precision[b, n]
            misfit[n] += left * left / bands


@compiled
def _moments(look: _Ground, weight: Floats) -> Floats:
    """Return the weighted means (4, B) of lever, residual, lever squared and lever times residual.

    `weight` (n,) must not sum to nought. All four in one pass, since the pixels are what costs.
    """
    total = weight.sum()
    moments = np.zeros((4, len(look.residual)))
    for b in range(len(look.residual)):
        one, two, three, four = 0.0, 0.0, 0.0, 0.0
        for n in range(weight.size):
            pull, lever = weight[n] * look.residual[b, n], look.lever[b, n]
            one += weight[n] * lever
            two += pull
            three += weight[n] * lever * lever
            four += pull * lever
        moments[0, b], moments[1, b], moments[2, b], moments[3, b] = one / total, two / total, three / total, four / total
    return moments


@compiled
def _line(moments: Floats, noise: Floats) -> Floats:
    """Return offset and slope (2, B) of the weighted line through the residuals of each band, its slope drawn towards none.

    `moments` are those of `_moments`, `noise` (B,) the mean variance of a pixel, reflectance squared. The slope is drawn towards none as
    by a normal prior of width _GAIN_SPREAD, and cut at _MOST_GAIN: a gain large enough to explain an event away is not believed.
    """
    lever, residual, squares, products = moments
    # Errors of neighbours go together: however many pixels agree, they say no more than so many independent ones.
    variance = np.maximum(squares - lever**2, 0)
    information = _INDEPENDENT * variance / noise
    slope = (products - lever * residual) / np.maximum(variance, 1e-12)
    slope = np.clip(slope * information / (information + 1 / _GAIN_SPREAD**2), -_MOST_GAIN, _MOST_GAIN)
    return np.stack((residual - slope * lever, slope))
