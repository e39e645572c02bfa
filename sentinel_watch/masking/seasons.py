"""What ground usually looks like at a time of the year, before anything is learnt of it: the median look of the season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.look import day_number, stack_looks, usable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["season_medians"]

_YEAR_DAYS = 365.2425
_PART_DAYS = _YEAR_DAYS / 12
"""Looks that lie so near each other share a median."""
_WITHIN_DAYS = (60, 30)
"""Days of the year within which looks of other years speak for a time; the fewer the better, where they hold enough looks."""
_LEAST_LOOKS = 3
"""Usable looks of other years, of which one may be a cloud that no mask caught; with fewer the whole history speaks for the pixel."""
_LEAST_OWN_LOOKS = 5
"""The same of its own year, of which two may be, where no other year was looked at around that time."""


def season_medians(looks: Sequence[xr.Dataset]) -> list[NDArray[np.float32]]:
    """Return for each of `looks`, in time order, the (band, y, x) median of the usable looks at its time of the year in other years.

    Its own year speaks where no other was looked at around that time. A pixel that has too few of them gets the median of all usable
    looks, or of all looks where none is usable; NaN where it has no data.

    Not that of all looks throughout: where leaves or grass are green for longer than not, the other season would pass for cloud and never
    be learnt. And not that of its own year if it need not be: a change of the ground would be usual at once.
    """
    if not looks:
        return []
    stack = stack_looks(looks)
    days, values, clear = day_number(stack["time"]), stack["reflectance"].to_numpy(), usable(stack["mask"].to_numpy())
    always, parts = _median(values, clear, 0), (days / _PART_DAYS).astype(int)
    medians = {int(part): _elsewhen((part + 0.5) * _PART_DAYS, days, values, clear, always) for part in np.unique(parts)}
    return [medians[int(part)] for part in parts]


def _elsewhen(
    day: float, days: NDArray[np.int32], values: NDArray[np.float32], clear: NDArray[np.bool_], always: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the median of the looks around the time of the year of `day`, as `season_medians` says; `always` where a pixel has too few.

    `days` (time,), `values` (time, band, y, x), `clear` (time, y, x); days are since 1970-01-01.
    """
    apart = np.abs(days - day)
    of_season = np.abs(apart - _YEAR_DAYS * np.round(apart / _YEAR_DAYS))
    median, other = always, (apart > _YEAR_DAYS / 2) & (of_season <= _WITHIN_DAYS[0])
    asked, least = (other, _LEAST_LOOKS) if other.any() else (of_season <= _WITHIN_DAYS[0], _LEAST_OWN_LOOKS)
    for within in _WITHIN_DAYS:
        near = asked & (of_season <= within)
        closer = _median(values[near], clear[near], least)
        median = np.where(np.isnan(closer), median, closer)
    return median


def _median(values: NDArray[np.float32], clear: NDArray[np.bool_], least: int) -> NDArray[np.float32]:
    """Return the (band, y, x) median over time of `values` (time, band, y, x) where `clear` (time, y, x); NaN with fewer than `least`.

    Of all values where `least` is 0 and none is clear.
    """
    if not len(values):
        return np.full(values.shape[1:], np.nan, np.float32)
    return np.stack([_median_where(values[:, band], clear, least) for band in range(values.shape[1])])


def _median_where(values: NDArray[np.float32], clear: NDArray[np.bool_], least: int) -> NDArray[np.float32]:
    """Return what `_median` describes of one band, (y, x)."""
    seen = (clear & np.isfinite(values)).any(axis=0) | (least > 0)
    # not by nanmedian, which warns of every pixel that has no value
    ordered = np.sort(np.where(clear | ~seen, values, np.nan), axis=0)  # NaN sorts last
    count = np.isfinite(ordered).sum(axis=0)
    middle = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(values) - 1)
    low, high = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in middle)
    return np.where(count >= max(least, 1), (low + high) / 2, np.nan).astype(np.float32)
