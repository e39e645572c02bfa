"""The features of one window in plain numpy, picture by picture: what the compiled ones are held to, and what they are faster than."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sentinel_watch.classification.measures import INDICES, LEVELS, TEXTURED, TILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["plain_features"]

Floats: TypeAlias = "NDArray[np.float32]"

PLACE = {index.name: place for place, index in enumerate(INDICES)}
BINS = 200
ROUGHEST = 0.25
MOST_SIDE = 96


def plain_features(before: Floats, after: Floats) -> Floats:
    """Return (len(FEATURES),) of a window's reflectance (6, y, x) before and after."""
    step = 1 + (max(before.shape[1:]) - 1) // MOST_SIDE
    # what nothing is known of is nought by nought
    with np.errstate(invalid="ignore"):
        return tiled(*(indices(pixels[:, ::step, ::step]) for pixels in (before, after)))


def tiled(was: Floats, now: Floats) -> Floats:
    """Return the features of the whole, and the most and the least that a tile has of each."""
    rows, cols = ([length * part // TILES for part in range(TILES + 1)] for length in was.shape[1:])
    parts = [
        (slice(None), slice(top, bottom), slice(left, right))
        for top, bottom in pairwise(rows)
        for left, right in pairwise(cols)
        if top < bottom and left < right
    ]
    whole, tiles = whole_features(was, now), np.array([whole_features(was[part], now[part]) for part in parts])
    # fmax and fmin pass over NaN
    return np.concatenate([whole, np.fmax.reduce(tiles), np.fmin.reduce(tiles)]).astype(np.float32)


def whole_features(was: Floats, now: Floats) -> Floats:
    """Return (len(WHOLE),) of the indices (index, y, x) before and after, of a window or a tile."""
    told: list[float] = []
    for index, first, second in zip(INDICES, was, now, strict=True):
        half = (index.high - index.low) / 2
        told += quantiles(first, index.low, index.high, LEVELS)
        told += quantiles(second, index.low, index.high, LEVELS)
        told += quantiles(smoothed(second - first), -half, half, LEVELS)
    told += moves(was, now)
    for name in TEXTURED:
        first, second = (np.float32(quantiles(deviation(seen[PLACE[name]]), 0.0, ROUGHEST, (0.5, 0.9))) for seen in (was, now))
        told += [*first, *second, *(second - first)]
    ndvi = was[PLACE["ndvi"]], now[PLACE["ndvi"]]
    return np.array([*told, coherence(ndvi[0]), coherence(ndvi[1]), *displacement(*ndvi)], np.float32)


def indices(pixels: Floats) -> Floats:
    """Return (index, y, x) of reflectance (6, y, x)."""
    b, g, r, n, s, t = np.where(pixels < np.float32(1e-3), np.float32(1e-3), pixels)
    visible = np.stack([b, g, r]).astype(float)
    known = np.isfinite(visible)
    brightness = np.where(known, visible, 0).sum(axis=0) / known.sum(axis=0)
    green = np.where(np.isnan(g), r, g)
    ratios = [(n, r), (s + r, n + b), (n, t), (n, s), (green, s), (r, g), (r, b), (s, t)]
    return np.stack([*((plus - minus) / (plus + minus) for plus, minus in ratios), brightness.astype(np.float32), n, s])


def quantiles(picture: Floats, low: float, high: float, levels: Sequence[float]) -> list[float]:
    """Return the quantiles of the known pixels from a histogram of 200 bins, evenly filled; NaN where none is known."""
    values, scale = picture[~np.isnan(picture)].astype(float), BINS / (high - low)
    counts = np.bincount(np.clip((values - low) * scale, 0, BINS - 1).astype(int), minlength=BINS)
    wanted, upto = np.array(levels) * values.size, np.cumsum(counts)
    place = np.searchsorted(upto, wanted)
    inside = counts[place]
    return list(low + (place + (wanted - upto[place] + inside) / np.maximum(inside, 1)) / scale) if values.size else [np.nan] * len(levels)


def boxes(picture: Floats) -> Floats:
    """Return the sums over 3 x 3 pixels, fewer at the edge; along rows first, so that single precision rounds alike."""
    padded = np.pad(picture, 1)
    across = padded[:, 1:-1] + padded[:, :-2] + padded[:, 2:]
    return across[1:-1] + across[:-2] + across[2:]


def smoothed(picture: Floats) -> Floats:
    """Return the means of the known pixels in 3 x 3, NaN where the pixel is not known."""
    known = ~np.isnan(picture)
    return np.where(known, boxes(np.where(known, picture, np.float32(0))) / boxes(known.astype(np.float32)), np.float32(np.nan))


def deviation(picture: Floats) -> Floats:
    """Return (y - 2, x - 2) standard deviations in 3 x 3 pixels, NaN where one of them is not known."""
    known = ~np.isnan(picture)
    filled = np.where(known, picture, np.float32(0))
    squares, mean = boxes(filled * filled).astype(float) / 9, boxes(filled).astype(float) / 9
    rough = np.sqrt(np.maximum(squares - mean * mean, 0)).astype(np.float32)
    return np.where(boxes(known.astype(np.float32)) == 9, rough, np.float32(np.nan))[1:-1, 1:-1]


def covers(seen: Floats) -> NDArray[np.intp]:
    """Return (y, x) places in COVERS."""
    ndvi, bsi, mndwi = (seen[PLACE[name]].astype(float) for name in ("ndvi", "bsi", "mndwi"))
    return np.select([ndvi > 0.5, (mndwi > 0) & (ndvi < 0.3), bsi > 0], [0, 2, 1], 3)


def moves(was: Floats, now: Floats) -> list[float]:
    """Return the shares of covers before, after, and of the moves between them."""
    known = ~np.isnan(was[PLACE["ndvi"]] + now[PLACE["ndvi"]])
    found = np.bincount(4 * covers(was)[known] + covers(now)[known], minlength=16).reshape(4, 4)
    shares = found / found.sum() if known.any() else np.full((4, 4), np.nan)
    return [*shares.sum(axis=1), *shares.sum(axis=0), *shares[~np.eye(4, dtype=bool)]]


def summed(values: NDArray[np.floating]) -> float:
    """Return the sum of the values that are known, one after another: numpy's own sum adds in another order."""
    return float(np.cumsum(np.append(0.0, np.where(np.isnan(values), 0, values)))[-1])


def coherence(picture: Floats) -> float:
    """Return how much gradients lie along one line, from the structure tensor (Bigün and Granlund 1987)."""
    dy, dx = picture[2:, 1:-1] - picture[:-2, 1:-1], picture[1:-1, 2:] - picture[1:-1, :-2]
    unknown = np.isnan(dx * dy)
    xx, yy, xy = (summed(np.where(unknown, 0, product)) for product in (dx * dx, dy * dy, dx * dy))
    return float(np.hypot(xx - yy, 2 * xy) / (xx + yy)) if xx + yy > 0 else np.nan


def displacement(was: Floats, now: Floats) -> tuple[float, float]:
    """Return length and explained share of the shift that explains the change best (Lucas and Kanade 1981)."""
    dy, dx = ((a - b).astype(float) / 2 for a, b in ((was[2:, 1:-1], was[:-2, 1:-1]), (was[1:-1, 2:], was[1:-1, :-2])))
    dt = (now - was)[1:-1, 1:-1]
    unknown = np.isnan(dx * dy * dt)
    xx, yy, xy, xt, yt, tt = (summed(np.where(unknown, 0, product)) for product in (dx * dx, dy * dy, dx * dy, dx * dt, dy * dt, dt * dt))
    area = xx * yy - xy * xy
    if area <= 1e-9 or tt <= 0:
        return np.nan, np.nan
    u, v = (xt * yy - yt * xy) / area, (yt * xx - xt * xy) / area
    return min(float(np.hypot(u, v)), 3.0), min(max((u * xt + v * yt) / tt, 0.0), 1.0)
