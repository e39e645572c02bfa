"""Map layers around a site: read in any CRS, cut to what is near, measured in metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyogrio.raw
import pytest
import shapely
from odc.geo.geom import Geometry
from shapely import LineString, Point, box

from sentinel_watch.domain.surroundings import SEARCH_M
from sentinel_watch.errors import InputError
from sentinel_watch.register import read_surroundings

if TYPE_CHECKING:
    from pathlib import Path

UTM = "EPSG:32634"
PIT = box(500_000, 4_999_900, 500_200, 5_000_000)
AOI = Geometry(PIT.buffer(1000), UTM).to_crs("EPSG:4326").geom


def _write(path: Path, shapes: list[object], crs: str, kind: str = "Unknown") -> str:
    moved = [Geometry(shape, UTM).to_crs(crs).geom for shape in shapes]
    driver = "GPKG" if path.suffix == ".gpkg" else "GeoJSON"
    pyogrio.raw.write(
        str(path), shapely.to_wkb(np.array(moved, object)), [np.arange(len(moved))], ["n"], geometry_type=kind, crs=crs, driver=driver
    )
    return str(path)


def test_layers_in_any_crs_are_measured_in_metres(tmp_path: Path) -> None:
    """A river in Web Mercator, a park in WGS84 and a village as a point lie where they lie; what is far is left out."""
    river = _write(tmp_path / "river.gpkg", [LineString([(500_300, 4_990_000), (500_300, 5_010_000)])], "EPSG:3857")
    parks = [
        box(500_100, 4_999_000, 501_000, 5_001_000),
        box(500_150, 4_999_000, 501_000, 5_001_000),
        box(530_000, 4_999_000, 531_000, 5_001_000),
    ]
    park = _write(tmp_path / "park.geojson", parks, "EPSG:4326")
    village = _write(tmp_path / "village.gpkg", [Point(500_200, 5_000_500)], UTM, "Point")
    found = read_surroundings({"water": [river], "protected": [park], "settlements": [village]}, AOI, UTM)
    assert len(found.layers["protected"]) == 2
    assert found.distance_m("water", PIT) == pytest.approx(100, abs=0.5)
    assert found.distance_m("settlements", PIT) == pytest.approx(500, abs=0.5)
    # two parks that overlap are not counted twice
    assert found.overlap_ha("protected", PIT) == pytest.approx(1.0, abs=0.01)
    assert found.distance_m("parcels", PIT) is None


def test_a_layer_with_nothing_near_is_known_to_be_empty(tmp_path: Path) -> None:
    """Somebody looked: the distance is the limit of the search and the overlap 0, not unknown."""
    far = _write(tmp_path / "far.gpkg", [box(600_000, 4_999_000, 601_000, 5_001_000)], UTM)
    found = read_surroundings({"water": [far], "protected": [far]}, AOI, UTM)
    assert (found.distance_m("water", PIT), found.overlap_ha("protected", PIT)) == (SEARCH_M, 0.0)


def test_a_layer_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A missing file and one that is no map are told by name."""
    with pytest.raises(InputError, match="no such map layer"):
        read_surroundings({"water": [str(tmp_path / "none.gpkg")]}, AOI, UTM)
    (tmp_path / "text.gpkg").write_text("hello")
    with pytest.raises(InputError, match="cannot be read"):
        read_surroundings({"water": [str(tmp_path / "text.gpkg")]}, AOI, UTM)


def _cadastre(path: Path, numbers: list[object], owners: list[object]) -> str:
    """Write three strips of parcels over and beside the pit, 100 m wide each, in Web Mercator."""
    strips = [box(x, 4_999_000, x + 100, 5_001_000) for x in (500_000, 500_100, 500_200)]
    moved = [Geometry(shape, UTM).to_crs("EPSG:3857").geom for shape in strips]
    columns = [np.array(numbers, object if isinstance(numbers[0], str) else float), np.array(owners, object)]
    wkb = shapely.to_wkb(np.array(moved, object))
    pyogrio.raw.write(str(path), wkb, columns, ["nr", "who"], geometry_type="Polygon", crs="EPSG:3857", driver="GPKG")
    return str(path)


def test_parcels_are_told_with_their_share_and_owner(tmp_path: Path) -> None:
    """Those that an outline touches, the largest share first; a border that two maps draw a metre apart touches nothing."""
    path = _cadastre(tmp_path / "parcels.gpkg", ["12/4", "12/5", "12/6"], ["A; Co", None, "C"])
    found = read_surroundings({}, AOI, UTM, [(path, "nr", "who")])
    touched = found.parcels_of(box(500_040, 4_999_900, 500_200.5, 5_000_000))
    assert touched is not None
    assert [(parcel.parcel_id, parcel.owner, round(share)) for parcel, share in touched] == [("12/5", "", 62), ("12/4", "A; Co", 37)]
    assert read_surroundings({}, AOI, UTM).parcels_of(PIT) is None
    assert found.parcels_of(box(501_000, 4_999_900, 501_100, 5_000_000)) == ()


def test_parcels_need_their_fields(tmp_path: Path) -> None:
    """A field that the layer lacks is told with those that it has; whole numbers come without a point, and an owner need not be named."""
    path = _cadastre(tmp_path / "parcels.gpkg", [7.0, 8.0, np.nan], ["A", "B", "C"])
    found = read_surroundings({}, AOI, UTM, [(path, "nr", "")])
    assert [(parcel.parcel_id, parcel.owner) for parcel in found.parcels or ()] == [("7", ""), ("8", ""), ("?", "")]
    with pytest.raises(InputError, match="no such field") as error:
        read_surroundings({}, AOI, UTM, [(path, "number", "")])
    assert "nr" in str(error.value)
