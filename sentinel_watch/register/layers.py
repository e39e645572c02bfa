"""Map layers around a site: protected areas, water, settlements; read from the files that the operator names.

Nothing is built in: a world map at small scale would be kilometres off where metres matter.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio.raw
import shapely
from odc.geo.geom import Geometry

from sentinel_watch.domain.surroundings import SEARCH_M, Surroundings
from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["read_surroundings"]


def read_surroundings(layers: Mapping[str, Sequence[str]], aoi: BaseGeometry, crs: str) -> Surroundings:
    """Return what lies within SEARCH_M of the AOI (WGS84), in `crs` (metres).

    `layers` is role -> paths of vector files, each of one layer in any CRS that it names; relative paths from the working folder.
    Raises InputError where a file is missing, cannot be read or names no CRS.
    """
    around = Geometry(aoi, "EPSG:4326").to_crs(crs).geom.buffer(SEARCH_M)
    return Surroundings(
        {role: tuple(shape for path in paths for shape in _near(Path(path), around, crs)) for role, paths in layers.items()}
    )


def _near(path: Path, around: BaseGeometry, crs: str) -> Iterator[BaseGeometry]:
    """Yield the valid shapes of a file that touch `around`, in `crs`."""
    if not path.is_file():
        raise InputError("there is no such map layer", where=str(path), next_step="mend the path under [context] in the pipeline file")
    try:
        own = pyogrio.read_info(str(path))["crs"]
        box = Geometry(around, crs).to_crs(own).boundingbox if own else None
        _, _, shapes, _ = pyogrio.raw.read(str(path), columns=[], bbox=tuple(box) if box else None)
    except Exception as error:
        raise InputError("the map layer cannot be read", where=str(path), found=f"{error!s:.200}") from error
    if own is None:
        raise InputError("the map layer names no CRS", where=str(path), next_step="assign its CRS in a GIS")
    for wkb in shapes:
        shape = Geometry(shapely.make_valid(shapely.from_wkb(wkb)), own).to_crs(crs).geom if wkb is not None else None
        if shape is not None and shape.intersects(around):
            yield shapely.make_valid(shape)
