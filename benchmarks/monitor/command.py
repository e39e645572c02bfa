"""The bench's command line: which runs, which methods, and where the results go."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.monitor.alarms import watch
from benchmarks.monitor.peers import DEFAULTS, PEER_NUISANCES, PEER_SPANS, SWEEP, watch_with_peers
from benchmarks.monitor.real import real_scores, real_table
from benchmarks.monitor.runs import CLEAN, EVENTS, SMALL, Plan, planned_runs
from benchmarks.monitor.sites import SEEDS, bench_sites
from benchmarks.monitor.table import Tally, false_table, recall_table
from sentinel_watch.simulation.nuisances import NUISANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.monitor.sites import BenchSite
    from sentinel_watch.contracts import Detector

__all__ = ["DEFAULT", "built", "main", "parsed", "peer_tallies", "site_tallies"]

DEFAULT = "seasonal else same_season else before_after"
_ALONE = '"drift_below":100,"char_below":100'
STRICTER = {
    f"sentinel_watch, {name}": f"seasonal:{{{options}}} else same_season else before_after"
    for name, options in {
        "stricter": '"quiet_below":1.6',
        "strict": f'"quiet_below":1.7,{_ALONE}',
        "strictest": f'"quiet_below":2.2,{_ALONE}',
    }.items()
}
"""Settings of ours, chosen on the tuning halves, for operating points beside the peers' stricter ones."""
ROOT = Path(__file__).resolve().parents[2]


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.monitor", description="How well changes are found, and how silent it stays."
    )
    parser.add_argument("--quick", action="store_true", help="tuning sites, few seeds, our detectors only")
    parser.add_argument("--role", choices=sorted(SEEDS), default="tuning", help="which sites and seeds")
    parser.add_argument(
        "--detector",
        action="append",
        help="name[:JSON], or several joined by ' else ': the first whose history suffices; may be repeated",
    )
    parser.add_argument("--site", default="", help="only spans whose name starts so")
    parser.add_argument("--scenario", action="append", help="only these: clean, events, small, or a nuisance")
    parser.add_argument("--real", action="store_true", help="real targets instead of planted ones")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="interpreter of the peers' environment (benchmarks/peers.txt)")
    parser.add_argument("--jobs", type=int, default=2, help="sites worked on at the same time")
    parser.add_argument("--spectra", type=Path, help="CSV with kind, name and a column a band: planted in place of our prototypes")
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "shared" / "cases")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "sentinel-watch-bench")
    parser.add_argument("--out", type=Path, help="folder for results.json and results.md")
    return parser.parse_args(arguments)


def built(text: str) -> list[Detector]:
    """Return the detectors that `name[:JSON options]`, joined by ` else `, describes."""
    from sentinel_watch.detectors import DETECTORS  # noqa: PLC0415 - the registry is the detectors' own

    parts = [part.partition(":") for part in text.split(" else ")]
    return [DETECTORS.build({"part": name, **json.loads(options or "{}")}) for name, _, options in parts]


def plan_of(options: argparse.Namespace) -> Plan:
    """Return which runs are made."""
    seeds = list(SEEDS[options.role])
    clean, disturbed, planted = (seeds[:1], seeds[1:2], seeds[2:4]) if options.quick else (seeds[:3], seeds[:3], seeds[:6])
    chosen = options.scenario or [CLEAN, EVENTS, SMALL, *NUISANCES]
    names = [name for name in NUISANCES if name in chosen]
    small = planted[:3] if SMALL in chosen else []
    return Plan(clean if CLEAN in chosen else [], disturbed, planted if EVENTS in chosen else [], names, small, options.spectra)


def peer_plan(options: argparse.Namespace, *, sweep: bool) -> Plan:
    """Return the peers' runs, a part of ours: they are slow."""
    ours = plan_of(options)
    names = [] if sweep else [name for name in ours.nuisances if name in PEER_NUISANCES]
    return Plan(ours.clean_seeds[:1], ours.nuisance_seeds[:1], ours.event_seeds[:3], names, (), options.spectra)


