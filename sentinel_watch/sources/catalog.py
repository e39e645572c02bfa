"""A static STAC catalogue on disk: `catalog.json`, its children, its items and their GeoTIFFs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pystac
from pydantic import Field
from pystac.stac_io import DefaultStacIO
from shapely.geometry import box, shape
from shapely.prepared import prep

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.domain.scene import SCL, Scene
from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.registry import Part
from sentinel_watch.shipped import shipped
from sentinel_watch.sources.geotiff import read_band
from sentinel_watch.sources.stac_item import to_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

__all__ = ["UNREADABLE_ITEM", "Sample", "StacCatalog", "local_path"]

UNREADABLE_ITEM = "item_unreadable"
"""Start of the note of a scene whose catalogue entry could not be read; such a scene has no assets."""

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Time of a scene whose entry could not be read and whose name holds no date."""

BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, pystac.STACError, pystac.STACTypeError)
"""What pystac and the standard library raise over a file that is missing, no JSON, or no STAC."""


class StacCatalog(Part):
    """Reads a STAC catalogue from a folder; never opens anything but files."""

    path: Path
    """The catalogue's file, mostly `catalog.json`; children, items and assets are found from their links."""

    def search(self, geometry: BaseGeometry, start: datetime | None, end: datetime | None) -> Sequence[Scene]:
        """Return the scenes that touch `geometry` (WGS84) in [start, end], oldest first, copies included.

        An entry that cannot be read is a Scene without assets and with a note `item_unreadable: …`, so that it ends in
        the ledger and not in silence. Raises SourceError where the catalogue or a child of it cannot be read.
        """
        found: list[Scene] = []
        touches = prep(geometry).intersects
        for href in _item_hrefs(_read_catalog(str(self.path)), set()):
            scene, footprint = _read_scene(href)
            if (footprint is None or touches(footprint)) and _within(scene, start, end):
                found.append(scene)
        return sorted(found, key=lambda scene: (scene.time, scene.scene_id))

    def read(self, scene: Scene, bands: Sequence[str], grid: GeoBox) -> Mapping[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 digital numbers on `grid`, NaN = no data, for those of `bands` that the scene has.

        Raises SceneError where the entry or a file is missing, broken or lies, or lies outside the file system.
        """
        for note in scene.notes:
            if note.startswith(UNREADABLE_ITEM):
                raise SceneError(Reason.UNREADABLE, f"the catalogue's entry of {scene.scene_id} cannot be read", found=note)
        assets = {band: scene.assets[band] for band in bands if band in scene.assets}
        if not assets:
            has = ", ".join(scene.assets) or "no band"
            raise SceneError(Reason.UNREADABLE, "the scene has none of the bands asked for", where=scene.scene_id, found=has)
        return {band: read_band(local_path(asset.href), asset.nodata, grid, nearest=band == SCL) for band, asset in assets.items()}


class Sample(StacCatalog):
    """The series that is shipped with the program: a forest in Romania, 2015-2021."""

    path: Path = Field(default_factory=lambda: shipped("samples", "forest_romania", "catalog.json"))
    """The shipped catalogue's file."""


class _Files(DefaultStacIO):
    """Reads files only: what somebody's catalogue says must not make this machine call another."""

    def read_text_from_href(self, href: str) -> str:
        """Return the text of the file at `href`."""
        return local_path(href).read_text(encoding="utf-8")


def local_path(href: str) -> Path:
    """Return the file that `href` (a path or a file: URL) names; raise SceneError where it is no plain file path."""
    parts = urlsplit(href)
    if parts.scheme not in {"", "file"} or parts.netloc or parts.path.startswith("/vsi"):
        raise SceneError(Reason.UNREADABLE, "a catalogue on disk may only name files", found=href, allowed="a relative or absolute path")
    return Path(unquote(parts.path) if parts.scheme else href)


def _read_catalog(href: str) -> pystac.Catalog:
    try:
        catalog = _Files().read_stac_object(href)
    except (*BROKEN, SceneError) as error:
        raise SourceError("the STAC catalogue cannot be read", where=href, found=_said(error)) from error
    if not isinstance(catalog, pystac.Catalog):
        raise SourceError("this is no STAC catalogue", where=href, found=type(catalog).__name__, allowed="a Catalog or a Collection")
    return catalog


def _item_hrefs(catalog: pystac.Catalog, seen: set[str]) -> Iterator[str]:
    """Yield where the items of `catalog` and of its children are, each once; `seen` guards against circles."""
    seen.add(catalog.self_href)
    for link in catalog.links:
        href = link.get_absolute_href() if link.rel in {"item", "child"} else None
        if href is None or href in seen:
            continue
        seen.add(href)
        if link.rel == "item":
            yield href
        else:
            yield from _item_hrefs(_read_catalog(href), seen)


def _read_scene(href: str) -> tuple[Scene, BaseGeometry | None]:
    """Return the item at `href` as a Scene and its footprint (WGS84); None where that is not known."""
    try:
        content = _Files().read_json(href)
        item = pystac.Item.from_dict({"geometry": None, "bbox": None, **content}, href=href, preserve_dict=False)
        return to_scene(item), _footprint(item)
    except (*BROKEN, SceneError) as error:
        name = Path(href).stem
        return Scene(name, _time_in(name), "", "", href, notes=(f"{UNREADABLE_ITEM}: {_said(error)}",)), None


def _footprint(item: pystac.Item) -> BaseGeometry | None:
    if item.geometry is not None:
        geometry = shape(item.geometry)
        return geometry if geometry.is_valid else geometry.envelope
    return None if item.bbox is None else box(*item.bbox[:2], *item.bbox[len(item.bbox) // 2 :][:2])


def _time_in(name: str) -> datetime:
    """Return the first date in an entry's name, else UNKNOWN_TIME."""
    found = re.search(r"(?:19|20)\d{6}", name)
    try:
        return datetime.strptime(found.group(), "%Y%m%d").replace(tzinfo=UTC) if found else UNKNOWN_TIME
    except ValueError:
        return UNKNOWN_TIME


def _within(scene: Scene, start: datetime | None, end: datetime | None) -> bool:
    if scene.time == UNKNOWN_TIME:
        return True
    return (start is None or scene.time >= start) and (end is None or scene.time <= end)


def _said(error: Exception) -> str:
    """Return an error's name and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
