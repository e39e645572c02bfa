"""The compiled kernels against plain numpy, which is the truth that they are held to."""

from __future__ import annotations

import numpy as np
import pytest

from sentinel_watch.detectors.breaks import break_looks
from sentinel_watch.detectors.calibration import Known, usual_distances
from sentinel_watch.detectors.char import Char, char_of
from sentinel_watch.detectors.envelope import kept_looks
from sentinel_watch.detectors.equations import equations
from sentinel_watch.detectors.fitting import TUKEY, Fit, History
from sentinel_watch.detectors.harmonics import design, fit_harmonics, orders, penalties, predict
from sentinel_watch.detectors.nearest import NEAREST, STEPS_PER_REFLECTANCE, Envelope
from sentinel_watch.detectors.notable import Limits, notable
from sentinel_watch.detectors.scoring import Look, score
from sentinel_watch.detectors.whitened import Model

BANDS, PIXELS, LOOKS = 3, 300, 50
RNG = np.random.default_rng(7)
DAYS = np.sort(RNG.choice(900, LOOKS, replace=False)).astype(np.int32) + 18_000
PRECISION = np.array([100.0, 80.0, 50.0])
CHAR = char_of(["B04", "B08", "B12"])


@pytest.fixture(scope="module")
def history() -> History:
    """Return a noisy season with gaps, clouds that nobody masked, offsets and gains."""
    truth = 0.2 + 0.1 * np.cos(2 * np.pi * DAYS / 365.2425)[:, None, None] + RNG.uniform(0, 0.1, (1, BANDS, PIXELS))
    values = truth + RNG.normal(0, 0.01, (LOOKS, BANDS, PIXELS))
    values[RNG.random((LOOKS, PIXELS)).argsort(axis=0)[:2], :, np.arange(PIXELS)] += 0.3
    clear = RNG.random((LOOKS, PIXELS)) < 0.6
    values = np.where(clear[:, None], values, np.nan).astype(np.float32)
    shift, factor = RNG.normal(0, 0.02, (2, LOOKS, BANDS)).astype(np.float32)
    return History(values, clear, shift, 1 + factor)


@pytest.fixture(scope="module")
def fit() -> Fit:
    """Return a fit of second order with three reweighted steps."""
    return Fit(design(DAYS, 2), penalties(2, 1.0), np.full(PIXELS, 2, np.uint8), PRECISION, 3)


def levelled(history: History) -> np.ndarray:
    """Return the looks with offset and gain taken out, double precision."""
    return (history.values.astype(float) - history.offset[..., None]) * history.factor[..., None]


def plain_fit(history: History, fit: Fit, pixel: int) -> np.ndarray:
    """Return the (K, B) coefficients of one pixel, as the method is written in books."""
    seen = history.clear[:, pixel]
    x, y = fit.basis[seen], levelled(history)[seen, :, pixel]
    weight = np.ones(len(x))
    for _ in range(fit.steps + 1):
        normal = x.T @ (weight[:, None] * x) + np.diag(fit.penalty[fit.order[pixel]])
        found = np.linalg.solve(normal, x.T @ (weight[:, None] * y))
        misfit = np.mean(((y - x @ found) * fit.precision) ** 2, axis=1)
        weight = np.maximum(0, 1 - misfit / (TUKEY**2 * np.average(misfit, weights=weight))) ** 2
    return found


def test_fit_is_the_books(history, fit):
    """The tiled fit gives what weighted ridge regression gives pixel by pixel."""
    found = fit_harmonics(history, fit)
    expected = np.stack([plain_fit(history, fit, pixel) for pixel in range(PIXELS)], axis=-1)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_unseen_pixel_has_no_model(history, fit):
    """A pixel without a clear look gets NaN, and its neighbours what they would have without it."""
    clear = history.clear.copy()
    clear[:, 5] = False
    found, whole = fit_harmonics(history._replace(clear=clear), fit), fit_harmonics(history, fit)
    assert np.isnan(found[..., 5]).all()
    np.testing.assert_array_equal(np.delete(found, 5, axis=-1), np.delete(whole, 5, axis=-1))


