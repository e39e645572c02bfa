"""From a labelled set to a model and all that its card says, top to bottom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.classification.learned import heated
from sentinel_watch.classification.training.cleaning import NOTHING_EMERGED, faults, tally
from sentinel_watch.classification.training.fitting import calibrated, cross_fitted, fit, material
from sentinel_watch.classification.training.grouping import fold_numbers, held_out, neighbourhoods, regions
from sentinel_watch.classification.training.report import by_region, disturbed_features, matched, robustness, summary
from sentinel_watch.classification.training.scoring import Judged
from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sentinel_watch.classification.learned import Learned
    from sentinel_watch.classification.training.fitting import Material
    from sentinel_watch.classification.training.labelled import LabelledSet
    from sentinel_watch.classification.training.recipe import Recipe

__all__ = ["train"]


def train(pairs: LabelledSet, recipe: Recipe, say: Callable[[str], None]) -> tuple[Learned, dict[str, Any]]:
    """Return the model of all clean pairs, and what was measured on the way, as plain JSON values.

    `say` is told each stage in words. Raises InputError where a label of the recipe has fewer than two pairs a fold.
    """
    found = faults(pairs, recipe.cleaning)
    sound = pairs.subset((found == "") | (found == NOTHING_EMERGED))
    clean = np.array(found[(found == "") | (found == NOTHING_EMERGED)] == "")
    _enough(sound.subset(clean), recipe)
    groups = neighbourhoods(sound.lon, sound.lat, recipe.group_km)
    say(f"measuring {len(sound)} pairs and {len(recipe.copies)} disturbed copies of each")
    stuff = material(sound, recipe)
    say(f"fitting {recipe.folds} folds of {len(np.unique(groups))} neighbourhoods")
    _spread(sound.subset(clean), groups[clean], recipe)
    folds = fold_numbers(sound.labels, groups, recipe.folds, recipe.seed)
    blends, disturbed = _unseen(sound, stuff, clean, folds, recipe)
    temperature, least = calibrated(blends[clean], stuff.codes[clean], recipe.coverage)
    say("fitting without cleaning, without each region, and without the hold-out")
    everything = np.ones(len(sound), bool)
    dirty = _blends(stuff, everything, folds, recipe)
    # the fairest figure for a deployment elsewhere: each model has not seen the region that it judges
    away = _blends(stuff, clean, regions(sound.lon, sound.lat), recipe)
    seen = clean & _known(away)
    held = held_out(groups, recipe.holdout_share, recipe.seed)
    model = replace(fit(stuff, clean, recipe), temperature=temperature, least=least)

    def told(blend: NDArray[np.float64], which: NDArray[np.bool_]) -> dict[str, Any]:
        return summary(Judged(model.heat(blend), stuff.codes, groups).subset(which & _known(blend)), recipe.labels, recipe.draws)

    plain = Judged(model.heat(blends), stuff.codes, groups).subset(clean)
    figures = {
        "folds": told(blends, clean),
        "folds_matched_period": told(blends, clean & matched(sound)),
        "folds_labels_not_cleaned": told(blends, everything),
        "trained_without_cleaning": told(dirty, everything),
        "without_the_region": told(away, clean),
        "regions": by_region(Judged(model.heat(away), stuff.codes, groups).subset(seen), sound.subset(seen), recipe.labels),
        "hold_out": summary(_held_out(stuff, clean, held, groups, recipe), recipe.labels, recipe.draws),
        "robustness": robustness(plain, {name: model.heat(part)[clean] for name, part in disturbed.items()}, recipe.labels),
    }
    return model, {"left_out": tally(found), "neighbourhoods": len(np.unique(groups)), "figures": figures}


def _unseen(
    pairs: LabelledSet, stuff: Material, clean: NDArray[np.bool_], folds: NDArray[np.int64], recipe: Recipe
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return (n, label) blends of all pairs by models that did not see their neighbourhood, and the same for each trial.

    Trials are disturbed copies of the pairs that a fold's model has not seen either. Not yet calibrated.
    """
    trials = disturbed_features(pairs, recipe.seed)
    blends = np.full((len(pairs), len(recipe.labels)), np.nan)
    disturbed = {name: blends.copy() for name in trials}
    for inside, model in cross_fitted(stuff, clean, folds, recipe):
        blends[inside] = model.blend(stuff.features[0, inside])
        for name, features in trials.items():
            disturbed[name][inside] = model.blend(features[inside])
    if not _known(blends).all():
        raise _too_few(recipe, ", ".join(recipe.labels))
    return blends, disturbed


def _blends(stuff: Material, use: NDArray[np.bool_], folds: NDArray[np.int64], recipe: Recipe) -> NDArray[np.float64]:
    """Return (n, label) blends of all pairs, each by the model of those of `use` in the other folds.

    A fold whose pairs are none of `use` gets the model of all of `use`; one that alone has a label stays NaN.
    """
    out = np.full((len(stuff.codes), len(recipe.labels)), np.nan)
    for inside, model in cross_fitted(stuff, use, folds, recipe):
        out[inside] = model.blend(stuff.features[0, inside])
    return out


def _held_out(stuff: Material, clean: NDArray[np.bool_], held: NDArray[np.bool_], groups: NDArray[np.int64], recipe: Recipe) -> Judged:
    """Return the hold-out, clean pairs, as judged by a model that is fitted and calibrated on the others alone.

    The temperature is found without it as well, or the hold-out would have been looked at before it is judged.
    """
    inside = clean & ~held
    rest = fold_numbers(stuff.codes[inside].astype(str), groups[inside], recipe.folds, recipe.seed)
    # the hold-out is one more fold, whose model is that of all the others
    folds = np.full(len(clean), recipe.folds, np.int64)
    folds[inside] = rest
    blends = _blends(stuff, inside, folds, recipe)
    known = inside & _known(blends)
    temperature = calibrated(blends[known], stuff.codes[known], recipe.coverage)[0] if known.any() else 1.0
    return Judged(heated(blends, temperature), stuff.codes, groups).subset(clean & held & _known(blends))


def _known(blends: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (n,) True where a model that had not seen the pair could judge it."""
    return np.asarray(np.isfinite(blends).all(axis=1))


def _spread(pairs: LabelledSet, groups: NDArray[np.int64], recipe: Recipe) -> None:
    """Raise InputError where a label lies in too few neighbourhoods: a fold could not be judged by the others."""
    if len(np.unique(groups)) < recipe.folds:
        raise _too_few(recipe, "all labels")
    for label in recipe.labels:
        if len(np.unique(groups[pairs.labels == label])) < 2:
            raise _too_few(recipe, label)


def _too_few(recipe: Recipe, what: str) -> InputError:
    """Return the error that says which pairs cannot be cut into folds that have not seen each other."""
    return InputError(
        f"too few neighbourhoods hold pairs of {what}",
        allowed=f"two at least for each label and {recipe.folds} in all, {recipe.group_km:g} km apart",
        next_step="add pairs of other sites, or fewer folds in the recipe",
    )


def _enough(pairs: LabelledSet, recipe: Recipe) -> None:
    """Raise InputError where a label has too few pairs to be learnt and measured."""
    for label in recipe.labels:
        count = int((pairs.labels == label).sum())
        if count < 2 * recipe.folds:
            raise InputError(
                f"there are too few clean pairs of {label}",
                found=str(count),
                allowed=f"{2 * recipe.folds} at least",
                next_step="give more data, or fewer folds in the recipe",
            )
