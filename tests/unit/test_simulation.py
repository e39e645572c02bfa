"""What is planted is planted where and when it says, and nothing else changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sentinel_watch.domain.look import MaskReason, day_number, make_look, stack_looks
from sentinel_watch.simulation import SIMULATED
from sentinel_watch.simulation.blobs import grow_blob
from sentinel_watch.simulation.events import KINDS, EventPlan, plant, stressed
from sentinel_watch.simulation.nuisances import NUISANCES, Offset, Phenology
from sentinel_watch.simulation.scenario import Planting, disturb, plant_events
from sentinel_watch.simulation.season import fit_season
from sentinel_watch.simulation.spectra import CENTRE_NM, PROTOTYPES, mixture, prototype, spectrum_of

if TYPE_CHECKING:
    import xarray as xr

BANDS = ("B02", "B04", "B08", "B11", "B12")
FIRST = datetime(2021, 1, 3, tzinfo=UTC)
MONITOR_DAY = int(np.datetime64("2023-01-01", "D").astype(int))
END_DAY = int(np.datetime64("2024-01-01", "D").astype(int))


@pytest.fixture(scope="module")
def meadow() -> xr.Dataset:
    """Return three years of a green, seasonal place with noise and a cloud on one date in five."""
    rng = np.random.default_rng(4)
    base, swing = np.array([0.04, 0.06, 0.3, 0.2, 0.12]), np.array([0.0, -0.02, 0.1, -0.02, -0.02])
    looks = []
    for number in range(0, 1095, 12):
        wave = np.sin(2 * np.pi * (number - 80) / 365.25)
        seen = (base + swing * wave)[:, None, None] + rng.normal(0, 0.004, (5, 30, 30))
        mask = np.zeros((30, 30), np.uint8)
        mask[:15] = MaskReason.CLOUD if number % 60 == 0 else 0
        looks.append(make_look(f"s{number}", FIRST + timedelta(days=number), BANDS, seen.astype(np.float32), mask))
    return stack_looks(looks)


def blob_of(n_pixels: int) -> np.ndarray:
    """Return a blob in the middle of the meadow."""
    blob = grow_blob(np.ones((30, 30), bool), n_pixels, np.random.default_rng(1))
    assert blob is not None
    return blob


def planted(meadow: xr.Dataset, **options: object):
    """Return the meadow with one event of 40 px, the difference to before, and the truth."""
    plan = EventPlan(**{"kind": "abrupt", "start_day": MONITOR_DAY + 60, "n_pixels": 40, "texture": 0, **options})
    target = "bare_soil_bright", prototype("bare_soil_bright", BANDS)
    cube, truth = plant(meadow, fit_season(meadow), plan, blob_of(40), target, 7)
    return cube, (cube["reflectance"] - meadow["reflectance"]).values, truth


def test_nothing_changes_off_the_event_or_before_it(meadow: xr.Dataset) -> None:
    """Pixels off the event and looks before its start stay as they were, to the bit, and masks always do."""
    cube, difference, truth = planted(meadow)
    off = np.ones((30, 30), bool)
    off[truth.rows, truth.cols] = False
    assert (difference[:, :, off] == 0).all()
    assert (difference[day_number(cube["time"]) < truth.plan.start_day] == 0).all()
    assert cube["mask"].equals(meadow["mask"])


def test_a_full_abrupt_event_looks_like_its_surface(meadow: xr.Dataset) -> None:
    """With f = 1 the mean spectrum after the start is the surface's, and the noise is still there."""
    cube, _, truth = planted(meadow, fraction=1.0)
    late = day_number(cube["time"]) >= truth.plan.start_day
    seen = cube["reflectance"].values[late][:, :, truth.rows, truth.cols]
    np.testing.assert_allclose(seen.mean(axis=(0, 2)), prototype("bare_soil_bright", BANDS), atol=0.01)
    assert seen.std(axis=0).min() > 0.001


