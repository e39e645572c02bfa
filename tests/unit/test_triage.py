"""Which events become alerts, how they lie to permits, and in which order they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import log10

import pytest
from event_examples import DAY, make_event
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geom import Geometry
from shapely import box

from sentinel_watch.alerting import Context, Triage, tally
from sentinel_watch.alerting.facts import Facts
from sentinel_watch.alerting.legal import judge
from sentinel_watch.alerting.measured import below_measured_area
from sentinel_watch.alerting.reasons import sentences
from sentinel_watch.app.summary import held_back
from sentinel_watch.domain.event import NON_EVENT_CLASSES, Classification, EventStatus
from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.domain.site import Embargo, Permit, Site, Suppression
from sentinel_watch.domain.surroundings import SEARCH_M, Parcel, Surroundings

UTM = "EPSG:32634"
PIT = box(500_000, 4_999_900, 500_200, 5_000_000)
"""The event's outline: 2 ha."""


def degrees(geometry):
    """Return a geometry of the UTM zone in WGS84."""
    return Geometry(geometry, UTM).to_crs("EPSG:4326").geom


def event(event_class="excavation", probability=0.5, status=EventStatus.CONFIRMED, area_ha=2.0, event_id="e1234567890", **region):
    """Return an event over PIT."""
    found = make_event(event_id, area_ha=area_ha)
    what = Classification(event_class, {event_class: probability, "other": 1 - probability}, "rule", "It changed.")
    region = replace(found.region, geometry=PIT, area_ha=area_ha, last_clear=DAY - timedelta(days=3), **region)
    return replace(found, region=region, status=status, classification=what, last_observed=DAY + timedelta(days=40))


def permit(geometry=PIT, **terms):
    """Return a permit over `geometry` (UTM)."""
    return Permit("P-1", degrees(geometry), **terms)


def context(*permits, records=(), short_history=False, limit=0.95):
    """Return what a run knows of a site with the given permits."""
    site = Site("quarry", "Quarry", "mine", degrees(PIT.buffer(1_000)), "ROU", "Argeș", permits=permits)
    return Context(site, UTM, records, "sentinel-2a", limit, short_history, ("short_history",) if short_history else (), "mine", "1.2.3")


def alert_of(found=None, *permits, rule=None, **known):
    """Return the one alert of an event."""
    (alert,) = (rule or Triage()).alerts([found or event()], context(*permits, **known))
    return alert


def finding(*permits, found=None, event_class="excavation"):
    """Return what the permits say."""
    return judge(Facts(found or event(), event_class, context(*permits).site, UTM), Triage().rules_built)


def test_without_a_permit_nothing_is_judged():
    """Where no permit is known, no violation is suspected and none is excluded."""
    law = finding()
    assert (law.permit_id, law.outside_permit_pct, law.suspected_violation, law.reasons) == (None, None, None, ())


def test_inside_its_permit_an_event_is_lawful():
    """Work on permitted ground, for what the permit covers, is no violation."""
    law = finding(permit(PIT.buffer(50), activities=("excavation",), max_area_ha=5))
    assert (law.permit_id, law.outside_permit_pct, law.suspected_violation, law.reasons) == ("P-1", 0.0, False, ())


def test_ground_outside_the_permit_is_a_suspicion():
    """The share outside is measured beyond the tolerance of the geolocation."""
    west = box(500_000, 4_999_900, 500_100, 5_000_000)
    law = finding(permit(west))
    assert law.outside_permit_pct == pytest.approx(100 * (100 - 12.5) / 200, abs=0.3)
    assert (law.suspected_violation, law.reasons) == (True, ("outside_permit",))


def test_an_outline_that_misses_the_edge_by_a_pixel_is_no_suspicion():
    """What lies within the uncertainty of the place is not held against anybody."""
    law = finding(permit(PIT.buffer(-10)))
    assert law.outside_permit_pct == pytest.approx(0, abs=0.2)  # the corners are rounded
    assert law.suspected_violation is False


def test_an_activity_that_no_permit_covers_is_a_suspicion():
    """A permit for something else does not cover the event."""
    law = finding(permit(PIT.buffer(50), activities=("waste_deposit",)))
    assert (law.suspected_violation, law.reasons, law.outside_permit_pct) == (True, ("activity_not_permitted",), 100.0)


