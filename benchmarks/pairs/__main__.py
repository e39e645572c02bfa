"""What a run says of two scenes: `python -m benchmarks.pairs [--role tuning|reporting] [--cases FOLDER] [--work FOLDER]`.

Tune with `tuning` only. The table goes to standard output, one line of JSON a pair to WORK/<role>.jsonl.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.pairs.looks import LABELS, MINING, labelled, real_controls, simulated_controls
from benchmarks.pairs.other_side import train_on_other_side
from benchmarks.pairs.said import Said, run_pair
from benchmarks.pairs.score import alerted, figure, mining_auc, mining_precision, mining_recall
from sentinel_watch.pipeline.definition import load_pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.pairs.score import Figure

__all__ = ["main"]


def main() -> None:
    """Run every pair of one side and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pairs", description=__doc__)
    parser.add_argument("--role", choices=("tuning", "reporting"), default="tuning")
    parser.add_argument("--cases", type=Path, default=Path("../shared/cases"), help="folder with mining_pairs and the real series")
    parser.add_argument("--work", type=Path, default=Path(".bench-pairs"), help="folder for the decoded series and the trained model")
    told = parser.parse_args()
    reporting = told.role == "reporting"
    told.work.mkdir(parents=True, exist_ok=True)
    model = train_on_other_side(told.cases / "mining_pairs", told.work, reporting=reporting)
    pipeline = load_pipeline("mine").model_copy(update={"classifier": {"part": "hierarchy", "model": str(model)}})
    pairs = list(labelled(told.cases / "mining_pairs", reporting=reporting))
    said: list[Said] = []
    with (told.work / f"{told.role}.jsonl").open("w", encoding="utf-8") as file:
        for pair in [*pairs, *real_controls(told.cases, told.work, reporting=reporting), *simulated_controls(pairs)]:
            said.append(run_pair(pair, pipeline))
            file.write(json.dumps(_line(said[-1])) + "\n")
            file.flush()
    print(f"{told.role}, {len(said)} pairs\n")
    _shares(said)
    _ranking([one for one in said if one.pair.kind in LABELS])


def _line(one: Said) -> dict[str, object]:
    """Return what was said of a pair as plain values."""
    return {"kind": one.pair.kind, "name": one.pair.name, "visible": one.pair.visible, "alert_ha": round(one.area_ha, 2),
            "largest_ha": round(one.largest_ha, 2), "class": one.first, "probs": one.probs}  # fmt: skip


def _shares(said: Sequence[Said]) -> None:
    """Print a line for each kind of pair."""
    print("| pairs | n | with an alert | median area, ha | classes of the first alert |\n|---|---|---|---|---|")
    for kind in dict.fromkeys(one.pair.kind for one in said):
        parts = {kind: [one for one in said if one.pair.kind == kind]}
        if kind == MINING:
            parts["of them where the pictures show it"] = [one for one in parts[kind] if one.pair.visible]
        for name, part in parts.items():
            areas = [one.area_ha for one in part if one.area_ha > 0]
            classes = ", ".join(f"{what} {count}" for what, count in Counter(one.first for one in part if one.first).most_common())
            print(f"| {name} | {len(part)} | {_told(figure(part, alerted))} | {np.median(areas) if areas else 0:.1f} | {classes} |")


def _ranking(said: Sequence[Said]) -> None:
    """Print how the labelled pairs are ranked and named."""
    print("\n| mining against the rest | value |\n|---|---|")
    for name, measure in (
        ("AUC, no alert below all", mining_auc),
        ("share of mining among first alerts called excavation", mining_precision),
        ("share of mining pairs whose first alert is called so", mining_recall),
    ):
        print(f"| {name} | {_told(figure(said, measure))} |")


def _told(value: Figure) -> str:
    """Return value and interval as text."""
    return f"{value[0]:.2f} [{value[1]:.2f}-{value[2]:.2f}]"


if __name__ == "__main__":
    main()
