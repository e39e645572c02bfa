"""`model evaluate`: figures, page and JSON from labelled pairs in the documented layout."""

from __future__ import annotations

import json
import shutil

import pytest
from model_examples import tiny_pairs, write_pairs
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.models.labelled_files import read_labelled
from sentinel_watch.shipped import shipped


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a copy of the shipped model whose intervals come from five samples, which is quick."""
    folder = shutil.copytree(shipped("models") / "mining-pairs" / "1.1.1", tmp_path_factory.mktemp("model") / "copy")
    card = json.loads((folder / "card.json").read_text())
    card["recipe"]["draws"] = 5
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def evaluate(data, model, out):
    """Return what the command did."""
    return CliRunner().invoke(app, ["model", "evaluate", str(data), "--model", str(model), "--out", str(out)])


def test_an_evaluation_has_figures_with_intervals_and_a_page(tmp_path, model):
    """JSON and page are written, all figures lie in their intervals, and the same data give the same bytes."""
    data = write_pairs(tiny_pairs(18), tmp_path / "data")
    done = evaluate(data, model, tmp_path / "one")
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "one" / "evaluation.json").read_text())
    assert result["all"]["pairs"] == 18
    for figure in ("auc_mining_emergence", "macro_f1", "brier", "ece", "ap_human_activity"):
        told = result["all"]["figures"][figure]
        assert 0 <= told["low"] <= told["high"]
    assert len(result["robustness"]) == 9
    assert len(result["predictions"]) == 18
    page = (tmp_path / "one" / "evaluation.html").read_text()
    assert page.count("<svg") == 1
    assert "Reliability" in page
    # what training measured of regions that a model had not seen stands beside
    assert result["training"]["without_the_region"]["pairs"] > 500
    assert "each large region by a model without it" in page
    assert "auc_" not in page
    assert evaluate(data, model, tmp_path / "two").exit_code == 0
    for name in ("evaluation.json", "evaluation.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_pairs_seen_in_training_are_no_test(shared_cases, model, tmp_path):
    """On the data that the shipped model was trained on, the command says that next to nothing is left to judge."""
    done = evaluate(shared_cases / "mining_pairs", model, tmp_path)
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "evaluation.json").read_text())
    assert result["left_out"]["seen_in_training"] > 500
    assert result["all"].get("pairs", 0) < 80


def test_a_label_that_the_model_does_not_know_ends_the_command(tmp_path):
    """A typing error in a list is told with the labels that there are."""
    data = write_pairs(tiny_pairs(3), tmp_path)
    (data / "pairs.csv").write_text((data / "pairs.csv").read_text().replace("human_activity", "human_activty"))
    with pytest.raises(Exception, match="human_activity"):
        read_labelled(data, ("mining_emergence", "human_activity", "natural_change"))
