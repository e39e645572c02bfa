"""A made-up labelled set and a small recipe: forest that is dug up, ponds that are built, forest that stays as it is."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.classification.training.labelled import LabelledSet
from sentinel_watch.classification.training.recipe import Cleaning, Recipe

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("mining_emergence", "human_activity", "natural_change")
FOREST = np.array([0.02, 0.05, 0.03, 0.32, 0.15, 0.06])
SOIL = np.array([0.09, 0.13, 0.17, 0.24, 0.30, 0.26])
WATER = np.array([0.05, 0.05, 0.03, 0.02, 0.01, 0.005])
SIDE = 24


def tiny_recipe(**changes: object) -> Recipe:
    """Return a recipe that trains in a second, believed all over the world."""
    fields = {
        "name": "tiny", "version": "1.0.0", "summary": "Made up.", "data": "Simulated.", "labels": LABELS, "limits": ("Made up.",),
        "region": (-180, -90, 180, 90), "folds": 2, "trees": 10, "copies": ("shift",), "draws": 5,
        "cleaning": Cleaning(emergent="mining_emergence"),
    }  # fmt: skip
    return Recipe(**{**fields, **changes})


def tiny_pairs(count: int = 36, seed: int = 0) -> LabelledSet:
    """Return pairs of the three labels in turn, each a degree from the next."""
    rng = np.random.default_rng(seed)
    labels = np.array([LABELS[number % 3] for number in range(count)])
    before = np.broadcast_to(FOREST[:, None, None], (count, 6, SIDE, SIDE)) + rng.normal(0, 0.004, (count, 6, SIDE, SIDE))
    after = before + rng.normal(0, 0.004, before.shape)
    for number, label in enumerate(labels):
        top, left = rng.integers(2, 10, 2)
        if label != "natural_change":
            surface = SOIL if label == "mining_emergence" else WATER
            after[number, :, top : top + 10, left : left + 10] = surface[:, None, None] * rng.uniform(0.9, 1.1)
    places = np.arange(count, dtype=float)
    return LabelledSet(
        before.astype(np.float32), after.astype(np.float32), labels, places - 60, places / 4, np.full(count, "2019-2021"),
        np.array([f"pair_{number}" for number in range(count)]),
    )  # fmt: skip


def write_pairs(pairs: LabelledSet, folder: Path) -> Path:
    """Write a labelled set in the documented layout, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {name: np.round(getattr(pairs, name) * 1e4).astype(np.int16) for name in ("before", "after")}
    np.savez(folder / "pairs.npz", **numbers)
    with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sample_id", "category", "longitude", "latitude", "t0_start", "t1_end"])
        for row in zip(pairs.names, pairs.labels, pairs.lon, pairs.lat, strict=True):
            writer.writerow([*row, "2019-01-01", "2021-12-31"])
    return folder
