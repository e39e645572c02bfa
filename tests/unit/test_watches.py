"""What the audit log says of watches: begun, judging otherwise, in another's place; and which is a site's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from alert_examples import make_alert
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.store import open_store
from sentinel_watch.store.differences import differences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentinel_watch.store import Store

SITE = {"site": {"site_id": "quarry"}, "source": "https://example.org/stac?key=secret", "model": "pairs/1.0.0 abc"}


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(place) as store:
        yield store


def _log(store: Store) -> list[tuple[str, dict[str, object]]]:
    return [(entry.action, json.loads(entry.details)) for entry in store.audit.entries("quarry")]


def test_a_change_of_what_judges_is_told_by_key(store: Store) -> None:
    """The first run tells pipeline, model and source without its key; a later one what changed; the same again tells nothing."""
    rules = {"pipeline": {"name": "mine", "triage": {"min_area_ha": 0.05, "rules": [{"part": "near_water", "within_m": 100}]}}}
    for _ in range(2):
        store.watch("a" * 64, SITE, rules)
    ((action, details),) = _log(store)
    assert (action, details["pipeline"], details["model"]) == ("watch.begun", "mine", "pairs/1.0.0 abc")
    assert details["source"] == "https://example.org/stac"
    rules["pipeline"]["triage"]["rules"] = [{"part": "near_water", "within_m": 50}, {"part": "under_embargo"}]
    watch = store.watch("a" * 64, SITE, rules)
    assert watch.document["pipeline"] == rules["pipeline"]
    assert _log(store)[1][1]["changed"] == {
        "pipeline.triage.rules[0].within_m": [100, 50],
        "pipeline.triage.rules[1].part": [None, "under_embargo"],
    }
    assert store.audit.verify() is None


def test_the_watch_that_handed_over_last_is_the_sites_own(store: Store) -> None:
    """A watch that has begun takes no list over before it hands over alerts; one that is gone back to does, with the newest case."""
    old = store.watch("a" * 64, SITE)
    store.replace_alerts(old, [make_alert(0)])
    new = store.watch("b" * 64, {**SITE, "model": "pairs/2.0.0 def"})
    assert [case.watch_id for case in store.cases()] == [old.watch_id]
    store.replace_alerts(new, [make_alert(0), make_alert(1)])
    assert [(case.watch_id, case.alert.alert_id) for case in store.cases()] == [(new.watch_id, "a0"), (new.watch_id, "a1")]
    store.review("a0", 2, Review("Ana", CaseStatus.CONFIRMED))
    (changed,) = store.replace_alerts(old, [make_alert(0)])
    assert (changed.decision, changed.revision) == ("confirmed", 4)
    assert [(case.watch_id, case.alert.alert_id) for case in store.cases()] == [(old.watch_id, "a0")]
    taken = [details for action, details in _log(store) if action == "watch.taken_up"]
    assert [details["changed"]["model"] for details in taken] == [
        ["pairs/1.0.0 abc", "pairs/2.0.0 def"],
        ["pairs/2.0.0 def", "pairs/1.0.0 abc"],
    ]


def test_what_is_told_is_short_and_holds_no_key() -> None:
    """Of long values only the hash is told, of addresses nothing after their question mark; what is equal is not told."""
    told = differences(
        {"a": 1, "b": {"c": [1, 2]}, "url": "http://x/y?k=1"}, {"a": 1, "b": {"c": list(range(99))}, "url": "http://x/z?k=2"}
    )
    assert list(told) == ["b.c", "url"]
    assert told["url"] == ["http://x/y", "http://x/z"]
    assert str(told["b.c"][1]).startswith("sha256:")


def test_the_log_is_shown_in_words(tmp_path: Path) -> None:
    """The last entries, or those of one subject, a line each; of a site what changed."""
    feature = {"type": "Feature", "properties": {"site_id": "quarry", "site_type": "mine"}, "geometry": None}
    with open_store(tmp_path) as store:
        store.put_site("Ana", feature)
        store.put_site("Ana", {**feature, "properties": {"site_id": "quarry", "site_type": "landfill"}})
        watch = store.watch("a" * 64, SITE)
        store.replace_alerts(watch, [make_alert(0)])
        store.review("a0", 1, Review("Ana", CaseStatus.CONFIRMED, comment="seen there"))
    told = CliRunner().invoke(app, ["audit", "show", "--workspace", str(tmp_path)]).stdout.splitlines()
    assert [line.split()[3] for line in told] == ["site.added", "site.changed", "watch.begun", "alert.found", "alert.reviewed"]
    assert told[1].endswith("name quarry, properties.site_type mine -> landfill")
    assert told[4].endswith('revision 2, case_status new -> confirmed, decision - -> confirmed, "seen there"')
    last = CliRunner().invoke(app, ["audit", "show", "--last", "1", "--subject", "quarry", "--workspace", str(tmp_path)]).stdout
    assert len(last.splitlines()) == 1
    assert "watch.begun quarry, model pairs/1.0.0 abc, source https://example.org/stac" in last


def test_an_alert_that_is_no_longer_found_is_still_told_of(tmp_path: Path) -> None:
    """Whoever was sent its id sees what became of it, though it is in no list."""
    with open_store(tmp_path) as store:
        watch = store.watch("a" * 64, SITE)
        for alerts in ([make_alert(0)], []):
            store.replace_alerts(watch, alerts)
    shown = CliRunner().invoke(app, ["alerts", "show", "a0", "--workspace", str(tmp_path)]).stdout
    assert "no longer found" in shown
    assert "No alerts." in CliRunner().invoke(app, ["alerts", "list", "--workspace", str(tmp_path)]).stdout
