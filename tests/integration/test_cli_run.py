"""The verb `run` over a small archive that is not all sound: what it says, what it writes, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from catalogs import Layer, Shot, footprint, write_catalog
from shapely.geometry import box, mapping

BEGIN = datetime(2020, 1, 1, 10, tzinfo=UTC)
GREEN = {"B02": 300, "B04": 400, "B08": 3000, "B11": 1500}
BARE = {"B02": 1200, "B04": 2000, "B08": 2600, "B11": 3200}
BARED = datetime(2021, 6, 1, tzinfo=UTC)
LATE = "S2A_20211022"
SIDE, PIT = 48, slice(16, 32)


def _shot(number, rng):
    time = BEGIN + timedelta(days=12 * number)
    layers = {}
    for band, green in GREEN.items():
        dn = rng.normal(green, 40, (SIDE, SIDE))
        if time >= BARED:
            dn[PIT, PIT] += BARE[band] - green
        layers[band] = Layer(dn.clip(1).astype(np.uint16))
    layers["SCL"] = Layer(np.full((SIDE, SIDE), 4, np.uint8))
    return Shot(f"S2A_{time:%Y%m%d}", time, layers)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with a catalogue of 60 scenes, ground bared in June 2021, and an AOI with a permit elsewhere."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(20)
    shots = [_shot(number, rng) for number in range(60)]
    write_catalog(folder / "archive", shots)
    aoi = footprint(shots[0])
    west, south, east, north = aoi.bounds
    permit = {"permit_id": "P-1", "geometry": mapping(box(west, south, west + (east - west) / 10, north))}
    site = {"site_id": "pit", "name": "Pit", "site_type": "mine", "permits": [permit]}
    (folder / "pit.geojson").write_text(json.dumps({"type": "Feature", "properties": site, "geometry": mapping(aoi)}))
    return folder


def _run(folder):
    words = ["run", "pit.geojson", "--source", "archive/catalog.json", "--monitor-from", "2021-04-01"]
    return subprocess.run([sys.executable, "-m", "sentinel_watch", *words], cwd=folder, capture_output=True, text=True, check=False)


def test_a_broken_scene_is_told_and_tried_again(place):
    """One broken file costs its scene and exit code 3; once it is mended, a rerun ends with 0 and the alert stands as before."""
    broken = place / "archive" / LATE / "b04.tif"
    content = broken.read_bytes()
    broken.write_bytes(content[:100])
    first = _run(place)
    assert first.returncode == 3, first.stderr
    assert "Not read" in first.stdout
    assert "Pit: 1 alert, all suspected until checked; 1 of 60 scenes could not be read" in " ".join(first.stdout.split())
    assert LATE in first.stdout
    assert "Traceback" not in first.stderr
    broken.write_bytes(content)
    second = _run(place)
    assert second.returncode == 0, second.stderr
    assert "Not read" not in second.stdout
    assert "Pit: 1 alert, all suspected until checked\n" in second.stdout
    (row,) = [line for line in second.stdout.splitlines() if " confirmed " in line]
    assert "100%" in row
    assert "2021-06" in row
    assert "0 not readable" in second.stdout
    report = json.loads((place / "out" / "run.json").read_text("utf-8"))
    assert len(report["scenes"]) == 60
