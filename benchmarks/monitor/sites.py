"""Where the bench plants: halves of the real cases and spans of time; what really changed there is left out.

The left half of each case is for tuning and the right half for reporting; seeds differ too, so a figure that is
reported was never tuned on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation

from benchmarks.monitor.cases import load_case
from benchmarks.monitor.clearcuts import drops
from sentinel_watch.domain.look import day_number, usable

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

__all__ = [
    "CROP",
    "FOREST",
    "MINE",
    "SEEDS",
    "SHORT",
    "SPANS",
    "BenchSite",
    "Span",
    "bench_sites",
    "days_of",
    "really_changed",
    "winter_difference",
]

SEEDS = {"tuning": range(10), "reporting": range(100, 110)}
MINE, FOREST, CROP = "limestone_mine_chhattisgarh", "forest_romania", "cropland_belgium"
PIXEL_HA = {MINE: 0.00861, FOREST: 0.01, CROP: 0.01}
MINE_CHANGED = 0.05


@dataclass(frozen=True, slots=True)
class Span:
    """A case with its history and its monitored time, as ISO days."""

    name: str
    case: str
    history_from: str
    monitor_from: str
    end: str
    history_months: int
    """Months that hold looks."""

    @property
    def long_history(self) -> bool:
        """Return True where the history is two years or longer."""
        return self.history_months >= 24


SHORT = "crop_9m"
"""The span whose history is too short for a seasonal model: reported apart."""
SPANS = (
    Span("forest_29m", FOREST, "2015-08-01", "2018-01-01", "2019-09-01", 29),
    Span("forest_38m", FOREST, "2016-01-01", "2019-03-01", "2021-02-01", 38),
    Span("forest_12m", FOREST, "2017-03-01", "2018-03-01", "2019-09-01", 12),
    Span("forest_12m_late", FOREST, "2018-06-01", "2019-06-01", "2021-02-01", 12),
    Span("mine_24m", MINE, "2019-01-01", "2023-01-01", "2025-01-01", 24),
    Span("mine_12m", MINE, "2020-01-01", "2023-01-01", "2025-01-01", 12),
    Span("crop_12m", CROP, "2017-08-01", "2018-08-01", "2018-12-01", 12),
    Span("crop_10m", CROP, "2017-08-01", "2018-06-25", "2018-12-01", 10),
    Span("crop_9m", CROP, "2017-08-01", "2018-05-01", "2018-12-01", 9),
)


@dataclass(frozen=True, slots=True)
class BenchSite:
    """A background to plant into."""

    span: Span
    cube: xr.Dataset
    grid: GeoBox
    changed: NDArray[np.bool_]
    """(y, x) True where the ground really changed: neither planted on nor scored."""
    monitor_day: int
    """First monitored day, days since 1970-01-01."""
    end_day: int

    @property
    def pixel_ha(self) -> float:
        """Return the area of a pixel, hectares."""
        return PIXEL_HA[self.span.case]

    @property
    def km2_years(self) -> float:
        """Return the scored area times the monitored time."""
        return float((~self.changed).sum()) * self.pixel_ha / 100 * (self.end_day - self.monitor_day) / 365.25


def days_of(iso: str) -> int:
    """Return days since 1970-01-01 of an ISO day."""
    return int(np.datetime64(iso, "D").astype(int))


def bench_sites(role: str, cases: Path, cache: Path) -> list[BenchSite]:
    """Return the sites of `tuning` or `reporting`."""
    return [_site(span, role, cases, cache) for span in SPANS]


def _site(span: Span, role: str, cases: Path, cache: Path) -> BenchSite:
    cube, grid = load_case(span.case, cases, cache)
    changed = really_changed(span, cube)
    half = grid.shape[1] // 2
    columns = slice(0, half) if role == "tuning" else slice(half, None)
    days = day_number(cube["time"])
    inside = (days >= days_of(span.history_from)) & (days < days_of(span.end))
    part = cube.isel(time=np.flatnonzero(inside), x=columns)
    return BenchSite(span, part, grid[:, columns], changed[:, columns], days_of(span.monitor_from), int(days[inside][-1]) + 1)


def really_changed(span: Span, cube: xr.Dataset) -> NDArray[np.bool_]:
    """Return (y, x) True where the ground changed between the first and the last year of the span, or was hardly seen."""
    unseen = usable(cube["mask"].values).sum(axis=0) < 3
    if span.case == FOREST:
        return unseen | binary_dilation(drops(cube, int(span.history_from[:4]), int(span.end[:4])), iterations=2)
    if span.case == MINE:
        worst = np.max([np.abs(winter_difference(cube, band)) for band in cube["band"].values], axis=0)
        return unseen | binary_dilation(worst > MINE_CHANGED, iterations=1)
    return unseen


def winter_difference(cube: xr.Dataset, band: str = "B11") -> NDArray[np.float32]:
    """Return (y, x) median of `band` in the winter 2023/24 minus that of 2019/20 (December to February)."""
    clear = usable(cube["mask"].values)
    seen = np.where(clear, cube["reflectance"].sel(band=band).values, np.nan)
    days = day_number(cube["time"])
    winters = [(days >= days_of(f"{year}-12-01")) & (days < days_of(f"{year + 1}-03-01")) for year in (2019, 2023)]
    before, after = (np.nanmedian(np.where(clear.any(axis=0), seen[winter], 0), axis=0) for winter in winters)
    return np.asarray(after - before, np.float32)
