"""Training: what is left out, what stands together, what is promised of the probabilities, and the same bytes each time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from platform import machine

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_examples import LABELS, tiny_pairs, tiny_recipe

from sentinel_watch.classification.training.cleaning import faults, tally
from sentinel_watch.classification.training.fitting import calibrated
from sentinel_watch.classification.training.grouping import fold_numbers, neighbourhoods
from sentinel_watch.classification.training.scoring import Judged, scores
from sentinel_watch.classification.training.training import train
from sentinel_watch.errors import InputError
from sentinel_watch.models.storage import arrays_of


def test_the_same_data_give_the_same_bytes():
    """Two trainings give one file, and the model knows what it was shown."""
    (one, measured), (two, again) = (train(tiny_pairs(), tiny_recipe(), lambda _: None) for _ in range(2))
    assert arrays_of(one) == arrays_of(two)
    # NaN is not equal to itself
    assert str(measured) == str(again)
    figures = measured["figures"]["folds"]["figures"]
    assert figures["auc_mining_emergence"]["value"] > 0.9
    assert figures["macro_f1"]["low"] <= figures["macro_f1"]["value"] <= figures["macro_f1"]["high"]


FIT = """
from hashlib import sha256
import numpy as np
from model_examples import tiny_pairs, tiny_recipe
from sentinel_watch.classification.training.fitting import fit, material
from sentinel_watch.models.storage import arrays_of
pairs, recipe = tiny_pairs(), tiny_recipe()
print(sha256(arrays_of(fit(material(pairs, recipe), np.ones(len(pairs), bool), recipe))).hexdigest())
"""


@pytest.mark.skipif(machine() != "x86_64", reason="other processors have other kernels")
def test_the_processor_does_not_show_in_the_bytes():
    """OpenBLAS adds up in another order for each kind of processor; whichever it takes here, the file is the same."""
    kernels = ({**os.environ, "OPENBLAS_CORETYPE": name, "PYTHONPATH": str(Path(__file__).parents[1])} for name in ("Nehalem", "Haswell"))
    done = [subprocess.run([sys.executable, "-c", FIT], env=env, capture_output=True, text=True, check=True).stdout for env in kernels]
    assert done[0] == done[1] != ""


def test_what_is_left_out_is_counted():
    """A copy, a pair without data and mining without a clearing are left out, each under its reason."""
    pairs = tiny_pairs(12)
    before, after = pairs.before.copy(), pairs.after.copy()
    before[1], after[1] = before[4], after[4]
    after[2] = np.nan
    after[0] = before[0]
    found = faults(replace(pairs, before=before, after=after), tiny_recipe().cleaning)
    assert tally(found) == {"duplicate": 1, "no_data": 1, "nothing_emerged": 1}
    assert found[[0, 2, 4]].tolist() == ["nothing_emerged", "no_data", "duplicate"]


def test_too_few_pairs_are_told():
    """A label with next to nothing to learn from is refused, by name."""
    with pytest.raises(InputError, match="too few clean pairs of mining_emergence"):
        train(tiny_pairs(9), tiny_recipe(), lambda _: None)


def test_one_neighbourhood_is_no_measure():
    """Reviewed alerts of a single site cannot be cut into folds that have not seen each other: that is told, and what would help."""
    pairs = tiny_pairs(12)
    with pytest.raises(InputError, match="too few neighbourhoods") as error:
        train(replace(pairs, lon=pairs.lon * 1e-3, lat=pairs.lat * 1e-3), tiny_recipe(), lambda _: None)
    assert "other sites" in str(error.value)
    # a label that one site alone has is in every fold but the one that would have to judge it
    lon = np.where(pairs.labels == LABELS[1], 0.0, pairs.lon)
    lat = np.where(pairs.labels == LABELS[1], 0.0, pairs.lat)
    with pytest.raises(InputError, match=LABELS[1]):
        train(replace(pairs, lon=lon, lat=lat), tiny_recipe(), lambda _: None)


def test_a_region_that_alone_has_a_label_is_not_judged_by_the_others():
    """Nothing can be said of it by a model that never saw the label: it has no figure, and the training goes on."""
    pairs = tiny_pairs(36)
    # two neighbourhoods of one large region hold all of a label
    alone = np.cumsum(pairs.labels == LABELS[1]) % 2
    lon = np.where(pairs.labels == LABELS[1], 120.0 + alone, pairs.lon)
    _, measured = train(replace(pairs, lon=lon, lat=np.where(pairs.labels == LABELS[1], 40.0, pairs.lat)), tiny_recipe(), lambda _: None)
    assert measured["figures"]["folds"]["pairs"] == 36
    assert measured["figures"]["without_the_region"]["pairs"] == 24


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_neighbours_never_stand_on_both_sides(seed):
    """Places nearer than the limit are in one group, and a group is in one fold."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(-60, -59, 40), rng.uniform(-5, -4, 40)
    groups = neighbourhoods(lon, lat, 10)
    km = 111.19 * np.hypot((lon[:, None] - lon) * np.cos(np.radians(lat)), lat[:, None] - lat)
    assert (groups[:, None] == groups)[km < 9.9].all()
    folds = fold_numbers(np.resize(LABELS, 40), groups, 2, seed)
    assert all(len(set(folds[groups == group])) == 1 for group in groups)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_conformal_sets_hold_the_truth_as_often_as_promised(seed):
    """Of the pairs that they were set with, each label's own are covered in the promised share at least."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, 300)
    blends = rng.dirichlet([1, 1, 1], 300) * 0.6 + np.eye(3)[codes] * 0.4
    temperature, least = calibrated(blends, codes, 0.9)
    raised = blends ** (1 / temperature)
    probs = raised / raised.sum(axis=1, keepdims=True)
    for label in range(3):
        assert (probs[codes == label, label] >= least[label] - 1e-12).mean() >= 0.9


def test_scores_of_perfect_and_of_blind_answers():
    """Being right and sure scores best; the same answer to all has an AUC of a half."""
    codes = np.arange(30) % 3
    perfect = scores(Judged(np.eye(3)[codes], codes, codes), LABELS)
    assert (perfect["auc_mining_emergence"], perfect["macro_f1"], perfect["brier"], perfect["ece"]) == (1, 1, 0, 0)
    blind = scores(Judged(np.full((30, 3), 1 / 3), codes, codes), LABELS)
    assert blind["auc_mining_emergence"] == 0.5
    assert blind["brier"] == pytest.approx(2 / 3, abs=1e-4)
