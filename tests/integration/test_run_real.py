"""Whole runs over the real cases: what grew is found, what only has seasons is not, and short archives end properly."""

from __future__ import annotations

import json
import warnings
from contextlib import chdir
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from scipy.ndimage import binary_opening

from sentinel_watch.pipeline.definition import load_pipeline, pipeline_for
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from affine import Affine
    from numpy.typing import NDArray

    from sentinel_watch.pipeline.deliver import RunResult

CLEAR = (4, 5, 6, 7)


def run_case(case: Path, out: Path, monitor_from: datetime | None, pipeline: str | None = None) -> RunResult:
    """Return the result of a run over a case."""
    site = read_site(case / "aoi.geojson")
    plan = load_pipeline(pipeline) if pipeline else pipeline_for(site.site_type)
    with chdir(out):
        return run(RunRequest(site, str(case / "catalog.json"), plan, out, out / "workspace", monitor_from=monitor_from))


def looks(case: Path, bands: tuple[str, ...], wanted: Callable[[datetime], bool]) -> Iterator[Mapping[str, NDArray[np.float64]]]:
    """Yield band -> reflectance, NaN = not clear, of the wanted scenes, straight from the files."""
    for path in sorted((case / "items").rglob("*.json")):
        item = json.loads(path.read_text())
        if wanted(datetime.fromisoformat(item["properties"]["datetime"])):
            clear = np.isin(_read(path, item, "SCL")[0], CLEAR)
            scaled = {band: _read(path, item, band) for band in bands}
            yield {
                band: np.where(_on(clear, dn.shape) & (dn > 0), dn * scale + offset, np.nan) for band, (dn, scale, offset) in scaled.items()
            }


def grid_of(case: Path, band: str) -> tuple[Affine, str, tuple[int, int]]:
    """Return transform, CRS and shape of a band's files."""
    path = next(iter(sorted((case / "items").rglob("*.json"))))
    with rasterio.open(_file(path, json.loads(path.read_text()), band)) as file:
        return file.transform, str(file.crs), file.shape


def within(out: Path, case: Path, band: str) -> NDArray[np.bool_]:
    """Return the (y, x) pixels of a band's files whose centre lies in a confirmed alert of a run into `out`."""
    grid, crs, shape = grid_of(case, band)
    alerts = json.loads((out / "alerts.geojson").read_text("utf-8"))["features"]
    found = [transform_geom("EPSG:4326", crs, alert["geometry"]) for alert in alerts if alert["properties"]["status"] == "confirmed"]
    return rasterize(found, shape, transform=grid, dtype="uint8").astype(bool) if found else np.zeros(shape, bool)


def _on(clear: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where all of a coarser pixel is clear."""
    times = clear.shape[0] // shape[0]
    return clear.reshape(shape[0], times, shape[1], times).all(axis=(1, 3))


def _asset(item: Mapping, band: str) -> Mapping:
    def names(key: str, asset: Mapping) -> set[str]:
        return {key.upper(), *(entry.get("name") for entry in (*asset.get("eo:bands", ()), *asset.get("bands", ())))}

    return next(asset for key, asset in item["assets"].items() if band in names(key, asset))


def _file(path: Path, item: Mapping, band: str) -> Path:
    return path.parent / _asset(item, band)["href"]


def _read(path: Path, item: Mapping, band: str) -> tuple[NDArray[np.float64], float, float]:
    asset = _asset(item, band)
    scaling = (asset.get("raster:bands") or [asset])[0]
    with rasterio.open(_file(path, item, band)) as opened:
        return opened.read(1).astype(float), scaling.get("scale") or 1.0, scaling.get("offset") or 0.0


@pytest.fixture(scope="module")
def mine(shared_cases, tmp_path_factory) -> tuple[Path, RunResult]:
    """Return the limestone mine and a run that watches it from 2023."""
    case = shared_cases / "limestone_mine_chhattisgarh"
    return case, run_case(case, tmp_path_factory.mktemp("mine"), datetime(2023, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def fields(shared_cases, tmp_path_factory) -> tuple[Path, RunResult]:
    """Return the crops and a run that decides for itself what it may learn from."""
    case = shared_cases / "cropland_belgium"
    return case, run_case(case, tmp_path_factory.mktemp("fields"), None)


def between(year: int, month: int, months: int) -> Callable[[datetime], bool]:
    """Return whether an instant lies in the given number of months from the first of a month on."""
    first = datetime(year, month, 1, tzinfo=UTC)
    last = datetime(year + (month + months - 1) // 12, (month + months - 1) % 12 + 1, 1, tzinfo=UTC)
    return lambda time: first <= time.astimezone(UTC) < last


def median(case: Path, bands: tuple[str, ...], when: Callable[[datetime], bool]) -> Mapping[str, NDArray[np.float64]]:
    """Return band -> median reflectance of the clear looks in a season."""
    seen = list(looks(case, bands, when))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice")
        return {band: np.nanmedian([look[band] for look in seen], axis=0) for band in bands}


def test_the_mines_grown_pits_are_confirmed(mine):
    """Most ground that darkened between the winters is in confirmed alerts, more of what darkened much, and most of the mine is not."""
    case, result = mine
    fall = median(case, ("B11",), between(2019, 11, 4))["B11"] - median(case, ("B11",), between(2023, 11, 4))["B11"]
    found = within(result.paths["alerts.geojson"].parent, case, "B11")
    assert (fall > 0.08).sum() > 100
    assert found[fall > 0.08].mean() >= 0.6
    assert found[fall > 0.10].mean() >= 0.7
    assert found.mean() < 0.3
    assert result.exit_code == 0


def test_the_mines_empty_dates_are_in_the_ledger(mine):
    """The two dates without data are rejected as such, and the missing B03 is told."""
    _, result = mine
    empty = {record.time[:10] for record in result.records if record.reason == "nodata"}
    assert {"2023-09-17", "2023-12-31"} <= empty
    assert any("the source has no B03" in note for note in result.notes)


@pytest.mark.timeout(600)
def test_the_forests_clear_cuts_are_confirmed(shared_cases, tutorial):
    """Most forest that lost its moisture between the summers of 2017 and 2020 is in the sample's confirmed alerts; most of it is not."""
    case = shared_cases / "forest_romania"
    moist = [_ndmi(median(case, ("B8A", "B11"), between(year, 6, 4))) for year in (2017, 2020)]
    # 20 m pixels at a clear-cut's edge are half forest
    cut = binary_opening((moist[0] - moist[1] > 0.2) & (moist[0] > 0.2), np.ones((2, 2)))
    assert cut.sum() > 50
    found = within(tutorial.folder / "out", case, "B11")
    assert found[cut].mean() >= 0.8
    assert found.mean() < 0.4


def test_a_short_archive_of_fields_ends_properly(fields):
    """Over sixteen months of crops the run ends with 0 and says what it learnt from, and nothing is called sure."""
    _, result = fields
    assert result.exit_code == 0
    assert any("the archive spans only" in note or "days after the first scene" in note for note in result.notes)
    assert len(result.records) == 118
    assert all(alert.detection_confidence <= 0.95 and alert.event_class != "agriculture" for alert in result.alerts)


def _ndmi(seen: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    return (seen["B8A"] - seen["B11"]) / (seen["B8A"] + seen["B11"])
