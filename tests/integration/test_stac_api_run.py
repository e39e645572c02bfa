"""A whole run over an API: the alerts are those of the catalogue on disk, and what failed is said."""

from __future__ import annotations

import json
import logging
import shutil

import pytest
from fault_server import Archive, serving
from served import BANDS, GRID, QUICK, WORLD, remote, write_noise

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.errors import SceneError
from sentinel_watch.pipeline.run import run
from sentinel_watch.sources import pin
from sentinel_watch.sources.eviction import evict
from sentinel_watch.sources.settings import CONFIG_VARIABLE

pytestmark = pytest.mark.usefixtures("configured")


@pytest.fixture
def archive(quarry):
    """Return the made-up quarry on a server that wants a token."""
    with serving(Archive(quarry.folder / "catalog", token="TOP-SECRET", page_size=25)) as served:
        yield served


@pytest.fixture
def configured(archive, tmp_path, monkeypatch):
    """Name the server `loop` in a configuration file."""
    patience = "".join(f"{key} = {value}\n" for key, value in QUICK.items())
    text = f'[sources.loop]\nurl = "{archive.url}"\nallow_private = true\ntoken_env = "LOOP_TOKEN"\n[sources.loop.patience]\n{patience}'
    (tmp_path / "config.toml").write_text(text)
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.toml"))
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")


def outputs(folder):
    """Return what a run wrote for people: relative path -> bytes, the ledger left out, which names its source."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "workspace" not in path.parts and path.name != "run.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_run_over_an_api_gives_the_same_bytes(finished, fresh, archive, caplog, monkeypatch):
    """Alerts and evidence are byte for byte those from disk; a second run asks for no file and writes the same ledger.

    Nor does a run that has lost all but the cache need the network. The token is in no log and in no file.
    """
    caplog.set_level(logging.DEBUG)
    request, expected = fresh.request(source="loop"), outputs(finished.site.folder / "run")
    result = run(request)
    assert outputs(request.out) == expected
    assert [record.outcome for record in result.records] == [record.outcome for record in finished.result.records]
    ledger = (request.out / "run.json").read_text()
    archive.asked.clear()
    run(request)
    assert (request.out / "run.json").read_text() == ledger
    assert archive.files_asked() == []
    for path in request.workspace.iterdir():
        if path.name != "cache":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    archive.asked.clear()
    monkeypatch.setenv("SENTINEL_WATCH_OFFLINE", "1")
    run(request)
    assert outputs(request.out) == expected
    assert archive.asked == []
    assert "TOP-SECRET" not in caplog.text
    assert [path for path in fresh.folder.rglob("*") if path.is_file() and b"TOP-SECRET" in path.read_bytes()] == []


def test_a_scene_that_cannot_be_had_is_failed_and_tried_again(finished, fresh, archive):
    """Scenes that the server refuses end as failed with the reason, the exit code is 3, and the next run makes it good."""
    archive.fault, archive.share = "quota", 0.05
    request = fresh.request(source="loop")
    result = run(request)
    failed = [record for record in result.records if record.outcome is Outcome.FAILED]
    assert failed
    assert result.exit_code == 3
    assert all("access is refused" in record.detail and archive.url in record.detail for record in failed)
    assert {scene["outcome"] for scene in json.loads((request.out / "run.json").read_text())["scenes"]} >= {"failed", "used"}
    archive.fault = ""
    assert run(request).exit_code == 0
    # evidence of an alert that the failed scenes had brought about stays in the folder
    assert outputs(request.out).items() >= outputs(finished.site.folder / "run").items()


def test_what_evidence_refers_to_outlives_the_cache(tmp_path):
    """A scene that was pinned is read without the network after everything else was evicted, and the others are not."""
    folder = write_noise(tmp_path / "archive").parent
    with serving(Archive(folder)) as served:
        source = remote(served, cache=tmp_path / "cache")
        pinned, other, *_ = source.search(WORLD, None, None)
        for scene in (pinned, other):
            source.read(scene, BANDS, GRID)
        pin(source, [pinned])
        assert evict(tmp_path / "cache" / "files", 1) > 0
        offline = remote(served, cache=tmp_path / "cache", offline=True)
        assert set(offline.read(pinned, BANDS, GRID)) == set(BANDS)
        with pytest.raises(SceneError):
            offline.read(other, BANDS, GRID)
