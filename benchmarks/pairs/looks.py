"""Pairs of looks: labelled ones, real ones between which nothing was built, and simulated ones; tuning and reporting never meet.

Labelled pairs are split by whole neighbourhoods of 10 km, the real series by their halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.ndimage import shift

from benchmarks.monitor.cases import load_case
from benchmarks.monitor.sites import CROP, FOREST, MINE, Span, really_changed
from sentinel_watch.classification.measures import BANDS
from sentinel_watch.classification.training.cleaning import NOTHING_EMERGED, faults
from sentinel_watch.classification.training.grouping import fold_numbers, neighbourhoods
from sentinel_watch.classification.training.recipe import Cleaning
from sentinel_watch.domain.look import MaskReason, day_number, usable
from sentinel_watch.models.labelled_files import read_labelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sentinel_watch.classification.training.labelled import LabelledSet

__all__ = ["LABELS", "MINING", "Pair", "labelled", "real_controls", "sides", "simulated_controls"]

LABELS = ("mining_emergence", "human_activity", "natural_change")
MINING = LABELS[0]
GROUP_KM = 10.0
FIRST = datetime(1970, 1, 1, 12, tzinfo=UTC)
SUMMER = datetime(2019, 7, 1, 12, tzinfo=UTC)
"""The middle of the first window; both windows are whole years, so that both looks are of one season."""
WITHIN_DAYS = {
    "5 to 20 days apart": (5, 20),
    "2 to 4 months apart": (60, 120),
    "half a year apart": (150, 215),
    "a year apart": (345, 385),
}
CONTROLS = (
    # its fields lie to the right, and either half must have some
    (CROP, "cropland", (4.0, 50.9), "y"),
    (FOREST, "forest", (25.0, 46.0), "x"),
    (MINE, "limestone mine", (81.2, 21.2), "x"),
)
"""Case, its name in the table, about where it lies, and the axis along which it is halved."""
LEAST_CLEAR = 0.99
CLOUDY = "5 to 20 days apart, one partly cloudy"
PARTLY_CLEAR = (0.3, 0.9)
"""Clear share of the cloudier look of such a pair; the other one is clearer."""
MOST_PAIRS = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """Two looks at one place; NaN = no data."""

    kind: str
    """The row of the table."""
    name: str
    cluster: int
    """Pairs of one cluster are drawn together for the intervals."""
    lon: float
    lat: float
    bands: tuple[str, ...]
    before: NDArray[np.float32]
    """(B, y, x) reflectance."""
    after: NDArray[np.float32]
    times: tuple[datetime, datetime]
    visible: bool = True
    """Whether the pictures show that something emerged: NDVI fell somewhere, by the rule that cleans the training data."""
    scl: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    """(y, x) scene classes of both; None where the catalogue has none."""


def sides(pairs: LabelledSet) -> NDArray[np.bool_]:
    """Return (n,) True for pairs of the reporting side, about half of each label."""
    return fold_numbers(pairs.labels, neighbourhoods(pairs.lon, pairs.lat, GROUP_KM), 2, 0) == 1


def labelled(folder: Path, *, reporting: bool) -> Iterator[Pair]:
    """Yield the labelled pairs of one side."""
    pairs = read_labelled(folder, LABELS)
    groups, found = neighbourhoods(pairs.lon, pairs.lat, GROUP_KM), faults(pairs, Cleaning(emergent=MINING))
    for n in np.flatnonzero(sides(pairs) == reporting):
        place = float(pairs.lon[n]), float(pairs.lat[n])
        looks = pairs.before[n].astype(np.float32), pairs.after[n].astype(np.float32)
        times = SUMMER, SUMMER.replace(year=2021)
        yield Pair(pairs.labels[n], pairs.names[n], int(groups[n]), *place, BANDS, *looks, times, found[n] != NOTHING_EMERGED)


def real_controls(cases: Path, cache: Path, *, reporting: bool) -> Iterator[Pair]:
    """Yield pairs of looks of the real series, without what was built or felled there; fields are ploughed and pits pumped."""
    for case, name, place, axis in CONTROLS:
        cube, _ = load_case(case, cases, cache)
        cube = cube.where(~xr.DataArray(really_changed(_whole(case, cube), cube), dims=("y", "x")))
        bands = [band for band in BANDS if band in cube["band"].values]
        half = cube.sizes[axis] // 2
        part = cube.sel(band=bands).isel({axis: slice(half, None) if reporting else slice(0, half)})
        series = _Series(name, place, tuple(bands), *_arrays(part))
        for span, within in WITHIN_DAYS.items():
            yield from series.pairs(span, within, np.minimum.outer(series.clear, series.clear) >= LEAST_CLEAR)
        worse, better = (function.outer(series.clear, series.clear) for function in (np.minimum, np.maximum))
        cloudy = (worse >= PARTLY_CLEAR[0]) & (worse <= PARTLY_CLEAR[1]) & (better > PARTLY_CLEAR[1])
        yield from series.pairs(CLOUDY, WITHIN_DAYS[CLOUDY.split(",", maxsplit=1)[0]], cloudy)


@dataclass(frozen=True, slots=True)
class _Series:
    """One half of a real series."""

    name: str
    place: tuple[float, float]
    bands: tuple[str, ...]
    values: NDArray[np.float32]
    """(t, B, y, x) reflectance."""
    mask: NDArray[np.uint8]
    """(t, y, x) MaskReason flags."""
    days: NDArray[np.int32]
    clear: NDArray[np.float64]
    """(t,) share of the ground that was seen clear."""

    def pairs(self, span: str, within: tuple[int, int], fit: NDArray[np.bool_]) -> Iterator[Pair]:
        """Yield up to MOST_PAIRS pairs that lie `within` so many days and `fit` (t, t), drawn evenly; cloudy ones have an SCL."""
        apart = self.days[None, :] - self.days[:, None]
        all_of_them = np.argwhere(fit & (apart >= within[0]) & (apart <= within[1]))
        chosen = np.random.default_rng(0).permutation(len(all_of_them))[:MOST_PAIRS]
        for a, b in all_of_them[sorted(chosen)]:
            first, last = int(self.days[a]), int(self.days[b])
            times = FIRST + timedelta(days=first), FIRST + timedelta(days=last)
            scl = (_scl(self.mask[a]), _scl(self.mask[b])) if span == CLOUDY else None
            yield Pair(
                f"{self.name}, {span}", f"{self.name}_{first}_{last}", first, *self.place, self.bands, self.values[a], self.values[b],
                times, scl=scl,
            )  # fmt: skip


def _arrays(part: xr.Dataset) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.int32], NDArray[np.float64]]:
    """Return reflectance, mask, days and clear shares of a half."""
    values, mask = np.asarray(part["reflectance"].values, np.float32), np.nan_to_num(part["mask"].values).astype(np.uint8)
    known = np.isfinite(values).all(axis=1)
    return values, mask, day_number(part["time"]), (usable(mask) & known)[:, known.mean(axis=0) > 0.5].mean(axis=1)


def _scl(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return scene classes as Sen2Cor would have given them: cloud, cloud shadow, snow, and vegetation for all the rest."""
    reasons = [(mask & np.uint8(reason)) > 0 for reason in (MaskReason.CLOUD, MaskReason.SHADOW, MaskReason.SNOW)]
    return np.select(reasons, [np.uint8(9), np.uint8(3), np.uint8(11)], np.uint8(4))


def _whole(case: str, cube: xr.Dataset) -> Span:
    """Return the whole series as a span, all of it watched."""
    first, last = (str(cube["time"].values[n])[:10] for n in (0, -1))
    return Span(case, case, first, first, last, 0)


def simulated_controls(pairs: list[Pair]) -> Iterator[Pair]:
    """Yield the second looks of every eighth pair against themselves, moved by 0.7 pixels each way, with other light, haze and noise."""
    draw = np.random.default_rng(0)
    for pair in pairs[::8]:
        moved = np.stack([shift(band, (0.7, 0.7), order=1, mode="nearest") for band in pair.after])
        light, haze = draw.normal(1, 0.03, (len(moved), 1, 1)), draw.normal(0.005, 0.01)
        again = (moved * light + haze + draw.normal(0, 0.004, moved.shape)).astype(np.float32)
        kind = "simulated: shifted by 1 px, other light"
        yield Pair(
            kind, pair.name, pair.cluster, pair.lon, pair.lat, pair.bands, pair.after[:, 2:-2, 2:-2], again[:, 2:-2, 2:-2], pair.times
        )
