"""What scikit-image takes for the same regions and windows: `regionprops_table` with numpy's medians and quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import regionprops_table

from benchmarks.classify.plain import indices, plain_features
from benchmarks.classify.planted import RING
from sentinel_watch.classification.measures import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.classify.planted import Block

__all__ = ["measures", "plainly", "quantiles"]


def measures(block: Block, number: int) -> None:
    """Measure area, place, means of twelve bands and medians of four columns of the first `number` regions."""
    change = block.change
    bottom = int(change.rows[block.labels[change.rows, change.cols] <= number].max()) + 1
    near = change.rows < bottom
    signal = np.stack([change.magnitude, change.evidence, change.n_looks, change.n_anomalous], axis=1)
    pictures = np.zeros((bottom, block.labels.shape[1], 16), np.float32)
    pictures[change.rows[near], change.cols[near]] = np.concatenate([change.expected, change.observed, signal], axis=1)[near]
    labels = np.where(block.labels[:bottom] <= number, block.labels[:bottom], 0)
    regionprops_table(labels, pictures, properties=("label", "area", "bbox", "intensity_mean"))
    regionprops_table(labels, pictures[..., 12:], properties=("label",), extra_properties=(median,))


def median(inside: NDArray[np.bool_], values: NDArray[np.float32]) -> float:
    """Return the median over a region's pixels."""
    return float(np.median(values[inside]))


def quantile(inside: NDArray[np.bool_], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the quantiles over a region's pixels."""
    return np.asarray(np.quantile(values[inside], LEVELS))


def quantiles(block: Block, number: int) -> None:
    """Measure the quantiles of all indices before, after and of their change, of `number` windows: a sixth of the features."""
    # windows side by side and below each other, since labels cannot overlap
    across = block.labels.shape[1] // RING
    down = -(-number // across)
    labels = np.kron(np.arange(1, down * across + 1).reshape(down, across), np.ones((RING, RING), int))
    labels = np.where(labels <= number, labels, 0)
    part = slice(None), slice(labels.shape[0]), slice(labels.shape[1])
    was, now = indices(block.before[part]), indices(block.after[part])
    pictures = np.moveaxis(np.concatenate([was, now, now - was]), 0, -1)
    regionprops_table(labels, pictures, properties=("label",), extra_properties=(quantile,))


def plainly(block: Block, number: int) -> None:
    """Measure all features of `number` windows in plain numpy."""
    for place in range(number):
        top = RING * place % (block.before.shape[1] - RING)
        part = slice(None), slice(top, top + RING), slice(0, RING)
        plain_features(block.before[part], block.after[part])
