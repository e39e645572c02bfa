"""Runs that have little to go by: few scenes, missing bands, tiles, and what cannot be run at all."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from catalogs import Layer
from planted_site import BANDS, PIT, ROCK, days, name_of, pit_share, plant_site, shots
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.pipeline.run import run


def result_of(tmp_path, monkeypatch, scenes, **changes):
    """Return the result of a run over the given scenes."""
    site = plant_site(tmp_path / "site", scenes)
    monkeypatch.chdir(site.folder)
    return run(site.request(**changes))


def without(shot, *bands):
    """Return a scene that lacks some bands."""
    return replace(shot, layers={band: layer for band, layer in shot.layers.items() if band not in bands})


def test_two_scenes_are_enough_to_suspect(tmp_path, monkeypatch):
    """One before, one after: the pit is suspected, provisional, less sure, and the run says why."""
    before, after = (shots(days(), useless=False, floor=ROCK)[number] for number in (46, 51))
    result = result_of(tmp_path, monkeypatch, [before, after], monitor_from=None)
    assert result.exit_code == 0
    assert any("the history is too short for the first choice of detector: before_after" in note for note in result.notes)
    assert any("the archive spans only 90 days" in note for note in result.notes)
    assert any("1 watched scene was of use: too few to confirm anything" in note for note in result.notes)
    assert any("no alert does not mean no change" in note for note in result.notes)
    (alert,) = result.alerts
    assert (alert.status, alert.confirmed_at) == ("provisional", None)
    assert min(pit_share(alert)) >= 0.9
    assert 0 < alert.detection_confidence <= 0.5
    assert "short_history" in alert.qa_flags
    assert sum(json.loads(alert.class_probs).values()) == pytest.approx(1)
    assert (alert.before_scene, alert.after_scene) == (before.item_id, after.item_id)


def test_one_scene_shows_nothing_and_says_so(tmp_path, monkeypatch):
    """With nothing to compare with, the run ends properly and says that nothing was watched."""
    result = result_of(tmp_path, monkeypatch, shots(days()[:1]), monitor_from=None)
    assert (result.exit_code, result.alerts) == (0, ())
    assert any("no usable history and were not watched" in note for note in result.notes)


def test_a_pair_through_the_command(tmp_path, monkeypatch, capfd):
    """Two scenes through the command line: exit code 0, a suspected alert with probabilities, and that nothing can be confirmed."""
    site = plant_site(tmp_path / "site", [shots(days(), useless=False)[number] for number in (46, 51)])
    monkeypatch.chdir(site.folder)
    words = ["run", "quarry.geojson", "--source", "catalog/catalog.json", "--pipeline", "pipeline.toml", "--out", "out"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    (feature,) = json.loads((site.folder / "out" / "alerts.geojson").read_text())["features"]
    assert sum(json.loads(feature["properties"]["class_probs"]).values()) == pytest.approx(1)
    told = " ".join((done.output + capfd.readouterr().out).split())
    assert "1 alert, all suspected until checked" in told
    assert "too few to confirm anything" in told


def test_one_scene_is_not_called_quiet(tmp_path, monkeypatch, capfd):
    """Where nothing could be compared, the first line says that nothing was observed, and not that there are no alerts."""
    site = plant_site(tmp_path / "site", shots(days()[:1]))
    monkeypatch.chdir(site.folder)
    done = CliRunner().invoke(
        app, ["run", "quarry.geojson", "--source", "catalog/catalog.json", "--pipeline", "pipeline.toml", "--out", "out"]
    )
    assert done.exit_code == 0, done.output
    assert "nothing was observed: no alert does not mean no change" in " ".join((done.output + capfd.readouterr().out).split())


def test_nothing_after_the_history_is_told(tmp_path, monkeypatch):
    """A watch that begins after the last scene finds nothing, and "nothing was watched" is not "nothing happened"."""
    result = result_of(tmp_path, monkeypatch, shots(days(12)), monitor_from=datetime(2022, 1, 1, tzinfo=UTC))
    assert (result.exit_code, result.alerts) == (0, ())
    assert "no scene lies after the history: nothing was watched" in result.notes


def test_only_clouds_is_not_observed(tmp_path, monkeypatch):
    """Where no watched scene could be used, the run says that the AOI was not observed."""
    scenes = shots(days(44), useless=False)
    cloudy = [_clouded(shot) if number > 40 else shot for number, shot in enumerate(scenes)]
    result = result_of(tmp_path, monkeypatch, cloudy)
    assert {record.reason.value for record in result.records if record.role == "monitoring"} == {"cloud"}
    assert "no watched scene could be used: the AOI was not observed" in result.notes


def test_bands_that_the_archive_lacks_cost_what_needs_them(tmp_path, monkeypatch):
    """Without B03 and B12 the pit is still found, and the run names the bands and the indices that are gone."""
    result = result_of(tmp_path, monkeypatch, [without(shot, "B03", "B12") for shot in shots(days())])
    (alert,) = result.alerts
    assert min(pit_share(alert)) >= 0.95
    assert "the source has no B03, B12: the detector works without" in result.notes
    assert {"no NBR: it needs B12", "no MNDWI: it needs B03"} <= set(result.notes)


def test_a_band_that_comes_only_later_is_left_out(tmp_path, monkeypatch):
    """What the history never showed cannot be watched: the run goes on without that band and says so."""
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    scenes = [without(shot, "B12") if shot.time < begin else shot for shot in shots(days())]
    result = result_of(tmp_path, monkeypatch, scenes, monitor_from=begin)
    (alert,) = result.alerts
    assert min(pit_share(alert)) >= 0.95
    assert any("B12" in note for note in result.notes)


def test_a_band_that_holds_nothing_is_told(tmp_path, monkeypatch):
    """A history in which one band's files are empty teaches nothing: the run ends properly, and each scene says which band."""
    begin = datetime(2021, 1, 1, tzinfo=UTC)
    scenes = [_emptied(shot, "B12") if shot.time < begin else shot for shot in shots(days())]
    result = result_of(tmp_path, monkeypatch, scenes)
    assert (result.exit_code, result.alerts) == (0, ())
    assert any("no usable history and were not watched" in note for note in result.notes)
    assert {record.detail for record in result.records if record.reason is Reason.MISSING_BAND} == {"no B12"}


