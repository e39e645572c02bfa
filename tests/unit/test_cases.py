"""Cases: who may decide what, and that nobody's decision is overwritten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING

import pytest
from alert_examples import make_alert

from sentinel_watch.alerting.outcomes import precision, response_days
from sentinel_watch.domain.case import FOLLOWERS, LEARNT_AS, CaseStatus, Dismissal, Review
from sentinel_watch.domain.event import NON_EVENT_CLASSES
from sentinel_watch.errors import InputError, StaleRevisionError
from sentinel_watch.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIRM = Review("Ayşe", CaseStatus.CONFIRMED)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    """Return a store with two alerts of one watch."""
    with open_store(place) as store:
        watch = store.watch("a" * 64, {"site": {"site_id": "quarry", "site_type": "mine"}})
        store.replace_alerts(watch, [make_alert(0), make_alert(1)])
        yield store


def _case(store: Store, alert_id: str = "a0"):
    return next(case for case in store.cases() if case.alert.alert_id == alert_id)


def test_a_case_goes_its_way(store: Store) -> None:
    """Assigned, visited, confirmed and closed: each step is in the alert, raises the revision and is in the log."""
    store.review("a0", 1, Review("Boss", assignee="Ayşe", due=date(2026, 12, 1)))
    store.review("a0", 2, Review("Ayşe", CaseStatus.FIELD_VISIT, comment="on Tuesday"))
    store.review("a0", 3, Review("Ayşe", CaseStatus.CONFIRMED, true_class="waste_deposit"))
    store.review("a0", 4, Review("Boss", CaseStatus.CLOSED))
    case = _case(store)
    assert (case.alert.case_status, case.alert.decision, case.alert.assignee, case.alert.revision) == ("closed", "confirmed", "Ayşe", 5)
    assert (case.true_class, case.due, case.reviewer, case.site_type) == ("waste_deposit", "2026-12-01", "Boss", "mine")
    assert [entry.actor for entry in store.audit.entries("a0")] == ["run", "Boss", "Ayşe", "Ayşe", "Boss"]
    assert "on Tuesday" in list(store.audit.entries("a0"))[2].details
    assert store.audit.verify() is None


def test_the_second_reviewer_is_told(store: Store) -> None:
    """A review of an older revision enters nothing, and says who was first."""
    store.review("a0", 1, CONFIRM)
    with pytest.raises(StaleRevisionError, match="nothing was entered") as error:
        store.review("a0", 1, Review("Bob", CaseStatus.DISMISSED, Dismissal.CLOUD))
    assert "Ayşe" in str(error.value)
    assert (_case(store).alert.decision, _case(store).reviewer) == ("confirmed", "Ayşe")


def test_of_many_reviewers_at_once_one_decides(store: Store) -> None:
    """Eight reviewers of the same revision: one is entered, seven are told, one entry more is in the log."""

    def decide(number: int) -> bool:
        try:
            store.review("a0", 1, Review(f"r{number}", CaseStatus.CONFIRMED))
        except StaleRevisionError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(decide, range(8))) == 1
    assert len(list(store.audit.entries("a0"))) == 2
    assert store.audit.verify() is None


def test_a_run_and_a_reviewer_do_not_overwrite_each_other(store: Store) -> None:
    """What a run finds anew leaves the case as it is; a reviewer who saw the alert as it was before is told."""
    store.review("a0", 1, CONFIRM)
    watch = store.watches()[0]
    store.replace_alerts(watch, [make_alert(0, area_ha=6.0), make_alert(1)])
    assert (_case(store).alert.decision, _case(store).alert.area_ha, _case(store).reviewer) == ("confirmed", 6.0, "Ayşe")
    with pytest.raises(StaleRevisionError, match="changed since"):
        store.review("a0", 2, Review("Ayşe", CaseStatus.CLOSED))


@pytest.mark.parametrize(
    ("review", "told"),
    [
        (Review("A", CaseStatus.CLOSED), "cannot become closed"),
        (Review("A", CaseStatus.DISMISSED), "needs a reason"),
        (Review("A", CaseStatus.DISMISSED, Dismissal.OTHER), "needs a comment"),
        (Review("A", CaseStatus.CONFIRMED, Dismissal.CLOUD), "only for dismissing"),
        (Review("A", reason=Dismissal.CLOUD), "only for dismissing"),
        (Review("A", CaseStatus.ASSIGNED), "nobody is named"),
        (Review("A", CaseStatus.CONFIRMED, true_class="minning"), "no such event class"),
        (Review("A"), "enters nothing"),
    ],
)
def test_what_is_not_allowed_is_told_and_enters_nothing(store: Store, review: Review, told: str) -> None:
    """Wrong steps, missing reasons and unknown words change neither alert nor log."""
    if told == "enters nothing":
        store.review("a0", 1, review)
    before = _case(store)
    with pytest.raises(InputError, match=told):
        store.review("a0", before.alert.revision, review)
    assert _case(store) == before
    with pytest.raises(InputError, match="no alert"):
        store.review("a9", 1, CONFIRM)


def test_every_state_can_be_left_and_reached() -> None:
    """No state but new is out of reach and none is a dead end; what a dismissal teaches is a class that exists."""
    assert set(FOLLOWERS) == set(CaseStatus)
    assert {state for states in FOLLOWERS.values() for state in states} == set(CaseStatus) - {CaseStatus.NEW}
    assert set(LEARNT_AS.values()) <= set(NON_EVENT_CLASSES)


def test_two_watches_of_a_site_are_told_apart(store: Store) -> None:
    """Of an earlier watch only what people worked on is in the list, marked as such."""
    store.review("a0", 1, CONFIRM)
    second = store.watch("b" * 64, {"site": {"site_id": "quarry", "site_type": "mine"}})
    store.replace_alerts(second, [make_alert(7)])
    assert [(case.alert.alert_id, case.latest_watch) for case in store.cases()] == [("a0", False), ("a7", True)]


def test_the_report_counts_decisions(store: Store) -> None:
    """Precision is the confirmed share of what was decided, with Wilson's interval; open alerts count for nothing."""
    store.review("a0", 1, Review("Ayşe", CaseStatus.CONFIRMED, true_class="waste_deposit"))
    one, total = precision(store.cases())
    assert (one.event_class, one.site_type, one.confirmed, one.as_another_class, one.dismissed, one.undecided) == (
        "excavation", "mine", 1, 1, 0, 1,
    )  # fmt: skip
    assert (total.event_class, total.share) == ("all", 1.0)
    # Wilson's interval of 1 in 1: 1 / (1 + z²) to 1
    assert total.interval == pytest.approx((1 / (1 + 1.959964**2), 1.0), abs=1e-5)
    store.review("a1", 1, Review("Bob", CaseStatus.DISMISSED, Dismissal.AGRICULTURE))
    assert precision(store.cases())[-1].share == 0.5
    days = response_days(store.cases())
    assert days is not None
    assert (days.count, days.median) == (2, pytest.approx(0, abs=0.01))
    assert precision(()) == ()
    assert response_days(()) is None
