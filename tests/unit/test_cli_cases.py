"""The verbs by which people work on alerts, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from alert_examples import make_alert
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.errors import InputError
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    """Return a workspace with two alerts."""
    with open_store(tmp_path / "workspace") as store:
        watch = store.watch("a" * 64, {"site": {"site_id": "quarry", "site_type": "mine"}})
        store.replace_alerts(watch, [make_alert(0, alert_id="quarry-1a2b"), make_alert(1, alert_id="quarry-3c4d", country="AZE")])
    return str(tmp_path / "workspace")


def _say(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), env={"SENTINEL_WATCH_USER": "Ayşe"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_an_alert_is_assigned_reviewed_and_reported(workspace: str) -> None:
    """Each verb says how the case now stands; the list, the alert and the report show it."""
    told = _say("alerts", "assign", "quarry-1", "--revision", "1", "--to", "Bob", "--due", "2020-01-01", "--workspace", workspace)
    assert told == "quarry-1a2b: assigned, Bob; revision 2\n"
    assert "quarry-1a2b" in _say("alerts", "list", "--overdue", "--workspace", workspace)
    assert "assigned (Bob), due 2020-01-01" in _say("alerts", "list", "--workspace", workspace)
    words = ("--revision", "2", "--status", "dismissed", "--reason", "agriculture", "--comment", "a ploughed field")
    assert "dismissed, agriculture, Bob; revision 3" in _say("alerts", "review", "quarry-1a2b", *words, "--workspace", workspace)
    shown = _say("alerts", "show", "quarry-1a2b", "--workspace", workspace)
    assert "Ayşe: reviewed, revision 3" in shown
    assert '"a ploughed field"' in shown
    assert "0%" in _say("alerts", "report", "--workspace", workspace)
    with pytest.raises(InputError, match="has changed since"):
        _say("alerts", "review", "quarry-1a2b", "--revision", "2", "--status", "closed", "--workspace", workspace)


def test_alerts_are_asked_for_by_country_and_case(workspace: str, tmp_path: Path) -> None:
    """Filters narrow down the list and the export alike."""
    assert "quarry-1a2b" not in _say("alerts", "list", "--country", "AZE", "--workspace", workspace)
    assert "No alerts." in _say("alerts", "list", "--case", "closed", "--workspace", workspace)
    _say("alerts", "export", "--country", "AZE", "--sink", "geojson", "--out", str(tmp_path / "out"), "--workspace", workspace)
    features = json.loads((tmp_path / "out" / "alerts.geojson").read_text("utf-8"))["features"]
    assert [feature["id"] for feature in features] == ["quarry-3c4d"]


def test_a_long_list_says_that_it_goes_on(workspace: str) -> None:
    """The most urgent are shown, and how many more there are; 0 shows all."""
    short, whole = (_say("alerts", "list", "--limit", number, "--workspace", workspace) for number in ("1", "0"))
    assert ("quarry-3c4d" in short, "and 1 less urgent" in short) == (False, True)
    assert ("quarry-3c4d" in whole, "less urgent" in whole) == (True, False)


def test_the_log_is_verified_and_handed_out(workspace: str, tmp_path: Path) -> None:
    """The head is printed, verifies, and the export is an entry a line; a head that never was is found out."""
    head = _say("audit", "head", "--workspace", workspace).strip()
    assert "is whole" in _say("audit", "verify", "--head", head, "--workspace", workspace)
    assert "entry 4" in _say("audit", "verify", "--head", "f" * 64, "--workspace", workspace)
    _say("audit", "export", "--out", str(tmp_path / "audit.jsonl"), "--workspace", workspace)
    entries = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text("utf-8").splitlines()]
    assert [entry["subject"] for entry in entries] == ["quarry", "quarry-1a2b", "quarry-3c4d"]
    assert entries[-1]["hash"] == head
