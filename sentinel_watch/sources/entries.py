"""What every catalogue's entries have in common: where and when a scene lies, and what is said of one that cannot be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pystac
from shapely import transform
from shapely.affinity import translate
from shapely.geometry import box, shape
from shapely.ops import unary_union

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.domain.scene import Scene
from sentinel_watch.errors import SceneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
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
    """Return where an item lies (WGS84, longitudes from -180 to 180); None where it does not say.

    Of a geometry that crosses itself the envelope is taken: somewhat more than it covers, so no scene is lost. A
    bounding box has four numbers or, with heights, six; one whose west is greater than its east crosses the antimeridian
    (RFC 7946 5.2). Raises ValueError or TypeError where it is malformed.
    """
    if item.geometry is not None:
        # GEOS raises over a crossed outline in `intersects`; an envelope it can take
        geometry = shape(item.geometry)
        return _round_the_earth(geometry if geometry.is_valid else geometry.envelope)
    if item.bbox is None:
        return None
    west, south, east, north = (*item.bbox[:2], *item.bbox[len(item.bbox) // 2 :][:2])
    return _brought_back(box(west, south, east + 360 if east < west else east, north))


def _round_the_earth(outline: BaseGeometry) -> BaseGeometry:
    """Return an outline with what it covers if its long edges go the short way, across the antimeridian.

    Many catalogues do not cut such tiles in two. Which way was meant cannot be told of a wide swath, so both are taken.
    """
    parts = [_brought_back(part) for part in getattr(outline, "geoms", [outline])]
    across = [_brought_back(transform(part, _eastward)) for part in parts if part.bounds[2] - part.bounds[0] > 180]
    return unary_union([*parts, *across]) if len(parts) + len(across) > 1 else parts[0]


def _eastward(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (longitude, latitude) rows with longitudes from 0 to 360."""
    return np.column_stack([np.where(points[:, 0] < 0, points[:, 0] + 360, points[:, 0]), points[:, 1]])


def _brought_back(outline: BaseGeometry) -> BaseGeometry:
    """Return an outline with what lies beyond 180 degrees on the other side; as it is where nothing does."""
    west, _, east, _ = outline.bounds
    if west >= -180 and east <= 180:
        return outline
    turns = [translate(outline.intersection(box(turn - 180, -90, turn + 180, 90)), -turn) for turn in (-360, 0, 360)]
    return unary_union(turns)


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
