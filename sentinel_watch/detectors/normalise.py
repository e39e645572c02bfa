"""What a whole look has in common is not change: haze, offset, gain and view angle are taken out, robustly.

Per look and band, observed = expected + offset + gain * (expected - mean), fitted to the pixels that agree with it in
all bands together. Two starts compete, no offset and the median one: where an event covers most of the block, the
pixels that stayed as they were are enough to hold the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


def correct(values: NDArray[np.float32], correction: Correction) -> NDArray[np.float32]:
    """Return `values` (B, P) reflectance with the look's offset and gain taken out."""
    offset, gain = (part.astype(np.float32)[:, None] for part in (correction.offset, correction.gain))
    return (values - offset) / gain


def scene_correction(observed: NDArray[np.float32], expected: NDArray[np.float32], noise: NDArray[np.float32]) -> Correction:
    """Return the correction of a look from clear pixels: `observed`, `expected` and `noise`, (B, n) reflectance each.

    With fewer pixels than a dozen nothing is corrected.
    """
    bands, pixels = observed.shape
    if pixels < _LEAST_PIXELS:
        return Correction(np.zeros(bands), np.ones(bands), 1.0, 1.0)
    residual, level, scale = (np.asarray(part, np.float64) for part in (observed - expected, expected, noise))
    still = _settle(residual, level, scale, np.zeros(bands))
    if still.agreeing >= _ENOUGH:
        return still
    moved = _settle(residual, level, scale, np.median(residual, axis=1))
    return moved if moved.agreeing > still.agreeing else still


def _settle(residual: Floats, expected: Floats, noise: Floats, offset: Floats) -> Correction:
    """Reweight and refit until the pixels that agree are settled."""
    gain = np.zeros_like(offset)
    pivot = np.median(expected, axis=1)
    lever = expected - pivot[:, None]
    for _ in range(10):
        left = residual - offset[:, None] - gain[:, None] * lever
        misfit = ((left / noise) ** 2).mean(axis=0)
        weight = np.maximum(1 - misfit / _AGREE**2, 0) ** 2 / (noise**2).mean(axis=0)
        if not weight.any():
            break
        offset, gain = _line(residual, lever, weight, noise)
    left = residual - offset[:, None] - gain[:, None] * lever
    misfit = ((left / noise) ** 2).mean(axis=0)
    agree = misfit < _AGREE**2
    spread = float(np.sqrt(np.median(misfit[agree]) / 0.8)) if agree.any() else np.inf
    return Correction(offset - gain * pivot, 1 + gain, spread, float(agree.mean()))


def _line(residual: Floats, lever: Floats, weight: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Return the weighted line through the residuals of each band, its slope drawn towards none."""
    share = weight / weight.sum()
    lever_mean, residual_mean = (lever * share).sum(axis=1), (residual * share).sum(axis=1)
    centred = lever - lever_mean[:, None]
    # Errors of neighbours go together: however many pixels agree, they say no more than so many independent ones.
    variance = (centred**2 * share).sum(axis=1)
    information = _INDEPENDENT * variance / (noise**2).mean(axis=1)
    slope = (centred * (residual - residual_mean[:, None]) * share).sum(axis=1) / np.maximum(variance, 1e-12)
    slope = np.clip(slope * information / (information + 1 / _GAIN_SPREAD**2), -_MOST_GAIN, _MOST_GAIN)
    return residual_mean - slope * lever_mean, slope
