"""A bundle holds what an alert rests on: it verifies, names every change, and gives the same alert again."""

from __future__ import annotations

import json
import random
import re
import shutil
from contextlib import chdir

import bagit
import numpy as np
import pystac
import pytest
from prov.model import ProvActivity, ProvDocument
from pystac.validation import validate_dict

from sentinel_watch.domain.case import Review
from sentinel_watch.domain.grid import aoi_grid
from sentinel_watch.domain.scene import SCL
from sentinel_watch.errors import InputError
from sentinel_watch.evidence.bundle.bag import files_in
from sentinel_watch.evidence.bundle.verify import verify_bag
from sentinel_watch.pipeline.bundle import build, place_for
from sentinel_watch.pipeline.replay import replay
from sentinel_watch.sources import open_source
from sentinel_watch.store import open_store


@pytest.fixture(scope="session")
def bundle(finished, tmp_path_factory):
    """Return the bundle of the quarry's alert; nobody may write into it."""
    with chdir(finished.site.folder):
        return build("quarry", finished.site.folder / "run" / "workspace", tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def copy(bundle, tmp_path):
    """Return a copy of the bundle, to be damaged."""
    shutil.copytree(bundle.folder, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_bundle_verifies(bundle):
    """Nothing is wrong with a bundle that was just built."""
    verdict = verify_bag(bundle.folder)
    assert verdict.sound, verdict
    assert verdict.manifest_sha256 == bundle.manifest_sha256


@pytest.mark.parametrize("seed", range(100))
def test_every_damage_is_named(bundle, tmp_path, seed):
    """A byte that is changed, added or taken away, a file that is deleted or added: the file is named."""
    dice = random.Random(seed)
    victim = dice.choice(files_in(bundle.folder))
    # links to all but the victim, since a hundred copies would take minutes
    for path in files_in(bundle.folder):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).hardlink_to(bundle.folder / path)
    name = _damage(tmp_path / victim, dice).relative_to(tmp_path).as_posix()
    verdict = verify_bag(tmp_path)
    assert not verdict.sound
    assert name in " ".join((*verdict.changed, *verdict.missing, *verdict.added, *verdict.faults))


def _damage(path, dice):
    """Damage a file, and return the path that has to be named."""
    content = path.read_bytes()
    place, kind = dice.randrange(len(content)), dice.choice(["change", "insert", "cut", "delete", "add"])
    if kind == "add":
        other = path.with_name("added.bin")
        other.write_bytes(b"")
        return other
    path.unlink()
    changed = bytes([content[place] ^ (1 << dice.randrange(8))])
    parts = {"change": changed + content[place + 1 :], "insert": b"\n" + content[place:], "cut": content[place + 1 :]}
    if kind != "delete":
        path.write_bytes(content[:place] + parts[kind])
    return path


def test_what_another_state_of_the_program_found_is_not_bundled(finished, tmp_path, monkeypatch):
    """A bundle that this program could not find again is refused, and nothing is left of it."""
    monkeypatch.setattr("sentinel_watch.pipeline.bundling.code_hash", lambda: "another state")
    with chdir(finished.site.folder), pytest.raises(InputError, match="another version of the program"):
        build("quarry", finished.site.folder / "run" / "workspace", tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_link_is_no_file_of_a_bundle(copy):
    """A link in place of a file is named, even to a file of the same content."""
    kept = copy.parent / "kept.json"
    (copy / "data/alert.json").rename(kept)
    (copy / "data/alert.json").symlink_to(kept)
    assert "data/alert.json" in verify_bag(copy).changed


def test_a_manifest_cannot_list_what_lies_outside(copy):
    """A path that leads out of the bundle is a fault, and nothing is read there."""
    with (copy / "manifest-sha256.txt").open("a") as manifest:
        manifest.write(f"{'0' * 64}  data/../../secret\n")
    assert any("secret" in fault for fault in verify_bag(copy).faults)


def test_others_tools_read_a_bundle(bundle):
    """The BagIt library, PROV's and STAC's own schemas find nothing wrong, and the crate names every part of the payload."""
    assert bagit.Bag(str(bundle.folder)).validate()
    data = bundle.folder / "data"
    steps = ProvDocument.deserialize(content=(data / "prov.json").read_text(), format="json")
    assert len(list(steps.get_records(ProvActivity))) == 5
    catalog = pystac.Catalog.from_file(str(data / "imagery/catalog.json"))
    validate_dict(catalog.to_dict())
    items = list(catalog.get_items())
    for item in items:
        # the extensions' schemas lie on servers
        validate_dict({**item.to_dict(include_self_link=False), "stac_extensions": []})
        assert all(asset.get_absolute_href().startswith(str(data)) for asset in item.assets.values())
    assert len(items) == 60
    crate = {one["@id"].rstrip("/"): one for one in json.loads((data / "ro-crate-metadata.json").read_text())["@graph"]}
    assert {path.name for path in data.iterdir()} - {"ro-crate-metadata.json"} <= crate.keys()
    assert all(len(part) == 1 and part["@id"].rstrip("/") in crate for part in crate["."]["hasPart"])


def test_a_bundle_holds_no_path_of_this_machine(bundle, finished):
    """No document names a folder of the machine that built it, nor the moment at which it did."""
    documents = [path for path in (bundle.folder / "data").rglob("*") if path.suffix in {".json", ".geojson", ".toml", ".html"}]
    assert [path for path in documents if str(finished.site.folder.parent) in path.read_text()] == []


def test_the_dossier_has_its_fonts_and_its_words(bundle):
    """The PDF is A4 with embedded fonts and no date; the HTML asks nothing of anybody and says the same."""
    pdf = (bundle.folder / "data/dossier.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"DejaVuSans" in pdf
    assert b"/CreationDate" not in pdf
    page = (bundle.folder / "data/dossier.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "Suspected" in page
    assert "illegal" not in page.lower()


def test_what_is_no_bundle_is_said(tmp_path):
    """A folder that holds no bundle is a wrong input."""
    with pytest.raises(InputError, match="no evidence bundle"):
        verify_bag(tmp_path)


def test_a_replay_gives_the_same_alert(bundle, tmp_path):
    """From a copy of the bundle alone every column of the alert comes out the same; what differs is explained."""
    shutil.copytree(bundle.folder, tmp_path / "bundle")
    result = replay(tmp_path / "bundle", tmp_path / "workspace")
    assert result.identical
    assert result.differing == {}
    assert result.explanation() == []
    for name, key, value in (("alert.json", "first_detected", "1999-01-01"), ("software.json", "numpy", "0.1")):
        document = json.loads((tmp_path / "bundle/data" / name).read_text())
        document.get("properties", document)[key] = value
        (tmp_path / "bundle/data" / name).write_text(json.dumps(document))
    # the workspace of the first replay, where all is seen already
    other = replay(tmp_path / "bundle", tmp_path / "workspace")
    assert not other.identical
    assert list(other.differing) == ["first_detected"]
    assert "numpy was 0.1" in " ".join(other.explanation())


def test_the_same_alert_gives_the_same_payload(bundle, finished):
    """A second build beside the first one finds the same manifest, and writes nothing."""
    before = {path: (bundle.folder / path).stat().st_mtime_ns for path in files_in(bundle.folder)}
    with chdir(finished.site.folder):
        again = build("quarry", finished.site.folder / "run" / "workspace", bundle.folder.parents[1])
    assert (again.folder, again.manifest_sha256, again.new) == (bundle.folder, bundle.manifest_sha256, False)
    assert {path: (bundle.folder / path).stat().st_mtime_ns for path in files_in(bundle.folder)} == before


def test_a_revised_alert_keeps_its_old_bundle(bundle, again):
    """After a review the alert's next bundle has a place of its own and names the one before, which stays as it was."""
    workspace, bundles = again.folder / "run" / "workspace", again.folder / "bundles"
    shutil.copytree(bundle.folder.parents[1], bundles)
    old = next(bundles.glob("*/rev*"))
    with open_store(workspace) as store:
        store.review(old.parent.name, 1, Review("vera", assignee="ali"))
    new = build("quarry", workspace, bundles)
    assert (old.name, new.folder.name) == ("rev001", "rev002")
    assert f"Supersedes: {old.name} {bundle.manifest_sha256}" in (new.folder / "bag-info.txt").read_text()
    assert verify_bag(old).sound
    assert verify_bag(new.folder).sound
    assert json.loads((new.folder / "data/case.json").read_text())["assignee"] == "ali"


def test_other_content_never_overwrites(tmp_path):
    """Where a bundle of the same revision holds something else, the new one gets a place of its own."""
    for number, content in enumerate(("one", "other", "other", "third"), 1):
        draft = tmp_path / f".draft{number}"
        draft.mkdir()
        (draft / "manifest-sha256.txt").write_text(content)
        place = place_for(draft, tmp_path / "rev001")
        draft.rename(place) if not place.exists() else None
    assert [path.name for path in sorted(tmp_path.glob("rev*"))] == ["rev001", "rev001-2", "rev001-3"]


def test_the_imagery_is_what_the_run_read(bundle, finished):
    """Every chip gives back the numbers that the source gives on the same grid, and every scene of the ledger is there."""
    with chdir(finished.site.folder):
        source, site = open_source("catalog/catalog.json"), finished.site.request().site
        theirs = {scene.scene_id: scene for scene in source.search(site.geometry, None, None)}
    own = open_source(str(bundle.folder / "data/imagery/catalog.json"))
    ours = {scene.scene_id: scene for scene in own.search(site.geometry, None, None)}
    assert ours.keys() == {record.scene_id for record in finished.result.records}
    grid = aoi_grid(site.geometry)
    for name, scene in ours.items():
        assert (scene.time, scene.acquisition, scene.baseline) == (theirs[name].time, theirs[name].acquisition, theirs[name].baseline)
        with chdir(finished.site.folder):
            numbers = source.read(theirs[name], ("B04", SCL), grid)
        for band, values in own.read(scene, ("B04", SCL), grid).items():
            np.testing.assert_array_equal(values, numbers[band])
