"""Run the bench: `python -m benchmarks.monitor --quick` while tuning, without `--quick` for the report."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.monitor.alarms import watch
from benchmarks.monitor.runs import Plan, planned_runs
from benchmarks.monitor.sites import SEEDS, bench_sites
from benchmarks.monitor.table import Tally, false_table, recall_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.contracts import Detector

ROOT = Path(__file__).resolve().parents[2]


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitor", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tuning sites, few seeds, our detectors only")
    parser.add_argument("--role", choices=sorted(SEEDS), default="tuning", help="which sites and seeds")
    parser.add_argument("--detector", action="append", help="name[:JSON options]; may be repeated (default: seasonal)")
    parser.add_argument("--site", default="", help="only spans whose name starts so")
    parser.add_argument("--scenario", action="append", help="only these: clean, events, or a nuisance")
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "shared" / "cases")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "sentinel-watch-bench")
    parser.add_argument("--out", type=Path, help="folder for results.json and results.md")
    return parser.parse_args(arguments)


def built(text: str) -> Detector:
    """Return the detector that `name[:JSON options]` describes."""
    from sentinel_watch.detectors import DETECTORS  # noqa: PLC0415 - the registry is the detectors' own

    name, _, options = text.partition(":")
    return DETECTORS.build({"part": name, **json.loads(options or "{}")})


def plan_of(options: argparse.Namespace) -> Plan:
    """Return which runs are made."""
    seeds = list(SEEDS[options.role])
    plan = Plan(seeds[:1], seeds[1:2], seeds[2:4]) if options.quick else Plan(seeds[:6], seeds[:2], seeds)
    chosen = options.scenario
    if not chosen:
        return plan
    names = [name for name in plan.nuisances if name in chosen]
    return Plan(plan.clean_seeds if "clean" in chosen else [], plan.nuisance_seeds, plan.event_seeds if "events" in chosen else [], names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench and print its tables."""
    options = parsed(arguments)
    begun = time.perf_counter()
    sites = [site for site in bench_sites(options.role, options.cases, options.cache) if site.span.name.startswith(options.site)]
    detectors = {text: built(text) for text in options.detector or ["seasonal"]}
    tallies = {text: Tally(text) for text in detectors}
    for run in planned_runs(sites, plan_of(options)):
        for text, detector in detectors.items():
            tallies[text].add(run, watch(detector, run.cube, run.site.grid, run.site.monitor_day))
        sys.stderr.write(f"\r{time.perf_counter() - begun:6.0f} s  {run.name:40}")
    text = f"\n{false_table([*tallies.values()])}\n{recall_table([*tallies.values()])}"
    notes = "".join(f"- {tally.method}: {note}\n" for tally in tallies.values() for note in sorted(tally.notes))
    print(text, notes, sep="\n")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "results.md").write_text(text + "\n" + notes)
        (options.out / "results.json").write_text(json.dumps([tally.as_json() for tally in tallies.values()], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
