"""Reference clear-cuts of the Romanian forest, from its own imagery: no labels come with it.

The median red (B04, 10 m) of each early summer (May to July) is compared with the year before's. A patch is a place that
was forest (summer NDMI above 0.3, red below 0.04) and brightened by more than 0.012 against the median of its
neighbourhood (410 m), with a core of three pixels beyond 0.02, while its NDMI (20 m) fell by 0.03 in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, label, median_filter

from sentinel_watch.domain.look import day_number, usable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Clearcut", "brightened", "clearcuts", "drops"]

FOREST_NDMI, FOREST_RED = 0.3, 0.04
LEAST_FALL = 0.03
EDGE_RISE, CORE_RISE = 0.012, 0.02
NEIGHBOURHOOD_PX = 41
LEAST_PX = 3
EARLY_SUMMER = (5, 6, 7)
EIGHT = np.ones((3, 3))


@dataclass(frozen=True, slots=True)
class Clearcut:
    """One reference patch."""

    year: int
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    day: int
    """First look of the persistent rise, days since 1970-01-01."""
    last_before: int
    """Last clear look before it, days since 1970-01-01."""


def _clear(cube: xr.Dataset, band: str) -> NDArray[np.float32]:
    return np.where(usable(cube["mask"].values), cube["reflectance"].sel(band=band).values, np.nan).astype(np.float32)


def _summer_medians(cube: xr.Dataset, values: NDArray[np.float32]) -> dict[int, NDArray[np.float32]]:
    years, summer = cube["time"].dt.year.values, cube["time"].dt.month.isin(EARLY_SUMMER).values
    return {int(year): np.nanmedian(values[summer & (years == year)], axis=0) for year in np.unique(years[summer])}


def brightened(cube: xr.Dataset) -> dict[int, NDArray[np.bool_]]:
    """Return year -> (y, x): True on the patches that were cut since the summer before."""
    nir, swir = _clear(cube, "B8A"), _clear(cube, "B11")
    ndmi = _summer_medians(cube, (nir - swir) / np.maximum(nir + swir, 1e-3))
    red = _summer_medians(cube, _clear(cube, "B04"))
    found = {}
    for year in (year for year in red if year - 1 in red):
        forest = (ndmi[year - 1] > FOREST_NDMI) & (red[year - 1] < FOREST_RED)
        found[year] = _cut(np.where(forest, _local(red[year] - red[year - 1]), 0), _local(ndmi[year] - ndmi[year - 1]))
    return found


def _local(change: NDArray[np.float32]) -> NDArray[np.float32]:
    known = np.nan_to_num(change)
    return np.asarray(known - median_filter(known, NEIGHBOURHOOD_PX, mode="nearest"))


def _cut(rise: NDArray[np.float32], wetter: NDArray[np.float32]) -> NDArray[np.bool_]:
    patches, count = label(rise > EDGE_RISE, EIGHT)
    deep = np.bincount(patches.ravel(), (rise > CORE_RISE).ravel(), count + 1) >= LEAST_PX
    drier = np.array([False, *(np.median(wetter[patches == n]) < -LEAST_FALL for n in range(1, count + 1))])
    return np.asarray((deep & drier)[patches])


def drops(cube: xr.Dataset, first_year: int, last_year: int) -> NDArray[np.bool_]:
    """Return (y, x): True where anything was cut from `first_year` to `last_year`."""
    return np.any([patches for year, patches in brightened(cube).items() if first_year <= year <= last_year], axis=0)


def clearcuts(cube: xr.Dataset, first_year: int) -> list[Clearcut]:
    """Return the reference patches from `first_year` on, with the day on which each was first seen cut."""
    red, found = _clear(cube, "B04"), []
    for year, cut in brightened(cube).items():
        patches, count = label(cut, EIGHT)
        found += [_dated(cube, red, year, patches == number) for number in range(1, count + 1) if year >= first_year]
    return found


def _dated(cube: xr.Dataset, red: NDArray[np.float32], year: int, patch: NDArray[np.bool_]) -> Clearcut:
    """Date a patch by its red against that of the ring around it: the first of three looks above half the rise."""
    ring = binary_dilation(patch, iterations=6) & ~binary_dilation(patch, iterations=2)
    days = day_number(cube["time"])
    enough = np.isfinite(red[:, patch]).mean(axis=1) > 0.5
    looks = np.flatnonzero(enough & np.isfinite(red[:, ring]).any(axis=1))
    gap = np.array([np.nanmedian(red[at][patch]) - np.nanmedian(red[at][ring]) for at in looks])
    years = cube["time"].dt.year.values[looks]
    summer = cube["time"].dt.month.isin(EARLY_SUMMER).values[looks]
    before, after = (np.median(gap[summer & (years == y)]) for y in (year - 1, year))
    high = gap > (before + after) / 2
    window = days[looks] >= int(np.datetime64(f"{year - 1}-11-01", "D").astype(int))
    persistent = [i for i in range(len(looks)) if window[i] and high[i : i + 3].all()]
    first = persistent[0] if persistent else int(np.argmax(window))
    rows, cols = np.nonzero(patch)
    return Clearcut(year, rows, cols, int(days[looks[first]]), int(days[looks[max(first - 1, 0)]]))
