"""What a source promises for a run: its scenes, and the bands that they have.

No file is opened here: what a catalogue lists may still turn out to be missing or broken when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sentinel_watch.errors import InputError, SourceError
from sentinel_watch.sources import newest_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sentinel_watch.contracts import Source
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.plan import RunRequest

__all__ = ["Archive", "read_archive"]


@dataclass(frozen=True, slots=True)
class Archive:
    """The scenes that a catalogue promises for a run; each that it lists is in exactly one of the three."""

    scenes: tuple[Scene, ...]
    """One an observation, oldest first, no two at the same instant; those whose entry is broken are among them, without assets."""
    copies: tuple[Scene, ...]
    """Other copies of the same observations."""
    undated: tuple[Scene, ...] = ()
    """Broken entries that do not even say when: they have no place in time."""

    def bands(self, wanted: tuple[str, ...], before: datetime | None = None) -> tuple[str, ...]:
        """Return those of `wanted`, in their order, that at least half of the scenes with assets have.

        Where any scene is older than `before`, only those count. Where no scene has assets, no band is returned.
        """
        # half, because a scene that lacks a chosen band is rejected: a rare band would cost most of them
        listed = [scene for scene in self.scenes if scene.assets]
        listed = [scene for scene in listed if before and scene.time < before] or listed
        return tuple(band for band in wanted if 2 * sum(band in scene.assets for scene in listed) >= max(len(listed), 1))


def read_archive(source: Source, request: RunRequest) -> Archive:
    """Return what `source` holds for a run, between its `start` and `end`, with the copies told apart.

    Raises InputError where that is nothing, or where too few of the scenes have any band of the pipeline; SourceError where no
    entry can be read.
    """
    kept, dropped = newest_copies(source.search(request.site.geometry, request.start, request.end))
    dated = [scene for scene in kept if _is_dated(scene)]
    if not dated:
        period = f"{request.start:%Y-%m-%d}" if request.start else "the beginning"
        until = f"{request.end:%Y-%m-%d}" if request.end else "the end"
        # an empty answer is no failure: most probably AOI, dates and source do not belong together
        raise (SourceError if kept else InputError)(
            "the source has no scene of the AOI",
            where=request.source,
            found=f"{len(kept)} entries that cannot be read" if kept else f"nothing from {period} to {until}",
            next_step="check that AOI, dates and source belong together",
        )
    archive = Archive(tuple(_apart(dated)), tuple(dropped), tuple(scene for scene in kept if not _is_dated(scene)))
    # said before anything is read, since every scene would be rejected for it
    if not archive.bands(request.pipeline.bands):
        has = sorted({band for scene in kept for band in scene.assets})
        raise InputError(
            "the source has none of the bands that the pipeline looks at",
            where=request.source,
            found=", ".join(has) or "no readable scene",
            allowed=", ".join(request.pipeline.bands),
            next_step="name another --pipeline or --source",
        )
    return archive


def _is_dated(scene: Scene) -> bool:
    """Return whether the catalogue's entry says when the scene was taken."""
    # sources give an entry that does not say when the epoch
    return scene.time.timestamp() > 0


def _apart(scenes: Iterable[Scene]) -> Iterator[Scene]:
    """Yield the scenes with no two at the same instant: the tiles of one overpass are looks after one another.

    `scenes` are oldest first. One that does not lie after the scene before it is moved to a microsecond after that.
    """
    soonest = None
    for scene in scenes:
        apart = scene if soonest is None or scene.time >= soonest else replace(scene, time=soonest)
        soonest = apart.time + timedelta(microseconds=1)
        yield apart
