"""The pictures of the bench's page."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from benchmarks.monitor.runs import CLEAN
from benchmarks.monitor.score import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.monitor.score import EventScore
    from benchmarks.monitor.table import Tally

__all__ = ["plot_delays", "plot_nuisances", "plot_operating_points", "plot_sizes"]

OURS, GREY = "#b2182b", "#777777"
PEER_COLOURS = {
    "EWMA-NDVI": "#8dd3c7", "CuSum-NDVI": "#80b1d3", "MoSum-NDVI": "#bebada", "IQR-NDVI": "#b3de69",
    "CCDC-NDVI": "#1b9e77", "CCDC-BSI": "#66a61e", "COLD": "#225ea8", "S-CCD": "#41b6c4",
}  # fmt: skip
FLOOR_SHARE = 0.01
"""Shown for a false area of less than 0.01 %, which a logarithmic axis could not show."""
AREA_EDGES_HA = (0.08, 0.2, 0.5, 1.0, 2.1)
SHARES = (0.01, 0.1, 1, 10, 100)
KIND_COLOURS = {"abrupt": OURS, "gradual": "#ef8a62", "burn": "#333333", "stress": "#4d9221", "turbidity": "#2166ac"}


def plot_operating_points(ours: Sequence[Tally], peers: Sequence[Tally], path: Path) -> None:
    """Draw recall of abrupt events against false area on clean ground: methods at their settings, a peer's settings joined."""
    figure, axis = plt.subplots(figsize=(7.5, 5), layout="constrained")
    for family, colour in PEER_COLOURS.items():
        points = sorted(_point(tally) for tally in peers if tally.method.partition(":")[0] == family)
        if points:
            axis.plot(*zip(*points, strict=True), "o-", color=colour, label=family, markersize=6, linewidth=1)
    points = sorted(_point(tally) for tally in ours)
    axis.plot(*zip(*points, strict=True), "*-", color=OURS, markersize=16, label="sentinel_watch", linewidth=1)
    axis.set(
        xscale="log",
        ylim=(-2, 102),
        xlim=(SHARES[0] / 1.5, SHARES[-1]),
        xlabel="false area on clean ground, % (0.01 = none)",
        ylabel="abrupt events found, %",
    )
    axis.set_xticks(SHARES, [f"{share:g}" for share in SHARES])
    axis.set_title("Found against falsely flagged, simulated events on real series", loc="left", fontsize=11)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    _kept(figure, path)


def _point(tally: Tally) -> tuple[float, float]:
    recall = tally.recall_figures(lambda event: event.kind == "abrupt")
    share = 100 * tally.false_figures(CLEAN).get("area_share", np.nan)
    return max(share, FLOOR_SHARE), 100 * recall["found"] / max(recall["n"], 1)


def plot_nuisances(ours: Tally, path: Path) -> None:
    """Draw false events per km² and year, with intervals, and false area, under each nuisance."""
    scenarios = list(dict.fromkeys(score.scenario for score in ours.false))
    figures = [ours.false_figures(scenario) for scenario in scenarios]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 0.38 * len(scenarios) + 1.3), sharey=True, layout="constrained")
    places = np.arange(len(scenarios))[::-1]
    rates = np.array([[f["rate"], f["rate"] - f["low"], f["high"] - f["rate"]] for f in figures])
    left.errorbar(rates[:, 0], places, xerr=rates[:, 1:].T, fmt="o", color=OURS, capsize=3)
    area, fringe = (np.array([100 * f[share] for f in figures]) for share in ("area_share", "fringe_share"))
    right.barh(places, area - fringe, color=OURS, height=0.6, label="regions of their own")
    right.barh(places, fringe, left=area - fringe, color=OURS, alpha=0.35, height=0.6, label="fringes of real changes")
    figure.legend(loc="outside lower right", ncols=2, fontsize=8, frameon=False)
    for axis, limit, label in ((left, 2, "false events / km² year"), (right, 1, "false area, %")):
        axis.axvline(limit, color=GREY, linestyle="--", linewidth=1)
        axis.set(xlabel=label, xlim=(0, None))
        axis.grid(alpha=0.25, axis="x")
    left.set_yticks(places, [scenario.replace("_", " ") for scenario in scenarios])
    figure.suptitle("False alarms where nothing was planted (dashed: the goal under nuisances)", x=0.01, ha="left", fontsize=11)
    _kept(figure, path)


