"""The sample's alerts, in a few numbers: a change of them is deliberate."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from conftest import require

HERE = Path(__file__).parent


@pytest.mark.timeout(600)
def test_the_sample_gives_what_it_gave(tutorial):
    """Classes, statuses, areas, first days and scenes are those on file; `sample_statistics.py` says how to renew them."""
    known = HERE / "sample_statistics.json"
    require(present=known.is_file(), what="sample_statistics.json (python tests/golden/sample_statistics.py writes it)")
    spec = importlib.util.spec_from_file_location("sample_statistics", HERE / "sample_statistics.py")
    taken = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(taken)
    assert taken.statistics(tutorial.folder / "out") == json.loads(known.read_text())
