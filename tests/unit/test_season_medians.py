"""What ground usually looks like at a time of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.look import MaskReason, make_look
from sentinel_watch.masking import MASKERS, combine, season_medians

if TYPE_CHECKING:
    import xarray as xr

SPRING = 130
"""Day of the year in the middle of the green season."""
BANDS = ("B02", "B04", "B08")
GREEN, DRY = (0.03, 0.04, 0.40), (0.09, 0.14, 0.22)


def look_on(day: int, spectrum: tuple[float, ...], reason: int = 0) -> xr.Dataset:
    """Return a 3 x 3 look of one spectrum, `day` days after the first of January 2020, flagged throughout with `reason`."""
    time = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day)
    values = np.broadcast_to(np.array(spectrum, np.float32)[:, None, None], (3, 3, 3)).copy()
    return make_look(f"d{day}", time, BANDS, values, np.full((3, 3), reason, np.uint8))


def steppe(years: int = 2) -> list[xr.Dataset]:
    """Return looks every ten days of ground that is green for two months of the year only."""
    days = [day for day in range(years * 365) if day % 10 == 0]
    return [look_on(day, GREEN if abs(day % 365 - SPRING) < 30 else DRY) for day in days]


def test_a_short_season_is_usual_in_its_season():
    """Ground that is green for two months has a green median in those and a dry one in the others."""
    looks = steppe()
    medians = season_medians(looks)
    assert len(medians) == len(looks)
    for look, median in zip(looks, medians, strict=True):
        season = abs(int(look["scene_id"].item()[1:]) % 365 - SPRING)
        if season < 15:
            np.testing.assert_allclose(median[:, 1, 1], GREEN, rtol=1e-5)
        if season > 75:
            np.testing.assert_allclose(median[:, 1, 1], DRY, rtol=1e-5)


def test_the_dry_season_is_not_taken_for_cloud():
    """Where leaves are green for longer than not, the bare months are brighter than most of the year and are not suspect."""
    days = range(0, 730, 10)
    looks = [look_on(day, GREEN if 90 < day % 365 < 290 else DRY) for day in days]
    masker = MASKERS.build({"part": "brightness"})
    for day, look, median in zip(days, looks, season_medians(looks), strict=True):
        if not 75 < day % 365 < 305:
            assert not combine([masker], look["reflectance"], None, median).any()


def test_a_cloud_that_no_mask_caught_makes_nothing_usual():
    """Fewer than half of a season's looks decide nothing, and looks that are masked are not asked."""
    looks = [look_on(day, (0.5, 0.5, 0.5) if day % 50 == 20 else GREEN) for day in range(0, 730, 10)]
    looks += [look_on(day, (0.6, 0.6, 0.6), MaskReason.CLOUD) for day in range(5, 730, 10)]
    looks.sort(key=lambda look: look["time"].values)
    for median in season_medians(looks):
        np.testing.assert_allclose(median[:, 0, 0], GREEN, rtol=1e-5)


def test_a_change_late_in_the_history_is_not_usual_at_once():
    """Looks of the same year do not speak for each other: ground that was dug up lately is compared with the years before."""
    looks = [look_on(day, DRY if day > 900 else GREEN) for day in range(0, 1095, 10)]
    np.testing.assert_allclose(season_medians(looks)[-1][:, 0, 0], GREEN, rtol=1e-5)


def test_within_one_year_its_own_season_speaks():
    """Where no other year was looked at around that time, five looks of the season speak for it; with fewer all looks do."""
    looks = [look_on(day, GREEN) for day in range(60, 240, 5)] + [look_on(day, DRY) for day in range(320, 345, 5)]
    np.testing.assert_allclose(season_medians(looks)[-1][:, 0, 0], DRY, rtol=1e-5)
    np.testing.assert_allclose(season_medians(looks[:-1])[-1][:, 0, 0], GREEN, rtol=1e-5)


def test_few_looks_of_other_years_leave_it_to_all():
    """Two looks of other years are too few to speak for a season, and keep its own year from speaking for itself."""
    looks = [look_on(day, GREEN) for day in range(60, 240, 5)] + [look_on(day, DRY) for day in (325, 330, *range(690, 715, 5))]
    np.testing.assert_allclose(season_medians(looks)[-1][:, 0, 0], GREEN, rtol=1e-5)


def test_what_was_never_seen_has_no_median():
    """A pixel without data anywhere is NaN, one that was never clear has the median of all that was seen; no looks give nothing."""
    looks = steppe(1)
    for look in looks:
        look["reflectance"][:, 0, 0] = np.nan
        look["mask"][0, 0] = MaskReason.NODATA
        look["mask"][2, 2] = MaskReason.CLOUD
    for median in season_medians(looks):
        assert np.isnan(median[:, 0, 0]).all()
        np.testing.assert_allclose(median[:, 2, 2], DRY, rtol=1e-5)
    assert season_medians([]) == []
