"""Spectra of the usual grounds, and years made of them."""

from __future__ import annotations

import numpy as np

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")


def ground(*reflectance: float) -> dict[str, float]:
    """Return the reflectance of a cover by band."""
    return dict(zip(BANDS, reflectance, strict=True))


GRASS = ground(0.04, 0.07, 0.05, 0.36, 0.20, 0.10)
DRY_GRASS = ground(0.05, 0.08, 0.08, 0.30, 0.24, 0.15)
LUSH = ground(0.03, 0.06, 0.03, 0.42, 0.18, 0.08)
SOIL = ground(0.10, 0.14, 0.18, 0.24, 0.32, 0.28)
BRIGHT = ground(0.24, 0.29, 0.33, 0.37, 0.43, 0.38)
DARK_SOIL = ground(0.05, 0.07, 0.09, 0.13, 0.20, 0.17)
CHAR = ground(0.02, 0.03, 0.035, 0.055, 0.10, 0.12)
WATER = ground(0.05, 0.05, 0.03, 0.02, 0.01, 0.005)
MUD = ground(0.09, 0.14, 0.15, 0.10, 0.02, 0.01)
SNOW = ground(0.85, 0.85, 0.83, 0.75, 0.10, 0.08)
THIN_SNOW = ground(0.19, 0.20, 0.18, 0.28, 0.13, 0.10)


def year_of(*covers):
    """Return a year whose months are the given covers, each for an equal share of it."""
    months = [covers[month * len(covers) // 12] for month in range(12)]
    return {band: np.array([cover[band] for cover in months], np.float32) for band in BANDS}
