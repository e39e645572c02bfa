"""Saving, loading and verifying a model's folder: `model.skops`, `card.json` and `README.md`."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from sentinel_watch.classification.forest import Forest
from sentinel_watch.classification.learned import Learned, Linear
from sentinel_watch.classification.measures import BANDS, FEATURES
from sentinel_watch.errors import InputError
from sentinel_watch.models.arrays_file import pack, unpack
from sentinel_watch.models.card import FORMAT, Card
from sentinel_watch.models.readable import readable
from sentinel_watch.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["arrays_of", "find_model", "load_model", "save_model", "verify_model"]

ARRAYS, CARD, README = "model.skops", "card.json", "README.md"


def arrays_of(model: Learned) -> bytes:
    """Return the bytes of the model's arrays file.

    Names are `forest_<field>`, `linear_<field>`, `forest_weight`, `least` and `prior`; labels and temperature are in the card.
    `card.FORMAT` must rise when one of them is renamed or comes to mean something else.
    """
    forest = {f"forest_{name}": array for name, array in model.forest._asdict().items()}
    linear = {f"linear_{name}": getattr(model.linear, name) for name in Linear.__slots__}
    return pack({**forest, **linear, "forest_weight": np.array(model.forest_weight), "least": model.least, "prior": model.prior})


def save_model(card: Card, content: bytes, folder: Path) -> Path:
    """Write a model under `folder`/name/version and return that path; what was there is replaced.

    `content` is what `arrays_of` gave, and `card.sha256` must be its hash: that is checked when the model is loaded, not here. OSError
    where the folder cannot be written.
    """
    home = folder / card.name / card.version
    home.mkdir(parents=True, exist_ok=True)
    (home / ARRAYS).write_bytes(content)
    (home / CARD).write_text(json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (home / README).write_text(readable(card), encoding="utf-8")
    return home


def find_model(name_or_path: str) -> Path:
    """Return the folder of a model: `name/version` of a shipped one, or a path; raise InputError where there is neither.

    A path is tried first, from the current folder, so that a model of one's own can stand in for a shipped one of the same name.
    """
    path = Path(name_or_path)
    if (path / CARD).is_file():
        return path
    home = shipped("models")
    if (home / name_or_path / CARD).is_file():
        return home / name_or_path
    known = sorted(str(card.parent.relative_to(home)) for card in home.glob(f"*/*/{CARD}"))
    raise InputError(f"there is no model {name_or_path!r}", found=name_or_path, allowed=", ".join(known) or "a folder that holds card.json")


# one process may judge many sites by the same model
@lru_cache(maxsize=4)
def load_model(name_or_path: str) -> tuple[Learned, Card]:
    """Return a model and its card, the file's hash and features checked before anything of it is used.

    Raises InputError where it is not there, damaged, of another layout, or made for other features than this version measures. A
    process reads a model once: a change on disk since then is for the next one.
    """
    return _read(find_model(name_or_path))


def _read(home: Path) -> tuple[Learned, Card]:
    """Return the model of a folder as it now lies on disk, and its card; raises as `load_model` does."""
    card = _card(home)
    _check(card, home)
    if not (home / ARRAYS).is_file():
        raise InputError("the model's arrays are missing", where=str(home / ARRAYS), next_step="install the model again, or train it anew")
    content = (home / ARRAYS).read_bytes()
    # before it is unpacked: a file that is not the card's is not even looked into
    found = sha256(content).hexdigest()
    if found != card.sha256:
        raise InputError(
            "the model file is not the one that its card describes", where=str(home / ARRAYS), found=found, allowed=card.sha256,
            next_step="install the model again, or train it anew",
        )  # fmt: skip
    return _learned(card, unpack(content, str(home / ARRAYS))), card


def verify_model(name_or_path: str) -> Card:
    """Return the card of a model that is whole: hash, features, arrays and readable card; raise InputError where it is not.

    The files are read anew, whatever this process has loaded before.
    """
    home = find_model(name_or_path)
    _, card = _read(home)
    if not (home / README).is_file() or (home / README).read_text(encoding="utf-8") != readable(card):
        raise InputError(
            "the readable card does not say what card.json says", where=str(home / README), next_step="write it anew by training"
        )
    return card


def _card(home: Path) -> Card:
    """Return the card of a folder; raise InputError where it is not one."""
    try:
        return Card.model_validate_json((home / CARD).read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise InputError("the model's card cannot be read", where=str(home / CARD), found=str(error).splitlines()[0]) from error


def _check(card: Card, home: Path) -> None:
    """Raise InputError where this version cannot run the model.

    The order counts as well: the same features in other columns would be read without an error, and all wrong.
    """
    if card.format != FORMAT:
        raise InputError("the model is of another layout", where=str(home), found=str(card.format), allowed=str(FORMAT))
    if (card.features, card.bands) != (FEATURES, BANDS):
        strange = sorted({*card.features, *card.bands} ^ {*FEATURES, *BANDS})
        raise InputError(
            "the model was trained on other features than this version measures", where=str(home),
            found=", ".join(strange[:5]) or "another order", next_step="train it anew: sentinel-watch model train",
        )  # fmt: skip


def _learned(card: Card, arrays: Mapping[str, Any]) -> Learned:
    """Return the model; raise InputError where arrays are missing or do not fit each other.

    All that is checked is checked once, here: `forest.vote` follows branches without asking whether they lead anywhere.
    """
    try:
        forest = Forest(*(arrays[f"forest_{name}"] for name in Forest._fields))
        linear = Linear(*(arrays[f"linear_{name}"] for name in Linear.__slots__))
        weight, least, prior = float(arrays["forest_weight"]), arrays["least"], arrays["prior"]
    except KeyError as error:
        raise InputError("the model file lacks an array", where=card.name, found=str(error)) from error
    labels, nodes = len(card.labels), len(forest.feature)
    fits = forest.share.shape == (nodes, labels) and linear.weights.shape == (labels, len(FEATURES))
    # a branch that leads nowhere would read beyond the arrays
    inside = forest.right.max() < nodes and forest.roots.max() < nodes and forest.feature.max() < len(FEATURES) and forest.feature[-1] < 0
    if not (fits and inside):
        raise InputError("the arrays of the model do not fit each other", where=card.name, next_step="train it anew")
    return Learned(f"{card.name}/{card.version}", card.labels, forest, linear, weight, card.temperature, prior, least)
