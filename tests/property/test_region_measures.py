"""What is measured of all regions in one pass, against the same region by region in plain numpy."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from event_examples import as_plain
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from rasterio.features import shapes
from region_examples import BANDS, DAY, SMALL, change_map
from shapely import union_all
from shapely.geometry import shape

from sentinel_watch.domain.change import CONFIRMING_EVIDENCE, PixelStatus
from sentinel_watch.segmentation import Segmentation

days = npst.arrays(np.int32, SMALL.shape, elements=st.integers(DAY, DAY + 30))
signals = npst.arrays(np.float32, SMALL.shape, elements=st.floats(0, 100, width=32))
evidences = npst.arrays(np.float32, SMALL.shape, elements=st.floats(0, 8, width=16))
looks = npst.arrays(np.uint16, SMALL.shape, elements=st.integers(1, 40))
spectra = npst.arrays(np.float32, (*SMALL.shape, 2), elements=st.sampled_from([np.nan, 0.001, 0.0734, 0.31, 0.999]))
statuses = npst.arrays(np.uint8, SMALL.shape, elements=st.integers(0, 3), fill=st.sampled_from([0, 0, 2]))
columns = st.fixed_dictionaries({
    "onset": days, "confirmed": days.map(lambda days: days + 30), "last_clear": days.map(lambda days: np.where(days % 4, days - 15, 0)),
    "magnitude": signals, "evidence": evidences, "n_looks": looks, "n_anomalous": looks, "expected": spectra, "observed": spectra,
})  # fmt: skip


def day(number) -> date:
    """Return the date of a day since 1970-01-01."""
    return date(1970, 1, 1) + timedelta(days=int(number))


def share(values, part):
    """Return the first day by which that share lies, None where there are none."""
    return day(np.quantile(values, part, method="inverted_cdf")) if values.size else None


def means(values):
    """Return band -> mean of what is known."""
    known = {band: column[np.isfinite(column)].astype(float) for band, column in zip(BANDS, values.T, strict=True)}
    return {band: float(column.mean()) if column.size else np.nan for band, column in known.items()}


def plain(cells, status, changes, enough):
    """Return what a region's pixels `cells`, (y, x) of bool, say."""
    columns = {name: values[cells] for name, values in {"status": status, **changes}.items()}
    sure = columns["status"] == PixelStatus.CONFIRMED
    worth = np.where(sure, 1, np.minimum(columns["evidence"].astype(float) / CONFIRMING_EVIDENCE, 1)).sum()
    confirmed = bool(sure.any()) and worth >= enough
    alone = sure.sum() >= enough
    core = {name: values[sure] if alone else values for name, values in columns.items()}
    by = (np.sort(core["confirmed"])[enough - 1] if alone else DAY + 100) if confirmed else None
    first = core["onset"][core["confirmed"] <= by] if confirmed else core["onset"]
    onset = np.quantile(first, 0.5, method="inverted_cdf")
    clear = core["last_clear"]
    seen = clear[(clear > 0) & (core["onset"] <= onset)]
    return {
        "status": PixelStatus.CONFIRMED if confirmed else PixelStatus.PROVISIONAL, "onset": day(onset), "area_ha": int(cells.sum()) / 100,
        "last_clear": day(seen.max()) if seen.size else None, "confirmed": day(by) if confirmed else None,
        "magnitude": float(np.median(core["magnitude"])), "evidence": float(np.median(core["evidence"])),
        "n_looks": int(np.median(core["n_looks"])), "n_anomalous": int(np.median(core["n_anomalous"])),
        "still_clear": share(clear[clear > 0], 0.8), "half_by": share(core["onset"], 0.5), "mostly_by": share(core["onset"], 0.8),
        "expected": means(core["expected"]), "observed": means(core["observed"]),
    }  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(statuses, columns, st.integers(1, 9), st.integers(1, 4))
def test_regions_are_measured_as_each_alone(status, changes, least, enough):
    """Days, medians, means and outlines of all regions are those that numpy and shapely find of each, to the last bit."""
    rule = Segmentation(min_area_px=least, min_evidence_px=enough)
    for region in rule.regions([change_map(status, **changes)], np.ones(SMALL.shape, bool), SMALL, BANDS):
        cells = np.zeros(SMALL.shape, bool)
        cells[region.rows, region.cols] = True
        expected = plain(cells, status, changes, enough)
        assert as_plain({name: getattr(region, name) for name in expected}) == as_plain(expected)
        parts = [shape(part) for part, _ in shapes(cells.astype(np.uint8), cells, connectivity=4, transform=SMALL.affine)]
        assert region.geometry.wkb == (union_all(parts) if len(parts) > 1 else parts[0]).normalize().wkb
