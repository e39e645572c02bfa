"""Making a look comparable with what is normal: what the whole look has in common, and its shift, are taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.detectors.harmonics import predict
from sentinel_watch.detectors.noise import noise_at
from sentinel_watch.detectors.normalise import correct, scene_correction
from sentinel_watch.detectors.shift import estimate_shift, move_back
from sentinel_watch.errors import NotNormalisableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.normalise import Correction
    from sentinel_watch.detectors.shift import Shift
    from sentinel_watch.detectors.stack import View
    from sentinel_watch.domain.change import Arrays

__all__ = ["Levelled", "level"]

_SAMPLE_PX = 10_000
_LEAST_AGREEING = 0.1
_ORDINARY = 1.05
"""Noise of a look, against the usual one, below which nothing speaks for a shift."""
_LEAST_SHIFT_PX = 0.35
_MOST_SHIFT_PX = 2.5
_SURE_PX = 0.15
_EXPLAINED = 0.05


@dataclass(frozen=True, slots=True)
class Levelled:
    """A look as it would have been on an ordinary day."""

    values: NDArray[np.float32]
    """(B, P) reflectance."""
    seen: NDArray[np.bool_]
    """(P,) True = usable, and the baseline knows the pixel."""
    spread: float
    """Noise of the look against the usual one, 1 or more."""


def level(view: View, baseline: Arrays, row: NDArray[np.float64]) -> Levelled:
    """Return `view` with offset, gain and shift taken out; `row` (K,) are the harmonics of its day.

    Raises NotNormalisableError where hardly a pixel agrees with any offset and gain, or the look lies too far off.

    P pixels, row-major over the block. Every look is corrected where it lies; only one that is noisier than usual is asked for a shift,
    moved back, and corrected anew. Pixels whose value would come from beyond the known ones are no longer seen.
    """
    seen = view.seen & np.isfinite(baseline["coefficients"][0, 0])
    # what may be cloud must not hold the correction, but is judged by it
    trusted = seen & ~view.suspect
    correction = _correction(view.values, trusted, baseline, row, view.day)
    values = correct(view.values, correction)
    if correction.spread < _ORDINARY:
        return Levelled(values, seen, max(1.0, correction.spread))
    shape = (len(values), *(int(size) for size in baseline["shape"]))
    image, expected = np.where(seen, values, np.float32(np.nan)), predict(baseline["coefficients"], row)
    shift = estimate_shift(image.reshape(shape), expected.reshape(shape), noise_at(baseline["whiten"], view.day).mean(axis=0))
    if not _worth_moving(shift):
        return Levelled(values, seen, max(1.0, correction.spread))
    # from the look as it came: the correction before the move was found on the wrong pixels
    moved = move_back(np.where(seen, view.values, np.float32(np.nan)).reshape(shape), shift).reshape(len(values), -1)
    seen = seen & np.isfinite(moved).all(axis=0)
    correction = _correction(moved, seen & trusted, baseline, row, view.day)
    return Levelled(correct(moved, correction), seen, max(1.0, correction.spread))


def _correction(
    values: NDArray[np.float32], trusted: NDArray[np.bool_], baseline: Arrays, row: NDArray[np.float64], day: int
) -> Correction:
    """Return the look's offset and gain, found on the `trusted` (P,) pixels, or on every so-manieth of them.

    `values` are (B, P) reflectance, `row` (K,) the harmonics of `day`. Raises NotNormalisableError where fewer than _LEAST_AGREEING agree;
    a look with less than a dozen trusted pixels passes as it is.
    """
    chosen = np.flatnonzero(trusted)
    chosen = chosen[:: max(1, chosen.size // _SAMPLE_PX)]
    expected = predict(baseline["coefficients"].take(chosen, axis=-1), row)
    noise = noise_at(baseline["whiten"], day)[baseline["kinds"][chosen]].T
    correction = scene_correction(values[:, chosen], expected, noise)
    if correction.agreeing < _LEAST_AGREEING:
        raise NotNormalisableError(
            "the look is too hazy to be compared with what is normal",
            found=f"{correction.agreeing:.0%} of the clear pixels agree with any offset and gain",
            allowed=f"{_LEAST_AGREEING:.0%} or more",
        )
    return correction


def _worth_moving(shift: Shift) -> bool:
    """Return True for a shift that is sure and matters; raise NotNormalisableError for one that is sure and too far.

    Moving interpolates, and so blurs every edge of the look: what is short, not sure or explains next to nothing is left where it is.
    """
    if shift.error > _SURE_PX or shift.length < _LEAST_SHIFT_PX or shift.explained < _EXPLAINED:
        return False
    if shift.length > _MOST_SHIFT_PX:
        raise NotNormalisableError(
            "the look lies beside the others", found=f"a shift of {shift.length:.1f} px", allowed=f"{_MOST_SHIFT_PX} px or less"
        )
    return True