def test_place_of_a_pixel_changes_nothing(history, fit):
    """The same pixels elsewhere in the row, in other tiles, get the same numbers to the last bit."""
    twice = history._replace(values=np.tile(history.values, 2), clear=np.tile(history.clear, 2))
    found = fit_harmonics(twice, fit._replace(order=np.tile(fit.order, 2)))
    np.testing.assert_array_equal(found[..., :PIXELS], found[..., PIXELS:])
    np.testing.assert_array_equal(found[..., :PIXELS], fit_harmonics(history, fit))


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_products_of_harmonics_are_sums_of_harmonics(order):
    """The sums that stand for the normal equations give the products of the terms, at every order."""
    basis = design(DAYS, order)
    by = equations(basis)
    sums = by.waves.sum(axis=(0, 2))
    rows, columns = np.tril_indices(basis.shape[1])
    found = (sums[by.near] + by.sign * sums[by.far]) / 2
    np.testing.assert_allclose(found, (basis.T @ basis)[rows, columns], atol=1e-10)


def parts(history: History, fit: Fit) -> tuple[Model, Envelope]:
    """Return a model with two kinds of pixels and a few stored spectra."""
    whiten = np.stack([np.tril(RNG.uniform(10, 60, (BANDS, BANDS))) for _ in range(24)]).reshape(2, 12, BANDS, BANDS)
    model = Model(fit_harmonics(history, fit), whiten.astype(np.float32), (np.arange(PIXELS) % 2).astype(np.uint8))
    kept = np.stack([np.flatnonzero(history.clear[:, pixel])[:16] for pixel in range(PIXELS)])
    spectra = np.stack([levelled(history)[kept[pixel], :, pixel] for pixel in range(PIXELS)])
    stored = np.round(spectra * STEPS_PER_REFLECTANCE).astype(np.int16).transpose(0, 2, 1)
    return model, Envelope(np.ascontiguousarray(stored), DAYS[kept], np.where(np.arange(PIXELS) % 3, 60, 183).astype(np.int16))


def whitening_of(model: Model, pixel: int, day: int) -> np.ndarray:
    """Return the (B, B) whitening of a pixel's kind at a day, double precision."""
    return model.whiten[model.kind[pixel], int(day % 365.2425 / 365.2425 * 12)].astype(float)


def plain_distance(at, difference, spectrum, model: Model, envelope: Envelope, skip: int = 0) -> float:
    """Return the lesser of the distances to the model and to the second nearest spectrum of the season."""
    pixel, day = at
    whiten = whitening_of(model, pixel, day)
    gap = np.abs(envelope.day[pixel] - day) % 365.2425
    season = (np.minimum(gap, 365.2425 - gap) <= envelope.window[pixel]) & (envelope.day[pixel] != skip)
    others = spectrum - envelope.spectra[pixel][:, season].T / STEPS_PER_REFLECTANCE
    lengths = np.sort(np.linalg.norm(others @ whiten.T, axis=1))
    nearest = lengths[NEAREST - 1] if len(lengths) >= NEAREST else np.inf
    return min(float(np.linalg.norm(whiten @ difference)), nearest)


def plain_char(expected: np.ndarray, left: np.ndarray, whiten: np.ndarray, char: Char) -> float:
    """Return how far the residual `left` (B,) goes the way from the expected spectrum to char; -1 where nothing can burn."""
    red, infrared = expected[char.red], expected[char.infrared]
    if infrared - red <= 0.45 * max(infrared + red, 0.02):
        return -1.0
    way = whiten @ (char.spectrum - expected)
    return max(float(whiten @ left @ way / np.linalg.norm(way)), 0.0)


def green(history: History) -> History:
    """Return `history` with a near infrared that is that of leaves on every other pixel."""
    leaves = np.where(np.arange(PIXELS) % 2, 0.5, 0.0)[None, :]
    values = history.values.copy()
    values[:, 1] += leaves
    return history._replace(values=values)


