"""What the tutorial promises is so."""

from __future__ import annotations

import json
import re

import pytest
from conftest import ROOT


def _documented():
    """Return the members of `run.json` as the reference lists them."""
    table = (ROOT / "docs" / "reference" / "run.md").read_text("utf-8").split("| Member |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)`", table, re.M)


@pytest.mark.timeout(600)
def test_the_tutorial_works(tutorial):
    """From a folder with the AOI only, each command ends with 0, and what the texts promise is there."""
    for command, done in zip(tutorial.commands, tutorial.done, strict=True):
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    doctor, first, listed, _, again = (done.stdout for done in tutorial.done)
    out, export = tutorial.folder / "out", tutorial.folder / "export"
    assert "Everything that a run needs is here." in doctor
    folders = {folder.name for folder in (out / "evidence").iterdir()}
    assert folders
    assert all(name in listed for name in folders)
    assert "confirmed" in first
    assert again == first
    assert [path.name for path in export.iterdir()] == ["alerts.csv"]
    assert (export / "alerts.csv").read_bytes() == (out / "alerts.csv").read_bytes()
    assert _documented() == list(json.loads((out / "run.json").read_text("utf-8")))
    assert all((out / name).stat().st_size for name in ("alerts.geojson", "alerts.gpkg", "run.json"))
