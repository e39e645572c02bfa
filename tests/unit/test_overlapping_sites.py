"""The same event at two sites whose areas overlap: each alert names the other, however sites are called and runs follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alert_examples import make_alert
from shapely import box

from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.store import Store

PIT = box(20, 45, 20.002, 45.001)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(place) as store:
        yield store


def _alert(site_id: str, geometry: object = PIT, number: int = 0, **columns: object) -> Alert:
    return make_alert(number, alert_id=f"{site_id}-0000000{number}", site_id=site_id, geometry=geometry, **columns)


def _hand_over(store: Store, site_id: str, *alerts: Alert, key: str = "") -> None:
    store.replace_alerts(store.watch(key or site_id, {"site": {"site_id": site_id}}), alerts)


def _named(store: Store) -> dict[str, tuple[str, int]]:
    return {case.alert.alert_id: (case.alert.also_seen_as, case.alert.revision) for case in store.cases()}


def test_three_sites_name_each_other(store: Store) -> None:
    """Each alert names the others in order; one that is withdrawn is named no more, and names nobody."""
    for site_id in ("a-b", "a", "c"):
        _hand_over(store, site_id, _alert(site_id))
    assert _named(store) == {
        "a-b-00000000": ("a-00000000;c-00000000", 3),
        "a-00000000": ("a-b-00000000;c-00000000", 2),
        "c-00000000": ("a-00000000;a-b-00000000", 1),
    }
    store.review("a-00000000", 2, Review("Ana", CaseStatus.ASSIGNED, assignee="Bob"))
    _hand_over(store, "a")
    assert _named(store) == {"a-b-00000000": ("c-00000000", 4), "c-00000000": ("a-b-00000000", 2), "a-00000000": ("", 4)}
    assert store.audit.verify() is None


def test_handing_over_again_changes_nothing(store: Store) -> None:
    """In whatever order sites are run again, no revision rises and the log gets no entry."""
    for site_id in ("a", "b"):
        _hand_over(store, site_id, _alert(site_id))
    before, head = _named(store), store.audit.head()
    for site_id in ("a", "b", "a"):
        _hand_over(store, site_id, _alert(site_id))
    assert (_named(store), store.audit.head()) == (before, head)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"geometry": box(20.0009, 45, 20.0029, 45.001)}, True),
        ({"geometry": box(20.0011, 45, 20.0031, 45.001)}, False),
        ({"geometry": box(20.0005, 45.0002, 20.0006, 45.0003)}, True),
        ({"finished_at": "2023-02-02"}, False),
        ({"finished_at": "2023-02-03"}, True),
        ({"first_detected": "2024-01-01"}, True),
    ],
)
def test_place_and_time_say_whether_it_is_the_same(store: Store, other: dict[str, object], same: bool) -> None:
    """Half of the smaller outline, and neither over before the other began; an alert that still stands may have begun long ago."""
    _hand_over(store, "a", _alert("a"))
    _hand_over(store, "b", _alert("b", **other))
    assert bool(_named(store)["a-00000000"][0]) is same


def test_an_earlier_watch_of_the_other_site_is_not_named(store: Store) -> None:
    """What only a former watch found is no second sighting."""
    _hand_over(store, "a", _alert("a"), key="old")
    _hand_over(store, "a", key="new")
    _hand_over(store, "b", _alert("b"))
    assert _named(store) == {"b-00000000": ("", 1)}
