"""What a run is asked for, and how it splits the archive into what it learns from and what it watches.

By instants alone: what the scenes show does not move the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sentinel_watch.store import is_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.domain.site import Site
    from sentinel_watch.pipeline.definition import History, Pipeline

__all__ = ["RunRequest", "Split", "split"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run of one AOI; `out` is what people get, `workspace` what the next run remembers."""

    site: Site
    source: str
    """As given: `sample`, a path to a catalogue, a name from the configuration."""
    pipeline: Pipeline
    out: Path
    workspace: Path | str
    """A folder, or a PostgreSQL address."""
    start: datetime | None = None
    monitor_from: datetime | None = None
    end: datetime | None = None
    """All UTC, timezone-aware; scenes before `start` and after `end` are left out."""

    @property
    def cache(self) -> Path:
        """Return the folder for what sources fetch: in the workspace, beside the output where that is a database."""
        return self.out / "cache" if is_address(self.workspace) else Path(self.workspace) / "cache"


@dataclass(frozen=True, slots=True)
class Split:
    """Which scenes are history, which are watched, and why the line was drawn there; instants are UTC."""

    monitor_from: datetime
    why: str
    """In plain words, for the run's report."""
    history_from: datetime

    def role(self, scene: Scene) -> str | None:
        """Return `history`, `monitoring`, or None for a scene that is too old to be read.

        A scene at the very line is watched.
        """
        if scene.time >= self.monitor_from:
            return "monitoring"
        return "history" if scene.time >= self.history_from else None


def split(scenes: Sequence[Scene], history: History, monitor_from: datetime | None) -> Split:
    """Return where the watch begins: where the caller says, or after the history that `history` asks for.

    That is both its days and its scenes, where they leave a tenth of the archive's span to watch. A shorter archive gives what
    it has: `min_days`, where its span is a tenth longer than those, or else three fifths of its span. `scenes` are oldest first,
    at least one.
    """
    if monitor_from:
        return _at(monitor_from, history, "as asked for")
    first, span = scenes[0].time, scenes[-1].time - scenes[0].time
    # the second entry is missing where the archive has no scene after so many
    wanted = [first + timedelta(days=history.days), *(scene.time for scene in scenes[history.min_scenes :][:1])]
    if max(wanted) <= first + span * 0.9 and len(wanted) > 1:
        why = f"{history.days} days and {history.min_scenes} scenes after the first scene" if max(wanted) != wanted[0] else ""
        return _at(max(wanted), history, why or f"{history.days} days after the first scene")
    if span >= timedelta(days=history.min_days) * 1.1:
        return _at(first + timedelta(days=history.min_days), history, f"{history.min_days} days after the first scene")
    return _at(first + span * 0.6, history, f"the archive spans only {span.days} days: its first three fifths are the history")


def _at(monitor_from: datetime, history: History, why: str) -> Split:
    """Return the split at `monitor_from`, with as much history before it as is read at most."""
    return Split(monitor_from, why, monitor_from - timedelta(days=history.max_days))