@pytest.mark.parametrize(
    ("terms", "in_force"),
    [
        ({"valid_to": DAY - timedelta(days=1)}, False),
        ({"valid_to": DAY}, True),
        ({"valid_from": DAY + timedelta(days=1)}, False),
        ({"valid_from": DAY}, True),
    ],
)
def test_a_permit_counts_from_its_first_to_its_last_day(terms, in_force):
    """The event's first day decides; both days belong to the permit."""
    law = finding(permit(PIT.buffer(50), **terms))
    assert law.reasons == (() if in_force else ("no_permit_in_force",))
    assert law.suspected_violation is not in_force


def test_more_ground_than_permitted_is_a_suspicion():
    """The area is held against the largest permit that covers the activity."""
    assert finding(permit(PIT.buffer(50), max_area_ha=1.9)).reasons == ("over_permitted_area",)
    assert finding(permit(PIT.buffer(50), max_area_ha=1.9), replace(permit(PIT.buffer(50)), max_area_ha=2.0)).reasons == ()


def test_two_permits_together_cover_an_event():
    """An event that lies across two permits is outside neither."""
    halves = box(500_000, 4_999_900, 500_100, 5_000_000), box(500_100, 4_999_900, 500_200, 5_000_000)
    assert finding(*map(permit, halves)).outside_permit_pct == 0.0


@pytest.mark.parametrize("name", NON_EVENT_CLASSES)
def test_what_is_no_event_is_no_alert(name):
    """Farming, seasons, snow and artefacts stay in the store."""
    assert Triage().alerts([event(name)], context()) == ()


@pytest.mark.parametrize(
    ("rule", "short_history", "alerts"),
    [("never", False, 0), ("never", True, 0), ("short_history", False, 0), ("short_history", True, 1), ("always", False, 1)],
)
def test_provisional_events_wait_unless_the_history_is_short(rule, short_history, alerts):
    """By default an inspector sees what is confirmed, or where nothing can be confirmed yet, what is provisional."""
    found = Triage(provisional=rule).alerts([event(status=EventStatus.PROVISIONAL)], context(short_history=short_history))
    assert len(found) == alerts


def test_small_events_are_no_alerts():
    """The least area is inclusive, and unclassified events wait."""
    rule = Triage(min_area_ha=0.5)
    assert len(rule.alerts([event(area_ha=0.5)], context())) == 1
    assert rule.alerts([event(area_ha=0.49)], context()) == ()
    assert rule.alerts([replace(event(), classification=None)], context()) == ()


def test_the_priority_is_the_published_formula():
    """35 confidence + 25 law + 20 size + 20 harm, rounded to a tenth; half of it while provisional and once finished."""
    confidence = 0.95 * 2 / 3 * (1 - 2**-1)
    by_hand = 35 * confidence + 25 * 0.5 + 20 * (log10(2) + 1) / 2 + 20 * 0.7
    assert alert_of().detection_confidence == pytest.approx(confidence, abs=5e-4)
    assert alert_of().priority == pytest.approx(by_hand, abs=0.05)
    for status in (EventStatus.FINISHED, EventStatus.PROVISIONAL):
        assert alert_of(event(status=status), rule=Triage(provisional="always")).priority == pytest.approx(by_hand / 2, abs=0.05)
    assert alert_of(event(), permit(box(0, 0, 1, 1))).priority == pytest.approx(by_hand + 12.5, abs=0.05)
    assert alert_of(event(), permit(PIT.buffer(50))).priority == pytest.approx(by_hand - 12.5, abs=0.05)


@pytest.mark.parametrize(
    ("area_ha", "outside", "severity"),
    [(0.4, False, "low"), (0.4, True, "medium"), (0.5, False, "medium"), (0.5, True, "high"), (5, False, "high")],
)
def test_the_severity_follows_size_and_suspicion(area_ha, outside, severity):
    """Large, or smaller with a suspected violation, is high."""
    ground = box(0, 0, 1, 1) if outside else PIT.buffer(50)
    assert alert_of(event(area_ha=area_ha), permit(ground)).severity == severity


def test_the_most_urgent_comes_first_and_ties_by_id():
    """The order is by priority, then by id, whatever the order of the events."""
    large, small, twin = event(event_id="b" * 16, area_ha=9.0), event(event_id="a" * 16, area_ha=0.2), event(event_id="c" * 16, area_ha=0.2)
    for events in ([large, small, twin], [twin, small, large]):
        assert [alert.event_id[0] for alert in Triage().alerts(events, context())] == ["b", "a", "c"]


