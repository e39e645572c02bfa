"""What every sink must do, over the whole registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from alert_examples import make_alert
from pydantic import ValidationError

from sentinel_watch.contracts import Sink
from sentinel_watch.errors import MissingExtraError
from sentinel_watch.sinks import SINKS

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert


@pytest.fixture(params=list(SINKS))
def sink(request: pytest.FixtureRequest) -> Sink:
    """Return each sink of the registry in turn."""
    return SINKS.build({"part": request.param})


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_sink_keeps_the_contract_and_refuses_what_it_does_not_know(sink: Sink) -> None:
    """A sink is a frozen part with the verb `write`, and an unknown option is an error."""
    assert isinstance(sink, Sink)
    with pytest.raises(ValidationError, match="colour"):
        type(sink)(colour="red")


@pytest.mark.parametrize(
    "alerts", [[], [make_alert(0), make_alert(1, suspected_violation=True, status="provisional")]], ids=["none", "two"]
)
def test_the_same_alerts_give_the_same_bytes(sink: Sink, alerts: list[Alert], tmp_path: Path) -> None:
    """Two writes into two folders, and a second one over the first, differ in nothing."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second, second):
        sink.write(alerts, folder)
    assert _contents(first) == _contents(second)
    assert all(_contents(first).values())


def test_a_write_that_fails_leaves_what_was_there(sink: Sink, tmp_path: Path) -> None:
    """A file is replaced whole or not at all, and no part of it stays behind."""
    sink.write([make_alert(0)], tmp_path)
    before = _contents(tmp_path)
    with pytest.raises((TypeError, AttributeError)):
        sink.write([make_alert(1), cast("Alert", None)], tmp_path)
    assert _contents(tmp_path) == before


def test_only_the_alerts_that_stand_are_in_the_file(sink: Sink, tmp_path: Path) -> None:
    """A later write replaces the earlier one, so that a withdrawn alert is gone."""
    path = sink.write([make_alert(0, alert_id="withdrawn")], tmp_path)
    assert b"withdrawn" in path.read_bytes()
    assert b"withdrawn" not in sink.write([make_alert(1)], tmp_path).read_bytes()


def test_a_format_whose_extra_is_missing_says_which(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GeoParquet without pyarrow is the user's error with the command that mends it, and leaves no file behind."""
    monkeypatch.setattr("sentinel_watch.sinks.geoparquet.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="geoparquet") as error:
        SINKS.build({"part": "geoparquet"}).write([make_alert(0)], tmp_path)
    assert "pip install" in str(error.value)
    assert _contents(tmp_path) == {}
