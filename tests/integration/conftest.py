"""The made-up quarry, written and run once for all tests that need it."""

from __future__ import annotations

import shutil
from contextlib import chdir
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from planted_site import PlantedSite, plant_site

from sentinel_watch.pipeline.run import run

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.pipeline.deliver import RunResult


@dataclass(frozen=True)
class Finished:
    """A run of the quarry that nothing disturbed."""

    site: PlantedSite
    result: RunResult


@pytest.fixture(scope="session")
def quarry(tmp_path_factory) -> PlantedSite:
    """Return the quarry; nobody may write into it but into folders of their own."""
    return plant_site(tmp_path_factory.mktemp("quarry"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory, quarry) -> Finished:
    """Return a finished run of a copy of the quarry."""
    site = quarry.copy(tmp_path_factory.mktemp("finished"))
    with chdir(site.folder):
        return Finished(site, run(site.request()))


@pytest.fixture
def again(finished, tmp_path, monkeypatch) -> PlantedSite:
    """Return a copy of the finished run, workspace and all, to go on with."""
    return _enter(finished.site.folder, tmp_path, monkeypatch)


@pytest.fixture
def fresh(quarry, tmp_path, monkeypatch) -> PlantedSite:
    """Return a copy of the quarry that was never run."""
    return _enter(quarry.folder, tmp_path, monkeypatch)


def _enter(folder: Path, tmp_path: Path, monkeypatch) -> PlantedSite:
    # sources are named relative to the site's folder, so that a workspace knows a copied site again
    shutil.copytree(folder, tmp_path / "site")
    monkeypatch.chdir(tmp_path / "site")
    return PlantedSite(tmp_path / "site")
