"""What a run of the built-in sample gives, in a few numbers that a diff can show.

To take new numbers for the right ones, after looking at why they changed: `python tests/golden/sample_statistics.py`.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import UTC, datetime
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

# as the tutorial has it, whose run the test looks at
MONITOR_FROM = datetime(2018, 1, 1, tzinfo=UTC)


def statistics(out: Path) -> dict[str, Any]:
    """Return the statistics of what a run of the sample wrote into `out`."""
    features = json.loads((out / "alerts.geojson").read_text("utf-8"))["features"]
    alerts, ledger = [feature["properties"] for feature in features], json.loads((out / "run.json").read_text("utf-8"))
    return {
        "alerts_by_class": _counted(alert["event_class"] for alert in alerts),
        "alerts_by_status": _counted(alert["status"] for alert in alerts),
        "area_ha": round(sum(alert["area_ha"] for alert in alerts), 2),
        "first_detected_by_year": _counted(alert["first_detected"][:4] for alert in alerts),
        "first_detected": min((alert["first_detected"] for alert in alerts), default=None),
        "confirmed_at": min((alert["confirmed_at"] for alert in alerts if alert["confirmed_at"]), default=None),
        "largest": [[one["first_detected"], one["area_ha"]] for one in sorted(alerts, key=lambda a: (-a["area_ha"], a["alert_id"]))[:5]],
        "scenes": _counted(f"{scene['role']} {scene['outcome']} {scene['reason']}".strip() for scene in ledger["scenes"]),
        "notes": ledger["notes"],
    }


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def main() -> None:
    """Run the sample, and write its statistics."""
    site = read_site(shipped("aoi", "forest_romania.geojson"))
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        run(RunRequest(site, "sample", pipeline_for(site.site_type), out, out / "workspace", monitor_from=MONITOR_FROM))
        GOLDEN.write_text(json.dumps(statistics(out), indent=1) + "\n")


if __name__ == "__main__":
    main()