def test_score_is_the_plain_distance(history, fit):
    """Where a look is far from the model, its score is the lesser of the two distances over the usual one; unseen pixels have none."""
    model, envelope = parts(history, fit)
    day, usual = int(DAYS[-1]) + 40, np.full((3, PIXELS), 0.05, np.float32)
    seen = np.arange(PIXELS) % 7 > 0
    look = RNG.uniform(0.1, 0.5, (BANDS, PIXELS)).astype(np.float32)
    row = design(np.array([day]), 2)[0]
    found = score(Look(look, row, day, usual, 1.0, seen), model, envelope, CHAR, np.zeros((BANDS, PIXELS), np.float32))[0]
    left = look - predict(model.coefficients, row)
    expected = [plain_distance((pixel, day), left[:, pixel], look[:, pixel], model, envelope) for pixel in range(PIXELS)]
    np.testing.assert_allclose(found, np.where(seen, expected / usual[0], np.nan), rtol=2e-3)


def test_the_way_to_char_is_a_plain_projection(history, fit):
    """Vegetation is scored along the way to char; what lies the other way, and ground that cannot burn, scores nought."""
    model, envelope = parts(green(history), fit)
    day, usual = int(DAYS[-1]) + 40, np.full((3, PIXELS), 0.05, np.float32)
    seen = np.arange(PIXELS) % 7 > 0
    row = design(np.array([day]), 2)[0]
    normal = predict(model.coefficients, row)
    look = (normal + RNG.uniform(-0.3, 0.2, normal.shape)).astype(np.float32)
    found = score(Look(look, row, day, usual, 1.0, seen), model, envelope, CHAR, np.zeros((BANDS, PIXELS), np.float32))[2]
    expected = [
        max(plain_char(normal[:, pixel], (look - normal)[:, pixel], whitening_of(model, pixel, day), CHAR), 0.0) for pixel in range(PIXELS)
    ]
    assert np.count_nonzero(expected) > PIXELS / 6
    np.testing.assert_allclose(found, np.where(seen, expected / usual[2], np.nan), rtol=2e-3, atol=1e-3)


def test_notable_pixels_are_the_plain_choice():
    """Notable is what was seen and is off, or has a track; a way towards char counts as distance, and tracks put no look in doubt."""
    limits = Limits(*map(np.float32, (1.3, 3.0, 2.0, 1.15)))
    distances, seen = RNG.uniform(0, 4, (3, PIXELS)).astype(np.float32), np.arange(PIXELS) % 7 > 0
    distances[0] /= 2
    distances[:, ~seen] = np.nan
    tracked = np.arange(PIXELS) % 5 == 0
    found = notable(distances, seen, np.flatnonzero(tracked).astype(np.int32), limits)
    length, drift, char = distances
    length = np.where(char > limits.char, np.maximum(length, limits.quiet + char - limits.char), length)
    off = np.maximum(length / limits.quiet, drift / limits.drift) * limits.weight > 1
    where = np.flatnonzero(seen & (tracked | off))
    np.testing.assert_array_equal(found.where, where)
    np.testing.assert_array_equal(found.distance, length[where])
    np.testing.assert_array_equal(found.drift, drift[where])
    assert (found.off, found.of) == ((length > limits.quiet)[seen & ~tracked].sum(), (seen & ~tracked).sum())
    assert 0 < where.size < seen.sum()


def test_without_red_and_near_infrared_nothing_burns():
    """Bands that cannot tell leaves, or of unknown wavelength, leave fire untold."""
    assert char_of(["B02", "B08"]).red == -1
    assert char_of(["B04", "B08", "VV"]).red == -1