def test_observability_counts_what_was_not_seen():
    """Failed scenes count as not seen; copies and history do not count."""
    records = [
        SceneRecord("h", "2023-01-01T00:00:00+00:00", "history", Outcome.USED, clear_fraction=1.0),
        SceneRecord("a", "2023-05-02T00:00:00+00:00", "monitoring", Outcome.USED, clear_fraction=0.8),
        SceneRecord("b", "2023-05-03T00:00:00+00:00", "monitoring", Outcome.REJECTED, Reason.CLOUD, clear_fraction=0.1),
        SceneRecord("c", "2023-05-04T00:00:00+00:00", "monitoring", Outcome.FAILED, Reason.UNREADABLE),
        SceneRecord("d", "2023-05-04T00:00:00+00:00", "monitoring", Outcome.REJECTED, Reason.DUPLICATE),
    ]
    alert = alert_of(records=records)
    assert alert.observability == pytest.approx(0.3)
    assert (alert.before_scene, alert.after_scene) == ("h", "a")


def test_an_alert_says_what_it_rests_on():
    """Class by rule, a short history, pipeline and version are told; days are ISO days."""
    alert = alert_of(short_history=True, limit=0.5)
    assert alert.qa_flags == "short_history;class_by_rule"
    assert (alert.model_version, alert.pipeline, alert.code_version) == ("rule", "mine", "1.2.3")
    assert (alert.first_detected, alert.last_clear_before) == (DAY.isoformat(), (DAY - timedelta(days=3)).isoformat())
    assert alert.detection_confidence <= 0.5
    assert date.fromisoformat(alert.last_observed) == DAY + timedelta(days=40)


@pytest.mark.parametrize(
    ("event_class", "area_ha", "flagged"),
    [("excavation", 0.3, False), ("excavation", 0.06, True), ("vegetation_stress", 5.0, True), ("gas_plume", 5.0, True)],
)
def test_what_is_more_often_missed_than_found_is_flagged(event_class, area_ha, flagged):
    """Areas below the measured one are told, and so are classes of which less than half was found or that nobody measured."""
    assert below_measured_area(event_class, area_ha) == flagged


@settings(max_examples=80, deadline=None)
@given(st.floats(0.05, 1e4), st.integers(0, 200), st.integers(0, 200), st.sampled_from(EventStatus), st.floats(0, 0.95), st.booleans())
def test_numbers_stay_in_their_range(area_ha, looks, anomalous, status, limit, permitted):
    """Priority is 0-100 and confidence no more than the detector may claim, whatever the event."""
    found = event(area_ha=area_ha, status=status, n_looks=max(looks, anomalous), n_anomalous=anomalous)
    alert = alert_of(found, *([permit()] if permitted else []), rule=Triage(provisional="always", min_provisional_area_ha=0), limit=limit)
    assert 0 <= alert.priority <= 100
    assert 0 <= alert.detection_confidence <= round(limit, 3)


def around(**layers):
    """Return surroundings of one feature a role."""
    return Surroundings({role: (shape,) for role, shape in layers.items()})


def told(found=None, embargoes=(), layers=None, rules=None, permits=()):
    """Return the one alert of an event at a site with embargoes and map layers."""
    known = context(*permits)
    known = replace(known, site=replace(known.site, embargoes=embargoes), surroundings=layers or Surroundings())
    (alert,) = (Triage(rules=rules) if rules else Triage()).alerts([found or event()], known)
    return alert


def test_layers_are_measured_in_metres_and_none_is_not_zero():
    """Overlap and distance are metric; without a layer they are None, and far from everything the distance is the limit of the search."""
    alert = told(layers=around(protected=box(500_100, 4_999_900, 501_000, 5_000_000), water=box(500_250, 4_999_900, 500_300, 5_000_000)))
    assert (alert.protected_overlap_ha, alert.distance_to_water_m) == (1.0, 50.0)
    assert (alert.reasons, alert.suspected_violation, alert.severity) == ("in_protected_area;near_water", True, "high")
    assert sentences(alert) == ("1.00 ha of it lie in a protected area.", "It lies 50 m from the nearest water.")
    assert (told().protected_overlap_ha, told().distance_to_water_m) == (None, None)
    assert told(layers=Surroundings({"water": (), "protected": ()})).distance_to_water_m == SEARCH_M


def test_what_makes_things_worse_is_no_violation():
    """Water close by raises severity and harm, and says nothing of the law."""
    near, far = (told(layers=around(water=box(x, 4_999_900, x + 50, 5_000_000)), found=event(area_ha=0.2)) for x in (500_250, 503_000))
    assert (near.suspected_violation, near.reasons, near.severity) == (None, "near_water", "medium")
    assert (far.suspected_violation, far.reasons, far.severity) == (None, "", "low")
    assert near.priority - far.priority == pytest.approx(20 * 0.2, abs=0.1)


