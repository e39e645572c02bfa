"""What a run says at its end: alerts, what was and was not observed, what was decided, what was written.

"No alerts" means little where little was seen, so how well the AOI was observed stands right below.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from sentinel_watch.app.tables import alert_table, console, fact_table
from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.pipeline.report import coverage
from sentinel_watch.store import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.pipeline.deliver import RunResult
    from sentinel_watch.pipeline.plan import RunRequest

__all__ = ["fetched", "held_back", "observed", "print_summary"]

ALERTS_SHOWN = 20
FAILURES_SHOWN = 5


def print_summary(request: RunRequest, result: RunResult) -> None:
    """Print what came of a run to standard output.

    The first 20 alerts at most, and where the rest are; `alerts.geojson` and `run.json` hold everything.

    Reads run.json once more for which detectors watched, what was held back and what was spent.
    """
    out = console()
    count = len(result.alerts)
    out.print(f"\n{request.site.name}: {_headline(result)}\n", highlight=False)
    if result.alerts:
        out.print(alert_table(result.alerts[:ALERTS_SHOWN], out.width))
        more = count - ALERTS_SHOWN
        out.print(
            f"… and {more} less urgent: sentinel-watch alerts list --workspace {shown(request.workspace)}\n" if more > 0 else "",
            highlight=False,
        )
    report = _report(result)
    facts = {
        "Observed": "\n".join(observed(result.records)),
        "Held back": "\n".join(held_back(report["events"])),
        "Decided": "\n".join([f"pipeline {request.pipeline.name}, {_detectors(result)}", *result.notes]),
        "Not read": "\n".join(_failures(result.records)),
        "Fetched": fetched(report["spent"]),
        "Wrote": "\n".join(_written(request, result)),
    }
    out.print(fact_table({what: text for what, text in facts.items() if text}), highlight=False, soft_wrap=False)


def _headline(result: RunResult) -> str:
    """Return how many alerts there are, and whether others could have been missed; people forward that line alone."""
    failed = sum(record.outcome is Outcome.FAILED for record in result.records)
    unread = f"; {failed} of {len(result.records)} scenes could not be read" if failed else ""
    if count := len(result.alerts):
        return f"{count} alert{'' if count == 1 else 's'}, all suspected until checked{unread}"
    seen = any(record.role == "monitoring" and record.outcome is Outcome.USED for record in result.records)
    return f"no alerts{unread}" if seen and any(_watching(result)) else "nothing was observed: no alert does not mean no change"


def observed(records: Sequence[SceneRecord]) -> Iterator[str]:
    """Yield in plain words how well the AOI was observed.

    `records` is the whole ledger; history and monitoring are told apart by their role. One sentence each.

    Clear fractions are means over the monitoring scenes, 0-100 %.
    """
    seen = coverage(records)
    counts: Mapping[str, int] = seen["scenes"]
    watched = sum(counts.values())
    rejected = ", ".join(f"{reason.replace('_', ' ')} {number}" for reason, number in seen["rejected"].items())
    learnt = seen["history_scenes_used"]
    yield f"learnt from {learnt} scene{'' if learnt == 1 else 's'} of the history"
    yield (
        f"watched {watched} scene{'s' * (watched != 1)}: {counts.get(Outcome.USED, 0)} used, "
        f"{counts.get(Outcome.REJECTED, 0)} of no use"
        + (f" ({rejected})" if rejected else "")
        + f", {counts.get(Outcome.FAILED, 0)} not readable"
    )
    if watched:
        last = seen["last_used"] or "none"
        yield f"a watched scene showed {seen['mean_clear_fraction']:.0%} of the AOI on average; last scene of use: {last}"


def held_back(became: Mapping[str, Any]) -> Iterator[str]:
    """Yield in plain words which events became no alert, and why; nothing where none was held back.

    `became` is the member `events` of run.json. What was taken for no event comes first, by class.
    """
    for name, found in became["no_event"].items():
        yield f"{name.replace('_', ' ')}: {found['events']} ({found['area_ha']:.2f} ha), taken for no event"
    if count := became["suppressed"]:
        yield f"in zones where nothing is to be alerted: {count}"
    if count := became["too_small_or_early"]:
        yield f"too small or not yet confirmed: {count}"


def fetched(spent: Mapping[str, float]) -> str:
    """Return in plain words what fetching imagery has cost; empty where nothing was asked for."""
    if not spent.get("requests"):
        return ""
    words = (
        f"{spent['requests']:.0f} requests",
        f"{spent['retries']:.0f} of them again" if spent["retries"] else "",
        f"{spent['bytes'] / 1e6:.1f} MB",
        f"{spent['processing_units']:.2f} processing units" if spent["processing_units"] else "",
    )
    return f"{', '.join(filter(None, words))}; all runs together"


def _detectors(result: RunResult) -> str:
    """Return which detectors watched, as the report tells it, and how many blocks each.

    A block without enough history has none, and is counted as such.
    """
    blocks = Counter(name or "none, for want of history" for name in _watching(result))
    return "detector " + ", ".join(f"{name} ({count} of {blocks.total()} blocks)" for name, count in blocks.most_common())


def _watching(result: RunResult) -> list[str | None]:
    """Return the detector of each block, as the report tells it; None for one that nobody watches."""
    return list(_report(result)["grid"]["detector_by_block"].values())


def _report(result: RunResult) -> dict[str, Any]:
    """Return what run.json holds."""
    document: dict[str, Any] = json.loads(result.paths["run.json"].read_text("utf-8"))
    return document


def _failures(records: Sequence[SceneRecord]) -> Iterator[str]:
    """Yield the scenes that could not be read, the first few with the reason, and what to do; nothing where all could."""
    # a few are enough to see what is wrong with a source; the ledger has all
    failed = [record for record in records if record.outcome is Outcome.FAILED]
    for record in failed[:FAILURES_SHOWN]:
        yield f"{record.scene_id}: {' '.join(record.detail.split())}"
    if len(failed) > FAILURES_SHOWN:
        yield f"… and {len(failed) - FAILURES_SHOWN} more, see run.json"
    if failed:
        yield "run the same command again: it tries these scenes anew"


def _written(request: RunRequest, result: RunResult) -> Iterator[str]:
    """Yield the paths that a run wrote, with words where a folder's name does not tell.

    Files of the run first, then evidence and workspace.
    """
    for path in result.paths.values():
        yield str(path)
    if result.alerts:
        yield f"{request.out / 'evidence'}: a folder for each alert"
    yield f"{shown(request.workspace)}: what the next run needs to go on"
