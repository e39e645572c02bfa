"""The sample's alerts, in a few numbers: a change of them is deliberate."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from conftest import require

HERE = Path(__file__).parent


def test_the_sample_gives_what_it_gave(tmp_path):
    """Classes, statuses, areas, first days and scenes are those on file; `sample_statistics.py` says how to renew them."""
    known = HERE / "sample_statistics.json"
    require(present=known.is_file(), what="sample_statistics.json (python tests/golden/sample_statistics.py writes it)")
    spec = importlib.util.spec_from_file_location("sample_statistics", HERE / "sample_statistics.py")
    taken = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(taken)
    assert taken.statistics(tmp_path) == json.loads(known.read_text())
