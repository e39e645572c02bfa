"""What scikit-image takes for the same regions and windows: `regionprops_table` with numpy's medians and quantiles."""

from __future__ import annotations

from time import perf_counter
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


def measures(block: Block, number: int) -> float:
    """Return the seconds a region for area, place, means of twelve bands and medians of four columns, of the first `number` regions."""
    change = block.change
    pictures = np.zeros((*block.labels.shape, 16), np.float32)
    signal = np.stack([change.magnitude, change.evidence, change.n_looks, change.n_anomalous], axis=1)
    pictures[change.rows, change.cols] = np.concatenate([change.expected, change.observed, signal], axis=1)
    labels = np.where(block.labels <= number, block.labels, 0)
    bottom = int(np.flatnonzero(labels.any(axis=1))[-1]) + 1
    began = perf_counter()
    regionprops_table(labels[:bottom], pictures[:bottom], properties=("label", "area", "bbox", "intensity_mean"))
    regionprops_table(labels[:bottom], pictures[:bottom, :, 12:], properties=("label",), extra_properties=(median,))
    return (perf_counter() - began) / number


def median(inside: NDArray[np.bool_], values: NDArray[np.float32]) -> float:
    """Return the median over a region's pixels."""
    return float(np.median(values[inside]))


def quantile(inside: NDArray[np.bool_], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the quantiles over a region's pixels."""
    return np.asarray(np.quantile(values[inside], LEVELS))


def corner(block: Block, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Return a part of the block before and after, and (y, x) labels of about `number` windows that fill it side by side."""
    many = max(round(number**0.5), 1)
    labels = np.kron(np.arange(1, many * many + 1).reshape(many, many), np.ones((RING, RING), int)).astype(np.int32)
    part = (slice(None), *(slice(0, length) for length in labels.shape))
    return block.before[part], block.after[part], labels


def quantiles(block: Block, number: int) -> float:
    """Return the seconds a window for the quantiles of all indices before, after and of their change: a sixth of the features."""
    before, after, labels = corner(block, number)
    began = perf_counter()
    was, now = indices(before), indices(after)
    pictures = np.moveaxis(np.concatenate([was, now, now - was]), 0, -1)
    regionprops_table(labels, pictures, properties=("label",), extra_properties=(quantile,))
    return (perf_counter() - began) / labels.max()


def plainly(block: Block, number: int) -> float:
    """Return the seconds a window for all features in plain numpy."""
    began = perf_counter()
    for place in range(number):
        top = RING * place % (block.before.shape[1] - RING)
        part = slice(None), slice(top, top + RING), slice(0, RING)
        plain_features(block.before[part], block.after[part])
    return (perf_counter() - began) / number
