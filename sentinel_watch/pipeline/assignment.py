"""What a run decides once for a site and keeps from then on: when the watch begins, with which bands, on which grid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shapely import to_wkt

from sentinel_watch import __version__
from sentinel_watch.indices import split_available
from sentinel_watch.pipeline.archive import Archive, read_archive
from sentinel_watch.pipeline.definition import digest
from sentinel_watch.pipeline.ground import Ground
from sentinel_watch.pipeline.plan import RunRequest, Split, split
from sentinel_watch.pipeline.viewing import Viewer
from sentinel_watch.sources import open_source, reading_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.domain.site import Site
    from sentinel_watch.store import Store, Watch

__all__ = ["Assignment", "assign"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One site's watch, ready to be run."""

    request: RunRequest
    archive: Archive
    ground: Ground
    viewer: Viewer
    split: Split
    indices: tuple[str, ...]
    """Those of the pipeline's indices that the bands suffice for."""
    watch: Watch

    def scenes(self, role: str) -> list[Scene]:
        """Return the scenes of one role, `history` or `monitoring`, oldest first."""
        return [scene for scene in self.archive.scenes if self.split.role(scene) == role]

    def notes(self) -> list[str]:
        """Return what the user should know of the decisions, in plain words."""
        pipeline, bands = self.request.pipeline, self.viewer.bands
        _, lacking = split_available(pipeline.indices, bands)
        without = [band for band in pipeline.bands if band not in bands]
        begin = f"watching from {self.split.monitor_from:%Y-%m-%d}: {self.split.why}"
        missing = [f"the source has no {', '.join(without)}: the detector works without"] if without else []
        read = [scene for scene in self.archive.scenes if self.split.role(scene)]
        plan = reading_plan(self.viewer.source, read, bands, self.ground.grid)
        return [begin, *plan, *missing, *(f"no {name}: it needs {', '.join(need)}" for name, need in lacking.items())]


def assign(request: RunRequest, store: Store) -> Assignment:
    """Return the site's watch: the one that the workspace knows, or a new one; raise SourceError or InputError where there is nothing."""
    source = open_source(request.source, request.workspace / "cache")
    archive = read_archive(source, request)
    ground = Ground.of(request.site.geometry, request.pipeline.grid)
    identity = _identity(request)
    watch = store.watch(digest(identity), {**identity, **_decisions(request, archive)})
    document = watch.document
    bands = tuple(document["bands"])
    return Assignment(
        request,
        archive,
        ground,
        Viewer(source, bands, request.pipeline.maskers),
        Split(_instant(document["monitor_from"]), document["why"], _instant(document["history_from"])),
        split_available(request.pipeline.indices, bands)[0],
        watch,
    )


def _identity(request: RunRequest) -> dict[str, Any]:
    """Return what makes two watches differ: all that is asked for but the end, which moves on from day to day, and the version."""
    asked = {name: value.isoformat() if value else None for name, value in (("start", request.start), ("asked_from", request.monitor_from))}
    # another version may see otherwise: it learns and watches anew, and what the former found stays as it was
    code = {"code_version": __version__}
    return {"site": _site(request.site), "pipeline": request.pipeline.resolved(), "source": request.source, **asked, **code}


def _decisions(request: RunRequest, archive: Archive) -> Mapping[str, Any]:
    line = split(archive.scenes, request.pipeline.history, request.monitor_from)
    return {
        "monitor_from": line.monitor_from.isoformat(),
        "history_from": line.history_from.isoformat(),
        "why": line.why,
        "bands": list(archive.bands(archive.bands(request.pipeline.bands), before=line.monitor_from)),
    }


def _site(site: Site) -> dict[str, Any]:
    permits = [{"permit_id": permit.permit_id, "geometry": to_wkt(permit.geometry), "terms": repr(permit)} for permit in site.permits]
    return {"site_id": site.site_id, "site_type": site.site_type, "geometry": to_wkt(site.geometry), "permits": permits}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
