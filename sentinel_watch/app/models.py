"""The verbs of `model`: train, evaluate, verify."""

from __future__ import annotations

import json
import tomllib
from hashlib import sha256
from importlib.metadata import version
from math import isfinite
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console

from sentinel_watch.classification.measures import BANDS, FEATURES
from sentinel_watch.classification.training.cleaning import faults
from sentinel_watch.classification.training.evaluation import evaluate
from sentinel_watch.classification.training.recipe import Recipe
from sentinel_watch.classification.training.training import train
from sentinel_watch.errors import InputError
from sentinel_watch.models.card import Card
from sentinel_watch.models.evaluation_page import evaluation_page, interval
from sentinel_watch.models.labelled_files import read_labelled, write_labelled
from sentinel_watch.models.storage import arrays_of, load_model, save_model, verify_model
from sentinel_watch.pipeline.collecting import collect

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.classification.learned import Learned
    from sentinel_watch.classification.training.labelled import LabelledSet

__all__ = ["collect_pairs", "evaluate_model", "train_model", "verify"]

PACKAGES = ("numpy", "scikit-learn", "scipy", "skops")


def train_model(recipe_path: Path, data: Path, out: Path) -> None:
    """Train the model of a recipe from the labelled pairs in `data`, and write it under `out`/name/version.

    `out`/NAME/VERSION gets the model's arrays and its card. The same recipe and pairs give the same bytes. Progress
    goes to standard error, the path to standard output. Raises InputError for a wrong recipe or pairs.
    """
    console = Console(stderr=True)
    recipe = _recipe(recipe_path)
    pairs = read_labelled(data, recipe.labels)
    model, measured = train(pairs, recipe, console.print)
    # made once: what is hashed into the card is what is written
    content = arrays_of(model)
    home = save_model(_card(recipe, pairs, model, {**measured, "sha256": sha256(content).hexdigest()}), content, out)
    Console().print(f"written: {home}", soft_wrap=True)


def evaluate_model(data: Path, name: str, out: Path) -> None:
    """Judge a model by the labelled pairs in `data`, write `evaluation.json` and `evaluation.html` into `out`, and print the figures.

    `name` is a shipped model or a folder. Pairs that the model was trained on are left out, known by their digests.
    Intervals are those of the evaluation; values that are not known are null in the JSON.
    """
    model, card = load_model(name)
    recipe = Recipe.model_validate(card.recipe)
    # pairs of the training would flatter the model
    result = evaluate(model, recipe, read_labelled(data, model.labels), set(card.trained_on))
    result = {**result, "training": {key: card.figures[key] for key in ("without_the_region", "regions") if key in card.figures}}
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(result), indent=1, ensure_ascii=False, allow_nan=False)
    (out / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    (out / "evaluation.html").write_text(evaluation_page(result), encoding="utf-8")
    console = Console()
    console.print(f"{model.name}: {result['all']['pairs']} pairs judged; left out: {result['left_out']}", soft_wrap=True)
    for figure, told in result["all"].get("figures", {}).items():
        console.print(f"  {figure}: {interval(told)}", highlight=False, markup=False)
    console.print(f"written: {out / 'evaluation.html'}, {out / 'evaluation.json'}", soft_wrap=True)


def collect_pairs(workspace: str, out: Path) -> None:
    """Write what people have decided about the alerts of `workspace` as labelled pairs into `out`, and print how many gave none.

    Each reviewed alert with a look before and after gives one; those without are counted by reason.
    """
    examples, without = collect(workspace, out)
    rows = [
        {
            "sample_id": example.alert.alert_id,
            "category": example.label,
            "longitude": str(example.alert.centroid_lon),
            "latitude": str(example.alert.centroid_lat),
            "t0_start": example.alert.last_clear_before or "",
            "t1_end": example.alert.last_observed,
        }
        for example in examples
    ]
    if rows:
        write_labelled(out, rows, [(example.before, example.after) for example in examples])
    told = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in without.items() if count) or "none"
    Console().print(f"{len(rows)} labelled pairs in {out}; alerts that gave none: {told}", soft_wrap=True)


def verify(name: str) -> None:
    """Check a model's files against its card, and say what they are.

    Raises InputError where a file differs from its card. Other versions of packages are told, not refused: arrays are
    read without them.
    """
    # by hash, before anything of the file is interpreted
    card = verify_model(name)
    Console().print(f"{card.name} {card.version} is whole: {card.sha256}", soft_wrap=True)
    trained = {package: told for package, told in card.versions.items() if version(package) != told}
    if trained:
        told = ", ".join(f"{package} {was}" for package, was in trained.items())
        Console().print(f"trained with {told}; here are others, which training would use, and running does not", soft_wrap=True)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return `value` with None for NaN, which JSON does not have.

    Dicts and lists are gone through, all else stays as it is.
    """
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _recipe(path: Path) -> Recipe:
    """Return the recipe of a TOML file; raise InputError where it is none.

    Names the first key that is wrong, and all keys that there are.
    """
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(
            "there is no such recipe", where=str(path), next_step="name a TOML file as models/mining-pairs/recipe.toml"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("the recipe is not valid TOML", where=str(path), found=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{key}: {first['msg'].lower()}", where=str(path), allowed=", ".join(Recipe.model_fields)) from error


def _card(recipe: Recipe, pairs: LabelledSet, model: Learned, measured: dict[str, Any]) -> Card:
    """Return the card of a model that was just trained.

    `measured` is what training measured, `sha256` that of the model's arrays. Pairs that cleaning left out are not
    among `trained_on`, so they may still judge it.
    """
    # only what it really learnt from may be held against a later evaluation
    seen = pairs.subset(faults(pairs, recipe.cleaning) == "")
    return Card(
        name=recipe.name,
        version=recipe.version,
        summary=recipe.summary,
        sha256=measured["sha256"],
        labels=recipe.labels,
        features=FEATURES,
        bands=BANDS,
        data=recipe.data,
        region=recipe.region,
        limits=recipe.limits,
        prior={label: round(float(share), 6) for label, share in zip(model.labels, model.prior, strict=True)},
        temperature=model.temperature,
        least_probability={label: round(float(least), 6) for label, least in zip(model.labels, model.least, strict=True)},
        coverage=recipe.coverage,
        versions={package: version(package) for package in PACKAGES},
        recipe=recipe.model_dump(mode="json"),
        trained_on=tuple(seen.digests()),
        left_out=measured["left_out"],
        neighbourhoods=measured["neighbourhoods"],
        figures=_plain(measured["figures"]),
    )
