"""Map layers around a site: protected areas, water, settlements, parcels; read from the files that the operator names.

Nothing is built in: a world map at small scale would be kilometres off where metres matter.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio
import pyogrio.raw
import shapely
from odc.geo.geom import Geometry

from sentinel_watch.domain.surroundings import SEARCH_M, Parcel, Surroundings
from sentinel_watch.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["read_surroundings"]

EDGE_M = 100.0
"""So far beyond the AOI parcels are read, metres."""


def read_surroundings(
    layers: Mapping[str, Sequence[str]], aoi: BaseGeometry, crs: str, cadastres: Sequence[tuple[str, str, str]] = ()
) -> Surroundings:
    """Return what lies within SEARCH_M of the AOI (WGS84), in `crs` (metres), and the parcels that the AOI touches.

    `layers` is role -> paths of vector files, each of one layer in any CRS that it names; relative paths from the working folder.
    `cadastres` are path, field of the parcel's number, and field of its owner or "". Raises InputError where a file is missing, cannot be
    read, names no CRS or lacks a field.
    """
    site = Geometry(aoi, "EPSG:4326").to_crs(crs).geom
    around = site.buffer(SEARCH_M)
    near = {role: tuple(shape for path in paths for shape, _ in _near(Path(path), around, crs)) for role, paths in layers.items()}
    # an outline is of whole pixels, and may reach a little beyond the AOI
    parcels = [parcel for named in cadastres for parcel in _parcels(named, site.buffer(EDGE_M), crs)]
    return Surroundings(near, tuple(parcels) if cadastres else None)


def _parcels(named: tuple[str, str, str], around: BaseGeometry, crs: str) -> Iterator[Parcel]:
    """Yield the parcels of a layer that touch `around`, in `crs`."""
    path, number, owner = named
    for shape, values in _near(Path(path), around, crs, [name for name in (number, owner) if name]):
        yield Parcel(shape, _text(values[number]) or "?", _text(values[owner]) if owner else "")


def _text(value: object) -> str:
    """Return a field's value as text, empty for none; a whole number without a point, whatever type the layer gives it."""
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return ""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _near(path: Path, around: BaseGeometry, crs: str, fields: Sequence[str] = ()) -> Iterator[tuple[BaseGeometry, dict[str, object]]]:
    """Yield the valid shapes of a file that touch `around`, in `crs`, each with the values of `fields`."""
    if not path.is_file():
        raise InputError("there is no such map layer", where=str(path), next_step="mend the path under [context] in the pipeline file")
    try:
        about = pyogrio.read_info(str(path))
        own = about["crs"]
        box = Geometry(around, crs).to_crs(own).boundingbox if own else None
        meta, _, shapes, columns = pyogrio.raw.read(str(path), columns=list(fields), bbox=tuple(box) if box else None)
    except Exception as error:
        raise InputError("the map layer cannot be read", where=str(path), found=f"{error!s:.200}") from error
    if own is None:
        raise InputError("the map layer names no CRS", where=str(path), next_step="assign its CRS in a GIS")
    for name in fields:
        if name not in about["fields"]:
            known = did_you_mean(name, map(str, about["fields"]))
            raise InputError("the map layer has no such field", where=str(path), found=name, allowed=known)
    values = dict(zip(map(str, meta["fields"]), columns, strict=True))
    for number, wkb in enumerate(shapes):
        shape = Geometry(shapely.make_valid(shapely.from_wkb(wkb)), own).to_crs(crs).geom if wkb is not None else None
        if shape is not None and shape.intersects(around):
            yield shapely.make_valid(shape), {name: values[name][number] for name in fields}
