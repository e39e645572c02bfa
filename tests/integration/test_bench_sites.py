"""The bench's sites, from the real cases: tuning and reporting never share ground, and the references make sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.monitor.cases import load_case
from benchmarks.monitor.clearcuts import clearcuts
from benchmarks.monitor.sites import FOREST, SEEDS, bench_sites

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for decoded cases, shared by the tests."""
    return tmp_path_factory.mktemp("bench")


def test_tuning_and_reporting_never_share_ground_or_seeds(shared_cases: Path, cache: Path) -> None:
    """Of every span, the two roles hold different pixels of the case, and their seeds differ."""
    assert not set(SEEDS["tuning"]) & set(SEEDS["reporting"])
    pairs = zip(bench_sites("tuning", shared_cases, cache), bench_sites("reporting", shared_cases, cache), strict=True)
    for tuning, reporting in pairs:
        assert tuning.span == reporting.span
        assert tuning.grid.extent.intersection(reporting.grid.extent).area == pytest.approx(0, abs=1e-9)


def test_reference_clearcuts_are_dated_within_their_year(shared_cases: Path, cache: Path) -> None:
    """Every patch is at least three pixels, was seen uncut before its day, and fell between November and its summer's end."""
    cuts = clearcuts(load_case(FOREST, shared_cases, cache)[0], 2018)
    assert 30 <= len(cuts) <= 70
    for cut in cuts:
        assert len(cut.rows) >= 3
        assert cut.last_before < cut.day
        assert np.datetime64(f"{cut.year - 1}-11-01") <= np.datetime64(cut.day, "D") <= np.datetime64(f"{cut.year}-09-01")
