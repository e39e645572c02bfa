"""Reading AOI files: what is accepted, and what every wrong file is told."""

from __future__ import annotations

import json
import logging
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from sentinel_watch.errors import InputError
from sentinel_watch.register import read_site
from sentinel_watch.register.geometry import read_polygon

SQUARE = [[22.14, 45.19], [22.16, 45.19], [22.16, 45.21], [22.14, 45.21], [22.14, 45.19]]
CLOCKWISE = SQUARE[::-1]
PERMIT = {"permit_id": "P-1", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}


def polygon(ring=SQUARE):
    """Return a GeoJSON polygon of one ring."""
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry=None, **properties):
    """Return a GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": polygon() if geometry is None else geometry}


def rectangle(west, south, east, north):
    """Return a GeoJSON rectangle."""
    return polygon([[west, south], [east, south], [east, north], [west, north], [west, south]])


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a document or text as an AOI file."""

    def _write(document, name="My Mine 7.geojson"):
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return path

    return _write


@pytest.mark.parametrize(
    "document", [polygon(), feature(), {"type": "FeatureCollection", "features": [feature()]}], ids=["geometry", "feature", "collection"]
)
def test_reads_every_form_of_one_polygon(write, document):
    """A bare geometry, a feature and a collection of one give the same site, with defaults from the file's name."""
    site = read_site(write(document))
    assert (site.site_id, site.name, site.site_type) == ("my_mine_7", "my_mine_7", "industrial_zone")
    assert site.geometry.equals(Polygon(SQUARE))


def test_reads_properties(write):
    """Properties are taken as they stand, and the country in capitals."""
    given_ = {"site_id": "m7", "name": "Mine 7", "site_type": "mine", "country": "rou", "admin": "Gorj", "operator": "Acme"}
    site = read_site(write(feature(**given_)))
    assert (site.site_id, site.name, site.site_type) == ("m7", "Mine 7", "mine")
    assert (site.country, site.admin, site.operator) == ("ROU", "Gorj", "Acme")


@pytest.mark.parametrize("as_text", [False, True], ids=["list", "JSON text"])
def test_reads_permits(write, as_text):
    """Permits are read with their terms, as a list or as the JSON text that GDAL makes of one."""
    terms = PERMIT | {"valid_from": "2020-01-01", "valid_to": "2025-12-31", "activities": ["excavation"], "max_area_ha": 12}
    site = read_site(write(feature(permits=json.dumps([terms]) if as_text else [terms])))
    (permit,) = site.permits
    assert (permit.permit_id, permit.valid_from, permit.valid_to) == ("P-1", date(2020, 1, 1), date(2025, 12, 31))
    assert (permit.activities, permit.max_area_ha) == (("excavation",), 12.0)
    assert permit.geometry.equals(Polygon(SQUARE))


def test_orients_rings_and_drops_heights(write):
    """A clockwise shell with heights becomes a counter-clockwise one without."""
    site = read_site(write(polygon([[*position, 512.5] for position in CLOCKWISE])))
    assert not site.geometry.has_z
    assert site.geometry.exterior.is_ccw


