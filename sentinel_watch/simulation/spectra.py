"""Reflectance of typical surfaces in Sentinel-2's bands, from a few anchor points each.

The anchors are our own round numbers, drawn from what textbooks say of each surface's shape: they are prototypes to
simulate with, not measurements. Give the tools your own spectra (`events.plant` takes any mapping) where you have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["CENTRE_NM", "PROTOTYPES", "mixture", "prototype", "spectrum_of"]

CENTRE_NM: Mapping[str, float] = {
    "B01": 443, "B02": 490, "B03": 560, "B04": 665, "B05": 705, "B06": 740, "B07": 783,
    "B08": 842, "B8A": 865, "B09": 945, "B11": 1610, "B12": 2190,
}  # fmt: skip
"""Centre wavelength of each band, nanometres (Sentinel-2 MSI, rounded)."""

PROTOTYPES: Mapping[str, Mapping[float, float]] = {
    # Soil rises smoothly to 1600 nm; clay absorbs near 2200 nm; moisture darkens all, the short-wave infrared most.
    "bare_soil_bright": {443: 0.10, 560: 0.17, 665: 0.23, 865: 0.31, 1610: 0.42, 2190: 0.36},
    "bare_soil_dark": {443: 0.05, 560: 0.08, 665: 0.11, 865: 0.17, 1610: 0.26, 2190: 0.22},
    # Fresh quarry floor: bright and nearly flat; carbonate absorbs a little near 2300 nm.
    "limestone_rubble": {443: 0.26, 560: 0.33, 665: 0.37, 865: 0.41, 1610: 0.46, 2190: 0.40},
    # Iron-rich residue: strong absorption below 550 nm.
    "red_tailings": {443: 0.05, 560: 0.09, 665: 0.21, 865: 0.26, 1610: 0.33, 2190: 0.30},
    "concrete": {443: 0.20, 560: 0.25, 665: 0.27, 865: 0.30, 1610: 0.34, 2190: 0.31},
    # Films and bags: bright, with absorption of C-H near 1700 and 2300 nm.
    "plastic_film": {443: 0.38, 560: 0.42, 665: 0.43, 865: 0.45, 1610: 0.40, 2190: 0.30},
    "dry_vegetation": {443: 0.05, 560: 0.09, 665: 0.14, 865: 0.27, 1610: 0.33, 2190: 0.22},
    # Char: dark, rising slowly, no red edge.
    "char": {443: 0.025, 560: 0.03, 665: 0.035, 865: 0.055, 1610: 0.10, 2190: 0.11},
    "clear_water": {443: 0.045, 560: 0.045, 665: 0.025, 865: 0.012, 1610: 0.006, 2190: 0.004},
    # Suspended sediment: a peak at 600-700 nm, still dark beyond 1000 nm.
    "turbid_water": {443: 0.08, 560: 0.14, 665: 0.16, 865: 0.08, 1610: 0.012, 2190: 0.008},
    # Snow: bright in the visible, ice absorbs beyond 1400 nm.
    "snow": {443: 0.85, 560: 0.85, 665: 0.83, 865: 0.75, 1610: 0.10, 2190: 0.08},
    # Haze: scattering, strongest in the blue.
    "haze": {443: 0.42, 490: 0.36, 560: 0.31, 665: 0.26, 865: 0.20, 1610: 0.12, 2190: 0.09},
}
"""Surface -> {wavelength in nm: reflectance, 0-1}."""

WASTE_SHARES: Mapping[str, float] = {"bare_soil_bright": 0.35, "plastic_film": 0.25, "concrete": 0.2, "dry_vegetation": 0.1, "char": 0.1}
"""Our waste-like mixture: mixed household and demolition waste spread over soil, by area."""


def prototype(name: str, bands: Sequence[str]) -> NDArray[np.float32]:
    """Return the (band,) reflectance of a prototype, linear between its anchors; KeyError where there is none.

    `bands` are Sentinel-2 names; beyond the last anchor its value holds. KeyError too for a band that CENTRE_NM lacks.
    """
    anchors = PROTOTYPES[name]
    centres = [CENTRE_NM[band] for band in bands]
    return np.interp(centres, list(anchors), list(anchors.values())).astype(np.float32)


def mixture(shares: Mapping[str, float], bands: Sequence[str]) -> NDArray[np.float32]:
    """Return the (band,) linear mixture of prototypes; `shares` (name -> area) are divided by their sum, which must not be 0."""
    parts = sum(share * prototype(name, bands) for name, share in shares.items())
    return np.asarray(parts / sum(shares.values()), np.float32)


def spectrum_of(name: str, bands: Sequence[str]) -> NDArray[np.float32]:
    """Return the (band,) spectrum of `waste` or of a prototype, reflectance; KeyError where there is neither."""
    return mixture(WASTE_SHARES, bands) if name == "waste" else prototype(name, bands)
