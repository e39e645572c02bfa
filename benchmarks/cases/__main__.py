"""Time the store and the exports over many simulated alerts: `python -m benchmarks.cases [--alerts N] [--workspace PLACE]`."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from shapely import Point

from sentinel_watch.app.alerts import Wanted, export_alerts, list_alerts
from sentinel_watch.domain.alert import Alert
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

SITES = 50
CLASSES = ("excavation", "waste_deposit", "vegetation_loss", "construction")
COUNTRIES = ("AZE", "IRN", "KAZ", "KGZ", "PAK", "TJK", "TUR", "UZB")


def main() -> None:
    """Print a table of what was done and the times that it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description=__doc__)
    parser.add_argument("--alerts", type=int, default=10_000, help="how many, spread over 50 sites")
    parser.add_argument("--workspace", help="an empty workspace, a folder or a PostgreSQL address; left out, a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.workspace or str(Path(folder) / "workspace")
        print(
            f"{options.alerts} simulated alerts of {SITES} sites, outlines of 33 points\n\n| what | processor, s | wall, s |\n|---|---|---|"
        )
        with open_store(place) as store:
            _time("write them, each with its entry of the audit log", lambda: _fill(store, options.alerts))
            _time("read all cases, most urgent first", store.cases)
            wanted = Wanted(country="AZE", severity="high", event_class="waste_deposit")
            _time("filter by country, class and severity", lambda: [case for case in store.cases() if wanted.has(case)])
            _time("review one", lambda: store.review("site0-00000000", 1, Review("Ana", CaseStatus.CONFIRMED)))
            _time("verify the audit log", lambda: None if store.audit.verify() is None else 1 / 0)
        _time("list all as a table", lambda: _silently(lambda: list_alerts(place)))
        for name in ("geojson", "gpkg", "csv", "cap", "flatgeobuf", "geoparquet"):
            _time(f"export all as {name}", lambda name=name: _silently(lambda: export_alerts(place, Wanted(), Path(folder), (name,))))


def _silently(work: Callable[[], object]) -> None:
    """Do `work` without what it prints."""
    with redirect_stdout(StringIO()):
        work()


def _time(what: str, work: Callable[[], object]) -> None:
    """Do `work`, and print how long it took: this process's own time, and on the clock."""
    begin = perf_counter()
    spent = process_time()
    work()
    print(f"| {what} | {process_time() - spent:.2f} | {perf_counter() - begin:.2f} |", flush=True)


def _fill(store: Store, count: int) -> None:
    """Write the alerts, site by site, as runs do."""
    for site in range(SITES):
        watch = store.watch(f"{site:064d}", {"site": {"site_id": f"site{site}", "site_type": "mine"}})
        store.replace_alerts(watch, [_alert(site, number) for number in range(count // SITES)])


def _alert(site: int, number: int) -> Alert:
    """Return a made-up alert."""
    lon, lat = 40 + site, 40 + number / 1000
    return Alert.model_validate(
        {
            "geometry": Point(lon, lat).buffer(0.001, quad_segs=8), "alert_id": f"site{site}-{number:08x}", "event_id": f"{number:016x}",
            "site_id": f"site{site}", "event_class": CLASSES[number % 4], "class_confidence": 0.5, "class_probs": "{}",
            "explanation": "Simulated.", "last_clear_before": "2023-01-04", "first_detected": "2023-02-03", "confirmed_at": "2023-03-05",
            "last_observed": "2023-06-01", "finished_at": None, "status": "confirmed", "area_ha": 1.0, "centroid_lon": lon,
            "centroid_lat": lat, "location_uncertainty_m": 12.5, "country": COUNTRIES[site % 8], "admin": "", "magnitude": 7.0,
            "n_observations": 9, "n_anomalous": 8, "sensors": "sentinel-2a", "detection_confidence": 0.9, "permit_id": None,
            "outside_permit_pct": None, "protected_overlap_ha": None, "distance_to_water_m": None, "suspected_violation": None,
            "reasons": "", "severity": ("low", "medium", "high")[number % 3], "priority": float(number % 100), "qa_flags": "",
            "observability": 0.5,
            "pipeline": "mine", "model_version": "rule", "code_version": "0", "before_scene": None, "after_scene": "S",
        }
    )  # fmt: skip


if __name__ == "__main__":
    main()
