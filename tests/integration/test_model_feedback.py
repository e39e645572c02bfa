"""What people decide becomes a model, command by command: run, review, collect, train, verify, and run with what was learnt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest
from catalogs import ORIGIN, UTM, Layer, Shot, write_catalog
from planted_site import BANDS, GRASS, MUD, ROCK, digest_of
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.models.labelled_files import read_labelled
from sentinel_watch.shipped import shipped

SHAPE = 100, 200
PITS = [(slice(row, row + 8), slice(col, col + 10)) for row, col in product((20, 70), (20, 70, 120, 170))]
"""Eight pits, half a kilometre apart: every other one of rock, the rest of mud."""
LABELS = ("excavation", "construction")
RECIPE = f"""
name = "reviewed"
version = "1.0.0"
summary = "Learnt from what people decided."
data = "Reviewed alerts of a made-up site."
labels = {json.dumps(LABELS)}
limits = ["Made up."]
region = [-180, -90, 180, 90]
group_km = 0.2
folds = 2
trees = 10
copies = ["shift"]
draws = 5
# of four pairs a label no more can be promised
coverage = 0.7
"""


def command(*words):
    """Run a command, and return what it printed."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    return done.output


def shot(year, *, dug):
    """Return the scene of a summer's day."""
    rng = np.random.default_rng(year)
    seen = GRASS + rng.normal(0, 0.004, (*SHAPE, len(BANDS)))
    for number, pit in enumerate(PITS if dug else []):
        seen[pit] = (MUD if number % 2 else ROCK) + rng.normal(0, 0.004, (8, 10, len(BANDS)))
    numbers = np.clip(np.round(seen * 1e4), 1, 20_000).astype(np.uint16)
    return Shot(f"site_{year}", datetime(year, 7, 1, 9, tzinfo=UTC), {band: Layer(numbers[..., k]) for k, band in enumerate(BANDS)})


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return the folder of a site with two scenes; commands are given there."""
    write_catalog(tmp_path / "catalog", [shot(2021, dug=False), shot(2022, dug=True)])
    left, top = ORIGIN
    bounds = transform_bounds(UTM, "EPSG:4326", left + 25, top - 10 * SHAPE[0] + 25, left + 10 * SHAPE[1] - 25, top - 25)
    properties = {"site_id": "made_up", "name": "Made up", "site_type": "mine"}
    feature = {"type": "Feature", "properties": properties, "geometry": mapping(box(*bounds))}
    (tmp_path / "site.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def alerts_of(out):
    """Return the alerts of a run, west to east within a row, as the pits are counted."""
    found = [feature["properties"] for feature in json.loads((out / "alerts.geojson").read_text())["features"]]
    middle = np.mean([alert["centroid_lat"] for alert in found])
    return sorted(found, key=lambda alert: (alert["centroid_lat"] < middle, alert["centroid_lon"]))


def test_reviews_become_a_model_that_names_alerts(site):
    """Every alert is decided, each gives a pair, and the model learnt from them is whole, repeatable and used by the next run."""
    command("run", "site.geojson", "--source", "catalog/catalog.json", "--out", "first")
    found = alerts_of(site / "first")
    assert len(found) == len(PITS)
    for number, alert in enumerate(found):
        decision = ("--status", "confirmed", "--class", LABELS[number % 2], "--by", "Ana", "--workspace", "first/workspace")
        command("alerts", "review", alert["alert_id"], "--revision", alert["revision"], *decision)
    assert "8 labelled pairs" in command("model", "collect", "--workspace", "first/workspace", "--out", "reviewed")
    assert sorted(read_labelled(site / "reviewed", LABELS).labels.tolist()) == ["construction"] * 4 + ["excavation"] * 4

    for folder in ("models", "again"):
        command("model", "train", "recipe.toml", "--data", "reviewed", "--out", folder)
    assert digest_of(site / "models") == digest_of(site / "again")
    assert "is whole" in command("model", "verify", "models/reviewed/1.0.0")

    mine = shipped("pipelines", "mine.toml").read_text()
    (site / "pipeline.toml").write_text(mine.replace('part = "hierarchy"', 'part = "hierarchy"\nmodel = "models/reviewed/1.0.0"'))
    command("run", "site.geojson", "--source", "catalog/catalog.json", "--pipeline", "pipeline.toml", "--out", "second")
    named = alerts_of(site / "second")
    assert {alert["model_version"] for alert in named} == {"reviewed/1.0.0"}
    assert [alert["event_class"] for alert in named] == list(LABELS) * 4
    assert all("looks like" in alert["explanation"] for alert in named)
