"""The roles of the how-to: each may do what its people do, and no more."""

from __future__ import annotations

import psycopg
import pytest
from alert_examples import make_alert
from conftest import ROOT
from sqlalchemy import make_url

from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.errors import InputError
from sentinel_watch.store import open_store

ROLES = ("reader", "reviewer", "runner")


@pytest.fixture
def as_role(postgis: str):
    """Return a function from a role to the database's address for somebody in it."""
    with open_store(postgis) as store:
        store.replace_alerts(store.watch("a" * 64, {}), [make_alert(0)])
    url = make_url(postgis)
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres", autocommit=True) as owner:
        owner.execute((ROOT / "docs/how-to/postgis-roles.sql").read_text("utf-8"))
        for role in ROLES:
            owner.execute(f"CREATE ROLE one_{role} LOGIN IN ROLE sentinel_watch_{role}")
    yield lambda role: postgis.replace("postgres@", f"one_{role}@")
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres", autocommit=True) as owner:
        for name in (*(f"one_{role}" for role in ROLES), *(f"sentinel_watch_{role}" for role in reversed(ROLES))):
            owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_each_role_does_its_work_and_no_more(as_role) -> None:
    """A reader reads, a reviewer decides, a runner writes alerts; nobody changes the log or another's columns."""
    with open_store(as_role("reader")) as store:
        assert len(store.cases()) == 1
        with pytest.raises(Exception, match="permission denied"):
            store.review("a0", 1, Review("Ayşe", CaseStatus.CONFIRMED))
    with open_store(as_role("reviewer")) as store:
        store.review("a0", 1, Review("Ayşe", CaseStatus.CONFIRMED))
        with pytest.raises(Exception, match="permission denied"):
            store.replace_alerts(store.watches()[0], [])
    with open_store(as_role("runner")) as store:
        (alert,) = store.replace_alerts(store.watches()[0], [make_alert(0, area_ha=9.0)])
        assert (alert.decision, alert.revision) == ("confirmed", 3)
        store.watch("b" * 64, {})
        with pytest.raises(Exception, match="permission denied"), store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM audit")
        assert store.audit.verify() is None


def test_an_account_without_any_role_is_told(postgis: str) -> None:
    """Who may not even read gets an error of ours, not a traceback."""
    open_store(postgis).close()
    url = make_url(postgis)
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres", autocommit=True) as owner:
        owner.execute("CREATE ROLE nobody_at_all LOGIN")
        try:
            with pytest.raises(InputError, match="cannot be used"):
                open_store(postgis.replace("postgres@", "nobody_at_all@"))
        finally:
            owner.execute("DROP ROLE nobody_at_all")
