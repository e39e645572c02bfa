"""The cube that both sides are timed on: a season, noise and clouds; the peers' interpreter runs this file too."""

from __future__ import annotations

import numpy as np

LOOKS = 150
CLOUD = 0.42


def season(side: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return days since 1970-01-01 (T,), reflectance (T, side, side) float32 with NaN under clouds, and one later look (side, side)."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.choice(1500, LOOKS, replace=False)) + 17_000
    level = rng.uniform(0.2, 0.4, (side, side)).astype(np.float32)
    values = np.empty((LOOKS, side, side), np.float32)
    for at, day in enumerate(days):
        values[at] = level + 0.1 * np.cos(2 * np.pi * day / 365.2425) + rng.normal(0, 0.02, (side, side))
        values[at][rng.random((side, side)) < CLOUD] = np.nan
    return days, values[:-1], values[-1]
