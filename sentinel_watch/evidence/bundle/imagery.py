"""The imagery of a bundle: a STAC catalogue of its own, with every scene that the watch was promised.

Chips hold the digital numbers as the run read them on the site's grid, so that reading them again is the identity. Scenes that
gave no pixel, copies and failures, are items without assets: a replay then ends them as the run did.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pystac
from odc.geo.geom import Geometry
from shapely.geometry import mapping

from sentinel_watch.domain.scene import OPTICAL_BANDS
from sentinel_watch.evidence.bundle.files import checksum, safe_name, sha256_of
from sentinel_watch.evidence.bundle.raster import compact, write_cog

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.scene import Asset, Scene

__all__ = ["CATALOG", "ImageryWriter"]

CATALOG = "catalog.json"
EXTENSIONS = [
    f"https://stac-extensions.github.io/{name}/schema.json" for name in ("projection/v2.0.0", "eo/v1.1.0", "file/v2.1.0", "raster/v1.1.0")
]
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
OURS = "sentinel_watch:"
"""Begins the properties that no STAC extension has."""


@dataclass(frozen=True, slots=True)
class ImageryWriter:
    """Writes scenes into a folder, one at a time; `close` writes the catalogue."""

    folder: Path
    grid: GeoBox
    """That of every chip."""
    title: str
    catalog: pystac.Catalog

    @classmethod
    def begin(cls, folder: Path, grid: GeoBox, title: str) -> ImageryWriter:
        """Return a writer into the empty `folder`.

        `grid` is that of all chips; `title` is shown by STAC browsers.
        """
        described = f"{title}: the digital numbers as read on the site's grid. Contains modified Copernicus Sentinel data."
        catalog = pystac.Catalog("imagery", described, title, href=str(folder / CATALOG))
        return cls(folder, grid, title, catalog)

    def add(self, scene: Scene, numbers: Mapping[str, NDArray[np.float32]]) -> None:
        """Write one scene; `numbers` are band -> (y, x) digital numbers, NaN = no data, empty for a scene that gave no pixel.

        Each band becomes `<scene>/<band>.tif`, `numbers` being of the shape of the grid. Scale, offset, hash and
        origin stand in the item's assets.
        """
        name = safe_name(scene.scene_id)
        item = self._item(scene)
        # the others speak of assets, and their schemas want at least one
        item.stac_extensions = EXTENSIONS if numbers else EXTENSIONS[:1]
        for band, values in sorted(numbers.items()):
            stored, path = compact(values), self.folder / name / f"{band}.tif"
            write_cog(path, stored.values, self.grid, stored.nodata)
            item.add_asset(band, self._asset(band, scene.assets[band], path, str(stored.values.dtype), stored.nodata))
        item.set_self_href(str(self.folder / name / f"{name}.json"))
        self.catalog.add_item(item, set_parent=True)

    def close(self) -> None:
        """Write the catalogue and its items, all links relative.

        Nothing can be read by the catalogue before. Self-contained: the folder may be moved.
        """
        self.catalog.set_self_href(str(self.folder / CATALOG))
        self.catalog.save(pystac.CatalogType.SELF_CONTAINED)

    def _item(self, scene: Scene) -> pystac.Item:
        """Return the item without its assets: what the source's entry said, and beside it what it was taken for.

        Its outline is that of the grid, WGS84, and not the tile's; the acquisition's key is kept as it was, since it
        cannot be told from a chip.
        """
        outline = Geometry(self.grid.extent.geom, str(self.grid.crs)).to_crs("EPSG:4326").geom
        properties = {
            **scene.declared,
            "platform": scene.platform,
            "proj:code": str(self.grid.crs),
            f"{OURS}acquisition": scene.acquisition,
            f"{OURS}notes": list(scene.notes),
        }
        # an empty one would be read as declared
        if scene.baseline:
            properties["s2:processing_baseline"] = scene.baseline
        # the chips are in another projection than the tile that they were cut from
        for key in ("datetime", "proj:epsg", "proj:centroid"):
            properties.pop(key, None)
        return pystac.Item(scene.scene_id, mapping(outline), list(outline.bounds), scene.time, properties)

    def _asset(self, band: str, source: Asset, path: Path, dtype: str, nodata: int | None) -> pystac.Asset:
        """Return the asset of a chip: how its numbers become reflectance, what it was cut from, and its hash.

        The origin is where the chip was cut from; the hash is a multihash of the chip as written (STAC file
        extension).
        """
        values = {"data_type": dtype, "nodata": "nan" if nodata is None else nodata, "scale": source.scale, "offset": source.offset}
        fields: dict[str, Any] = {
            "proj:shape": list(self.grid.shape),
            "proj:transform": list(self.grid.affine)[:6],
            "raster:bands": [values],
            "file:size": path.stat().st_size,
            "file:checksum": checksum(path),
            **_origin(source.href),
        }
        if band in OPTICAL_BANDS:
            fields["eo:bands"] = [{"name": band}]
        return pystac.Asset(f"./{path.name}", band, media_type=COG_TYPE, roles=["data"], extra_fields=fields)


def _origin(href: str) -> dict[str, str]:
    """Return where a chip was cut from: the address, or of a file on disk its name and hash; a machine's paths are nobody's business."""
    parts = urlsplit(href)
    if parts.scheme not in {"", "file"}:
        # signatures and tokens stand in the query
        return {f"{OURS}source_href": parts._replace(query="", fragment="").geturl()}
    path = Path(unquote(parts.path))
    found = {f"{OURS}source_href": "/".join(path.parts[-2:])}
    return {**found, f"{OURS}source_sha256": sha256_of(path)} if path.is_file() else found
