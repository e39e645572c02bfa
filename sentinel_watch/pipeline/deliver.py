"""What a run hands over: alerts in every format, the evidence behind each, and the ledger.

Events and ledger come from the store, whichever run put them there; what the pictures show is read from the source anew.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from sentinel_watch import __version__
from sentinel_watch.alerting import Context, tally
from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.domain.scene import SCL
from sentinel_watch.domain.surroundings import Surroundings
from sentinel_watch.log import log
from sentinel_watch.pipeline.learning import Lesson
from sentinel_watch.pipeline.picture import draw_overview
from sentinel_watch.pipeline.proof import prove
from sentinel_watch.pipeline.report import Findings, write_report
from sentinel_watch.pipeline.rewind import unlisted
from sentinel_watch.register import read_surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.progress import Progress
    from sentinel_watch.store import Store

__all__ = ["RunResult", "deliver", "draft_alerts", "history_days", "triage_context"]

TWO_YEARS = 700
"""Days, a little less than two years: a history of two whole seasons may end at its last clear scene."""

CONFIRMING = 4
"""Anomalous looks that every detector asks for at least before it confirms."""

YOUNG_HISTORY = 0.8
"""What a shorter history leaves of the confidence in a detection."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run; alerts and ledger are those of the whole watch, earlier runs included."""

    alerts: tuple[Alert, ...]
    """Highest priority first."""
    records: tuple[SceneRecord, ...]
    """The ledger, oldest scene first."""
    notes: tuple[str, ...]
    """What the run decided or could not do, in plain words."""
    paths: Mapping[str, Path]
    """What was written, by name."""

    @property
    def exit_code(self) -> int:
        """Return 3, the code of a SourceError, where a scene could not be read, else 0."""
        return 3 if any(record.outcome is Outcome.FAILED for record in self.records) else 0


def deliver(job: Assignment, store: Store, progress: Progress) -> RunResult:
    """Write everything that a run hands over into its `out` folder, and return it.

    What every sink writes, `evidence/`, `overview.png` and `run.json`. The store's alerts are replaced as well; what people
    have entered in a case stays.
    """
    out = job.request.out
    out.mkdir(parents=True, exist_ok=True)
    records, lessons = store.records(job.watch), _lessons(job, store)
    # the sinks write what the store gives back: it adds what people have entered
    layers, crs = job.request.pipeline.context, str(job.ground.grid.crs)
    around = read_surroundings(layers.named(), job.request.site.geometry, crs, layers.cadastres())
    context = triage_context(job, store, around)
    alerts = store.replace_alerts(job.watch, prove(job, store, draft_alerts(job, store, context), progress))
    _set_aside(out / "evidence", store.withdrawn(job.watch))
    paths = {path.name: path for path in (sink.write(alerts, out) for sink in job.request.pipeline.sinks_built)}
    overview = draw_overview(job, alerts, records)
    notes = (*job.notes(), *_shortcomings(job, records, lessons), *unlisted(job, records))
    # last, since it holds the hashes of the files
    became = tally(job.request.pipeline.triage, store.events(job.watch), context)
    report = write_report(job, Findings(alerts, records, notes, lessons, became))
    return RunResult(alerts, records, notes, {**paths, overview.name: overview, report.name: report})


def triage_context(job: Assignment, store: Store, around: Surroundings | None = None) -> Context:
    """Return what the triage must know beside the events; `around` is what lies around the site, None where nobody looked."""
    context = _context(job, store.records(job.watch), _lessons(job, store))
    return replace(context, surroundings=around or Surroundings(), suppressions=store.suppressions(job.request.site.site_id))


def draft_alerts(job: Assignment, store: Store, context: Context) -> tuple[Alert, ...]:
    """Return the alerts that follow from the store's events, before any picture is drawn and anything a person has entered."""
    triage, events = job.request.pipeline.triage, store.events(job.watch)
    if hidden := triage.suppressed(events, context):
        log.warning("%d events lie in zones where nothing is to be alerted: sentinel-watch site show", len(hidden))
    return triage.alerts(events, context)


def _set_aside(folder: Path, alert_ids: Sequence[str]) -> None:
    """Move the evidence of alerts that are no longer found to `withdrawn/`, out of the way of those that are."""
    for alert_id in alert_ids:
        if (folder / alert_id).is_dir():
            aside = folder / "withdrawn" / alert_id
            # of one that came and went before, the latest evidence is kept
            shutil.rmtree(aside, ignore_errors=True)
            aside.parent.mkdir(exist_ok=True)
            (folder / alert_id).rename(aside)