def plot_sizes(ours: Tally, path: Path) -> None:
    """Draw recall by area and by contrast, with Wilson's intervals: what can be detected at all."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), sharey=True, layout="constrained")
    for shift, (kind, colour) in enumerate(KIND_COLOURS.items()):
        _steps(left, [event for event in ours.counted() if event.kind == kind], kind, colour, 1 + 0.03 * (shift - 2))
    for edges in ((0.0, 0.04), (0.04, 0.08), (0.08, 0.12), (0.12, 0.3)):
        group = [event for event in ours.counted() if event.kind == "abrupt" and edges[0] <= event.contrast < edges[1]]
        _bar(right, min(np.mean(edges), 0.15), group, OURS)
    left.set(xscale="log", xlabel="area planted, ha", ylabel="found, %", ylim=(-3, 103))
    left.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    left.minorticks_off()
    right.set(xlabel="contrast of abrupt events, reflectance (RMS over bands)")
    figure.legend(*left.get_legend_handles_labels(), frameon=False, fontsize=9, loc="outside lower center", ncols=len(KIND_COLOURS))
    for axis in (left, right):
        axis.grid(alpha=0.25)
    figure.suptitle("What is found, by size and by contrast (95 % intervals)", x=0.01, ha="left", fontsize=11)
    _kept(figure, path)


def _steps(axis: Axes, events: Sequence[EventScore], kind: str, colour: str, shift: float) -> None:
    points = []
    for low, high in pairwise(AREA_EDGES_HA):
        group = [event for event in events if low <= event.area_ha < high]
        if len(group) >= 3:
            points.append((shift * float(np.sqrt(low * high)), 100 * sum(event.found for event in group) / len(group)))
            _bar(axis, points[-1][0], group, colour)
    if points:
        axis.plot(*zip(*points, strict=True), "-", color=colour, linewidth=1, label=kind)


def _bar(axis: Axes, at: float, group: Sequence[EventScore], colour: str) -> None:
    if not group:
        return
    hits = sum(event.found for event in group)
    low, high = wilson_interval(hits, len(group))
    share = hits / len(group)
    axis.errorbar(at, 100 * share, yerr=[[100 * (share - low)], [100 * (high - share)]], fmt="o", color=colour, capsize=2, markersize=5)


def plot_delays(ours: Tally, path: Path) -> None:
    """Draw how soon events are found: the share found within so many days and clear looks, missed ones included."""
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True, layout="constrained")
    for axis, key, label in ((axes[0], "delay_days", "days since the start"), (axes[1], "delay_looks", "clear looks since the start")):
        longest = 1.05 * max((getattr(event, key) for event in ours.counted() if event.found), default=1)
        for kind, colour in KIND_COLOURS.items():
            events = [event for event in ours.counted() if event.kind == kind]
            delays = np.sort([getattr(event, key) for event in events if event.found])
            if events:
                found = 100 * np.arange(len(delays) + 1) / len(events)
                axis.step(np.r_[0, delays, longest], np.r_[found, found[-1]], where="post", color=colour, label=kind)
        axis.set(xlabel=label, ylim=(0, 103), xlim=(0, longest))
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("found, % of all planted")
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize=9, loc="outside lower center", ncols=len(KIND_COLOURS))
    figure.suptitle("How soon", x=0.01, ha="left", fontsize=11)
    _kept(figure, path)


def _kept(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