def test_usual_distance_leaves_each_look_out(history, fit):
    """The usual distances are quantiles of what each look is from a model that was fitted without it, and of how far it goes to char."""
    history = green(history)
    model, envelope = parts(history, fit)
    plain = fit._replace(steps=0)
    model = model._replace(coefficients=fit_harmonics(history, plain))
    found = usual_distances(history, plain, Known(model, envelope, CHAR, DAYS), 0.9)
    for pixel in (0, 1, 2, 17):
        seen = np.flatnonzero(history.clear[:, pixel])
        lengths, ways = [], []
        for look in seen:
            rest = history.clear.copy()
            rest[look, pixel] = False
            without = plain_fit(history._replace(clear=rest), plain, pixel)
            spectrum = levelled(history)[look, :, pixel]
            left = spectrum - fit.basis[look] @ without
            lengths.append(plain_distance((pixel, DAYS[look]), left, spectrum, model, envelope, DAYS[look]))
            expected = fit.basis[look] @ model.coefficients[..., pixel]
            ways.append(plain_char(expected, left, whitening_of(model, pixel, DAYS[look]), CHAR))
        at = int(np.ceil(0.9 * len(seen))) - 1
        assert found[0, pixel] == pytest.approx(np.sort(lengths)[at], rel=5e-3)
        burnable = np.sort([way for way in ways if way >= 0])
        likely = burnable[int(np.ceil(0.9 * burnable.size)) - 1] if burnable.size else np.nan
        assert found[2, pixel] == pytest.approx(likely, rel=5e-3, nan_ok=True)


def plain_break(history: History, fit: Fit, model: Model, pixel: int, least: int, step: float) -> int:
    """Return the look from which on a pixel's level is the present one, by trying every split; 0 = it never moved."""
    seen = np.flatnonzero(history.clear[:, pixel])
    left = levelled(history)[seen, :, pixel] - fit.basis[seen] @ model.coefficients[..., pixel]
    white = np.stack([whitening_of(model, pixel, DAYS[look]) @ row for look, row in zip(seen, left, strict=True)])
    white *= np.minimum(1, 3 * np.sqrt(BANDS) / np.maximum(np.linalg.norm(white, axis=1), 1e-6))[:, None]
    best, since = 0.0, 0
    for n in range(least, len(seen) - least + 1):
        gap = np.sum((white[:n].mean(axis=0) - white[n:].mean(axis=0)) ** 2)
        told = gap * n * (len(seen) - n) / len(seen)
        if gap >= step**2 and told > best:
            best, since = told, int(seen[n])
    return since


def test_a_break_is_where_the_best_of_all_splits_is(history, fit):
    """The level's move is found where the means before and after tell most, and nowhere if no split leaves enough on both sides."""
    values = history.values.copy()
    values[25:, :, ::2] += 0.05
    moved = history._replace(values=values)
    model, _ = parts(moved, fit)
    found = break_looks(moved, DAYS, fit.basis, model, 8, 2.5)
    expected = [plain_break(moved, fit, model, pixel, 8, 2.5) for pixel in range(PIXELS)]
    np.testing.assert_array_equal(found, expected)
    assert 0 < np.count_nonzero(found) < PIXELS
    assert not break_looks(moved, DAYS, fit.basis, model, LOOKS, 2.5).any()


@pytest.mark.parametrize("most", [10, 24, 60])
def test_kept_spectra_are_spread_over_the_season(history, most):
    """Clear looks in order of season share the slots evenly, the last of a slot stays; empty slots have day 0."""
    spectra, days = kept_looks(history, DAYS, most)
    assert spectra.shape == (PIXELS, BANDS, days.shape[1])
    assert days.shape[1] % 8 == 0
    for pixel in range(0, PIXELS, 7):
        seen = sorted(np.flatnonzero(history.clear[:, pixel]), key=lambda look: DAYS[look] % 365.2425)
        slots = {rank * most // max(len(seen), most): look for rank, look in enumerate(seen)}
        expected = np.zeros(days.shape[1], int)
        expected[list(slots)] = DAYS[list(slots.values())]
        np.testing.assert_array_equal(days[pixel], expected)
        kept = levelled(history)[list(slots.values()), :, pixel].T * STEPS_PER_REFLECTANCE
        np.testing.assert_allclose(spectra[pixel][:, list(slots)], kept, atol=0.6)


def test_order_follows_the_history():
    """More years and more clear looks allow more harmonics, and both are needed."""
    years, looks = np.array([0.5, 1.0, 1.0, 2.0, 4.0, 4.0]), np.array([50, 5, 12, 30, 30, 80])
    assert orders(years, looks, 3).tolist() == [0, 0, 1, 2, 2, 3]
