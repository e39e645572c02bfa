"""Indices computed from reflectance; `spyndex` holds the formulas, the references and the constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import spyndex

from sentinel_watch.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

__all__ = ["bands_of", "compute", "split_available"]

SENTINEL_2 = {
    "A": "B01", "B": "B02", "G": "B03", "R": "B04", "RE1": "B05", "RE2": "B06", "RE3": "B07",
    "N": "B08", "N2": "B8A", "WV": "B09", "S1": "B11", "S2": "B12",
}  # fmt: skip
"""The catalogue's band symbols -> Sentinel-2 bands."""

DARKEST = 1e-3
"""Reflectance below this is noise of the atmospheric correction; it would blow up a ratio."""


def bands_of(name: str) -> tuple[str, ...]:
    """Return the Sentinel-2 bands that index `name` needs; raise InputError for an index that is unknown or needs other bands.

    `bands_of("NDVI")` holds `B08` and `B04`. Constants of a formula (the L of SAVI) are no bands.
    """
    if name not in spyndex.indices:
        raise InputError(f"there is no spectral index called {name!r}", found=name, allowed=did_you_mean(name, spyndex.indices))
    symbols = [symbol for symbol in spyndex.indices[name].bands if symbol not in spyndex.constants]
    if foreign := [symbol for symbol in symbols if symbol not in SENTINEL_2]:
        raise InputError(f"index {name} needs what Sentinel-2 does not measure", found=", ".join(foreign), allowed=", ".join(SENTINEL_2))
    return tuple(SENTINEL_2[symbol] for symbol in symbols)


def split_available(names: Sequence[str], bands: Sequence[str]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the indices that `bands` suffice for, and for each other one the bands that are missing.

    Both in the order of `names`; raise InputError for an index that is unknown.
    """
    missing = {name: tuple(band for band in bands_of(name) if band not in bands) for name in names}
    return tuple(name for name in names if not missing[name]), {name: lack for name, lack in missing.items() if lack}


def compute(name: str, reflectance: xr.DataArray | Mapping[str, float]) -> xr.DataArray:
    """Return index `name` of `reflectance`, with its `band` dimension gone; NaN where a band is NaN.

    `reflectance` is (…, band, y, x), 0-1, or a mapping band -> number; values below 0.001 count as 0.001. Constants have the
    catalogue's default values. `compute("NDVI", {"B08": 0.4, "B04": 0.1})` is 0.6.
    """
    needed = {symbol: band for symbol, band in SENTINEL_2.items() if band in bands_of(name)}
    # A band may be negative over dark water: the ratio would leave -1 to 1 and pass for a strong change.
    params = {symbol: np.maximum(_band(reflectance, band), DARKEST) for symbol, band in needed.items()}
    constants = {symbol: spyndex.constants[symbol].default for symbol in spyndex.indices[name].bands if symbol in spyndex.constants}
    index: xr.DataArray = spyndex.computeIndex(name, {**params, **constants})
    return index


def _band(reflectance: xr.DataArray | Mapping[str, float], band: str) -> xr.DataArray | float:
    """Return one band of the cube, without its `band` coordinate, or of the mapping."""
    return reflectance.sel(band=band, drop=True) if hasattr(reflectance, "sel") else reflectance[band]
