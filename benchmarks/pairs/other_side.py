"""A model of the other side's pairs: the shipped one has learnt from both, and would flatter itself."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.pairs.looks import LABELS, sides
from sentinel_watch.app.models import train_model
from sentinel_watch.models.labelled_files import read_labelled
from sentinel_watch.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["train_on_other_side"]


def train_on_other_side(folder: Path, work: Path, *, reporting: bool) -> Path:
    """Return the folder of a model by the shipped recipe that has seen no pair of the side to be judged; trained once."""
    home = work / ("for_reporting" if reporting else "for_tuning")
    if not (home / "model").exists():
        _write_side(folder, home / "data", reporting=not reporting)
        recipe = shipped("models", "mining-pairs", "recipe.toml").read_text("utf-8")
        # the figures of its card are not asked for, so a few draws do
        (home / "recipe.toml").write_text(f"draws = 2\n{recipe}", encoding="utf-8")
        train_model(home / "recipe.toml", home / "data", home / "partial")
        (home / "partial").rename(home / "model")
    return next((home / "model").glob("*/*"))


def _write_side(folder: Path, out: Path, *, reporting: bool) -> None:
    """Write the labelled pairs of one side as one file."""
    pairs = read_labelled(folder, LABELS)
    chosen = sides(pairs) == reporting
    rows = [row for path in sorted(folder.glob("*.csv")) for row in csv.DictReader(path.open(encoding="utf-8"))]
    out.mkdir(parents=True, exist_ok=True)
    numbers = {name: np.nan_to_num(getattr(pairs, name)[chosen] * 1e4).astype(np.int16) for name in ("before", "after")}
    np.savez_compressed(out / "side.npz", **numbers)
    with (out / "side.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row for row, inside in zip(rows, chosen, strict=True) if inside)
