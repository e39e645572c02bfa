"""Real targets: the grown pits of the limestone mine, the clear-cuts of the Romanian forest, and crops where nothing is an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import binary_dilation, label

from benchmarks.monitor.alarms import EIGHT, LEAST_PX, watch
from benchmarks.monitor.cases import load_case
from benchmarks.monitor.clearcuts import clearcuts
from benchmarks.monitor.score import wilson_interval
from benchmarks.monitor.sites import CROP, FOREST, MINE, days_of, winter_difference
from sentinel_watch.domain.look import day_number, usable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from benchmarks.monitor.clearcuts import Clearcut
    from sentinel_watch.contracts import Detector

__all__ = ["real_scores", "real_table"]

SIZES_HA = ((0.0, 0.1), (0.1, 0.25), (0.25, np.inf))
CHANGED, STABLE = -0.08, 0.03
CUTS_FROM = "2018-01-01"


@dataclass(frozen=True, slots=True)
class RealScores:
    """Figures of one detector on the real cases."""

    mine: Mapping[str, float]
    forest: list[dict[str, Any]]
    """One entry a reference clear-cut."""
    forest_off_share: float
    """Share of the pixels off every reference patch that were confirmed."""
    crop_events: int
    crop_note: str


def real_scores(detectors: Sequence[Detector], cases: Path, cache: Path) -> RealScores:
    """Return the scores of `detectors`, the first whose history suffices, on the three real cases."""
    cuts, off = _forest(detectors, cases, cache)
    crop, grid = load_case(CROP, cases, cache)
    watched = watch(detectors, crop, grid, days_of("2018-08-01"))
    patches = np.bincount(label(watched.first_day > 0, EIGHT)[0].ravel())[1:]
    return RealScores(_mine(detectors, cases, cache), cuts, off, int((patches >= LEAST_PX).sum()), watched.note)


def _mine(detectors: Sequence[Detector], cases: Path, cache: Path) -> dict[str, float]:
    """History from 2019 to mid-2020, 2024 monitored: the share of changed and of stable pixels that is confirmed."""
    cube, grid = load_case(MINE, cases, cache)
    difference, seen = winter_difference(cube), usable(cube["mask"].values).sum(axis=0) >= 3
    days = day_number(cube["time"])
    keep = (days < days_of("2020-07-01")) | (days >= days_of("2024-01-01"))
    first = watch(detectors, cube.isel(time=np.flatnonzero(keep)), grid, days_of("2024-01-01")).first_day
    changed, stable = seen & (difference < CHANGED), seen & (np.abs(difference) < STABLE)
    return {
        "changed_px": float(changed.sum()), "stable_px": float(stable.sum()),
        "changed_found": float((first[changed] > 0).mean()), "stable_false": float((first[stable] > 0).mean()),
    }  # fmt: skip


def _forest(detectors: Sequence[Detector], cases: Path, cache: Path) -> tuple[list[dict[str, Any]], float]:
    cube, grid = load_case(FOREST, cases, cache)
    first = watch(detectors, cube, grid, days_of(CUTS_FROM)).first_day
    cuts = clearcuts(cube, int(CUTS_FROM[:4]))
    near = np.zeros(first.shape, bool)
    for cut in cuts:
        near[cut.rows, cut.cols] = True
    off = ~binary_dilation(near, iterations=2)
    return [_cut_score(cut, first, cube) for cut in cuts], float((first[off] > 0).mean())


def _cut_score(cut: Clearcut, first: NDArray[np.int32], cube: xr.Dataset) -> dict[str, Any]:
    """Score one cut: a quarter of it must be confirmed, not before the last clear look before its fall."""
    alarm = first[cut.rows, cut.cols]
    hits = np.sort(alarm[alarm >= cut.last_before])
    need = max(int(np.ceil(0.25 * len(alarm))), min(LEAST_PX, len(alarm)))
    found = len(hits) >= need
    day = int(hits[need - 1]) if found else 0
    days = day_number(cube["time"])
    looks = usable(cube["mask"].values[(days >= cut.day) & (days <= day)][:, cut.rows, cut.cols]).sum(axis=0)
    return {
        "year": cut.year, "area_ha": len(alarm) * 0.01, "fell": str(np.datetime64(cut.day, "D")), "found": found,
        "confirmed": str(np.datetime64(day, "D")) if found else None, "delay_days": day - cut.day if found else None,
        "delay_looks": float(np.median(looks)) if found else None, "row": int(cut.rows.mean()), "col": int(cut.cols.mean()),
    }  # fmt: skip


def real_table(scores: Mapping[str, RealScores]) -> str:
    """Return the real targets as a table: a line a target, a column a detector."""
    lines = [["real target", *scores], ["---"] * (len(scores) + 1)]
    lines.append(
        [
            "mine: changed pixels confirmed",
            *(f"{100 * s.mine['changed_found']:.0f} % of {s.mine['changed_px']:.0f}" for s in scores.values()),
        ]
    )
    lines.append(
        ["mine: stable pixels confirmed", *(f"{100 * s.mine['stable_false']:.1f} % of {s.mine['stable_px']:.0f}" for s in scores.values())]
    )
    for low, high in SIZES_HA:
        name = f"clear-cuts {low}-{high} ha" if np.isfinite(high) else f"clear-cuts above {low} ha"
        lines.append([name, *(_cuts_cell([c for c in s.forest if low <= c["area_ha"] < high]) for s in scores.values())])
    lines.append(["forest: pixels off every cut confirmed", *(f"{100 * s.forest_off_share:.2f} %" for s in scores.values())])
    lines.append(["cropland: confirmed events", *(s.crop_note or str(s.crop_events) for s in scores.values())])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cuts_cell(cuts: list[dict[str, Any]]) -> str:
    found = [cut for cut in cuts if cut["found"]]
    if not cuts:
        return "none"
    low, high = wilson_interval(len(found), len(cuts))
    delay = (
        f", {np.median([cut['delay_days'] for cut in found]):.0f} d, {np.median([cut['delay_looks'] for cut in found]):.0f} looks"
        if found
        else ""
    )
    return f"{len(found)}/{len(cuts)} [{100 * low:.0f}-{100 * high:.0f} %]{delay}"
