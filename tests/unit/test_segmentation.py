"""Which changed pixels make a region, and what is measured of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from region_examples import BANDS, DAY, GRID, change_map, drawn, pixels_of

from sentinel_watch.domain.change import PixelStatus
from sentinel_watch.segmentation import Segmentation

EVERYWHERE = np.ones(GRID.shape, bool)


def regions_of(*lines: str, rule: Segmentation | None = None, inside=EVERYWHERE, **changes):
    """Return the regions of a picture."""
    return (rule or Segmentation(min_area_px=1, min_evidence_px=1)).regions([change_map(drawn(*lines), **changes)], inside, GRID, BANDS)


def day(number: int) -> date:
    """Return the date of a day since 1970-01-01."""
    return date(1970, 1, 1) + timedelta(days=number)


def test_nothing_changed_is_no_region():
    """Neither no block at all nor blocks without changed pixels make a region."""
    assert Segmentation().regions([], EVERYWHERE, GRID, BANDS) == ()
    assert regions_of("....") == ()


def test_pixels_that_touch_at_a_corner_are_one_region():
    """Connection is over all eight neighbours; a gap of one pixel parts two regions."""
    assert len(regions_of("C...", ".C..", "..C.")) == 1
    assert len(regions_of("C.C.")) == 2


@pytest.mark.parametrize(("least", "found"), [(4, 1), (5, 0)])
def test_the_minimum_mapping_unit_counts_pixels(least, found):
    """A region of exactly the minimum stays, a smaller one does not."""
    assert len(regions_of("CC", "CC", rule=Segmentation(min_area_px=least))) == found


def test_a_region_is_confirmed_by_the_evidence_of_all_its_pixels():
    """Pixels that have come three quarters of the way count as so much: two of them make two confirmed ones worth three, one does not."""
    rule = Segmentation(min_area_px=1, min_evidence_px=3)
    (few,), (enough,) = regions_of("CCp", rule=rule), regions_of("CCpp", rule=rule)
    assert (few.status, few.confirmed) == (PixelStatus.PROVISIONAL, None)
    assert (enough.status, enough.confirmed) == (PixelStatus.CONFIRMED, enough.last_observed)


def test_no_evidence_confirms_a_region_of_provisional_pixels():
    """However much they are off, pixels none of which is confirmed, as a week of haze leaves them, confirm nothing."""
    (region,) = regions_of("ppp", "ppp", evidence=np.full(GRID.shape, 100, np.float32))
    assert region.status is PixelStatus.PROVISIONAL


def test_a_lone_early_pixel_does_not_date_what_many_confirm():
    """Where confirmed pixels alone would not suffice, the day and the signal are those of all that did."""
    onset = np.full(GRID.shape, DAY, np.int32)
    onset[0, 0] = DAY - 500
    (region,) = regions_of("Cpp", "ppp", rule=Segmentation(min_area_px=1, min_evidence_px=4), onset=onset)
    assert (region.status, region.onset) == (PixelStatus.CONFIRMED, day(DAY))
    assert region.magnitude == pytest.approx(5 + 0.5 + 0.25)


def test_one_pixel_counts_for_one():
    """No pixel speaks for its neighbours, however much it is off."""
    (region,) = regions_of("CCpp", rule=Segmentation(min_area_px=1, min_evidence_px=5), evidence=np.full(GRID.shape, 100, np.float32))
    assert region.status is PixelStatus.PROVISIONAL


def test_a_region_is_confirmed_on_the_day_of_the_pixel_that_made_it_so():
    """The day of confirmation is that of the third pixel where three are asked for."""
    (region,) = regions_of("CCCC", rule=Segmentation(min_area_px=1, min_evidence_px=3))
    assert region.confirmed == day(DAY + 60 + 2)


def test_finished_pixels_and_those_outside_the_aoi_are_left_out():
    """What is over, and what lies beyond the AOI, is no part of a region."""
    inside = EVERYWHERE.copy()
    inside[:, 3:] = False
    (region,) = regions_of("FCCCC", inside=inside)
    assert pixels_of(region) == {(0, 1), (0, 2)}


def test_the_measures_are_those_of_the_pixels():
    """Area, medians, means and days follow from the pixels, and the outline lies on their edges."""
    (region,) = regions_of("....", ".CC.", ".CC.")
    assert region.area_ha == pytest.approx(0.04)
    assert region.geometry.bounds == (500_010, 4_999_970, 500_030, 4_999_990)
    assert region.magnitude == pytest.approx(5 + 1.5 + 0.25 * 1.5)
    assert (region.evidence, region.n_looks, region.n_anomalous) == (3, 9, 7)
    assert (region.onset, region.last_clear) == (day(DAY + 1), day(DAY + 1 - 5))
    assert region.last_observed == day(DAY + 100)
    assert region.expected == pytest.approx({"B04": 0.0515, "B08": 0.3985}, abs=1e-6)
    assert region.observed == pytest.approx({"B04": 0.2015, "B08": 0.2515}, abs=1e-6)


def test_provisional_pixels_do_not_colour_a_confirmed_region():
    """Onset and magnitude of a confirmed region are those of its confirmed pixels."""
    onset = np.full(GRID.shape, DAY, np.int32)
    onset[0, 2:] = DAY - 300
    (region,) = regions_of("CCpp", onset=onset)
    assert region.onset == day(DAY)


def test_a_region_is_dated_by_the_pixels_that_were_confirmed_first():
    """The onset is the median onset of those: neither a lone early pixel nor later growth moves it."""
    onset, confirmed = np.full(GRID.shape, DAY, np.int32), np.full(GRID.shape, DAY + 60, np.int32)
    onset[0, 0] = DAY - 500
    onset[1:], confirmed[1:] = DAY + 200, DAY + 260
    rule = Segmentation(min_area_px=1, min_evidence_px=3)
    (region,) = regions_of(*["CCC"] * 4, rule=rule, onset=onset, confirmed=confirmed)
    assert (region.onset, region.confirmed) == (day(DAY), day(DAY + 60))


def test_pixels_that_were_confirmed_on_one_day_date_a_region_together():
    """Of many pixels that one scene confirmed, those that lie first in the grid have no more say than the others."""
    onset = np.full(GRID.shape, DAY + 40, np.int32)
    onset[0] = DAY
    (region,) = regions_of(
        *["CCC"] * 4, rule=Segmentation(min_area_px=1, min_evidence_px=3), onset=onset, confirmed=np.full(GRID.shape, DAY + 60, np.int32)
    )
    assert region.onset == day(DAY + 40)


def test_without_an_earlier_clear_look_there_is_no_last_clear_day():
    """Zero means that no look was clear before, and is not taken for 1970."""
    (region,) = regions_of("CC", last_clear=np.zeros(GRID.shape, np.int32))
    assert region.last_clear is None


def test_a_band_that_was_never_seen_is_nan_and_no_warning():
    """A band without any value has no mean, and says so quietly."""
    nothing = np.full((*GRID.shape, len(BANDS)), np.nan, np.float32)
    (region,) = regions_of("CC", observed=nothing)
    assert all(np.isnan(value) for value in region.observed.values())
