"""Runs that ask a model: two scenes are enough, and where it may not be believed the rules speak."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest
from model_examples import tiny_pairs, tiny_recipe, write_pairs
from planted_site import ROCK, days, digest_of, plant_site, shots
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.models.labelled_files import read_labelled
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.run import run
from sentinel_watch.store import open_store


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """Return the folder of a model that the command has trained, believed all over the world."""
    folder = tmp_path_factory.mktemp("model")
    write_pairs(tiny_pairs(), folder / "data")
    recipe = tiny_recipe().model_dump()
    cleaning = recipe.pop("cleaning")
    lines = [f"{key} = {json.dumps(value)}" for key, value in recipe.items()]
    lines += ["[cleaning]", *(f"{key} = {json.dumps(value)}" for key, value in cleaning.items())]
    (folder / "recipe.toml").write_text("\n".join(lines))
    done = CliRunner().invoke(app, ["model", "train", str(folder / "recipe.toml"), "--data", str(folder / "data"), "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return folder / "tiny" / "1.0.0"


def two_scenes(folder, monkeypatch, model, name="run"):
    """Return the result of a run over one scene before and one after, with the given model."""
    site = plant_site(folder, [shots(days(), useless=False, floor=ROCK)[number] for number in (46, 51)])
    monkeypatch.chdir(site.folder)
    pipeline = load_pipeline(str(site.pipeline)).model_copy(update={"classifier": {"part": "hierarchy", "model": str(model)}})
    return run(site.request(name, pipeline=pipeline, monitor_from=None))


def test_two_scenes_get_the_model_s_probabilities(tmp_path, monkeypatch, tiny_model):
    """The alert carries probabilities that sum to 1 and names the model; the same run anew gives the same bytes."""
    (alert,) = two_scenes(tmp_path / "a", monkeypatch, tiny_model).alerts
    assert alert.model_version == "tiny/1.0.0"
    probs = json.loads(alert.class_probs)
    assert sum(probs.values()) == pytest.approx(1, abs=1e-3)
    assert "excavation" in probs
    assert "class_by_rule" not in alert.qa_flags
    two_scenes(tmp_path / "b", monkeypatch, tiny_model)
    one, two = (digest_of(tmp_path / which / "run", "alerts.geojson") for which in "ab")
    assert one == two


def test_the_shipped_model_is_not_believed_elsewhere(tmp_path, monkeypatch):
    """The made-up quarry lies outside of where the model was trained: the class is by rule, and says so."""
    (alert,) = two_scenes(tmp_path, monkeypatch, "mining-pairs/1.1.1").alerts
    assert alert.model_version == "rule"
    assert "class_by_rule" in alert.qa_flags
    assert alert.class_confidence <= 0.5


def test_what_people_decide_becomes_labelled_pairs(tmp_path, monkeypatch, tiny_model):
    """A confirmed alert is an example of its true class, in the layout that training and evaluation read."""
    (alert,) = two_scenes(tmp_path, monkeypatch, tiny_model).alerts
    workspace = tmp_path / "run" / "workspace"
    before = CliRunner().invoke(app, ["model", "collect", "--workspace", str(workspace), "--out", str(tmp_path / "none")])
    assert "0 labelled pairs" in before.output
    assert "1 not decided" in before.output
    with open_store(workspace) as store:
        store.review(alert.alert_id, alert.revision, Review("Ayşe", CaseStatus.CONFIRMED, true_class="construction"))
    done = CliRunner().invoke(app, ["model", "collect", "--workspace", str(workspace), "--out", str(tmp_path / "pairs")])
    assert done.exit_code == 0, done.output
    pairs = read_labelled(tmp_path / "pairs", ("construction",))
    assert (pairs.names.tolist(), pairs.labels.tolist()) == ([alert.alert_id], ["construction"])
    nir = 3
    assert 0.2 < np.nanmax(pairs.before[0, nir]) < 0.35 < np.nanmax(pairs.after[0, nir])


def test_verify_says_what_a_model_is(tiny_model):
    """The verb prints name, version and hash of a whole model, and ends with 2 for one that is not."""
    done = CliRunner().invoke(app, ["model", "verify", str(tiny_model)])
    assert done.exit_code == 0
    assert sha256((tiny_model / "model.skops").read_bytes()).hexdigest() in done.output
