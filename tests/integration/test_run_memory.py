"""Memory does not grow with the number of dates: a quick version of benchmarks/memory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def measure(monkeypatch):
    """Return the benchmark's own measure."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.memory.measure import measure  # noqa: PLC0415 - found only from here

    return measure


def test_ten_times_the_dates_take_no_more_memory(measure, tmp_path):
    """Watching 120 dates peaks no more than 35 MB above watching 12: what the figures keep is bounded."""
    assert sys.platform.startswith("linux"), "ru_maxrss is in kilobytes on Linux"
    few, many = (measure(tmp_path / str(dates), dates, 96) for dates in (12, 120))
    assert few.alerts == many.alerts == 1
    assert many.peak_mb - few.peak_mb < 35, (few, many)
