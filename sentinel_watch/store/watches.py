"""Watches: one site, looked at in one way, from one source.

Change the way of looking and it is another watch, with a baseline of its own: two ways are never mixed in one history. What only judges
what was seen (permits, rules, map layers) may change within a watch; the audit log says when it did, and what.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from sentinel_watch.store.audit import Note, canonical, record
from sentinel_watch.store.differences import differences
from sentinel_watch.store.rows import rows_where
from sentinel_watch.store.tables import WATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

__all__ = ["Watch", "create_watch", "current_watches", "find_watch", "read_watches", "shows_site", "take_up"]

SHOWN = "shown"
"""Where a watch's document holds the hash of the site as the evidence shows it."""

_FACTS = ("source", "model", "code_version", "code_hash")


@dataclass(frozen=True, slots=True)
class Watch:
    """What all other records belong to; `watch_id` is valid in its own workspace only, `key` everywhere."""

    watch_id: int
    key: str
    """SHA-256 of everything that makes two watches differ, made by the caller."""
    document: Mapping[str, Any]
    """Site, pipeline, grid, start of monitoring, versions: as decided when the watch began, and as judged by its last run."""

    @property
    def site_id(self) -> str:
        """Return the site's id, empty where the document has none."""
        return str(self.document.get("site", {}).get("site_id", ""))


def find_watch(connection: Connection, key: str) -> Watch | None:
    """Return the watch with this key, or None where the workspace has none."""
    found = rows_where(connection, WATCH, key=key)
    return Watch(found[0]["id"], key, found[0]["document"]) if found else None


def read_watches(connection: Connection) -> tuple[Watch, ...]:
    """Return all watches, the one that handed over alerts last at the end; those that never did come first."""
    rows = connection.execute(select(WATCH)).mappings()
    ordered = sorted(rows, key=lambda row: (row["taken_up"], row["id"]))
    return tuple(Watch(row["id"], row["key"], row["document"]) for row in ordered)


def current_watches(connection: Connection) -> dict[str, Watch]:
    """Return site_id -> the watch whose alerts are the site's: that which last took the place of another."""
    return {watch.site_id: watch for watch in read_watches(connection)}


def create_watch(connection: Connection, key: str, document: Mapping[str, Any], present: Mapping[str, Any]) -> Watch:
    """Return the watch with this key, made from `document` where there is none yet, and judging as `present` says.

    Both must be plain JSON. Of a known watch `document` is not looked at; `present` takes the place of what it says by these names.
    A new watch and a change are entries of the audit log.
    """
    found = find_watch(connection, key)
    before = dict(found.document) if found else dict(document)
    after = {**before, **present}
    if found is None:
        connection.execute(insert(WATCH).values(key=key, document=after, taken_up=""))
    elif after != before:
        connection.execute(update(WATCH).where(WATCH.c.id == found.watch_id).values(document=after))
    watch = find_watch(connection, key)
    assert watch is not None  # noqa: S101 - it was written in this transaction
    if found is None:
        record(connection, [Note("run", "watch.begun", watch.site_id, _facts(watch))])
    elif after != before:
        record(connection, [Note("run", "watch.changed", watch.site_id, {**_facts(watch), "changed": differences(before, after)})])
    return watch


def take_up(connection: Connection, watch: Watch) -> None:
    """Make a watch's alerts those of its site, and note how its evidence shows the site.

    Where another watch had that place, an entry of the audit log says what the two do not have in common.
    """
    before = current_watches(connection)[watch.site_id]
    rows = rows_where(connection, WATCH, id=watch.watch_id)
    document = rows[0]["document"]
    shown = {**document, SHOWN: _site_hash(watch)} if "site_feature" in document else document
    values: dict[str, Any] = {} if shown == document else {"document": shown}
    if before.watch_id != watch.watch_id or not rows[0]["taken_up"]:
        values["taken_up"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    if before.watch_id != watch.watch_id:
        changed = differences(before.document, watch.document)
        record(
            connection, [Note("run", "watch.taken_up", watch.site_id, {**_facts(watch), "instead_of": before.key[:12], "changed": changed})]
        )
    if values:
        connection.execute(update(WATCH).where(WATCH.c.id == watch.watch_id).values(**values))


def shows_site(watch: Watch) -> bool:
    """Return whether the evidence that was handed over last shows the site and its permits as they are now."""
    return bool(watch.document.get(SHOWN) == _site_hash(watch))


def _site_hash(watch: Watch) -> str:
    """Return the SHA-256 of the site with its permits, as the watch's document has it."""
    return sha256(canonical(watch.document.get("site_feature", {})).encode()).hexdigest()


def _facts(watch: Watch) -> dict[str, Any]:
    """Return what the audit log says of a watch: which, and by what it sees and judges."""
    pipeline = watch.document.get("pipeline", {})
    told = {name: watch.document[name] for name in _FACTS if watch.document.get(name)}
    # what follows a question mark may be a key to somebody's archive
    told = {name: str(value).partition("?")[0] for name, value in told.items()}
    named = {"pipeline": pipeline.get("name", ""), "pipeline_sha256": sha256(json.dumps(pipeline, sort_keys=True).encode()).hexdigest()}
    return {"watch": watch.key[:12], **(named if pipeline else {}), **told}
