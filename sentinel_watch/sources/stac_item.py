"""A STAC item of any catalogue as a Scene: who took it, when, of which tile, and how old its processing is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.scene import Scene
from sentinel_watch.sources.stac_assets import to_assets

if TYPE_CHECKING:
    import pystac

__all__ = ["ACQUISITION", "acquisition_key", "normal_baseline", "to_scene"]

ACQUISITION = "sentinel_watch:acquisition"
"""Property of an evidence bundle's items: the key as it was, since a chip's outline is not the tile's."""

DATATAKE = re.compile(r"S2([A-D])_(?:MSIL\w\w_)?(\d{8}T\d{6})")
"""Satellite and start of the datatake, in a datatake's or a product's name."""
PRODUCT_BASELINE = re.compile(r"_N(\d\d)\.?(\d\d)(?:_|$)")
TILE = re.compile(r"(?:^|[_T-])(\d{1,2})([C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])(?:_|$)")
LEVEL = re.compile(r"L(?:1C|2A)|2A$|1C$", re.IGNORECASE)


def to_scene(item: pystac.Item) -> Scene:
    """Return `item` as a Scene; hrefs are made absolute against the item.

    Raises ValueError where the item does not say when it was taken.

    Cloud cover is percent in STAC and a fraction here, held to 0-1. `declared` keeps the item's plain properties as
    they are, lists and tables left out.
    """
    time = _time(item)
    baseline = _baseline(item)
    assets, notes = to_assets(item, baseline)
    cloud_percent = item.properties.get("eo:cloud_cover")
    if item.geometry is None:
        notes = (*notes, "geometry_missing")
    return Scene(
        scene_id=item.id,
        time=time,
        platform=_platform(item),
        baseline=baseline,
        acquisition=acquisition_key(item, time),
        assets=assets,
        cloud_fraction=None if cloud_percent is None else min(max(float(cloud_percent) / 100, 0.0), 1.0),
        notes=notes,
        declared={key: value for key, value in item.properties.items() if isinstance(value, str | int | float | bool)},
    )


def acquisition_key(item: pystac.Item, time: datetime) -> str:
    """Return datatake, tile and level in one key: the same for every copy of the observation.

    The datatake's name ends in the processing baseline, which copies do not share: only satellite and start are taken.

    As `sentinel-2a/20180704T092031/34TFN/L2A`. Taken in turn from the evidence bundle's own property, the datatake's
    or product's name, or platform and time.
    """
    properties = item.properties
    if ACQUISITION in properties:
        return str(properties[ACQUISITION])
    names = " ".join(str(properties.get(key, "")) for key in ("s2:datatake_id", "s2:product_uri")) + " " + item.id
    found = DATATAKE.search(names)
    take = f"sentinel-2{found[1].lower()}/{found[2]}" if found else f"{_platform(item)}/{time:%Y%m%dT%H%M%S}"
    return f"{take}/{_tile(item)}/{_level(item)}"


def normal_baseline(text: str) -> str:
    """Return a processing baseline as `05.00`, from `5.0`, `05.00`, `0500` or `N0500`; empty where it is none of these.

    Two digits on both sides, so that text compares as numbers do.
    """
    found = re.fullmatch(r"N?(\d{1,2})\.(\d{1,2})", text) or re.fullmatch(r"N?(\d\d)(\d\d)", text)
    return f"{int(found[1]):02d}.{found[2]:0<2}" if found else ""


def _time(item: pystac.Item) -> datetime:
    """Return when the item was taken, UTC; a time without a zone is UTC. Raises ValueError where it does not say."""
    time = item.datetime or item.common_metadata.start_datetime
    if time is None:
        raise ValueError("the item has neither datetime nor start_datetime")
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _platform(item: pystac.Item) -> str:
    """Return the satellite in lower case, else the constellation, else `sentinel-2`."""
    properties = item.properties
    return str(properties.get("platform") or properties.get("constellation") or "sentinel-2").lower()


def _baseline(item: pystac.Item) -> str:
    """Return the processing baseline as `05.00`, from properties or from names; empty where nothing tells it.

    Declared properties go first; `_N0500_` in a product's or datatake's name second.
    """
    properties = item.properties
    for key in ("s2:processing_baseline", "processing:version"):
        if baseline := normal_baseline(str(properties.get(key, ""))):
            return baseline
    # `.SAFE` stands where the pattern wants the name to end
    for name in (str(properties.get("s2:product_uri", "")).removesuffix(".SAFE"), str(properties.get("s2:datatake_id", "")), item.id):
        if found := PRODUCT_BASELINE.search(name):
            return f"{found[1]}.{found[2]}"
    return ""


def _tile(item: pystac.Item) -> str:
    """Return the MGRS tile; without one, the footprint to a tenth of a degree, so that neighbours are not taken for copies.

    From the MGRS extension's three properties, or out of s2:mgrs_tile, grid:code, the product's name or the id;
    `07ABC` and `7ABC` are one.
    """
    properties: dict[str, Any] = item.properties
    parts = [str(properties.get(f"mgrs:{key}", "")) for key in ("utm_zone", "latitude_band", "grid_square")]
    if all(parts):
        return f"{int(parts[0]):02d}{parts[1]}{parts[2]}"
    for name in (properties.get("s2:mgrs_tile", ""), properties.get("grid:code", ""), properties.get("s2:product_uri", ""), item.id):
        if found := TILE.search(str(name)):
            return f"{int(found[1]):02d}{found[2]}"
    return "" if item.bbox is None else ",".join(f"{degrees:.1f}" for degrees in item.bbox)


def _level(item: pystac.Item) -> str:
    """Return `L1C` or `L2A`, from product type, product, id or collection; empty where none tells it."""
    for name in (item.properties.get("s2:product_type"), item.properties.get("s2:product_uri"), item.id, item.collection_id):
        if found := LEVEL.search(str(name or "")):
            return f"L{found[0][-2:].upper()}"
    return ""