def _lessons(job: Assignment, store: Store) -> dict[str, Lesson]:
    """Return block key -> what was learnt of the block, for those that the store knows."""
    return {block.key: Lesson.load(saved) for block in job.ground.blocks if (saved := store.baseline(job.watch, block.key))}


def _context(job: Assignment, records: Sequence[SceneRecord], lessons: Mapping[str, Lesson]) -> Context:
    """Return what the triage must know beside the events: the site, the scenes, and how far the watch can be trusted.

    `detection_limit` is 0 where no block has a detector; `short_history` holds where any block has to do with another than the
    first choice.
    """
    detectors = job.request.pipeline.detectors_built
    chosen = {lesson.detector for lesson in lessons.values() if lesson.detector is not None}
    second_choice = any(number > 0 for number in chosen)
    young = history_days(records) < TWO_YEARS
    # the least sure speaks for all: an event does not say which detector found it
    limit = min((detectors[number].confidence_limit for number in chosen), default=0.0)
    monitored = {record.scene_id for record in records if record.role == "monitoring" and record.outcome is Outcome.USED}
    flags = (("short_history", second_choice), ("history_under_two_years", young), ("no_scl", not job.archive.bands((SCL,))))
    return Context(
        site=job.request.site,
        crs=str(job.ground.grid.crs),
        records=records,
        sensors=";".join(sorted({scene.platform for scene in job.archive.scenes if scene.scene_id in monitored})),
        detection_limit=limit * YOUNG_HISTORY if young else limit,
        short_history=second_choice,
        qa_flags=tuple(flag for flag, holds in flags if holds),
        pipeline=job.request.pipeline.name,
        code_version=__version__,
    )


def history_days(records: Sequence[SceneRecord]) -> int:
    """Return the days from the first to the last scene of the history that was used; 0 where there is none."""
    days = [date.fromisoformat(record.time[:10]) for record in records if record.role == "history" and record.outcome is Outcome.USED]
    return (max(days) - min(days)).days if days else 0


def _shortcomings(job: Assignment, records: Sequence[SceneRecord], lessons: Mapping[str, Lesson]) -> list[str]:
    """Return what the run could not do, in plain words, one sentence each; none where nothing was lacking."""
    watched = [record for record in records if record.role == "monitoring"]
    unlearnt = sum(lesson.detector is None for lesson in lessons.values())
    # 0 is the first choice, and None has a sentence of its own
    names = [job.request.pipeline.detectors[lesson.detector]["part"] for lesson in lessons.values() if lesson.detector]
    span = history_days(records)
    unseen = sum(int(lesson.unseen.sum()) for lesson in lessons.values()) / max(int(job.ground.inside.sum()), 1)
    found = (
        (f"{unseen:.0%} of the AOI was never seen clear in the history, so that nothing can be found there", unseen >= 0.005),
        (
            f"the history spans {span} days: what did not happen in them, a rotation of crops or a wet year, is not known to be normal",
            span < TWO_YEARS,
        ),
        (f"{unlearnt} of {len(lessons)} blocks have no usable history and were not watched", bool(unlearnt)),
        (f"the history is too short for the first choice of detector: {', '.join(sorted(set(names)))} watched instead", bool(names)),
        *_doubts(job, sum(record.outcome is Outcome.USED for record in watched) if unlearnt < len(lessons) else 0, bool(names)),
        ("no scene lies after the history: nothing was watched", not watched),
        ("no watched scene could be used: the AOI was not observed", bool(watched) and all(r.outcome is not Outcome.USED for r in watched)),
    )
    return [text for text, holds in found if holds]


def _doubts(job: Assignment, used: int, second_choice: bool) -> list[tuple[str, bool]]:  # noqa: FBT001 - one of two facts
    """Return what a comparison of few looks leaves open, each sentence with whether it holds; `used` = watched scenes of use."""
    triage = job.request.pipeline.triage
    looks = f"{used} watched {'scene was' if used == 1 else 'scenes were'} of use"
    return [
        (f"{looks}: too few to confirm anything: what is told may be a season, a cloud or a shadow", 0 < used < CONFIRMING),
        (
            f"changes below {triage.min_provisional_area_ha:g} ha or like a season's are not told: no alert does not mean no change",
            second_choice and triage.provisional != "never",
        ),
    ]