def test_a_partial_event_changes_by_its_fraction(meadow: xr.Dataset) -> None:
    """The difference planted at f = 0.4 is 0.4 of that at f = 1."""
    _, whole, _ = planted(meadow, fraction=1.0)
    _, part, _ = planted(meadow, fraction=0.4)
    np.testing.assert_allclose(part, 0.4 * whole, atol=1e-5)


def test_gradual_growth_starts_at_the_core(meadow: xr.Dataset) -> None:
    """The core turns first, the last pixel after the growth time."""
    _, _, truth = planted(meadow, kind="gradual", growth_days=180)
    assert (np.diff(truth.onset) >= 0).all()
    assert truth.onset[-1] - truth.onset[0] == 180


def test_char_fades(meadow: xr.Dataset) -> None:
    """A burn is strongest at once and gone after its decay time."""
    _, difference, truth = planted(meadow, kind="burn", decay_days=200)
    days = day_number(meadow["time"])
    size = np.abs(difference[:, :, truth.rows, truth.cols]).mean(axis=(1, 2))
    assert size[days >= truth.plan.start_day].argmax() == 0
    assert (size[days >= truth.plan.start_day + 200] == 0).all()


def test_stress_takes_the_stated_share_of_ndvi() -> None:
    """Full stress lowers NDVI by 30 %, relative, and keeps red plus near infrared."""
    normal = np.array([0.04, 0.06, 0.34, 0.2, 0.1], np.float32)[None, :, None]
    after = stressed(normal, BANDS, 0.3)

    def ndvi(x: np.ndarray) -> float:
        return float((x[0, 2, 0] - x[0, 1, 0]) / (x[0, 2, 0] + x[0, 1, 0]))

    assert ndvi(after) == pytest.approx(0.7 * ndvi(normal), abs=1e-4)
    assert after[0, 1:3].sum() == pytest.approx(normal[0, 1:3].sum(), abs=1e-5)


def test_the_seasonal_model_follows_the_season(meadow: xr.Dataset) -> None:
    """The model of a noisy season is within 0.01 of what produced it, clouds or not."""
    model = fit_season(meadow)
    residual = meadow["reflectance"].values - model.at(day_number(meadow["time"]))
    assert np.abs(residual.mean(axis=0)).max() < 0.01


def test_a_blob_is_connected_free_and_of_its_size() -> None:
    """A blob lies in the free pixels, has no pixel twice, and each pixel but the core touches an earlier one."""
    free = np.ones((20, 20), bool)
    free[:, 10] = False
    blob = grow_blob(free, 60, np.random.default_rng(3))
    assert blob is not None
    assert len({tuple(pixel) for pixel in blob}) == 60
    assert free[tuple(blob.T)].all()
    for place in range(1, 60):
        assert np.abs(blob[:place] - blob[place]).sum(axis=1).min() == 1


def test_a_blob_that_does_not_fit_is_none() -> None:
    """Where no room is large enough there is no blob."""
    free = np.zeros((9, 9), bool)
    free[::3, ::3] = True
    assert grow_blob(free, 2, np.random.default_rng(0)) is None


@pytest.mark.parametrize("name", sorted(NUISANCES))
def test_a_nuisance_leaves_history_alone_and_changes_monitoring(meadow: xr.Dataset, name: str) -> None:
    """Looks before the first monitored day stay as they were, some later one does not, and the cube says that it is simulated."""
    cube = disturb(meadow, name, MONITOR_DAY, 3)
    early = day_number(meadow["time"]) < MONITOR_DAY
    np.testing.assert_array_equal(cube["reflectance"].values[early], meadow["reflectance"].values[early])
    assert not np.array_equal(cube["reflectance"].values[~early], meadow["reflectance"].values[~early])
    assert name in cube.attrs[SIMULATED]
    assert SIMULATED not in meadow.attrs


