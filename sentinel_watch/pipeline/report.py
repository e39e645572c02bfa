"""`run.json`: the ledger of a run, what it decided, and what it ran with.

For programs, and for whoever has to trace a result: versions, the whole pipeline, and the hashes of what was handed over.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sentinel_watch.alerting import DETECTABLE_HA
from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.pipeline.costs import costs
from sentinel_watch.pipeline.definition import digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.learning import Lesson

__all__ = ["Findings", "coverage", "write_report"]

PACKAGES = ("sentinel-watch", "numba", "numpy", "odc-geo", "pyogrio", "pyproj", "rasterio", "scikit-image", "shapely", "xarray")
SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of a run, to be reported."""

    alerts: Sequence[Alert]
    records: Sequence[SceneRecord]
    """The ledger, oldest scene first."""
    notes: Sequence[str]
    """What the run decided or could not do, in plain words."""
    lessons: Mapping[str, Lesson]
    """Block key -> what was learnt of it."""
    became: Mapping[str, Any]
    """What became of every event, as `alerting.tally` counts."""


def write_report(job: Assignment, findings: Findings) -> Path:
    """Write `run.json` and return its path; the same store gives the same bytes.

    UTF-8 JSON, indented. To be called when the alerts' files are written, for their hashes are those of what is in `out`.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "site": {"site_id": job.request.site.site_id, "name": job.request.site.name, "site_type": job.request.site.site_type},
        "source": job.request.source,
        "period": _period(job),
        "notes": list(findings.notes),
        "coverage": coverage(findings.records),
        "alerts": dict(sorted(Counter(alert.status for alert in findings.alerts).items())),
        "events": dict(findings.became),
        "outputs": _hashes(job.request.out, findings.alerts),
        "bands": list(job.viewer.bands),
        "indices": list(job.indices),
        "grid": _grid(job, findings.lessons),
        "detectable_area_ha": dict(DETECTABLE_HA),
        "pipeline": {"sha256": digest(job.request.pipeline.resolved()), **job.request.pipeline.resolved()},
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}},
        "timings": {"scenes_seconds": round(sum(record.seconds for record in findings.records), 3)},
        "spent": costs(job),
        "scenes": [asdict(record) for record in findings.records],
    }
    path = job.request.out / "run.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def coverage(records: Sequence[SceneRecord]) -> dict[str, Any]:
    """Return how well the AOI was observed: scenes by outcome and reason, mean clear share, the last used scene.

    Of the monitored scenes, but for `history_scenes_used`. `mean_clear_fraction` is 0-1, None where nothing was watched;
    `last_used` is a UTC day, None where no scene was used. `records` are oldest first.
    """
    watched = [record for record in records if record.role == "monitoring"]
    used = [record for record in watched if record.outcome is Outcome.USED]
    # used ones: a scene that was rejected shows nothing of its day
    days = [record.time[:10] for record in used]
    return {
        "scenes": dict(sorted(Counter(record.outcome.value for record in watched).items())),
        "rejected": dict(sorted(Counter(r.reason.value for r in watched if r.outcome is Outcome.REJECTED).items())),
        "history_scenes_used": sum(record.role == "history" and record.outcome is Outcome.USED for record in records),
        # over all that were watched: without the cloudy ones the AOI would seem better observed than it was
        "mean_clear_fraction": round(sum(record.clear_fraction or 0.0 for record in watched) / len(watched), 4) if watched else None,
        "last_used": days[-1] if days else None,
    }


def _period(job: Assignment) -> dict[str, Any]:
    """Return what period was asked for, and what was made of it; instants as ISO 8601, UTC, None for an open end."""
    asked = {name: value.isoformat() if value else None for name, value in (("start", job.request.start), ("end", job.request.end))}
    return {
        **asked,
        "history_from": job.split.history_from.isoformat(),
        "monitor_from": job.split.monitor_from.isoformat(),
        "why": job.split.why,
    }


def _grid(job: Assignment, lessons: Mapping[str, Lesson]) -> dict[str, Any]:
    """Return CRS, affine transform (6 numbers) and shape (rows, columns) of the AOI's grid, and the detector of each block by key."""
    grid, detectors = job.ground.grid, job.request.pipeline.detectors
    watching = {key: None if lesson.detector is None else detectors[lesson.detector]["part"] for key, lesson in sorted(lessons.items())}
    return {"crs": str(grid.crs), "transform": list(grid.affine)[:6], "shape": list(grid.shape), "detector_by_block": watching}


def _hashes(out: Path, alerts: Sequence[Alert]) -> dict[str, str]:
    """Return the SHA-256, in hex, of each alert file, and for each evidence folder that of its manifest."""
    files = [path for path in sorted(out.glob("alerts.*")) if path.is_file()]
    evidence = {f"evidence/{alert.alert_id}": alert.evidence_sha256 or "" for alert in sorted(alerts, key=lambda alert: alert.alert_id)}
    return {**{path.name: sha256(path.read_bytes()).hexdigest() for path in files}, **evidence}
