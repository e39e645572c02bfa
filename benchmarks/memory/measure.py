"""One run in a process of its own, and the most memory that it ever held."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.memory.archive import MONITOR_FROM, write_archive

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Measured", "measure"]

CHILD = """
import json, resource, sys, time
from sentinel_watch.app.cli import app
begin = time.perf_counter()
try:
    app(sys.argv[1:])
except SystemExit as end:
    code = end.code
peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stderr.write("\\n" + json.dumps({"code": code, "peak_mb": peak_kb / 1024, "seconds": time.perf_counter() - begin}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run took."""

    peak_mb: float
    """Largest resident set of the process, libraries included."""
    seconds: float
    alerts: int


def measure(folder: Path, monitored: int, side_px: int) -> Measured:
    """Write an archive into `folder`, run it, and return what that took; raise RuntimeError where the run fails."""
    write_archive(folder, monitored, side_px)
    words = ["run", "aoi.geojson", "--source", "catalog.json", "--monitor-from", f"{MONITOR_FROM:%Y-%m-%d}", "--out", "out"]
    done = subprocess.run([sys.executable, "-c", CHILD, *words], cwd=folder, capture_output=True, text=True, check=False)
    last = done.stderr.rpartition("\n")[2]
    if done.returncode or '"code": 0' not in last:
        raise RuntimeError(f"the run failed:\n{done.stderr}")
    told = json.loads(last)
    alerts = json.loads((folder / "out" / "alerts.geojson").read_text())["features"]
    return Measured(told["peak_mb"], told["seconds"], len(alerts))