def test_the_offset_is_on_the_last_half(meadow: xr.Dataset) -> None:
    """An offset is added to all bands of the last half of the monitored dates, and to no other."""
    cube = Offset().apply(meadow, MONITOR_DAY, np.random.default_rng(0))
    added = (cube["reflectance"] - meadow["reflectance"]).values
    late = np.flatnonzero(day_number(meadow["time"]) >= MONITOR_DAY)
    np.testing.assert_allclose(added[late[-(len(late) // 2) :]], 0.1, atol=1e-6)
    assert (added[: late[0]] == 0).all()


def test_a_late_season_is_the_season_of_a_month_ago(meadow: xr.Dataset) -> None:
    """With a delay of 30 days the mean of the place follows the model of 30 days before."""
    cube = Phenology(delay_days=30).apply(meadow, MONITOR_DAY, np.random.default_rng(0))
    days = day_number(meadow["time"])
    late = days >= MONITOR_DAY
    expected = fit_season(meadow).at(days[late] - 30).mean(axis=(2, 3))
    np.testing.assert_allclose(cube["reflectance"].values[late].mean(axis=(2, 3)), expected, atol=0.01)


def test_a_scenario_is_the_same_for_the_same_seed(meadow: xr.Dataset) -> None:
    """The same seed gives the same cube and the same truth; another seed gives others."""
    planting = Planting(most_px=40, first_day=MONITOR_DAY, end_day=END_DAY)
    free = np.ones((30, 30), bool)
    one, two, other = (plant_events(meadow, planting, free, seed) for seed in (5, 5, 6))
    assert one.cube.equals(two.cube)
    np.testing.assert_array_equal(one.labels(), two.labels())
    assert not one.cube.equals(other.cube)


def test_a_scenario_plants_every_kind_apart(meadow: xr.Dataset) -> None:
    """All kinds are planted, turbidity on a simulated pond; no two events are nearer than 4 px; the cube is labelled."""
    made = plant_events(meadow, Planting(least_px=10, most_px=15, first_day=MONITOR_DAY, end_day=END_DAY), np.ones((30, 30), bool), 2)
    assert {event.plan.kind for event in made.events} == set(KINDS)
    assert "5 planted events" in made.cube.attrs[SIMULATED]
    places = [np.stack([event.rows, event.cols], axis=1) for event in made.events]
    for number, place in enumerate(places):
        for other in places[number + 1 :]:
            assert np.abs(place[:, None] - other[None]).sum(axis=2).min() >= 4


def test_own_spectra_take_the_place_of_the_prototypes(meadow: xr.Dataset) -> None:
    """Spectra that the user gives are the ones that are planted."""
    library = {"abrupt": {"slag": np.array([0.1, 0.12, 0.14, 0.16, 0.18], np.float32)}}
    planting = Planting(kinds=("abrupt",), first_day=MONITOR_DAY, end_day=END_DAY)
    made = plant_events(meadow, planting, np.ones((30, 30), bool), 1, library)
    assert [event.spectrum for event in made.events] == ["slag"]


def test_kinds_that_need_more_time_than_there_is_are_left_out(meadow: xr.Dataset) -> None:
    """Ninety days are enough for an abrupt event and not for gradual growth."""
    planting = Planting(kinds=("abrupt", "gradual"), first_day=MONITOR_DAY, end_day=MONITOR_DAY + 90)
    made = plant_events(meadow, planting, np.ones((30, 30), bool), 1)
    assert [event.plan.kind for event in made.events] == ["abrupt"]


def test_prototypes_are_physical() -> None:
    """Every prototype and the waste mixture lie between 0 and 1 in all bands."""
    for name in [*PROTOTYPES, "waste"]:
        spectrum = spectrum_of(name, list(CENTRE_NM))
        assert ((spectrum > 0) & (spectrum < 1)).all(), name


def test_a_mixture_lies_between_its_parts() -> None:
    """Half char and half concrete is the mean of the two, whatever the shares sum to."""
    middle = (prototype("char", BANDS) + prototype("concrete", BANDS)) / 2
    np.testing.assert_allclose(mixture({"char": 2, "concrete": 2}, BANDS), middle, atol=1e-6)
