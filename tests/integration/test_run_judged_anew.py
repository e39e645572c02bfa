"""What only judges may change without watching again; what sees begins another watch, and cases go along with it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from planted_site import digest_of
from shapely import box, to_geojson
from shapely.geometry import shape

from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.run import run
from sentinel_watch.store import open_store


@pytest.fixture
def site(again):
    """Return a finished run whose one alert somebody has begun to work on."""
    with open_store(again.request().workspace) as store:
        (case,) = store.cases()
        store.review(case.alert.alert_id, 1, Review("Ana", CaseStatus.ASSIGNED, assignee="Bob"))
    return again


def changed(site, old, new):
    """Change the pipeline's file, and return the run with it."""
    text = site.pipeline.read_text()
    assert old in text
    site.pipeline.write_text(text.replace(old, new))
    return site.request(pipeline=load_pipeline(str(site.pipeline)))


def known(site):
    """Return the site's watches, its cases, and the log's entries of watches as (action, details)."""
    with open_store(site.request().workspace) as store:
        log = [(entry.action, json.loads(entry.details)) for entry in store.audit.entries() if entry.action.startswith("watch.")]
        assert store.audit.verify() is None
        return store.watches(), store.cases(), log


def test_other_rules_judge_what_is_known(site, finished):
    """With a map layer no scene is looked at again; the alert keeps id and case, its revision rises, and the log has the key."""
    water = site.folder / "water.geojson"
    square = {"type": "Polygon", "coordinates": [[[21, 45.1], [21.1, 45.1], [21.1, 45.2], [21, 45.2], [21, 45.1]]]}
    water.write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": square}]}))
    result = run(changed(site, "water = []", 'water = ["water.geojson"]'))
    assert result.records == finished.result.records
    (alert,) = result.alerts
    assert (alert.distance_to_water_m, alert.reasons, alert.revision) == (0.0, "near_water", 3)
    assert (alert.alert_id, alert.case_status) == (finished.result.alerts[0].alert_id, "assigned")
    watches, (case,), log = known(site)
    assert len(watches) == 1
    assert case.latest_watch
    assert [action for action, _ in log] == ["watch.begun", "watch.changed"]
    assert log[1][1]["changed"] == {"pipeline.context.water": [[], ["water.geojson"]]}
    before = digest_of(site.folder / "run")
    run(site.request(pipeline=load_pipeline(str(site.pipeline))))
    assert digest_of(site.folder / "run") == before
    run(changed(site, "min_area_ha = 0.05", "min_area_ha = 5"))
    _, (case,), _ = known(site)
    assert case.standing == "withdrawn"


def test_another_permit_is_judged_and_drawn_without_watching_anew(site, finished):
    """A permit that is put on file later is held against the alert, shows in its pictures, and is in the log."""
    document = json.loads(site.aoi.read_text())
    (feature,) = document["features"]
    feature["properties"]["permits"] = [{"permit_id": "P-7", "geometry": feature["geometry"], "valid_to": "2020-12-31"}]
    site.aoi.write_text(json.dumps(document))
    result = run(site.request())
    (alert,) = result.alerts
    assert (alert.permit_id, alert.reasons, alert.suspected_violation) == ("P-7", "no_permit_in_force", True)
    assert result.records == finished.result.records
    watches, _, log = known(site)
    assert len(watches) == 1
    assert log[-1][1]["changed"]["site_feature.properties.permits[0].valid_to"] == [None, "2020-12-31"]
    # a shape that leaves every column as it was is still drawn
    west, south, east, north = shape(feature["geometry"]).bounds
    half = json.loads(to_geojson(box((west + east) / 2, south, east, north)))
    feature["properties"]["permits"][0]["geometry"] = half
    site.aoi.write_text(json.dumps(document))
    pictures = digest_of(site.folder / "run" / "evidence")
    run(site.request())
    with_half = digest_of(site.folder / "run" / "evidence")
    run(site.request())
    assert digest_of(site.folder / "run" / "evidence") == with_half
    assert {name.rpartition("/")[2] for name in pictures if pictures[name] != with_half[name]} >= {"before_after.png", "change_map.png"}


def test_another_way_of_seeing_takes_the_case_along(site):
    """A new watch finds the same event: one alert in the list, with its case and a higher revision; back again, it is still one."""
    run(changed(site, "min_clear_fraction = 0.1", "min_clear_fraction = 0.11"))
    watches, (case,), log = known(site)
    assert len(watches) == 2
    assert (case.alert.case_status, case.alert.assignee, case.alert.revision, case.latest_watch) == ("assigned", "Bob", 3, True)
    assert [action for action, _ in log] == ["watch.begun", "watch.begun", "watch.taken_up"]
    assert log[2][1]["changed"] == {"pipeline.scenes.min_clear_fraction": [0.1, 0.11]}
    with open_store(site.request().workspace) as store:
        store.review(case.alert.alert_id, 3, Review("Ana", CaseStatus.CONFIRMED))
    run(changed(site, "min_clear_fraction = 0.11", "min_clear_fraction = 0.1"))
    watches, (case,), log = known(site)
    assert (len(watches), case.alert.case_status, case.alert.revision, case.latest_watch) == (2, "confirmed", 5, True)
    assert log[-1][0] == "watch.taken_up"


def test_evidence_of_what_no_watch_finds_is_set_aside(again):
    """An alert that the new watch does not find leaves list and folder; whoever was told of it still finds it by its id."""
    (folder,) = (again.folder / "run" / "evidence").glob("quarry-*")
    request = changed(again, "min_area_px = 5", "min_area_px = 900")
    assert run(request).alerts == ()
    assert [path.name for path in (again.folder / "run" / "evidence").iterdir()] == ["withdrawn"]
    with open_store(request.workspace) as store:
        assert store.cases() == ()
        (case,) = store.cases(hidden=True)
    assert (case.alert.alert_id, case.latest_watch) == (folder.name, False)


def test_two_sites_that_overlap_name_each_others_alerts(again):
    """The same pit seen from a second site is an alert of each, each naming the other; when one is gone the other no longer names it."""
    request = again.request()
    twin = replace(request, site=replace(request.site, site_id="quarry-b", name="The same once more"), out=again.folder / "b")
    (theirs,) = run(twin).alerts
    with open_store(request.workspace) as store:
        ours = next(case.alert for case in store.cases() if case.alert.site_id == "quarry")
        assert (theirs.also_seen_as, ours.also_seen_as, ours.revision) == (ours.alert_id, theirs.alert_id, 2)
        assert store.audit.verify() is None
    before = digest_of(again.folder / "b")
    run(twin)
    assert digest_of(again.folder / "b") == before
    (again_ours,) = run(request).alerts
    assert again_ours.revision == 2
    with open_store(request.workspace) as store:
        watch = next(watch for watch in store.watches() if watch.site_id == "quarry-b")
        store.replace_alerts(watch, [])
        assert [(case.alert.alert_id, case.alert.also_seen_as) for case in store.cases()] == [(ours.alert_id, "")]
