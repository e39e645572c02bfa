"""What every catalogue's entries have in common: where and when a scene lies, and what is said of one that cannot be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pystac
from shapely.geometry import box, shape

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.domain.scene import Scene
from sentinel_watch.errors import SceneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.scene import Asset

__all__ = ["BROKEN", "UNREADABLE_ITEM", "footprint", "said", "unreadable_entry", "wanted_assets", "within"]

UNREADABLE_ITEM = "item_unreadable"
"""Start of the note of a scene whose catalogue entry could not be read; such a scene has no assets."""

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Time of a scene whose entry could not be read and whose name holds no date."""

BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, pystac.STACError, pystac.STACTypeError)
"""What pystac and the standard library raise over a document that is missing, no JSON, or no STAC."""


def unreadable_entry(name: str, where: str, error: Exception) -> Scene:
    """Return the scene that stands in the ledger for an entry called `name` that cannot be read.

    It has no platform, no baseline and no assets, and `where` as its acquisition, so that no two of them count as
    copies. The note begins with UNREADABLE_ITEM, by which `wanted_assets` knows it again.
    """
    return Scene(name, _time_in(name), "", "", where, notes=(f"{UNREADABLE_ITEM}: {said(error)}",))


def wanted_assets(scene: Scene, bands: Sequence[str]) -> dict[str, Asset]:
    """Return band -> Asset for those of `bands` that the scene has; raise SceneError where it has none or its entry is broken.

    In the order of `bands`. The SceneError has the ledger's reason "unreadable". A scene that has some of the bands
    is no error here: what a pipeline cannot do without is its own matter.
    """
    for note in scene.notes:
        if note.startswith(UNREADABLE_ITEM):
            raise SceneError(Reason.UNREADABLE, f"the catalogue's entry of {scene.scene_id} cannot be read", found=note)
    assets = {band: scene.assets[band] for band in bands if band in scene.assets}
    # an empty reading would look like a scene without data, which is another thing
    if not assets:
        has = ", ".join(scene.assets) or "no band"
        raise SceneError(Reason.UNREADABLE, "the scene has none of the bands asked for", where=scene.scene_id, found=has)
    return assets


def footprint(item: pystac.Item) -> BaseGeometry | None:
    """Return where an item lies (WGS84); None where it does not say.

    Of a geometry that crosses itself the envelope is taken: somewhat more than it covers, so no scene is lost. A
    bounding box has four numbers or, with heights, six. Raises ValueError or TypeError where it is malformed.
    """
    if item.geometry is not None:
        # GEOS raises over a crossed outline in `intersects`; an envelope it can take
        geometry = shape(item.geometry)
        return geometry if geometry.is_valid else geometry.envelope
    return None if item.bbox is None else box(*item.bbox[:2], *item.bbox[len(item.bbox) // 2 :][:2])


def within(scene: Scene, start: datetime | None, end: datetime | None) -> bool:
    """Return whether the scene was taken in [start, end], as far as anybody knows.

    Both ends belong to the period, None = open. An unreadable entry whose date is not known is in every period, so
    that it shows in the ledger.
    """
    if scene.time == UNKNOWN_TIME:
        return True
    return (start is None or scene.time >= start) and (end is None or scene.time <= end)


def said(error: Exception) -> str:
    """Return an error's name and the first line of what it says.

    One line, since it stands in a scene's notes and in tables.
    """
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _time_in(name: str) -> datetime:
    """Return the first date in an entry's name, else UNKNOWN_TIME.

    The date is eight digits, as in the names of Sentinel-2's products; midnight UTC.
    """
    # tile names and baselines hold digits too, so only what may be a year begins a date
    found = re.search(r"(?:19|20)\d{6}", name)
    try:
        return datetime.strptime(found.group(), "%Y%m%d").replace(tzinfo=UTC) if found else UNKNOWN_TIME
    except ValueError:
        return UNKNOWN_TIME
