"""An alert's evidence folder as others check it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from conftest import require
from evidence_cases import Place, inputs

from sentinel_watch.errors import InputError
from sentinel_watch.evidence.folder import manifest_hash, write_evidence

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, str]:
    """Return an evidence folder and its hash."""
    folder = tmp_path_factory.mktemp("evidence") / "test_field-0001"
    return folder, write_evidence(inputs(Place()), folder)


def test_the_folder_is_complete(written):
    """All that an inspector looks at is there, each picture below 300 kB."""
    folder, _ = written
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sorted(files) == ["SHA256SUMS", "before_after.png", "change_map.png", "event.json", "series.csv", "time_series.png"]
    assert max(files.values()) < 300_000


def test_sha256sum_verifies_the_folder(written):
    """The tool that every court's expert has verifies the folder, and sees one changed byte."""
    require(present=shutil.which("sha256sum") is not None, what="sha256sum")
    folder, _ = written
    check = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode == 0
    copy = shutil.copytree(folder, folder.with_name("copy"))
    (copy / "series.csv").write_text((copy / "series.csv").read_text().replace("0.2", "0.3", 1))
    assert subprocess.run(check, cwd=copy, capture_output=True, check=False).returncode != 0


def test_the_hash_stands_for_the_manifest(written):
    """The hash that goes into the alert is that of SHA256SUMS, which lists every file."""
    folder, written_hash = written
    assert written_hash == manifest_hash(folder) == hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert len((folder / "SHA256SUMS").read_text().splitlines()) == 5


def test_writing_again_changes_nothing(written, tmp_path):
    """The same inputs give the same folder, also over what a killed run left behind."""
    _, written_hash = written
    (tmp_path / ".series.csv.part").write_text("half a li")
    (tmp_path / "series.csv").write_text("old")
    assert write_evidence(inputs(Place()), tmp_path) == written_hash


def test_a_folder_without_manifest_is_refused(tmp_path):
    """A hash of nothing is never given."""
    with pytest.raises(InputError, match="no manifest"):
        manifest_hash(tmp_path)