def test_a_scene_that_lacks_a_band_is_not_called_used(tmp_path, monkeypatch):
    """A scene without B11 in an archive that has it was not looked at, and the ledger says why."""
    scenes = [without(shot, "B11") if number in (20, 52) else shot for number, shot in enumerate(shots(days()))]
    records = {record.scene_id: record for record in result_of(tmp_path, monkeypatch, scenes).records}
    for number in (20, 52):
        record = records[name_of(number)]
        assert (record.outcome, record.reason, record.detail) == (Outcome.REJECTED, Reason.MISSING_BAND, "no B11")
        assert record.clear_fraction == 0


def test_tiles_of_the_same_instant_are_both_seen(tmp_path, monkeypatch):
    """An AOI that lies across two tiles of one overpass is watched on both: the pit, half on each, is found whole."""
    middle = (PIT[1].start + PIT[1].stop) // 2
    tiles = [tile for shot in shots(days()) for tile in _tiles(shot, middle)]
    (alert,) = result_of(tmp_path, monkeypatch, tiles).alerts
    assert min(pit_share(alert)) >= 0.95


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["quarry.geojson", "--source", "nowhere/catalog.json"], 2, "there is no source 'nowhere/catalog.json'"),
        (["quarry.geojson", "--source", "samplle"], 2, "did you mean 'sample'?"),
        (["quarry.geojson", "--source", "sample"], 2, "the source has no scene of the AOI"),
        (["quarry.geojson", "--source", "catalog/catalog.json", "--start", "2030-01-01"], 2, "nothing from 2030-01-01 to the end"),
        (["quarry.geojson", "--source", "quarry.geojson"], 3, "catalogue"),
        (["swapped.geojson", "--source", "catalog/catalog.json"], 2, "check that AOI, dates and source belong together"),
        (["pipeline.toml", "--source", "catalog/catalog.json"], 2, "the AOI file is not JSON"),
        (["quarry.geojson", "--source", "catalog/catalog.json", "--pipeline", "radar.toml"], 2, "none of the bands"),
    ],
)
def test_what_cannot_be_run_is_told(quarry_at, words, code, told):
    """A wrong AOI, source or pipeline ends with its exit code and a message without a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "sentinel_watch", "run", *words], cwd=quarry_at, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def quarry_at(tmp_path_factory):
    """Return a folder with a small quarry, the same with its axes swapped, and a pipeline for bands that it lacks."""
    site = plant_site(tmp_path_factory.mktemp("small"), shots(days(4)))
    swapped = json.loads(site.aoi.read_text())
    ring = swapped["features"][0]["geometry"]["coordinates"][0]
    swapped["features"][0]["geometry"]["coordinates"] = [[[lat + 90, lon] for lon, lat in ring]]
    (site.folder / "swapped.geojson").write_text(json.dumps(swapped))
    asked = ", ".join(f'"{band}"' for band in BANDS)
    text = site.pipeline.read_text().replace(asked, '"B05", "B06"')
    (site.folder / "radar.toml").write_text("\n".join(line for line in text.splitlines() if not line.startswith("indices")))
    return site.folder


def _clouded(shot):
    return replace(shot, layers={**shot.layers, "SCL": Layer(np.full_like(shot.layers["SCL"].dn, 9))})


def _emptied(shot, band):
    return replace(shot, layers={**shot.layers, band: Layer(np.zeros_like(shot.layers[band].dn))})


def _tiles(shot, middle):
    parts = {"MGRS-34TEQ": slice(0, middle), "MGRS-34TFQ": slice(middle, None)}
    for code, part in parts.items():
        layers = {band: Layer(layer.dn[:, part]) for band, layer in shot.layers.items()}
        origin = shot.origin[0] + 10 * (part.start or 0), shot.origin[1]
        yield replace(shot, item_id=f"{shot.item_id}_{code}", layers=layers, origin=origin, properties={"grid:code": code})
