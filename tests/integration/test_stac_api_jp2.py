"""JPEG 2000 files on S3, as the Copernicus Data Space keeps them: fetched whole, signed for, and read like any other."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from hashlib import md5

import numpy as np
import pytest
import rasterio
from fault_server import Archive, serving
from served import BANDS, GRID, WORLD, assert_same_pixels, local, remote, write_noise

from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.sources.ranges import RangeClient
from sentinel_watch.sources.remote_file import HEADER_BYTES
from sentinel_watch.sources.s3 import presigned

KEYS = {"s3_key_env": "STORE_KEY", "s3_secret_env": "STORE_SECRET"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return an archive of two scenes, each file beside its lossless twin in JPEG 2000."""
    folder = write_noise(tmp_path_factory.mktemp("archive"), 2).parent
    for path in folder.glob("*/*.tif"):
        with rasterio.open(path) as file:
            profile = {"height": file.height, "width": file.width, "count": 1, "dtype": file.dtypes[0]}
            place = {"crs": file.crs, "transform": file.transform}
            options = {"QUALITY": "100", "REVERSIBLE": "YES", "BLOCKXSIZE": "128", "BLOCKYSIZE": "128"}
            with rasterio.open(path.with_suffix(".jp2"), "w", driver="JP2OpenJPEG", **profile, **place, **options) as twin:
                twin.write(file.read())
    return folder


@pytest.fixture
def archive(folder, monkeypatch):
    """Return the archive on a server; its items name objects of a store."""
    monkeypatch.setenv("STORE_KEY", "KEY-1")
    monkeypatch.setenv("STORE_SECRET", "STORE-SECRET")
    with serving(Archive(folder)) as served:
        digests = {}

        def on_s3(item):
            for asset in item["assets"].values():
                place = asset["href"].removeprefix(f"{served.url}/files/").replace(".tif", ".jp2")
                digest = md5((folder / place).read_bytes()).hexdigest() if place not in digests else digests[place]
                asset.update({"href": f"s3://{place}", "type": "image/jp2", "file:checksum": f"d50110{digests.setdefault(place, digest)}"})

        served.change_items = on_s3
        yield served


def test_jp2_on_s3_gives_the_pixels_of_the_disk(archive, tmp_path):
    """Pixels are those of the twins in TIFF; each request is signed; a second reading needs no network, and no secret is kept."""
    source = remote(archive, s3_endpoint=f"{archive.url}/files", cache=tmp_path, **KEYS)
    scenes = source.search(WORLD, None, None)
    assert scenes[0].assets["B02"].href.startswith("s3://")
    for scene in scenes:
        assert_same_pixels(source, scene, archive)
    assert all("X-Amz-Signature=" in path and "KEY-1" in path and "STORE-SECRET" not in path for path in archive.files_asked())
    archive.asked.clear()
    assert_same_pixels(remote(archive, s3_endpoint=f"{archive.url}/files", cache=tmp_path, offline=True), scenes[0], archive)
    assert archive.asked == []
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and (b"Signature" in (text := path.read_bytes()) or b"KEY-1" in text)
    ] == []


def test_bands_in_jp2_are_fetched_side_by_side(archive, monkeypatch):
    """The long part of each band is under way while those of the others are."""
    under_way, most, fetch = Counter(), [], RangeClient.fetch

    def count(client, href, span, *others):
        under_way[span[1] > HEADER_BYTES] += 1
        most.append(under_way[True])
        try:
            return fetch(client, href, span, *others)
        finally:
            under_way[span[1] > HEADER_BYTES] -= 1

    monkeypatch.setattr(RangeClient, "fetch", count)
    archive.delay_s = 0.3
    source = remote(archive, s3_endpoint=f"{archive.url}/files", **KEYS)
    assert_same_pixels(source, source.search(WORLD, None, None)[0], archive)
    assert max(most) > 1


@pytest.mark.parametrize("fault", ["drop", "truncate", "shifted_range", "busy_silent", "page"])
def test_a_fault_leaves_jp2_right(archive, fault):
    """A fault in three of ten requests for JPEG 2000 passes, and the pixels are those of the disk."""
    archive.fault = fault
    source = remote(archive, s3_endpoint=f"{archive.url}/files", **KEYS)
    assert_same_pixels(source, source.search(WORLD, None, None)[0], archive)


@pytest.mark.parametrize("damage", ["cut", "holed", "tiff"])
def test_a_damaged_jp2_is_a_failed_scene(archive, tmp_path, damage):
    """A file that is cut off or overwritten on the server, or is none, costs its scene; it is never read as no data."""
    source = remote(archive, s3_endpoint=f"{archive.url}/files", **KEYS)
    scene = source.search(WORLD, None, None)[1]
    path = archive.folder / scene.scene_id / "b02.jp2"
    whole = path.read_bytes()
    middle = len(whole) // 2
    broken = {"cut": whole[:middle], "holed": whole[:middle] + bytes(4096) + whole[middle + 4096 :], "tiff": b"\0\0\0\x0c" + whole[8:]}
    path.write_bytes(broken[damage])
    try:
        with pytest.raises(SceneError):
            source.read(scene, ["B02"], GRID)
    finally:
        path.write_bytes(whole)


def test_a_store_that_is_not_configured_is_said_at_once(archive):
    """Without an endpoint, nothing on S3 can be read, and the search says what to set."""
    with pytest.raises(SourceError, match="s3_endpoint"):
        remote(archive).search(WORLD, None, None)


def test_a_local_jp2_is_read(folder):
    """A catalogue on disk may name JPEG 2000 too."""
    source = local(Archive(folder))
    scene = source.search(WORLD, None, None)[0]
    true = source.read(scene, BANDS, GRID)
    for asset in scene.assets.values():
        object.__setattr__(asset, "href", asset.href.replace(".tif", ".jp2"))
    for band, values in source.read(scene, BANDS, GRID).items():
        np.testing.assert_array_equal(values, true[band])


def test_the_signature_is_that_of_the_specification():
    """The example of the specification of AWS Signature Version 4 comes out."""
    credentials = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    now = datetime(2013, 5, 24, tzinfo=UTC)
    signed = presigned("https://examplebucket.s3.amazonaws.com/test.txt", credentials, "us-east-1", now, 86400)
    assert signed.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
