"""What an AOI file says about its site besides the outline.

Every property is optional: a bare polygon is a site called after its file. Permits are only handed on here; `permits` reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from sentinel_watch.domain.site import SITE_TYPES
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.log import log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Properties", "read_properties"]

KNOWN = ("site_id", "name", "site_type", "country", "admin", "operator", "contact", "permits", "embargoes", "waste_streams")
SITE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Safe as a folder's name everywhere, since evidence and workspaces are filed under it."""


@dataclass(frozen=True, slots=True)
class Properties:
    """A site's properties, checked; permits, embargoes and waste streams as the file has them.

    Texts that the file leaves out are empty, but for `site_id`, `name` and `site_type`, which have defaults.
    """

    site_id: str
    name: str
    site_type: str
    country: str
    admin: str
    operator: str
    contact: str
    permits: object
    embargoes: object
    waste_streams: object


def read_properties(properties: Mapping[str, Any], path: Path, where: str = "") -> Properties:
    """Return the site's properties, defaults filled in from the file's name; raise InputError for a wrong value.

    `site_id` defaults to the file's name in plain letters (`Roșia Poieni.geojson` -> `rosia_poieni`), `name` to the `site_id`,
    `site_type` to `industrial_zone`. Properties that are not known are left alone, with a warning where they look misspelt.

    Raises InputError where `site_id` cannot name a folder, `site_type` is not known, `country` is not of three letters, or a
    property is no text.
    """
    where = where or str(path)
    _warn_of_unknown(properties, where)
    # the file's name is the one thing that a second run is sure to have too: a random id would begin a new watch
    site_id = _text(properties, "site_id", where) or _slug(path.stem)
    if not SITE_ID.fullmatch(site_id):
        next_step = f'give it as "site_id": "{_slug(site_id) or "my-site"}"'
        raise InputError(
            "the site_id cannot name a folder", where=where, found=site_id, allowed="letters, digits, . _ -", next_step=next_step
        )
    return Properties(
        site_id=site_id,
        name=_text(properties, "name", where) or site_id,
        site_type=_site_type(_text(properties, "site_type", where), where),
        country=_country(_text(properties, "country", where), where),
        admin=_text(properties, "admin", where),
        operator=_text(properties, "operator", where),
        contact=_text(properties, "contact", where),
        permits=properties.get("permits"),
        embargoes=properties.get("embargoes"),
        waste_streams=properties.get("waste_streams"),
    )


def _warn_of_unknown(properties: Mapping[str, Any], where: str) -> None:
    """Log a warning for each property that nobody reads and that looks like one of ours misspelt."""
    # a GIS adds columns of its own: only those that look like ours misspelt are worth a word
    for key in sorted(set(properties) - set(KNOWN)):
        if get_close_matches(key, KNOWN, n=1, cutoff=0.8):
            log.warning("%s: property %r is not read; %s", where, key, did_you_mean(key, KNOWN))


def _text(properties: Mapping[str, Any], key: str, where: str) -> str:
    """Return a property as text without blanks around it; "" where it is absent or null.

    Whole numbers count as text; raise InputError for anything else.
    """
    value = properties.get(key)
    if value is None:
        return ""
    # a GIS turns ids of digits into numbers
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise InputError(f"the property {key} is not text", where=where, found=f"{value!r:.40}", allowed="text")
    return str(value).strip()


def _site_type(value: str, where: str) -> str:
    """Return the site's type, `industrial_zone` for ""; raise InputError where SITE_TYPES does not list it."""
    site_type = value or "industrial_zone"
    if site_type not in SITE_TYPES:
        raise InputError("the site_type is not known", where=where, found=site_type, allowed=did_you_mean(site_type, SITE_TYPES))
    return site_type


def _country(value: str, where: str) -> str:
    """Return the country's code in capitals, or ""; raise InputError where it is not three letters. Whether it exists is not checked."""
    country = value.upper()
    if country and not re.fullmatch("[A-Z]{3}", country):
        allowed = "the three letters of ISO 3166-1, as in ROU"
        raise InputError("the country is not a three-letter code", where=where, found=value, allowed=allowed)
    return country


def _slug(text: str) -> str:
    """Return `text` in lower-case ASCII letters, digits and `_`, at most 80; "" where nothing is left, as of Cyrillic."""
    plain = normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")[:80]
