"""The overview of a run: the AOI as it last was clear, with its alerts.

Imagery is not kept, so the scene is read once more; which one is chosen here, and how it is drawn is for the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.errors import SceneError
from sentinel_watch.evidence.folder import write_file
from sentinel_watch.evidence.overview import OverviewInputs, overview_png

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr
    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.pipeline.assignment import Assignment

__all__ = ["draw_overview"]

MAX_SIDE_PX = 1_000
"""A larger AOI is read coarser: nobody sees more on a page."""


def draw_overview(job: Assignment, alerts: Sequence[Alert], records: Sequence[SceneRecord]) -> Path:
    """Write `overview.png` into the run's folder and return its path.

    `records` are the ledger, oldest first. Where no used scene can be read there is no picture below the outlines.
    """
    grid = _page_grid(job.ground.grid)
    inputs = OverviewInputs(job.request.site, grid, _latest_clear(job, records, grid), alerts)
    path = job.request.out / "overview.png"
    write_file(path, overview_png(inputs))
    return path


def _page_grid(grid: GeoBox) -> GeoBox:
    """Return the AOI's grid, or one that is coarser by a whole factor, so that no side is above MAX_SIDE_PX."""
    coarser = max(1, -(-max(grid.shape) // MAX_SIDE_PX))
    return grid.zoom_out(coarser) if coarser > 1 else grid


def _latest_clear(job: Assignment, records: Sequence[SceneRecord], grid: GeoBox) -> xr.Dataset | None:
    """Return the latest of the scenes that are nearly as clear as the clearest, None where none can be read."""
    used = [record for record in records if record.outcome is Outcome.USED]
    best = max((record.clear_fraction or 0.0 for record in used), default=0.0)
    # the latest of the nearly clear: the clearest of all may be years old and show none of the alerts
    latest = [record.scene_id for record in used if (record.clear_fraction or 0.0) >= 0.98 * best]
    scene = next((scene for scene in job.archive.scenes if latest and scene.scene_id == latest[-1]), None)
    # baselines are on the AOI's own grid, so there is none to mask a coarser one with
    try:
        return job.viewer.mask(job.viewer.read(scene, grid), None) if scene else None
    except SceneError:
        return None