def our_tallies(sites: Sequence[BenchSite], options: argparse.Namespace) -> list[Tally]:
    """Return what our detectors said on every run, site by site, in `--jobs` processes."""
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        by_site = list(pool.map(site_tallies, sites, [options] * len(sites)))
    return [Tally.merged(parts) for parts in zip(*by_site, strict=True)]


def site_tallies(site: BenchSite, options: argparse.Namespace) -> list[Tally]:
    """Return what our detectors said on the runs of one site."""
    detectors = {text: built(text) for text in options.detector or [DEFAULT]}
    tallies = {text: Tally(text) for text in detectors}
    begun = time.perf_counter()
    for run in planned_runs([site], plan_of(options)):
        for text, detector in detectors.items():
            tallies[text].add(run, watch(detector, run.cube, run.site.grid, run.site.monitor_day))
    sys.stderr.write(f"{time.perf_counter() - begun:6.0f} s  {site.span.name}\n")
    return [*tallies.values()]


def peer_tallies(sites: Sequence[BenchSite], options: argparse.Namespace) -> list[Tally]:
    """Return what the peers said: at their defaults on all their runs, made stricter on the clean ones and on the events."""
    tallies = []
    for methods, sweep in ((DEFAULTS, False), (SWEEP, True)):
        plan = peer_plan(options, sweep=sweep)
        made = {method: Tally(method) for method in methods}
        for site in (site for site in sites if site.span.name in PEER_SPANS):
            answers = watch_with_peers(planned_runs([site], plan), methods, options.peers, options.cache)
            for run in planned_runs([site], plan):
                for method in methods:
                    made[method].add(run, answers[run.name, method])
        tallies += made.values()
    return tallies


def stricter_tallies(sites: Sequence[BenchSite], options: argparse.Namespace) -> list[Tally]:
    """Return what ours said when made stricter, on the runs that the peers' stricter settings see."""
    tallies, detectors = {name: Tally(name) for name in STRICTER}, {name: built(text) for name, text in STRICTER.items()}
    seen = [site for site in sites if site.span.name in PEER_SPANS]
    for run in planned_runs(seen, peer_plan(options, sweep=True)):
        for name, detector in detectors.items():
            tallies[name].add(run, watch(detector, run.cube, run.site.grid, run.site.monitor_day))
    return [*tallies.values()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench, print its tables and write its results."""
    options = parsed(arguments)
    if options.real:
        scores = {text: real_scores(built(text), options.cases, options.cache) for text in options.detector or [DEFAULT]}
        text, results = real_table(scores), [{"method": name, **asdict(score)} for name, score in scores.items()]
        _kept(options.out, "real", text, results)
        return 0
    sites = [site for site in bench_sites(options.role, options.cases, options.cache) if site.span.name.startswith(options.site)]
    if options.peers:
        _told(peer_tallies(sites, options), options.out, "peers")
        _told(stricter_tallies(sites, options), options.out, "stricter")
    _told(our_tallies(sites, options), options.out, options.role)
    return 0


def _told(tallies: Sequence[Tally], folder: Path | None, name: str) -> None:
    notes = "".join(f"- {tally.method}: {note}\n" for tally in tallies for note in sorted(tally.notes))
    text = f"\n{false_table(tallies)}\n{recall_table(tallies)}\n{notes}"
    _kept(folder, name, text, [tally.as_json() for tally in tallies])


def _kept(folder: Path | None, name: str, text: str, results: object) -> None:
    print(text)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text)
        (folder / f"{name}.json").write_text(json.dumps(results, indent=1, allow_nan=True))
        (folder / f"{name}.commit").write_text(_commit())


def _commit() -> str:
    """Return the commit that is measured, with a + where files differ from it; empty outside a repository."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
