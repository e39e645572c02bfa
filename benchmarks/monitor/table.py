"""The bench's figures: gathered over runs, and laid out as Markdown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.monitor.runs import CLEAN, SMALL
from benchmarks.monitor.score import EventScore, FalseScore, poisson_interval, score_event, score_false, wilson_interval
from benchmarks.monitor.sites import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from benchmarks.monitor.alarms import Watched
    from benchmarks.monitor.runs import Run

__all__ = ["Tally", "false_table", "markdown", "recall_cell", "recall_table"]


@dataclass
class Tally:
    """All scores of one method."""

    method: str
    false: list[FalseScore] = field(default_factory=list)
    """Of every run without events."""
    events: list[EventScore] = field(default_factory=list)
    seconds: float = 0.0
    notes: set[str] = field(default_factory=set)

    def add(self, run: Run, watched: Watched) -> None:
        """Score one run."""
        self.seconds += watched.fit_s + watched.update_s
        if watched.note:
            self.notes.add(f"{run.site.span.name}: {watched.note}")
        if run.events:
            self.events += [score_event(watched.first_day, event, run) for event in run.events]
        elif run.scenario != "events":
            self.false.append(score_false(watched.first_day, run))

    def false_figures(self, scenario: str, spans: str = "") -> dict[str, float]:
        """Return rate per km² and year with its interval, area shares and exposure, over the spans whose name starts with `spans`.

        The span whose history is short counts only where it is asked for by name.
        """
        scores = [s for s in self.false if s.scenario == scenario and s.span.startswith(spans) and (s.span != SHORT or spans == SHORT)]
        exposure = sum(score.km2_years for score in scores)
        events = sum(score.events for score in scores)
        if not exposure:
            return {}
        low, high = poisson_interval(events, exposure)
        shares = [(score.area_share, score.fringe_share) for score in scores]
        area, fringe = map(float, np.average(shares, axis=0, weights=[score.km2_years for score in scores]))
        rate = {"events": events, "rate": events / exposure, "low": low, "high": high}
        return {**rate, "area_share": area, "fringe_share": fringe, "km2_years": exposure}

    def counted(self) -> list[EventScore]:
        """Return the scores of the events, those left out that are very small, or were planted where the history is short."""
        return [score for score in self.events if not score.run.startswith(SHORT) and f".{SMALL}." not in score.run]

    def sized(self) -> list[EventScore]:
        """Return the scores of the events, the very small ones too, but not where the history is short."""
        return [score for score in self.events if not score.run.startswith(SHORT)]

    def recall_figures(self, wanted: Callable[[EventScore], bool]) -> dict[str, float]:
        """Return recall with its interval, median delay and outline, of the events that are `wanted`."""
        scores = [score for score in self.counted() if wanted(score)]
        found = [score for score in scores if score.found]
        low, high = wilson_interval(len(found), len(scores))
        middle = {
            key: float(np.median([getattr(score, key) for score in found])) if found else float("nan")
            for key in ("delay_days", "delay_looks", "iou")
        }
        return {"n": len(scores), "found": len(found), "low": low, "high": high, **middle}

    def as_json(self) -> dict[str, Any]:
        """Return everything, for the JSON file."""
        scores = {"false": [asdict(score) for score in self.false], "events": [asdict(score) for score in self.events]}
        return {"method": self.method, "seconds": self.seconds, "notes": sorted(self.notes), **scores}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Tally:
        """Return the tally that `as_json` wrote."""
        false, events = [FalseScore(**score) for score in kept["false"]], [EventScore(**score) for score in kept["events"]]
        return cls(kept["method"], false, events, kept["seconds"], set(kept["notes"]))

    @classmethod
    def merged(cls, parts: Sequence[Tally]) -> Tally:
        """Return one method's tallies of several sites as one."""
        false, events = [score for part in parts for score in part.false], [score for part in parts for score in part.events]
        return cls(parts[0].method, false, events, sum(part.seconds for part in parts), set().union(*(part.notes for part in parts)))

    def only(self, runs: Collection[str]) -> Tally:
        """Return the same, of those runs only: to compare with a method that saw fewer."""
        false = [score for score in self.false if score.run in runs]
        return Tally(self.method, false, [score for score in self.events if score.run in runs], self.seconds, self.notes)

    def runs(self) -> set[str]:
        """Return the names of all runs."""
        return {score.run for score in self.false} | {score.run for score in self.events}


GROUPS: Mapping[str, Callable[[EventScore], bool]] = {
    "abrupt": lambda e: e.kind == "abrupt",
    "abrupt, contrast > .08, >= .1 ha": lambda e: e.kind == "abrupt" and e.contrast > 0.08 and e.area_ha >= 0.1,
    "… history >= 24 months": lambda e: e.kind == "abrupt" and e.contrast > 0.08 and e.area_ha >= 0.1 and e.long_history,
    "… history <= 12 months": lambda e: e.kind == "abrupt" and e.contrast > 0.08 and e.area_ha >= 0.1 and not e.long_history,
    "gradual": lambda e: e.kind == "gradual",
    "burn": lambda e: e.kind == "burn",
    "stress": lambda e: e.kind == "stress",
    "turbidity": lambda e: e.kind == "turbidity",
}


def false_table(tallies: Sequence[Tally]) -> str:
    """Return the table of false alarms: a line a scenario, a column a method."""
    scenarios = list(dict.fromkeys(score.scenario for tally in tallies for score in tally.false))
    rows = [[scenario, *(_false_cell(tally.false_figures(scenario)) for tally in tallies)] for scenario in scenarios]
    rows += [
        [f"clean, {case}", *(_false_cell(tally.false_figures(CLEAN, case)) for tally in tallies)] for case in ("forest", "mine", "crop")
    ]
    return markdown(["scenario", *(tally.method for tally in tallies)], rows)


def recall_table(tallies: Sequence[Tally]) -> str:
    """Return the table of planted events: a line a group, a column a method."""
    rows = [[group, *(recall_cell(tally.recall_figures(wanted)) for tally in tallies)] for group, wanted in GROUPS.items()]
    return markdown(["planted (simulated)", *(tally.method for tally in tallies)], rows)


def _false_cell(figures: Mapping[str, float]) -> str:
    if not figures:
        return "-"
    area, fringe = 100 * figures["area_share"], 100 * figures["fringe_share"]
    return f"{figures['rate']:.1f} [{figures['low']:.1f}-{figures['high']:.1f}], {area:.2f} %" + (f" ({fringe:.2f})" if fringe else "")


def recall_cell(figures: Mapping[str, float]) -> str:
    """Return found of planted with its interval, delay and outline."""
    if not figures["n"]:
        return "-"
    outcome = f"{figures['found']:.0f}/{figures['n']:.0f} [{100 * figures['low']:.0f}-{100 * figures['high']:.0f} %]"
    return outcome + (
        f" {figures['delay_days']:.0f} d {figures['delay_looks']:.0f} looks, IoU {figures['iou']:.2f}" if figures["found"] else ""
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
