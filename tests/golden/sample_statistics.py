"""What a run of the built-in sample gives, in a few numbers that a diff can show.

To take new numbers for the right ones, after looking at why they changed: `python tests/golden/sample_statistics.py`.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentinel_watch.pipeline.definition import pipeline_for
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site
from sentinel_watch.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GOLDEN", "statistics"]

GOLDEN = Path(__file__).parent / "sample_statistics.json"


def statistics(folder: Path) -> dict[str, Any]:
    """Return the statistics of a run of the sample with its shipped AOI and pipeline into `folder`."""
    site = read_site(shipped("aoi", "forest_romania.geojson"))
    result = run(RunRequest(site, "sample", pipeline_for(site.site_type), folder, folder / "workspace"))
    return {
        "alerts_by_class": _counted(alert.event_class for alert in result.alerts),
        "alerts_by_status": _counted(alert.status for alert in result.alerts),
        "area_ha": round(sum(alert.area_ha for alert in result.alerts), 2),
        "first_detected_by_year": _counted(alert.first_detected[:4] for alert in result.alerts),
        "first_detected": min((alert.first_detected for alert in result.alerts), default=None),
        "confirmed_at": min((alert.confirmed_at for alert in result.alerts if alert.confirmed_at), default=None),
        "largest": [[alert.first_detected, alert.area_ha] for alert in sorted(result.alerts, key=lambda a: (-a.area_ha, a.alert_id))[:5]],
        "scenes": _counted(f"{record.role} {record.outcome} {record.reason}".strip() for record in result.records),
        "notes": list(result.notes),
    }


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        GOLDEN.write_text(json.dumps(statistics(Path(name)), indent=1) + "\n")
