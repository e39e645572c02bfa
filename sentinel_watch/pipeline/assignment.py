"""What a run decides once for a site and keeps from then on: when the watch begins, with which bands, on which grid.

The decisions lie in the workspace with the watch, so that an archive that grows does not move the line between history
and watch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shapely import to_wkt

from sentinel_watch import __version__
from sentinel_watch.domain.scene import SCL
from sentinel_watch.indices import split_available
from sentinel_watch.models import load_model
from sentinel_watch.pipeline.archive import Archive, read_archive
from sentinel_watch.pipeline.definition import digest
from sentinel_watch.pipeline.ground import Ground
from sentinel_watch.pipeline.plan import RunRequest, Split, split
from sentinel_watch.pipeline.viewing import Viewer
from sentinel_watch.register import site_feature
from sentinel_watch.shipped import code_hash
from sentinel_watch.sources import open_source, reading_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.contracts import Source
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.store import Store, Watch

__all__ = ["Assignment", "assign", "resume"]

JUDGING = frozenset({"name", "summary", "site_types", "triage", "context", "sinks"})
"""Keys of a pipeline that decide nothing of what is seen."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One site's watch, ready to be run.

    Split and bands are as its first run decided them; `archive` is as the source lists it now.
    """

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
        """Return what the user should know of the decisions, in plain words.

        In this order: when the watch begins, what reading will take, bands that the source lacks, indices that need such bands.
        """
        pipeline, bands = self.request.pipeline, self.viewer.bands
        _, lacking = split_available(pipeline.indices, bands)
        without = [band for band in pipeline.bands if band not in bands]
        begin = f"watching from {self.split.monitor_from:%Y-%m-%d}: {self.split.why}"
        missing = [f"the source has no {', '.join(without)}: the detector works without"] if without else []
        read = [scene for scene in self.archive.scenes if self.split.role(scene)]
        plan = reading_plan(self.viewer.source, read, bands, [block.grid for block in self.ground.blocks])
        blind = [] if self.archive.bands((SCL,)) else ["the source has no SCL: cloud and shadow are told by their brightness alone"]
        return [begin, *plan, *missing, *blind, *(f"no {name}: it needs {', '.join(need)}" for name, need in lacking.items())]


def assign(request: RunRequest, store: Store) -> Assignment:
    """Return the site's watch: the one that the workspace knows, or a new one.

    Raises InputError where the request names no source, or the source has no scene of the AOI or none of the bands; SourceError
    where the source cannot be asked.
    """
    source = open_source(request.source, request.cache)
    archive = read_archive(source, request)
    identity = _identity(request)
    # of a known watch the old document comes back: its decisions stand, and what only judges is brought up to date
    watch = store.watch(digest(identity), {**identity, **_decisions(request, archive)}, _judging(request))
    return _job(request, source, archive, watch)


def resume(request: RunRequest, watch: Watch) -> Assignment:
    """Return a watch that is already in the store as the source lists its archive now; nothing is written.

    `request` must be the one that the watch was begun with, but for its end. Raises as `assign` does.
    """
    source = open_source(request.source, request.cache)
    return _job(request, source, read_archive(source, request), watch)


def _job(request: RunRequest, source: Source, archive: Archive, watch: Watch) -> Assignment:
    """Return the watch, ready to be run: split and bands as its document says."""
    document = watch.document
    bands = tuple(document["bands"])
    return Assignment(
        request,
        archive,
        Ground.of(request.site.geometry, request.pipeline.grid),
        Viewer(source, bands, request.pipeline.maskers),
        Split(_instant(document["monitor_from"]), document["why"], _instant(document["history_from"])),
        split_available(request.pipeline.indices, bands)[0],
        watch,
    )


def _identity(request: RunRequest) -> dict[str, Any]:
    """Return what makes two watches differ: all that decides what is seen, but for the end, which moves on from day to day."""
    asked = {name: value.isoformat() if value else None for name, value in (("start", request.start), ("asked_from", request.monitor_from))}
    # another state of the program may see otherwise: it learns and watches anew, and what the former found stays as it was
    code = {"code_version": __version__, "code_hash": code_hash()}
    seeing = {name: value for name, value in request.pipeline.resolved().items() if name not in JUDGING}
    site = {"site_id": request.site.site_id, "site_type": request.site.site_type, "geometry": to_wkt(request.site.geometry)}
    return {
        "site": site,
        "pipeline": seeing,
        "model": _model(request.pipeline.classifier_built.asks),
        "source": request.source,
        **asked,
        **code,
    }


def _judging(request: RunRequest) -> dict[str, Any]:
    """Return what may change within a watch, as plain JSON: the whole pipeline, and the site with its permits."""
    # through JSON: the store gives lists back where a site has tuples
    document: dict[str, Any] = json.loads(json.dumps({"pipeline": request.pipeline.resolved(), "site_feature": site_feature(request.site)}))
    return document


def _model(asked: str) -> str:
    """Return name, version and hash of the model that a classifier asks; empty for none."""
    card = load_model(asked)[1] if asked else None
    # the hash too, since a folder of one's own may come to hold another model
    return f"{card.name}/{card.version} {card.sha256[:16]}" if card else ""


def _decisions(request: RunRequest, archive: Archive) -> Mapping[str, Any]:
    """Return what is decided once, the split and the bands, as plain JSON for the watch's document."""
    line = split(archive.scenes, request.pipeline.history, request.monitor_from)
    return {
        "monitor_from": line.monitor_from.isoformat(),
        "history_from": line.history_from.isoformat(),
        "why": line.why,
        # by the archive and by the history: the detector compares looks of the one with looks of the other
        "bands": list(archive.bands(archive.bands(request.pipeline.bands), before=line.monitor_from)),
    }


def _instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text that names its zone, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
