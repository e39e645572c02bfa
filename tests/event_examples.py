"""Events to test with: one that is complete by default, and hypothesis strategies for any event and any named arrays."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from shapely import MultiPolygon, box

from sentinel_watch.domain.change import PixelStatus, Region
from sentinel_watch.domain.event import EVENT_CLASSES, Classification, Detection, Event, EventStatus

__all__ = ["arrays", "as_plain", "events", "make_event"]

DAY = date(2023, 5, 1)

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_numbers = st.floats(width=64)
_days = st.dates()
_maybe_days = st.none() | _days
_counts = st.integers(0, 65535)
_bands = st.dictionaries(st.sampled_from(["B02", "B03", "B8A"]), _numbers)
_pixels = npst.arrays(np.int32, st.integers(1, 6))
_dtypes = st.sampled_from([np.uint8, np.int32, np.float32, np.float64, np.bool_])

arrays = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True), npst.arrays(_dtypes, npst.array_shapes(min_dims=0, min_side=0, max_side=4)), max_size=4
)


def make_event(event_id: str, first: date = DAY, area_ha: float = 0.04) -> Event:
    """Return a confirmed event of four pixels."""
    pixels = np.arange(4, dtype=np.int32)
    region = Region(
        rows=pixels, cols=pixels, geometry=box(0, 0, 20, 20), area_ha=area_ha, status=PixelStatus.CONFIRMED, onset=first, last_clear=None,
        confirmed=None, last_observed=first, magnitude=5.0, evidence=9.0, n_looks=3, n_anomalous=2, expected={}, observed={},
    )  # fmt: skip
    return Event(event_id, region, EventStatus.CONFIRMED, first, first)


def events() -> st.SearchStrategy[Event]:
    """Return events with any life and history."""
    statuses = st.sampled_from(EventStatus)
    history = st.lists(st.builds(Detection, _text, _days, st.floats(0, 1e6), statuses, _numbers), max_size=3).map(tuple)
    return st.builds(
        Event, event_id=_text, region=_regions(), status=statuses, first_detected=_days, last_observed=_days, confirmed_at=_maybe_days,
        finished_at=_maybe_days, classification=st.none() | _classifications(), history=history,
        merged=st.lists(_text, max_size=2).map(tuple), flags=st.lists(_text, max_size=2).map(tuple),
    )  # fmt: skip


def _regions() -> st.SearchStrategy[Region]:
    """Return regions with any numbers, missing and infinite ones among them."""
    return st.builds(
        Region, rows=_pixels, cols=_pixels, geometry=_outlines(), area_ha=st.floats(0.01, 1e6), status=st.sampled_from(PixelStatus),
        onset=_days, last_clear=_maybe_days, confirmed=_maybe_days, last_observed=_days, magnitude=_numbers, evidence=_numbers,
        n_looks=_counts, n_anomalous=_counts, expected=_bands, observed=_bands, still_clear=_maybe_days,
        half_by=_maybe_days, mostly_by=_maybe_days,
    )  # fmt: skip


def _outlines() -> st.SearchStrategy[Any]:
    corner = st.integers(0, 9_999_990)
    squares = st.tuples(corner, corner).map(lambda xy: box(xy[0], xy[1], xy[0] + 10, xy[1] + 10))
    return squares | st.lists(squares, min_size=2, max_size=3).map(MultiPolygon)


@st.composite
def _classifications(draw: st.DrawFn) -> Classification:
    name = draw(st.sampled_from(EVENT_CLASSES))
    return Classification(name, {name: draw(st.floats(0, 1)), "snow": draw(st.floats(0, 1))}, draw(_text), draw(_text))


def as_plain(value: Any) -> Any:
    """Return `value` as something that `==` compares in full: types, shapes, bits and order included."""
    if isinstance(value, np.ndarray):
        return (value.dtype, value.shape, value.tobytes())
    if isinstance(value, float):
        return ("float", value.hex())
    if is_dataclass(value):
        return (type(value), [(field.name, as_plain(getattr(value, field.name))) for field in fields(value)])
    if isinstance(value, dict):
        return [(name, as_plain(item)) for name, item in value.items()]
    return tuple(as_plain(item) for item in value) if isinstance(value, tuple) else (type(value), value)
