"""A static STAC catalogue on disk: `catalog.json`, its children, its items and their GeoTIFFs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pystac
from pydantic import Field
from pystac.stac_io import DefaultStacIO
from shapely.prepared import prep

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.domain.scene import SCL
from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.registry import Part
from sentinel_watch.shipped import shipped
from sentinel_watch.sources.entries import BROKEN, footprint, said, unreadable_entry, wanted_assets, within
from sentinel_watch.sources.geotiff import read_band
from sentinel_watch.sources.stac_item import to_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.scene import Scene

__all__ = ["Sample", "StacCatalog", "local_path"]


class StacCatalog(Part):
    """Reads a STAC catalogue from a folder; never opens anything but files."""

    path: Path
    """The catalogue's file, mostly `catalog.json`; children, items and assets are found from their links."""

    def search(self, geometry: BaseGeometry, start: datetime | None, end: datetime | None) -> Sequence[Scene]:
        """Return the scenes that touch `geometry` (WGS84) in [start, end], oldest first, copies included.

        An entry that cannot be read is a Scene without assets and with a note `item_unreadable: …`, so that it ends in
        the ledger and not in silence. Raises SourceError where the catalogue or a child of it cannot be read.

        Children are walked depth first, each file once. Times without a zone are taken as UTC, and an item without
        geometry counts as touching.
        """
        found: list[Scene] = []
        touches = prep(geometry).intersects
        # sorted below: links of a catalogue are in no order that can be relied on
        for href in _item_hrefs(_read_catalog(str(self.path)), set()):
            scene, outline = _read_scene(href)
            if (outline is None or touches(outline)) and within(scene, start, end):
                found.append(scene)
        return sorted(found, key=lambda scene: (scene.time, scene.scene_id))

    def read(self, scene: Scene, bands: Sequence[str], grid: GeoBox) -> Mapping[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 digital numbers on `grid`, NaN = no data, for those of `bands` that the scene has.

        Raises SceneError where the entry or a file is missing, broken or lies, or lies outside the file system.

        Classes of SCL are taken by nearest neighbour, all else bilinearly where the grids differ. Values are as in
        the file: scale and offset are in the scene's assets and are applied later.
        """
        assets = wanted_assets(scene, bands)
        return {band: read_band(local_path(asset.href), asset.nodata, grid, nearest=band == SCL) for band, asset in assets.items()}


class Sample(StacCatalog):
    """The series that is shipped with the program: a forest in Romania, 2015-2021."""

    path: Path = Field(default_factory=lambda: shipped("samples", "forest_romania", "catalog.json"))
    """The shipped catalogue's file."""


class _Files(DefaultStacIO):
    """Reads files only: what somebody's catalogue says must not make this machine call another."""

    def read_text_from_href(self, href: str) -> str:
        """Return the text of the file at `href`.

        Raises SceneError where `href` names anything but a file, OSError or UnicodeDecodeError where it cannot be
        read.
        """
        return local_path(href).read_text(encoding="utf-8")


def local_path(href: str) -> Path:
    """Return the file that `href` (a path or a file: URL) names; raise SceneError where it is no plain file path.

    GDAL's `/vsi…` paths are refused as well: /vsicurl/ would reach the network and /vsizip/ any archive.
    Percent-encoding is undone in file: URLs only, as a plain path may hold a percent sign.
    """
    parts = urlsplit(href)
    # a netloc would be a share on another machine
    if parts.scheme not in {"", "file"} or parts.netloc or parts.path.startswith("/vsi"):
        raise SceneError(Reason.UNREADABLE, "a catalogue on disk may only name files", found=href, allowed="a relative or absolute path")
    return Path(unquote(parts.path) if parts.scheme else href)


def _read_catalog(href: str) -> pystac.Catalog:
    """Return the Catalog or Collection at `href`; raise SourceError where it cannot be read or is something else."""
    try:
        catalog = _Files().read_stac_object(href)
    except (*BROKEN, SceneError) as error:
        raise SourceError("the STAC catalogue cannot be read", where=href, found=said(error)) from error
    if not isinstance(catalog, pystac.Catalog):
        raise SourceError("this is no STAC catalogue", where=href, found=type(catalog).__name__, allowed="a Catalog or a Collection")
    return catalog


def _item_hrefs(catalog: pystac.Catalog, seen: set[str]) -> Iterator[str]:
    """Yield where the items of `catalog` and of its children are, each once; `seen` guards against circles.

    Raises SourceError where a child cannot be read: items that it may list would be missing in silence.
    """
    # a child that links back to its parent would never end
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
    """Return the item at `href` as a Scene and its footprint (WGS84); None where that is not known.

    A broken item is a Scene without assets, named by its file; nothing is raised. `preserve_dict` off spares a deep
    copy of each item.
    """
    try:
        content = _Files().read_json(href)
        # STAC requires both, and catalogues of small tools often leave them out
        item = pystac.Item.from_dict({"geometry": None, "bbox": None, **content}, href=href, preserve_dict=False)
        return to_scene(item), footprint(item)
    except (*BROKEN, SceneError) as error:
        return unreadable_entry(Path(href).stem, href, error), None
