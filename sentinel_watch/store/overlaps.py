"""The same event seen at two sites whose areas overlap: each alert names the other, and nobody's is hidden.

Which of the two matters is for people: the sites may have other permits, other inspectors and other histories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely
from sqlalchemy import select

from sentinel_watch.store.tables import ALERT
from sentinel_watch.store.watches import current_watches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from sentinel_watch.store.watches import Watch

__all__ = ["name_twins"]

SHARED = 0.5
"""Share of the smaller outline that both must have in common."""


def name_twins(connection: Connection, rows: Sequence[dict[str, Any]], watch: Watch) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Fill in `also_seen_as` of a site's alerts, and return other sites' rows that now name others, each as it becomes and as it was.

    `rows` are all the watch's alerts as they are about to be written; of those that no longer stand nothing is said.
    """
    standing = [row for row in rows if row["standing"] == "current"]
    site_id = next((row["site_id"] for row in rows), watch.site_id)
    others = _others(connection, standing, watch, site_id)
    pairs = [(row, other) for row in standing for other in others if _same(row, other)]
    for row in rows:
        row["also_seen_as"] = _joined(other["alert_id"] for one, other in pairs if one is row)
    changed = []
    for other in others:
        # what further sites see stays as it is
        kept = [name for name in other["also_seen_as"].split(";") if name and name.rpartition("-")[0] != site_id]
        named = _joined([*kept, *(row["alert_id"] for row, one in pairs if one is other)])
        if named != other["also_seen_as"]:
            changed.append(({**other, "also_seen_as": named, "revision": other["revision"] + 1}, other))
    return changed


def _others(connection: Connection, rows: Sequence[Mapping[str, Any]], watch: Watch, site_id: str) -> list[dict[str, Any]]:
    """Return the standing alerts of other sites' current watches that lie near any of `rows`, or name one of this site's."""
    watches = [one.watch_id for one in current_watches(connection).values() if one.watch_id != watch.watch_id]
    near = ALERT.c.also_seen_as.contains(f"{site_id}-", autoescape=True)
    if rows:
        west, south = (min(row[name] for row in rows) for name in ("min_x", "min_y"))
        east, north = (max(row[name] for row in rows) for name in ("max_x", "max_y"))
        box = (ALERT.c.max_x >= west) & (ALERT.c.min_x <= east) & (ALERT.c.max_y >= south) & (ALERT.c.min_y <= north)
        near = near | box
    query = select(ALERT).where(ALERT.c.site_id != site_id, ALERT.c.standing == "current", ALERT.c.watch_id.in_(watches), near)
    return [dict(row) for row in connection.execute(query).mappings()]


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two alerts tell of the same event: at the same place by half of the smaller outline, and not one after the other."""
    apart = one["max_x"] < other["min_x"] or other["max_x"] < one["min_x"] or one["max_y"] < other["min_y"] or other["max_y"] < one["min_y"]
    if apart or _over_before(one, other) or _over_before(other, one):
        return False
    shapes = [shapely.from_wkb(row["geometry"]) for row in (one, other)]
    shared = shapely.intersection(*map(shapely.make_valid, shapes)).area
    return bool(shared >= SHARED * min(shape.area for shape in shapes))


def _over_before(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether one was over before the other began."""
    return one["finished_at"] is not None and one["finished_at"] < other["first_detected"]


def _joined(names: Any) -> str:  # noqa: ANN401 - any iterable of text
    """Return names in order, separated by `;`."""
    return ";".join(sorted(names))
