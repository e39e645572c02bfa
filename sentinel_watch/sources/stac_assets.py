"""Which file of a STAC item holds which band, and how its digital numbers become physical values.

What is declared wins, in STAC's raster extension or STAC 1.1's own bands; where nothing is, the processing baseline
decides on the offset. The date never does: reprocessed scenes of any age have it.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.scene import OPTICAL_BANDS, SCL, Asset

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pystac

__all__ = ["band_of", "to_assets"]

RADAR_BANDS = ("VV", "VH", "HH", "HV")
COMMON_NAMES = {
    "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "rededge1": "B05", "rededge2": "B06", "rededge3": "B07",
    "rededge071": "B05", "rededge075": "B06", "rededge078": "B07", "nir": "B08", "nir08": "B8A", "nir09": "B09",
    "swir16": "B11", "swir22": "B12",
}  # fmt: skip
"""Common name of the STAC eo extension (and Earth Search's numbered red edges) -> band; plain `rededge` is ambiguous."""
NOT_DATA = frozenset({"overview", "visual", "thumbnail", "metadata", "preview"})

DEFAULT_SCALE = 1e-4
OFFSET_SINCE = "04.00"
"""Since this processing baseline, DN = reflectance x 10000 + 1000 (ESA, Sentinel-2 products specification, PSD 14)."""
BASELINE_OFFSET = -0.1


def to_assets(item: pystac.Item, baseline: str) -> tuple[dict[str, Asset], tuple[str, ...]]:
    """Return band -> Asset, and codes of what was odd: `offset_by_baseline`, `offset_unknown`, `offset_already_applied` ….

    Where several files hold a band, a GeoTIFF is taken before a JP2, and the higher resolution before the lower.

    Keys are `B01` … `B12`, `SCL` or radar polarisations; sorted. The notes are sorted too and stand in the ledger.
    """
    chosen: dict[str, tuple[tuple[Any, ...], str, pystac.Asset]] = {}
    for key, asset in item.assets.items():
        band = band_of(key, asset)
        if band is not None:
            rank = (_format_rank(asset), _pixel_size(key, asset), key)
            # the key last, so that the order of the item's assets has no say
            chosen[band] = min(chosen.get(band, (rank, key, asset)), (rank, key, asset), key=lambda entry: entry[0])
    applied = item.properties.get("earthsearch:boa_offset_applied") is True
    assets: dict[str, Asset] = {}
    notes: set[str] = set()
    for band, (_, _, asset) in sorted(chosen.items()):
        assets[band] = _to_asset(band, asset, baseline, notes, applied=applied)
    return assets, tuple(sorted(notes))


def band_of(key: str, asset: pystac.Asset) -> str | None:
    """Return the band that `asset` holds, by its band names, its common names, or at last its key; None for anything else.

    Names are compared without regard to case; `B2` is `B02`. A file with several bands is none of them, as only
    single-band files are read. A key loses an ending such as `-jp2` or `_10m` first.
    """
    if NOT_DATA.intersection(asset.roles or ()):
        return None
    bands = _declared_bands(asset)
    # a stack of bands is a picture, mostly stretched for the eye
    if len(bands) > 1:
        return None
    fields = {**asset.extra_fields, **(bands[0] if bands else {})}
    names = (fields.get("name"), fields.get("common_name"), fields.get("eo:common_name"), re.sub(r"[_-](\d+m|jp2)$", "", key))
    return next((band for name in names if name and (band := _band_called(str(name)))), None)


def _declared_bands(asset: pystac.Asset) -> list[dict[str, Any]]:
    """Return what the asset says of its bands: the eo extension's, or STAC 1.1's; an empty list where it says nothing."""
    fields = asset.extra_fields
    return list(fields.get("eo:bands") or fields.get("bands") or [])


def _band_called(name: str) -> str | None:
    """Return the band with the id or common name `name`, None for others; `B8A` and `B08` are two bands."""
    upper = re.sub(r"^B(\d)$", r"B0\1", name.upper())
    return upper if upper in {*OPTICAL_BANDS, *RADAR_BANDS, SCL} else COMMON_NAMES.get(name.lower())


def _format_rank(asset: pystac.Asset) -> int:
    """Return 0 for a TIFF, 2 for JPEG 2000, 1 for what cannot be told; by media type and href.

    A COG is read by its blocks, a JPEG 2000 whole.
    """
    kind = f"{asset.media_type or ''} {asset.href}".lower()
    return 0 if "tif" in kind else 2 if "jp2" in kind else 1


def _pixel_size(key: str, asset: pystac.Asset) -> float:
    """Return the pixel size as far as the item tells it, metres (or degrees); infinite where it does not.

    Tried in this order: gsd, raster extension, STAC 1.1, the key's ending, the projection extension's transform.
    """
    fields = asset.extra_fields
    suffix = re.search(r"_(\d+)m$", key)
    raster = _first(fields, "raster:bands")
    sizes = (fields.get("gsd"), raster.get("spatial_resolution"), fields.get("raster:spatial_resolution"), suffix and suffix[1])
    size = next((size for size in sizes if size is not None), None)
    transform = fields.get("proj:transform") or [math.inf]
    return abs(float(transform[0] if size is None else size))


def _first(fields: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the first object of a list under `key`; empty where there is none."""
    return dict((fields.get(key) or [{}])[0])


def _declared(asset: pystac.Asset, key: str) -> float | None:
    """Return `scale`, `offset` or `nodata` as declared in raster:bands, STAC 1.1 bands or on the asset; None = not declared.

    In this order. A declared 0 is a declaration: only what is missing is None.
    """
    fields = asset.extra_fields
    places = (_first(fields, "raster:bands"), _first(fields, "bands"), fields)
    names = (key, f"raster:{key}")
    return next((float(place[name]) for place in places for name in names if place.get(name) is not None), None)


def _to_asset(band: str, asset: pystac.Asset, baseline: str, notes: set[str], *, applied: bool) -> Asset:
    """Return an asset as an Asset, its scale and offset in physical units, and add to `notes` what was odd.

    Reflectance = DN x scale + offset. SCL and radar are never scaled. An offset beyond 1 cannot be reflectance and is
    taken as digital numbers. Nodata is DN 0 where optical items do not say, NaN for radar.
    """
    href = asset.get_absolute_href() or asset.href
    nodata = _declared(asset, "nodata")
    checksum = str(asset.extra_fields.get("file:checksum") or "")
    if band in RADAR_BANDS:
        return Asset(href, nodata=math.nan if nodata is None else nodata, checksum=checksum)
    if band == SCL:
        return Asset(href, nodata=0.0 if nodata is None else nodata, checksum=checksum)
    scale = _declared(asset, "scale")
    if scale is None:
        notes.add("scale_assumed")
        scale = DEFAULT_SCALE
    offset = _offset(_declared(asset, "offset"), baseline, notes, applied=applied)
    if abs(offset) > 1:
        notes.add("offset_in_dn")
        offset *= scale
    # whole numbers hold no NaN, and who declares it means Sentinel-2's 0
    return Asset(href, scale, offset, 0.0 if nodata is None or math.isnan(nodata) else nodata, checksum)


def _offset(declared: float | None, baseline: str, notes: set[str], *, applied: bool) -> float:
    """Return the offset in reflectance: what is declared wins, else the baseline decides, never the date.

    `declared` None = not declared, `baseline` as `05.00` or empty. `applied` True = the provider took the offset off
    already (Earth Search's flag). A contradiction between the two is noted, and the declaration stands.
    """
    if applied:
        notes.add("offset_already_applied")
        return 0.0
    if declared is not None:
        if baseline and (baseline >= OFFSET_SINCE) != (declared != 0):
            notes.add("offset_contradicts_baseline")
        return declared
    notes.add("offset_by_baseline" if baseline else "offset_unknown")
    return BASELINE_OFFSET if baseline >= OFFSET_SINCE else 0.0