def test_an_embargo_forbids_its_classes_at_its_place_and_time():
    """Vegetation that is lost there and then is suspected; another class, place or day is not."""
    embargo = Embargo("E", degrees(PIT), DAY, DAY, ("vegetation_loss",))
    loss = event("vegetation_loss")
    assert told(loss, (embargo,)).reasons == "under_embargo"
    assert sentences(told(loss, (embargo,))) == (f"An embargo was in force at this place on {DAY}.",)
    assert told(event(), (embargo,)).reasons == ""
    assert told(loss, (replace(embargo, valid_from=DAY + timedelta(days=1), valid_to=None),)).reasons == ""
    assert told(loss, (replace(embargo, geometry=degrees(box(500_300, 4_999_900, 500_400, 5_000_000))),)).reasons == ""


def test_new_waste_needs_a_paper():
    """At a site without any permit waste is suspected, and digging is not; with a permit the other rules speak."""
    assert told(event("waste_deposit")).reasons == "waste_without_permit"
    assert told(event("waste_deposit")).suspected_violation is True
    assert told().reasons == ""
    assert told(event("waste_deposit"), permits=(permit(PIT.buffer(50), activities=("excavation",)),)).reasons == "activity_not_permitted"


def test_a_pipeline_names_the_rules_that_count():
    """Only the named ones are asked, with the limits that they are given."""
    layers = around(water=box(500_250, 4_999_900, 500_300, 5_000_000))
    assert told(layers=layers, rules=({"part": "near_water", "within_m": 40},)).reasons == ""
    assert told(event("waste_deposit"), layers=layers, rules=({"part": "near_water", "within_m": 50},)).reasons == "near_water"


def test_a_zone_hides_what_begins_in_it_in_its_period():
    """Half of the outline decides, and the first day; what began before or after is told."""
    zone = Suppression("z", "quarry", degrees(box(500_000, 4_999_900, 500_110, 5_000_000)), DAY, DAY, "works", "Ayşe")
    late = replace(zone, valid_from=DAY + timedelta(days=1), valid_to=DAY + timedelta(days=9))
    small = replace(zone, geometry=degrees(box(500_000, 4_999_900, 500_090, 5_000_000)))
    for one, alerts in ((zone, 0), (late, 1), (small, 1)):
        assert len(Triage().alerts([event()], replace(context(), suppressions=(one,)))) == alerts


def test_parcels_are_columns_and_no_reason():
    """The parcels that an alert touches stand in its columns with shares and owners, none twice; without a cadastre nothing is known."""
    strips = [Parcel(box(x, 4_999_000, x + 50, 5_001_000), f"12/{n};a", owner) for n, x, owner in ((1, 500_000, "A"), (2, 500_050, "A"))]
    alert = told(layers=Surroundings({}, tuple(strips)))
    assert (alert.parcels, alert.parcel_owners, alert.reasons) == ("12/1,a 25 %;12/2,a 25 %", "A", "")
    assert (told().parcels, told().parcel_owners) == (None, None)
    assert (told(layers=Surroundings({}, ())).parcels, told(layers=Surroundings({}, ())).parcel_owners) == ("", "")


def test_every_event_is_counted_once_and_what_is_held_back_is_told():
    """Alerted, too small, too early, suppressed, and no event by class: the sum is that of all events, and people can read it."""
    zone = Suppression("z", "quarry", degrees(PIT), DAY, DAY, "works", "Ayşe")
    kinds = [
        event(event_id="a"), event(area_ha=0.01, event_id="b"), event(status=EventStatus.PROVISIONAL, event_id="c"),
        event("agriculture", event_id="d"), event("agriculture", area_ha=1.5, event_id="e"), event("cloud_artefact", event_id="f"),
        event("snow", area_ha=0.01, event_id="g"),
    ]  # fmt: skip
    told = tally(Triage(), kinds, context())
    assert told == {
        "alerted": 1, "suppressed": 0, "too_small_or_early": 3,
        "no_event": {"agriculture": {"events": 2, "area_ha": 3.5}, "cloud_artefact": {"events": 1, "area_ha": 2.0}},
    }  # fmt: skip
    assert list(held_back(told)) == [
        "agriculture: 2 (3.50 ha), taken for no event",
        "cloud artefact: 1 (2.00 ha), taken for no event",
        "too small or not yet confirmed: 3",
    ]
    assert tally(Triage(), kinds[:1], replace(context(), suppressions=(zone,)))["suppressed"] == 1
