"""The verbs of the register: sites added, listed, shown, checked, handed out; and zones in which nothing is alerted for a time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from rich.table import Table

from sentinel_watch.app.reviewing import whoever
from sentinel_watch.app.tables import console, fact_table
from sentinel_watch.domain.site import Suppression
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.register import read_site, read_sites, site_feature, site_of
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.domain.site import Site

__all__ = ["add_sites", "check_sites", "export_sites", "list_sites", "registered", "show_site", "suppress"]


def add_sites(workspace: Path | str, path: Path, actor: str | None) -> None:
    """Put every site of a file into the register, and print what became of each; a wrong one keeps all of them out.

    Read and checked whole before the first is written. An id that is there already is brought up to date, and what
    changed is in the audit log. `actor` None = whoever is logged in.
    """
    sites = read_sites(path)
    with open_store(workspace) as store:
        for site in sites:
            # through JSON: tuples become lists, as the store gives them back
            what = store.put_site(whoever(actor), json.loads(json.dumps(site_feature(site))))
            console().print(f"{site.site_id}: {what}", highlight=False, soft_wrap=True)


def check_sites(path: Path) -> None:
    """Check every site of a file, and print what it says; raise InputError for the first that is wrong. Nothing is written.

    As a run would read it: geometry, permits, embargoes and waste streams.
    """
    sites = read_sites(path)
    console().print(_table(sites))
    console().print(f"{len(sites)} site{'' if len(sites) == 1 else 's'}, nothing wrong", highlight=False)


def list_sites(workspace: Path | str, country: str | None) -> None:
    """Print the register, by country and id; `country` (ISO 3166-1 alpha-3) narrows it down.

    Coordinates are latitude, longitude, of a point inside the site, WGS84.
    """
    sites = registered(workspace, country)
    console().print(_table(sites) if sites else "No sites: sentinel-watch site add FILE.", highlight=False)


def show_site(workspace: Path | str, site_id: str) -> None:
    """Print everything that the register knows of a site, and the zones in which nothing is alerted today.

    Zones are those that have not expired by today, UTC. Raises InputError where the site is not in the register.
    """
    site = _one(workspace, site_id)
    feature = site_feature(site)
    facts = {name: value if isinstance(value, str) else _lines(value) for name, value in feature["properties"].items()}
    with open_store(workspace, must_exist=True) as store:
        zones = store.suppressions(site_id, datetime.now(UTC).date())
    facts["suppressed"] = "\n".join(f"{z.zone_id}: {z.valid_from} to {z.valid_to}, {z.reason} ({z.actor})" for z in zones)
    console().print(fact_table({name: value or "none" for name, value in facts.items()}))


def export_sites(workspace: Path | str, path: Path, country: str | None) -> None:
    """Write the register, or a country's part of it, as one GeoJSON file that `site add` reads again.

    One feature a line, so that a diff shows which site changed; the file appears whole or not at all. WGS84.
    """
    features = [site_feature(site) for site in registered(workspace, country)]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    with replacing(path) as partial:
        partial.write_text(f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n', encoding="utf-8")
    console().print(str(path), soft_wrap=True, highlight=False)


def suppress(workspace: Path | str, site_id: str, zone: Path | None, until: str, said: tuple[str, str | None, str | None]) -> None:
    """Set up a zone of a site in which events that begin until a day make no alert, and print it; the whole site where `zone` is None.

    `said` is the reason, the first day (today for None) and who stands for it. Raises InputError where a day is none, the period has no
    day, or there is no reason.

    Both days belong to the period. The zone's id follows from site, outline and days, so the same order twice is one
    zone. It is in the audit log with its reason.
    """
    site = _one(workspace, site_id)
    reason, since, by = said
    try:
        first, last = date.fromisoformat(since) if since else datetime.now(UTC).date(), date.fromisoformat(until)
    except ValueError as error:
        raise InputError("--from or --until is not a day", found=f"{since}, {until}", allowed="YYYY-MM-DD") from error
    if last < first or not reason.strip():
        raise InputError(
            "a suppression needs a reason, and a last day that is not before the first", found=f"{first} to {last}, {reason!r}"
        )
    # kept with the zone: the site's outline may change later
    shape = read_site(zone).geometry if zone else site.geometry
    name = sha256(f"{site_id}|{shapely.to_wkt(shape)}|{first}|{last}".encode()).hexdigest()[:8]
    with open_store(workspace, must_exist=True) as store:
        store.suppress(Suppression(name, site_id, shape, first, last, reason.strip(), whoever(by)))
    console().print(f"{site_id}: zone {name}, {first} to {last}: what begins there then makes no alert", highlight=False, soft_wrap=True)


def registered(workspace: Path | str, country: str | None = None) -> list[Site]:
    """Return the sites of the register, by country and id; raise InputError where `workspace` is none.

    `country` in any case of letters; None = all. Each document is read anew, so a register of an older version is
    checked as well.
    """
    with open_store(workspace, must_exist=True) as store:
        sites = [site_of(document, Path("register")) for document in store.site_documents()]
    return [site for site in sites if country is None or site.country == country.upper()]


def _one(workspace: Path | str, site_id: str) -> Site:
    """Return a site of the register; raise InputError where it is not there."""
    sites = {site.site_id: site for site in registered(workspace)}
    if site_id not in sites:
        raise InputError(f"there is no site {site_id!r} in the register", found=site_id, allowed=did_you_mean(site_id, sites))
    return sites[site_id]


def _table(sites: Sequence[Site]) -> Table:
    """Return a line a site: what it is, where, and how much is on file about it."""
    table = Table(box=None, pad_edge=False)
    for name in ("site", "type", "country", "admin", "operator", "permits", "embargoes", "latitude, longitude"):
        table.add_column(name)
    for site in sites:
        # a centroid may lie outside of a bent site
        place = site.geometry.representative_point()
        counts = (str(len(site.permits)), str(len(site.embargoes)))
        table.add_row(site.site_id, site.site_type, site.country, site.admin, site.operator, *counts, f"{place.y:.4f}, {place.x:.4f}")
    return table


def _lines(terms: Any) -> str:  # noqa: ANN401 - a list of objects out of JSON
    """Return a list of permits, embargoes or waste streams, a line each, outlines left out.

    Outlines are pages of numbers and are left out.
    """
    return "\n".join(", ".join(f"{key} {value}" for key, value in term.items() if key != "geometry") for term in terms)
