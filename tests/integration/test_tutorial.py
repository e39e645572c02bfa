"""The tutorial's commands, run as they stand there, one after the other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig

import pytest
from conftest import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.md"
SCRIPTS = sysconfig.get_path("scripts")


def _commands():
    blocks = re.findall(r"^```console\n(.*?)^```$", TUTORIAL.read_text("utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


def _documented():
    """Return the members of `run.json` as the reference lists them."""
    table = (ROOT / "docs" / "reference" / "run.md").read_text("utf-8").split("| Member |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)`", table, re.M)


@pytest.mark.timeout(600)
def test_the_tutorial_works(tmp_path):
    """From a folder with the AOI only, each command ends with 0, and what the texts promise is there."""
    shutil.copytree(ROOT / "aoi", tmp_path / "aoi")
    environment = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    said = []
    for command in _commands():
        done = subprocess.run(command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout)
    doctor, first, listed, _, again = said
    assert "Everything that a run needs is here." in doctor
    folders = {folder.name for folder in (tmp_path / "out" / "evidence").iterdir()}
    assert folders
    assert all(name in listed for name in folders)
    assert "confirmed" in first
    assert again == first
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["alerts.csv"]
    assert (tmp_path / "export" / "alerts.csv").read_bytes() == (tmp_path / "out" / "alerts.csv").read_bytes()
    assert _documented() == list(json.loads((tmp_path / "out" / "run.json").read_text("utf-8")))
    assert all((tmp_path / "out" / name).stat().st_size for name in ("alerts.geojson", "alerts.gpkg", "run.json"))
