"""Runs the detection of a bundle once more, from the bundle alone, and compares what comes of it with what the bundle says.

No network, no former workspace: the bundle's own imagery, site, pipeline and model, on the loop that found the event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapely.geometry import shape

from sentinel_watch.evidence.bundle.bag import DATA
from sentinel_watch.evidence.bundle.documents import alert_document
from sentinel_watch.evidence.bundle.software import software
from sentinel_watch.models import load_model
from sentinel_watch.pipeline.assignment import assign
from sentinel_watch.pipeline.bundling import ALERT, SOFTWARE, WATCH, read_around, read_document, read_request
from sentinel_watch.pipeline.deliver import draft_alerts, triage_context
from sentinel_watch.pipeline.learning import learn_blocks
from sentinel_watch.pipeline.monitoring import Monitor
from sentinel_watch.pipeline.progress import Progress, Silent
from sentinel_watch.pipeline.rewind import pending
from sentinel_watch.shipped import models_of
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.pipeline.plan import RunRequest

__all__ = ["Replay", "replay"]

IDENTITY = (
    "geometry", "event_class", "class_probs", "status",
    "last_clear_before", "first_detected", "confirmed_at", "last_observed", "finished_at",
)  # fmt: skip
"""What a replay must give byte for byte: where, when, what."""

BESIDE = frozenset(
    {
        "revision",
        "evidence_sha256",
        "before_scene",
        "after_scene",
        "case_status",
        "decision",
        "rejection_reason",
        "assignee",
        "also_seen_as",
    }
)
"""What no detection decides: how often the alert was written, which scenes its pictures show, what people have entered."""

OF_THE_AOI = frozenset({"observability", "sensors", "qa_flags", "detection_confidence", "priority"})
"""What rests on the whole AOI, and may differ where a bundle holds a part of it only."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How a replayed alert compares with the one in the bundle."""

    alert_id: str
    found: bool
    """Whether the replay has the alert at all."""
    differing: Mapping[str, tuple[Any, Any]]
    """Column, or `geometry` -> what the bundle says, what the replay gives."""
    versions: Mapping[str, tuple[str, str]]
    """Software whose version differs -> the bundle's, the one here; "" = absent."""
    whole_aoi: bool
    """Whether the bundle holds the whole AOI."""
    near: tuple[str, ...] = field(default=())
    """Of an alert that was not found: alerts of the replay that overlap it."""

    @property
    def identical(self) -> bool:
        """Return whether geometry, dates and class are the same, byte for byte."""
        return self.found and not set(IDENTITY) & self.differing.keys()

    def explanation(self) -> list[str]:
        """Return in plain words what differs, and what may be the cause; empty where nothing does."""
        lines = [f"{name}: the bundle has {_short(was)}, the replay {_short(now)}" for name, (was, now) in self.differing.items()]
        if not self.found:
            lines.append(f"the replay has no alert {self.alert_id}; at its place: {', '.join(self.near) or 'none'}")
        if lines and not self.whole_aoi and self.differing.keys() & OF_THE_AOI:
            lines.append("the bundle holds a part of the AOI: what rests on all of it may differ")
        if lines and self.versions:
            lines.append("the software is not the same, which may be the cause:")
            lines += [f"  {name} was {was or 'absent'}, here {now or 'absent'}" for name, (was, now) in self.versions.items()]
        elif lines:
            lines.append("the software built the bundle too: the bundle was changed, another state found the alert, or the machine differs")
        return lines


def replay(bundle: Path, workspace: Path, progress: Progress | None = None) -> Replay:
    """Run the detection of the bundle in the folder `bundle`, in the empty folder `workspace`, and return the comparison.

    As `run` does it, up to the alert; pictures are not drawn. Raises InputError where a part of the bundle is missing or broken:
    `verify_bag` says which.
    """
    data = bundle / DATA
    filed = read_document(data, ALERT)
    drafts = _run(data, read_request(data, workspace, workspace), progress or Silent())
    replayed = {alert.alert_id: json.loads(json.dumps(alert_document(alert))) for alert in drafts}
    again = replayed.get(filed["id"])
    return Replay(
        alert_id=filed["id"],
        found=again is not None,
        differing=_differing(filed, again) if again else {},
        versions=_changed(read_document(data, SOFTWARE), software()),
        whole_aoi=bool(read_document(data, WATCH)["whole_aoi"]),
        near=() if again else _near(filed, replayed.values()),
    )


def _run(data: Path, request: RunRequest, progress: Progress) -> tuple[Alert, ...]:
    """Return the alerts of a run from nothing, with the models in the payload `data`."""
    # or a model of the same name that this process has read before would judge
    load_model.cache_clear()
    with models_of(data), open_store(request.workspace) as store:
        job = assign(request, store)
        learn_blocks(job, store, progress)
        Monitor(job, store).watch(pending(job, store), progress)
        return draft_alerts(job, store, triage_context(job, store, read_around(data)))


def _differing(filed: Mapping[str, Any], again: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two alerts as documents, what is beside the detection left out."""
    was, now = ({**one["properties"], "geometry": one["geometry"]} for one in (filed, again))
    names = [name for name in dict.fromkeys((*was, *now)) if name not in BESIDE]
    # as text, since 1 and 1.0 are equal and yet not the same bytes
    return {name: (was.get(name), now.get(name)) for name in names if json.dumps(was.get(name)) != json.dumps(now.get(name))}


def _changed(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the names whose version is not the same, with both."""
    return {name: (was.get(name, ""), now.get(name, "")) for name in sorted({*was, *now}) if was.get(name) != now.get(name)}


def _near(filed: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the alerts whose outline overlaps that of the bundle's."""
    place = shape(filed["geometry"])
    return tuple(sorted(other["id"] for other in others if shape(other["geometry"]).intersects(place)))


def _short(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a value on one short line."""
    return f"{json.dumps(value):.80}"
