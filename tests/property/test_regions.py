"""Regions of any pixels, however the AOI is cut into blocks."""

from __future__ import annotations

import numpy as np
from event_examples import as_plain
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from rasterio.features import rasterize
from region_examples import BANDS, SMALL, change_map, cut, pixels_of

from sentinel_watch.segmentation import Segmentation

statuses = npst.arrays(np.uint8, SMALL.shape, elements=st.integers(0, 3), fill=st.sampled_from([0, 0, 2]))
row_edges = st.lists(st.integers(1, SMALL.shape[0] - 1), max_size=3)
col_edges = st.lists(st.integers(1, SMALL.shape[1] - 1), max_size=3)
rules = st.builds(Segmentation, min_area_px=st.integers(1, 12), min_evidence_px=st.integers(1, 4))
asides = npst.arrays(np.bool_, SMALL.shape, fill=st.just(True))


@settings(max_examples=40, deadline=None)
@given(statuses, rules, asides, row_edges, col_edges, st.randoms(use_true_random=False))
def test_blocks_leave_no_seam(status, rule, inside, rows, cols, random):
    """Any cut of the AOI into blocks, in any order, gives the regions of the whole, to the last bit."""
    whole = change_map(status)
    parts = cut(whole, rows, cols)
    random.shuffle(parts)
    assert as_plain(rule.regions(parts, inside, SMALL, BANDS)) == as_plain(rule.regions([whole], inside, SMALL, BANDS))


@settings(max_examples=40, deadline=None)
@given(statuses, rules, asides)
def test_outlines_are_their_pixels(status, rule, inside):
    """Outlines are valid, lie on pixel edges, hold exactly their pixels, and their area is that of the pixels."""
    found = rule.regions([change_map(status)], inside, SMALL, BANDS)
    taken: set[tuple[int, int]] = set()
    for region in found:
        pixels = pixels_of(region)
        drawn = rasterize([(region.geometry, 1)], SMALL.shape, transform=SMALL.affine, dtype="uint8")
        assert region.geometry.is_valid
        assert set(zip(*(index.tolist() for index in np.nonzero(drawn)), strict=True)) == pixels
        assert region.area_ha == len(pixels) / 100
        assert abs(region.geometry.area - 100 * len(pixels)) < 1e-6
        assert len(pixels) >= rule.min_area_px
        assert not taken & pixels
        taken |= pixels
    assert all(inside[pixel] and status[pixel] in (1, 2) for pixel in taken)


@settings(max_examples=40, deadline=None)
@given(statuses, rules)
def test_regions_come_top_to_bottom(status, rule):
    """The order of the regions is that of their first pixels, row by row."""
    found = rule.regions([change_map(status)], np.ones(SMALL.shape, bool), SMALL, BANDS)
    first = [(int(region.rows[0]), int(region.cols[0])) for region in found]
    assert first == sorted(first)


@settings(max_examples=40, deadline=None)
@given(statuses, rules)
def test_the_days_of_a_region_are_in_order(status, rule):
    """Last clear look, onset, confirmation and last look follow each other, and no look is counted twice."""
    for region in rule.regions([change_map(status)], np.ones(SMALL.shape, bool), SMALL, BANDS):
        assert region.last_clear < region.onset <= region.last_observed
        assert region.confirmed is None or region.onset <= region.confirmed <= region.last_observed
        assert region.n_anomalous <= region.n_looks
