"""Reviewed alerts as labelled pairs, in the layout that training reads: what people found becomes what a model learns from.

A confirmed alert is an example of the class that it was found to be, else of the one that it was told as; a dismissed one of what
its reason shows, where that is to be seen at all. The pictures are those that a model judges: what is normal, and the last scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.classification.measures import BANDS
from sentinel_watch.domain.case import LEARNT_AS, CaseStatus, Dismissal
from sentinel_watch.domain.look import usable
from sentinel_watch.errors import SceneError
from sentinel_watch.evidence.chip import chip_around
from sentinel_watch.pipeline.bundling import resumed
from sentinel_watch.pipeline.window import Window
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.case import Case
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.store import Store, Watch

__all__ = ["SIDE_PX", "Example", "collect", "label_of"]

SIDE_PX = 48
"""Side of a picture; of a wider chip the middle is taken."""


@dataclass(frozen=True, slots=True)
class Example:
    """One reviewed alert with its pictures."""

    alert: Alert
    label: str
    """An event class, or a class of what is no event."""
    before: NDArray[np.float32]
    """(6, y, x) reflectance that was normal, in the order of BANDS; NaN = not known."""
    after: NDArray[np.float32]
    """(6, y, x) reflectance of the scene after, NaN = masked."""


def collect(workspace: Path | str, out: Path) -> tuple[list[Example], dict[str, int]]:
    """Return the examples of all decided alerts of a workspace, by id, and how many alerts gave none, by reason.

    `out` is where remote sources keep what they fetch, if the workspace is a database. Raises SourceError where an archive cannot be asked.
    """
    found, without = [], {"not_decided": 0, "shows_nothing": 0, "cannot_be_read": 0}
    with open_store(workspace, must_exist=True) as store:
        jobs: dict[int, Assignment] = {}
        watches = {watch.watch_id: watch for watch in store.watches()}
        for case in sorted(store.cases(), key=lambda case: case.alert.alert_id):
            label = label_of(case)
            if not label:
                without["shows_nothing" if case.alert.decision else "not_decided"] += 1
                continue
            watch = watches[case.watch_id]
            # an archive is listed once, however many of its alerts were decided
            if case.watch_id not in jobs:
                jobs[case.watch_id] = resumed(watch, workspace, out)
            pictures = _pictures(jobs[case.watch_id], store, watch, case.alert)
            if pictures is None:
                without["cannot_be_read"] += 1
            else:
                found.append(Example(case.alert, label, *pictures))
    return found, without


def label_of(case: Case) -> str:
    """Return what a case is an example of; empty where it is not decided, or the decision does not say what is to be seen."""
    if case.alert.decision == CaseStatus.CONFIRMED.value:
        told = case.true_class or case.alert.event_class
        return "" if told == "unknown_change" else told
    if case.alert.decision == CaseStatus.DISMISSED.value and case.alert.rejection_reason:
        return case.true_class or LEARNT_AS.get(Dismissal(case.alert.rejection_reason), "")
    return ""


def _pictures(job: Assignment, store: Store, watch: Watch, alert: Alert) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return the pictures before and after; None where event or scene are no longer there."""
    event = next((event for event in store.events(watch) if event.event_id == alert.event_id), None)
    if event is None:
        return None
    window = Window(job, store, [chip_around(event, job.ground.grid)])
    try:
        look = window.look(alert.after_scene)
    except SceneError:
        return None
    if look is None:
        return None
    clear = np.where(usable(look["mask"].to_numpy()), look["reflectance"].to_numpy(), np.nan)
    normal = window.expect(np.datetime64(str(look["time"].values), "ns"))
    return _picture(normal, job.viewer.bands), _picture(clear, job.viewer.bands)


def _picture(values: NDArray[np.float32], bands: Sequence[str]) -> NDArray[np.float32]:
    """Return (6, SIDE_PX, SIDE_PX) of the middle of `values` (band, y, x), NaN for a band that is missing and beyond the AOI."""
    named: Mapping[str, NDArray[np.float32]] = dict(zip(bands, values, strict=True))
    top, left = (max((size - SIDE_PX) // 2, 0) for size in values.shape[1:])
    out = np.full((len(BANDS), SIDE_PX, SIDE_PX), np.nan, np.float32)
    for number, band in enumerate(BANDS):
        if band in named:
            part = named[band][top : top + SIDE_PX, left : left + SIDE_PX]
            out[number, : part.shape[0], : part.shape[1]] = part
    return out
