"""A whole run over a Sentinel Hub: the alerts of the catalogue on disk, within what resampling changes."""

from __future__ import annotations

import json
import logging

import pytest
from hub_server import CLIENT, SECRET, Hub, serving_hub

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.pipeline.run import run
from sentinel_watch.sources.settings import CONFIG_VARIABLE

SCENES = 60


@pytest.fixture
def hub(quarry):
    """Return the made-up quarry behind a Sentinel Hub."""
    with serving_hub(Hub(quarry.folder / "catalog")) as served:
        yield served


@pytest.fixture
def configured(hub, tmp_path, monkeypatch):
    """Name the server `hub` in a configuration file, and return a function that adds lines to it."""
    path = tmp_path / "config.toml"
    path.write_text(hub.config())
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    monkeypatch.setenv("SH_CLIENT_ID", CLIENT)
    monkeypatch.setenv("SH_CLIENT_SECRET", SECRET)
    return lambda line: path.write_text(hub.config().replace("page_size", f"{line}\npage_size"))


def outputs(folder):
    """Return what a run wrote for people: relative path -> bytes, the ledger left out, which names its source."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "workspace" not in path.parts and path.name != "run.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_run_over_a_hub_gives_the_same_alerts(finished, fresh, hub, configured, caplog, monkeypatch):
    """On the sensor's own pixels nothing is resampled, so alerts and evidence are byte for byte those from disk.

    Every request has the documented form; a pass is ordered once a block, and what the service says it cost is in the ledger. A
    second run orders nothing, and nor does one that has the cache and no network. No secret is in a log or a file.
    """
    caplog.set_level(logging.DEBUG)
    request = fresh.request(source="hub")
    result = run(request)
    assert hub.wrong == []
    assert [record.outcome for record in result.records] == [record.outcome for record in finished.result.records]
    mine, true = outputs(request.out), outputs(finished.site.folder / "run")
    assert [name for name in true if mine.get(name) != true[name] and not name.endswith("scenes.csv")] == []
    assert len(hub.orders()) == 2 * SCENES
    document = json.loads((request.out / "run.json").read_text())
    assert document["spent"]["processing_units"] == pytest.approx(2 * SCENES * 0.01 * 7 / 3, rel=1e-3)
    hub.bodies.clear()
    run(request)
    assert json.loads((request.out / "run.json").read_text()) == document
    monkeypatch.setenv("SENTINEL_WATCH_OFFLINE", "1")
    assert run(fresh.request(source="hub", out=fresh.folder / "again")).alerts == result.alerts
    assert hub.orders() == []
    for secret in (SECRET, *hub.tokens):
        assert secret not in caplog.text
        assert [path for path in fresh.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == []


def test_a_spent_budget_stops_a_run_and_the_next_goes_on(finished, fresh, hub, configured):
    """What a run may not spend is failed for that reason, exit code 3; later runs make it good, and pay nothing twice."""
    configured("budget_pu = 1.5")
    request = fresh.request(source="hub")
    first = run(request)
    failed = [record for record in first.records if record.outcome is Outcome.FAILED]
    assert first.exit_code == 3
    assert {record.reason for record in failed} == {"budget"}
    assert all("1.5 in a run" in record.detail for record in failed)
    runs = 1
    while (result := run(request)).exit_code == 3 and runs < 4:
        runs += 1
    assert result.exit_code == 0
    assert (
        outputs(request.out).items()
        >= {name: text for name, text in outputs(finished.site.folder / "run").items() if "scenes.csv" not in name}.items()
    )
    assert len(hub.orders()) == 2 * SCENES
