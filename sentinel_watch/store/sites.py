"""The register of sites, and the zones in which nothing is alerted for a time; every change is in the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import shapely

from sentinel_watch.domain.site import Suppression
from sentinel_watch.store.audit import Note, canonical, record
from sentinel_watch.store.differences import differences
from sentinel_watch.store.geometry import geometry_columns
from sentinel_watch.store.rows import put, rows_where
from sentinel_watch.store.tables import SITE, SUPPRESSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from shapely import MultiPolygon, Polygon
    from sqlalchemy import Connection

__all__ = ["put_site", "put_suppression", "read_site_documents", "read_suppressions"]


def put_site(connection: Connection, actor: str, document: Mapping[str, Any]) -> str:
    """Write a site's GeoJSON feature, checked by the caller, and return `added`, `changed`, or `known` where it is as it was."""
    properties = document["properties"]
    site_id = properties["site_id"]
    known = rows_where(connection, SITE, site_id=site_id)
    if known and known[0]["document"] == document:
        return "known"
    row = {
        "site_id": site_id,
        "site_type": properties["site_type"],
        "country": properties.get("country", ""),
        "changed_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "document": dict(document),
    }
    put(connection, SITE, row)
    what = "changed" if known else "added"
    # the outline may be long: its hash tells a change as surely
    details: dict[str, Any] = {"sha256": sha256(canonical(document).encode()).hexdigest(), "name": properties.get("name", site_id)}
    if known:
        details["changed"] = differences(known[0]["document"], document)
    record(connection, [Note(actor, f"site.{what}", site_id, details)])
    return what


def read_site_documents(connection: Connection) -> tuple[Mapping[str, Any], ...]:
    """Return the GeoJSON features of all sites, by country, then by id."""
    rows = sorted(rows_where(connection, SITE), key=lambda row: (row["country"], row["site_id"]))
    return tuple(row["document"] for row in rows)


def put_suppression(connection: Connection, zone: Suppression) -> None:
    """Write a zone, replacing the one of the same id."""
    row = {name: getattr(zone, name) for name in ("zone_id", "site_id", "reason", "actor", "valid_from", "valid_to")}
    put(connection, SUPPRESSION, {**row, **geometry_columns(zone.geometry)})
    details = {name: str(getattr(zone, name)) for name in ("zone_id", "reason", "valid_from", "valid_to")}
    record(connection, [Note(zone.actor, "site.suppressed", zone.site_id, {**details, "geometry": shapely.to_wkt(zone.geometry)})])


def read_suppressions(connection: Connection, site_id: str | None, day: date | None) -> tuple[Suppression, ...]:
    """Return the zones of a site, or of all for None, by id; with a `day` only those that have not expired by then."""
    rows = rows_where(connection, SUPPRESSION, **({"site_id": site_id} if site_id else {}))
    zones = (_zone_of(row) for row in sorted(rows, key=lambda row: str(row["zone_id"])))
    return tuple(zone for zone in zones if day is None or day <= zone.valid_to)


def _zone_of(row: Mapping[str, Any]) -> Suppression:
    """Return the zone of a row."""
    shape = cast("Polygon | MultiPolygon", shapely.from_wkb(row["geometry"]))
    texts = {name: row[name] for name in ("zone_id", "site_id", "valid_from", "valid_to", "reason", "actor")}
    return Suppression(geometry=shape, **texts)
