"""What became of every event that a watch follows: none is silent, so that an operator sees what the filters hold back."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.event import NON_EVENT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.alerting.triage import Context, Triage
    from sentinel_watch.domain.event import Event

__all__ = ["tally"]


def tally(triage: Triage, events: Sequence[Event], context: Context) -> dict[str, Any]:
    """Return how the events were sorted, as plain JSON values; each is counted once.

    `alerted`, `suppressed` by a zone, `too_small_or_early`: numbers of events. `no_event`: class of NON_EVENT_CLASSES -> `events` and
    `area_ha` of those that are alerts but for their class.
    """
    hidden = triage.suppressed(events, context)
    counts, areas = Counter({"alerted": 0, "suppressed": 0, "too_small_or_early": 0}), defaultdict(list)
    for event in events:
        named = event.classification.event_class if event.classification else ""
        if not triage.ripe(event, context):
            counts["too_small_or_early"] += 1
        elif named in NON_EVENT_CLASSES:
            areas[named].append(event.region.area_ha)
        else:
            counts["suppressed" if event.event_id in hidden else "alerted"] += 1
    told = {name: {"events": len(found), "area_ha": round(sum(found), 4)} for name, found in sorted(areas.items())}
    return {**counts, "no_event": told}
