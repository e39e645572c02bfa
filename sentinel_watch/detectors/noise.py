"""What a pixel's usual deviation is: the shape of noise pooled over pixels of a kind, its size the pixel's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["assign", "centres_of", "drawn_together", "whitening"]

_KINDS = 6
_LEAST_LOOKS = 200
"""Looks over all pixels of a kind, below which its noise is taken from all kinds together."""


def centres_of(features: NDArray[np.float32], kinds: int = _KINDS) -> NDArray[np.float32]:
    """Return centres (C, F) of kinds of pixels by k-means on `features` (n, F), started from the farthest points.

    No random number: the same pixels in any order give the same kinds but for rounding.
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
    """Return (n,) the index of the nearest of `centres` (C, F) for each row of `features` (n, F)."""
    gap = np.square(centres).sum(axis=1) - 2 * features @ centres.T
    return np.argmin(gap, axis=1).astype(np.uint8)


def whitening(residuals: NDArray[np.float32], label: NDArray[np.uint8], kinds: int, floor: float) -> NDArray[np.float32]:
    """Return (C, B, B) lower triangles that make the noise of each kind independent and of unit variance.

    `residuals` (n, B) reflectance of single looks, of kind `label` (n,). Outliers are cut at three robust standard
    deviations; `floor` (reflectance) is added in every band.
    """
    everything = _covariance(residuals)
    parts = [residuals[label == kind] for kind in range(kinds)]
    covariances = [_covariance(part) if len(part) >= _LEAST_LOOKS else everything for part in parts]
    ground = floor**2 * np.eye(residuals.shape[1])
    return np.stack([np.linalg.inv(np.linalg.cholesky(covariance + ground)) for covariance in covariances]).astype(np.float32)


def drawn_together(own: NDArray[np.float32], count: NDArray[np.intp], label: NDArray[np.uint8], worth: float) -> NDArray[np.float32]:
    """Return each pixel's usual distance (P,), drawn towards the median of its kind, which counts as `worth` looks.

    `own` (P,) is what `count` (P,) looks of the pixel say; NaN where there are none.
    """
    log_own = np.log(np.maximum(own, 0.1))
    kinds = [log_own[(label == kind) & (count > 0)] for kind in range(int(label.max(initial=0)) + 1)]
    of_kind = np.array([np.median(kind) if kind.size else 0.0 for kind in kinds])
    return np.exp((count * log_own + worth * of_kind[label]) / (count + worth)).astype(np.float32)


def _covariance(residuals: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (B, B) covariance about zero, with outliers cut; zero where nothing is known."""
    if not len(residuals):
        return np.zeros((residuals.shape[1], residuals.shape[1]))
    limit = 3 * 1.4826 * np.median(np.abs(residuals), axis=0)
    cut = np.clip(residuals, -limit, limit).astype(np.float64)
    return cut.T @ cut / len(cut)
