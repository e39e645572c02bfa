"""Reference clear-cuts of the Romanian forest, from its own imagery: no labels come with it.

NDMI's median of each summer (June to September) is compared with the last summer's. A patch is a place that was forest
(NDMI above 0.3) and fell by more than 0.08 against the median of its neighbourhood (410 m), with a core of three pixels
that fell by more than 0.10. What is left out of the other scores is drawn wider (0.06). The bands of NDMI have 20 m.
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

__all__ = ["Clearcut", "clearcuts", "drops", "ndmi"]

FOREST_NDMI = 0.3
EDGE_DROP, WIDE_DROP, CORE_DROP = 0.08, 0.06, 0.10
NEIGHBOURHOOD_PX = 41
LEAST_PX = 3
EIGHT = np.ones((3, 3))


@dataclass(frozen=True, slots=True)
class Clearcut:
    """One reference patch."""

    year: int
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    day: int
    """First look of the persistent drop, days since 1970-01-01."""
    last_before: int
    """Last clear look before it, days since 1970-01-01."""


def ndmi(cube: xr.Dataset) -> NDArray[np.float32]:
    """Return (time, y, x) normalised difference of B8A and B11, NaN where not usable."""
    nir, swir = (cube["reflectance"].sel(band=band).values for band in ("B8A", "B11"))
    return np.where(usable(cube["mask"].values), (nir - swir) / np.maximum(nir + swir, 1e-3), np.nan).astype(np.float32)


def summer_medians(cube: xr.Dataset) -> dict[int, NDArray[np.float32]]:
    """Return year -> (y, x) median NDMI of June to September."""
    seen, years = ndmi(cube), cube["time"].dt.year.values
    summer = cube["time"].dt.month.isin([6, 7, 8, 9]).values
    return {int(year): np.nanmedian(seen[summer & (years == year)], axis=0) for year in np.unique(years[summer])}


def _fall(before: NDArray[np.float32], after: NDArray[np.float32], edge: float) -> NDArray[np.bool_]:
    forest = before > FOREST_NDMI
    change = after - before
    change = change - median_filter(change, NEIGHBOURHOOD_PX, mode="nearest")
    wide = forest & (change < -edge)
    patches, count = label(wide, EIGHT)
    deep = np.bincount(patches.ravel(), (forest & (change < -edge - CORE_DROP + EDGE_DROP)).ravel(), count + 1) >= LEAST_PX
    deep[0] = False
    return np.asarray(deep[patches])


def drops(cube: xr.Dataset, first_year: int, last_year: int) -> NDArray[np.bool_]:
    """Return (y, x): True where a summer of `first_year` to `last_year` shows a clear-cut against the summer before."""
    medians = summer_medians(cube)
    years = [year for year in medians if year - 1 in medians and first_year <= year <= last_year]
    return np.any([_fall(medians[year - 1], medians[year], WIDE_DROP) for year in years], axis=0)


def clearcuts(cube: xr.Dataset, first_year: int) -> list[Clearcut]:
    """Return the reference patches from `first_year` on, with the day of their first persistent drop."""
    medians, seen, found = summer_medians(cube), ndmi(cube), []
    for year in sorted(medians):
        if year >= first_year and year - 1 in medians:
            patches, count = label(_fall(medians[year - 1], medians[year], EDGE_DROP), EIGHT)
            found += [_dated(cube, seen, year, patches == number) for number in range(1, count + 1)]
    return found


def _dated(cube: xr.Dataset, seen: NDArray[np.float32], year: int, patch: NDArray[np.bool_]) -> Clearcut:
    """Date a patch by the difference of its NDMI to that of the ring around it: the first of three looks below half the fall."""
    ring = binary_dilation(patch, iterations=6) & ~binary_dilation(patch, iterations=2)
    days = day_number(cube["time"])
    enough = np.isfinite(seen[:, patch]).mean(axis=1) > 0.5
    looks = np.flatnonzero(enough & np.isfinite(seen[:, ring]).any(axis=1))
    gap = np.array([np.nanmedian(seen[at][patch]) - np.nanmedian(seen[at][ring]) for at in looks])
    years = cube["time"].dt.year.values[looks]
    summer = cube["time"].dt.month.isin([6, 7, 8, 9]).values[looks]
    before, after = (np.median(gap[summer & (years == y)]) for y in (year - 1, year))
    low = gap < (before + after) / 2
    window = days[looks] >= np.datetime64(f"{year - 1}-11-01").astype("datetime64[D]").astype(int)
    persistent = [i for i in range(len(looks)) if window[i] and low[i : i + 3].all()]
    first = persistent[0] if persistent else int(np.argmax(window))
    rows, cols = np.nonzero(patch)
    return Clearcut(year, rows, cols, int(days[looks[first]]), int(days[looks[max(first - 1, 0)]]))
