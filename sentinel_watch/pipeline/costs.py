"""What fetching imagery for a watch has cost, all runs together.

Beside the store and not in it: a run that is refused a scene has spent all the same, and what it spent is kept even then.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from sentinel_watch.sources import spent_by

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.pipeline.assignment import Assignment

__all__ = ["costs", "keep_costs"]


def costs(job: Assignment) -> dict[str, float]:
    """Return what was spent on the watch up to now, this run included, by name; nothing where the source fetches nothing."""
    spent = spent_by(job.viewer.source)
    before = _before(_path(job))
    return {name: round(before.get(name, 0) + amount, 4) for name, amount in spent.items()}


def keep_costs(job: Assignment) -> None:
    """Keep what this run has spent, for the next one's report; to be called once, at its end."""
    total, path = costs(job), _path(job)
    if total == _before(path):
        return
    partial = path.with_name(f".{uuid4().hex}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(json.dumps(total, sort_keys=True), encoding="utf-8")
    partial.replace(path)


def _path(job: Assignment) -> Path:
    return job.request.cache / "costs" / f"{job.watch.key[:16]}.json"


def _before(path: Path) -> dict[str, float]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
