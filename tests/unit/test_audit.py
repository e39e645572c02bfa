"""The audit log: what is written stays, and what does not fit is named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from alert_examples import make_alert
from sqlalchemy import text

from sentinel_watch.store import Store, open_store
from sentinel_watch.store.audit import entry_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    """Return a store whose log holds five entries."""
    with open_store(place) as store:
        for number in range(5):
            store.audit.append("Ayşe", "alert.reviewed", f"a{number}", {"to": "confirmed", "at": number})
        yield store


def _force(store: Store, statement: str) -> None:
    """Change the database as somebody would who can take its triggers away."""
    with store._engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        else:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{verb}"))
        connection.execute(text(statement))


def test_the_chain_holds_and_its_head_is_the_last_hash(store: Store) -> None:
    """Entries are numbered without gaps, each names the one before, and hashes can be made again from the published recipe."""
    entries = list(store.audit.entries())
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in entries] == ["0" * 64, *(entry.hash for entry in entries[:-1])]
    assert all(entry_hash(asdict(entry)) == entry.hash for entry in entries)
    assert store.audit.verify() is None
    assert store.audit.head() == entries[-1].hash
    assert store.audit.append("run", "x", "y", {}) == store.audit.head()
    assert store.audit.verify(entries[-1].hash) is None
    assert [entry.subject for entry in store.audit.entries("a3")] == ["a3"]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit WHERE number = 5"])
def test_the_database_refuses_to_change_it(store: Store, statement: str) -> None:
    """Neither an entry's content nor its being there can be changed by a plain statement."""
    with pytest.raises(Exception, match="append-only"), store._engine.begin() as connection:
        connection.execute(text(statement))
    assert len(list(store.audit.entries())) == 5


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit SET details = '{}' WHERE number = 3", 3),
        ("UPDATE audit SET actor = 'me' WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("UPDATE audit SET previous = hash WHERE number = 4", 4),
    ],
)
def test_the_first_broken_entry_is_named(store: Store, statement: str, number: int) -> None:
    """Whoever takes the triggers away and changes an entry is found out, with the entry's number."""
    _force(store, statement)
    broken = store.audit.verify()
    assert broken is not None
    assert broken.number == number


def test_a_log_that_lost_its_end_is_found_out_by_a_kept_head(store: Store) -> None:
    """The chain alone holds; the head noted before does not, and older heads still do."""
    head, older = store.audit.head(), [entry.hash for entry in store.audit.entries()][2]
    _force(store, "DELETE FROM audit WHERE number = 5")
    assert store.audit.verify() is None
    assert store.audit.verify(older) is None
    broken = store.audit.verify(head)
    assert broken is not None
    assert broken.number == 5


def test_writers_at_once_make_one_chain(store: Store) -> None:
    """Entries of several writers follow each other, none lost."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.audit.append("run", "alert.found", str(number), {}), range(40)))
    assert store.audit.verify() is None
    assert len(list(store.audit.entries())) == 45


def test_a_run_writes_what_it_changes(place: Path | str) -> None:
    """Found, changed and withdrawn alerts are in the log with the columns that differ; the same alerts again are not."""
    with open_store(place) as store:
        watch = store.watch("a" * 64, {})
        for alerts in ([make_alert(0)], [make_alert(0)], [make_alert(0, area_ha=5.0)], []):
            store.replace_alerts(watch, alerts)
        entries = list(store.audit.entries("a0"))
        assert [(entry.actor, entry.action) for entry in entries] == [
            ("run", "alert.found"), ("run", "alert.changed"), ("run", "alert.withdrawn"),
        ]  # fmt: skip
        assert '"area_ha":[4.25,5.0]' in entries[1].details
