"""Classifying 20,000 regions of a 5490 x 5490 block: our one pass against skimage's regionprops with numpy's quantiles.

Run: python -m benchmarks.classify [--regions 20000] [--side 5490] [--peer-regions 300]
The peer measures the same quantiles on fewer regions, and is scaled up.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np
from skimage.measure import regionprops

from sentinel_watch.classification.measures import LEVELS
from sentinel_watch.classification.windows import measure
from sentinel_watch.models import load_model

WINDOW = 48


def block(side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a made-up block before and after, (6, side, side) reflectance."""
    before = rng.uniform(0.02, 0.35, (6, side, side)).astype(np.float32)
    return before, before * np.float32(1.1)


def ours(before: np.ndarray, after: np.ndarray, boxes: np.ndarray) -> tuple[float, float]:
    """Return the seconds for the features of all boxes, and for the model's answers to them."""
    measure(before[:, :64, :64], after[:, :64, :64], np.array([[0, 0, 48, 48]], np.int32))
    model, _ = load_model("mining-pairs/1.1.1")
    began = perf_counter()
    features = measure(before, after, boxes)
    measured = perf_counter()
    model.predict(features)
    return measured - began, perf_counter() - measured


def peer(before: np.ndarray, after: np.ndarray, boxes: np.ndarray) -> float:
    """Return the seconds that regionprops takes for quantiles of 11 indices before, after and of their change, of each box."""
    began = perf_counter()
    for top, left, height, width in boxes:
        part = slice(top, top + height), slice(left, left + width)
        was, now = (np.moveaxis(np.concatenate([p[:, *part], p[:5, *part]]), 0, -1) for p in (before, after))
        pictures = np.concatenate([was, now, now - was], axis=-1)
        (region,) = regionprops(np.ones((height, width), np.uint8), intensity_image=pictures)
        np.quantile(region.image_intensity.reshape(-1, pictures.shape[-1]), LEVELS, axis=0)
    return perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regions", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=5_490)
    parser.add_argument("--peer-regions", type=int, default=300)
    told = parser.parse_args()
    rng = np.random.default_rng(0)
    before, after = block(told.side, rng)
    corners = rng.integers(0, told.side - WINDOW, (told.regions, 2))
    boxes = np.concatenate([corners, np.full_like(corners, WINDOW)], axis=1).astype(np.int32)
    features, answers = ours(before, after, boxes)
    other = peer(before, after, boxes[: told.peer_regions]) * told.regions / told.peer_regions
    print(f"{told.regions} regions of a block of {told.side} x {told.side}")
    print(f"features {features:.1f} s, model {answers:.1f} s")
    print(f"regionprops, quantiles only, scaled up: {other:.1f} s, {other / features:.0f} times as long as the features")


if __name__ == "__main__":
    main()
