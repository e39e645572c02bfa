"""Models on disk: the shipped one is whole, and what was changed, is foreign or does not fit is refused before it is used."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from hashlib import sha256

import numpy as np
import pytest
import skops.io
from model_examples import tiny_pairs

from sentinel_watch.classification.training.labelled import features_of
from sentinel_watch.errors import InputError
from sentinel_watch.models import load_model, verify_model
from sentinel_watch.models.arrays_file import pack, unpack
from sentinel_watch.models.labelled_files import read_labelled
from sentinel_watch.shipped import shipped

SHIPPED = "mining-pairs/1.1.1"


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the shipped model's folder."""
    return shutil.copytree(shipped("models") / SHIPPED, tmp_path / "model")


def rewrite(folder, **changes):
    """Change keys of a model's card."""
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def test_the_shipped_model_is_whole_and_answers():
    """Hash, cards and arrays fit each other, the file is small, and probabilities sum to 1."""
    card = verify_model(SHIPPED)
    assert (shipped("models") / SHIPPED / "model.skops").stat().st_size < 5_000_000
    model, _ = load_model(SHIPPED)
    pairs = tiny_pairs(3)
    probs = model.predict(features_of(pairs.before, pairs.after))
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert probs[0].argmax() == card.labels.index("mining_emergence")
    assert card.believes(-60, -5)
    assert not card.believes(81, 21)


def test_verifying_reads_the_files_again(copy):
    """What this process has loaded and used before does not vouch for what lies on disk now."""
    load_model(str(copy))
    verify_model(str(copy))
    content = (copy / "model.skops").read_bytes()
    (copy / "model.skops").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match="not the one that its card describes"):
        verify_model(str(copy))
    (copy / "model.skops").unlink()
    with pytest.raises(InputError, match="arrays are missing"):
        verify_model(str(copy))


def test_a_changed_file_is_refused(copy):
    """One byte is enough."""
    content = bytearray((copy / "model.skops").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "model.skops").write_bytes(bytes(content))
    with pytest.raises(InputError, match="not the one that its card describes"):
        load_model(str(copy))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "another layout"),
        ({"features": ["ndvi"]}, "other features"),
        ({"surprise": 1}, "cannot be read"),
        ({"labels": ["one"]}, "do not fit"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(copy, changes, message):
    """A layout, features, keys or labels of another model are named."""
    rewrite(copy, **changes)
    with pytest.raises(InputError, match=message):
        load_model(str(copy))


def test_the_readable_card_must_say_the_same(copy):
    """Whoever edits the card for people is told by `verify`."""
    (copy / "README.md").write_text("It is perfect.")
    with pytest.raises(InputError, match="readable card"):
        verify_model(str(copy))


def test_a_file_with_anything_but_arrays_is_refused(copy):
    """A type that could run code when it is loaded is refused by name, even where card and hash agree."""
    content = skops.io.dumps({"forest_roots": Namespace(surprise=1)})
    (copy / "model.skops").write_bytes(content)
    rewrite(copy, sha256=sha256(content).hexdigest())
    with pytest.raises(InputError, match="what no model holds"):
        load_model(str(copy))


def test_arrays_come_back_as_they_were_and_their_bytes_do_not_depend_on_memory():
    """Packing the same arrays again, others in between, gives the same bytes."""
    arrays = {"a": np.arange(6, dtype=np.int16).reshape(2, 3), "b": np.array(0.25)}
    first = pack(arrays)
    kept = [np.zeros(n) for n in range(20)]
    assert pack({name: value.copy() for name, value in arrays.items()}) == first
    assert len(kept) == 20
    for name, value in unpack(first, "test").items():
        assert value.dtype == arrays[name].dtype
        np.testing.assert_array_equal(value, arrays[name])


def test_a_name_that_nobody_knows_lists_those_there_are():
    """The error names the shipped models."""
    with pytest.raises(InputError, match="there is no model") as error:
        load_model("nonsense/1.0.0")
    assert SHIPPED in str(error.value)


def test_labelled_pairs_that_do_not_fit_are_told(tmp_path):
    """No pairs, a list that is missing, a label and a coordinate that cannot be are each named."""
    with pytest.raises(InputError, match="no labelled pairs"):
        read_labelled(tmp_path, ("a",))
    np.savez(tmp_path / "x.npz", before=np.ones((1, 6, 4, 4)), after=np.ones((1, 6, 4, 4)))
    with pytest.raises(InputError, match="list of the pairs is missing"):
        read_labelled(tmp_path, ("a",))
    (tmp_path / "x.csv").write_text("sample_id,category,longitude,latitude\n1,b,0,0\n")
    with pytest.raises(InputError, match="no label 'b'"):
        read_labelled(tmp_path, ("a",))
    (tmp_path / "x.csv").write_text("sample_id,category,longitude,latitude\n1,a,0,south\n")
    with pytest.raises(InputError, match="latitude is no number") as error:
        read_labelled(tmp_path, ("a",))
    assert "south" in str(error.value)