def test_keeps_multipolygons_and_holes(write):
    """Parts and holes stay as they are."""
    hole = [[22.145, 45.195], [22.150, 45.195], [22.150, 45.200], [22.145, 45.195]]
    second = rectangle(22.2, 45.2, 22.21, 45.21)["coordinates"]
    site = read_site(write({"type": "MultiPolygon", "coordinates": [[SQUARE, hole], second]}))
    assert isinstance(site.geometry, MultiPolygon)
    assert [len(part.interiors) for part in site.geometry.geoms] == [1, 0]


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_accepts_a_crs_that_says_wgs84(write, name):
    """A crs member that says what GeoJSON takes for granted is no error."""
    document = {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": name}}, "features": [feature()]}
    assert read_site(write(document)).geometry.is_valid


def test_accepts_a_byte_order_mark(write):
    """A file from a Windows editor, with a byte order mark, is read."""
    assert read_site(write("\ufeff" + json.dumps(feature(name="Mina")))).name == "Mina"


BOW_TIE = [[22.14, 45.19], [22.16, 45.21], [22.16, 45.19], [22.14, 45.21], [22.14, 45.19]]
UTM_CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32634"}}
WRONG_FILES = {
    "not JSON": ("not json {", "not JSON", "line 1, column 1"),
    "a list": ("[]", "not GeoJSON", "a JSON list"),
    "TopoJSON": ({"type": "Topology"}, "not GeoJSON", '"Topology"'),
    "no feature": ({"type": "FeatureCollection", "features": []}, "holds no feature", "one feature"),
    "features missing": ({"type": "FeatureCollection"}, "not a list of objects", "features"),
    "several": ({"type": "FeatureCollection", "features": [feature(site_id="a"), feature(site_id="b")]}, "several features", "2: a, b"),
    "no geometry": ({"type": "Feature", "properties": {}, "geometry": None}, "no geometry", "null"),
    "a point": (feature({"type": "Point", "coordinates": [22.1, 45.2]}), "wrong type", "Point"),
    "a bare line": ({"type": "LineString", "coordinates": SQUARE}, "wrong type", "LineString"),
    "empty": (feature({"type": "Polygon", "coordinates": []}), "empty", "at least one ring"),
    "empty parts": (feature({"type": "MultiPolygon", "coordinates": []}), "empty", "at least one ring"),
    "flat list": (feature({"type": "Polygon", "coordinates": SQUARE}), "not a finite number", "position 1"),
    "self-crossing": (polygon(BOW_TIE), "not valid", "Self-intersection[22.15 45.2"),
    "swapped beyond the pole": (rectangle(21.0, 98.0, 21.1, 98.1), "swapped", "[longitude, latitude]"),
    "swapped by country": (feature(rectangle(38.0, 67.0, 38.1, 67.1), country="AFG"), "swapped", "outside AFG"),
    "crs": ({**polygon(), "crs": UTM_CRS}, "not in WGS84", "32634"),
    "projected": (rectangle(600000, 5000000, 601000, 5001000), "projected", "ogr2ogr"),
    "antimeridian": (rectangle(179.9, 51.0, 180.1, 51.1), "antimeridian", "site of its own"),
    "antimeridian, split": (rectangle(-179.9, 51.0, 179.9, 51.1), "antimeridian", "site of its own"),
    "polar": (rectangle(22.0, 84.5, 22.1, 84.6), "beyond the latitudes of UTM", "-80 to 84"),
    "NaN": (polygon([[float("nan"), 45.2], *SQUARE[1:]]), "not a finite number", "position 1"),
    "infinite": (polygon([[22.1, float("inf")], *SQUARE[1:]]), "not a finite number", "position 1"),
    "text": (polygon([["22.1", "45.2"], *SQUARE[1:]]), "not a finite number", "'22.1'"),
    "not closed": (polygon(SQUARE[:-1]), "not closed", "starts at (22.14, 45.19)"),
    "two positions": (polygon(SQUARE[:2]), "too few positions", "2"),
    "a line": (polygon([[22.0, 45.0], [22.1, 45.1], [22.2, 45.2], [22.0, 45.0]]), "no area", "line"),
    "tiny": (rectangle(22.14, 45.19, 22.14001, 45.19001), "too small", "one pixel"),
    "oversized": (rectangle(20.0, 44.0, 22.0, 46.0), "too large", "10,000 km²"),
    "too wide": (rectangle(10.0, 45.0, 17.0, 45.001), "too wide", "one UTM zone"),
    "site type": (feature(site_type="mines"), "site_type", "did you mean 'mine'?"),
    "site id": (feature(site_id="../up"), "cannot name a folder", "up"),
    "country": (feature(country="Romania"), "three-letter", "Romania"),
    "name": (feature(name=["a"]), "not text", "['a']"),
    "properties": ({"type": "Feature", "properties": [1], "geometry": polygon()}, "not an object", "list"),
    "permit term": (feature(permits=[{**PERMIT, "max_area": 3}]), "not known", "did you mean 'max_area_ha'?"),
    "permit id": (feature(permits=[{**PERMIT, "permit_id": " "}]), "no permit_id", "permit 1"),
    "permit twice": (feature(permits=[PERMIT, PERMIT]), "same permit_id", "P-1"),
    "permit day": (feature(permits=[{**PERMIT, "valid_from": "1.2.2020"}]), "not a day", "YYYY-MM-DD"),
    "permit ends first": (feature(permits=[{**PERMIT, "valid_from": "2021-01-01", "valid_to": "2020-01-01"}]), "ends before", "2021-01-01"),
    "permit activity": (feature(permits=[{**PERMIT, "activities": ["excavate"]}]), "not an event class", "'excavation'"),
    "permit area": (feature(permits=[{**PERMIT, "max_area_ha": 0}]), "not an area", "above 0"),
    "permit outline": (feature(permits=[{**PERMIT, "geometry": polygon(BOW_TIE)}]), "not valid", "permit 1"),
    "permits": (feature(permits="none"), "not JSON", "a list of objects"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "what", "detail"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_says_what_is_wrong(write, document, what, detail):
    """A wrong file raises an InputError that names the fault, the file and what was found or is allowed."""
    path = write(document, "aoi.geojson")
    with pytest.raises(InputError) as caught:
        read_site(path)
    assert what in caught.value.what
    assert detail in str(caught.value)
    assert str(path) in caught.value.details["where"]
    assert caught.value.exit_code == 2


def test_says_that_a_file_is_missing_or_is_no_file(tmp_path):
    """A path that leads nowhere and a folder are told apart."""
    with pytest.raises(InputError, match="no such AOI file"):
        read_site(tmp_path / "none.geojson")
    with pytest.raises(InputError, match="not a file"):
        read_site(tmp_path)


def test_says_that_a_file_is_not_text(tmp_path):
    """A binary file is refused as such."""
    path = tmp_path / "aoi.geojson"
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match="not text"):
        read_site(path)


@pytest.mark.parametrize("text", ["[" * 100_000, f'{{"type": {"9" * 5000}}}'], ids=["deep", "long number"])
def test_survives_hostile_json(write, text):
    """Text that would exhaust the reader is a wrong file like any other."""
    with pytest.raises(InputError):
        read_site(write(text))


def test_the_limit_of_size_is_an_option(write):
    """A smaller limit refuses what the default accepts."""
    path = write(polygon())
    assert read_site(path).geometry.is_valid
    with pytest.raises(InputError, match="too large"):
        read_site(path, max_area_km2=1.0)


def test_warns_of_a_misspelt_property_and_a_far_permit(write, caplog):
    """What is not wrong but probably not meant is said, and does not stop the run."""
    far = {"permit_id": "P-9", "geometry": rectangle(23.0, 45.0, 23.1, 45.1)}
    with caplog.at_level(logging.WARNING):
        read_site(write(feature(sitetype="mine", permits=[far])))
    assert "did you mean 'site_type'?" in caplog.text
    assert "P-9 lies wholly outside" in caplog.text


@given(st.recursive(st.none() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=5), max_leaves=30))
def test_no_coordinates_crash_the_reader(coordinates):
    """Whatever stands under `coordinates`, the answer is a valid polygon or an InputError."""
    try:
        geometry = read_polygon({"type": "Polygon", "coordinates": coordinates}, "aoi")
    except InputError:
        return
    assert geometry.is_valid


@given(st.floats(-179, 178), st.floats(-79, 82), st.floats(0.001, 1), st.booleans())
def test_every_rectangle_comes_back_oriented(west, south, side, clockwise):
    """Any rectangle on the globe is read as the same area with a counter-clockwise shell."""
    expected = box(west, south, west + side, south + side)
    ring = [list(position) for position in expected.exterior.coords]
    geometry = read_polygon(polygon(ring[::-1] if clockwise else ring), "aoi")
    assert geometry.equals(expected)
    assert geometry.exterior.is_ccw
