"""How the seasonal monitor learns a history: level the looks, fit the model, pool the noise, keep spectra, calibrate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.detectors.breaks import break_looks
from sentinel_watch.detectors.calibration import Known, usual_distances
from sentinel_watch.detectors.char import char_of
from sentinel_watch.detectors.envelope import ANY_SEASON_DAYS, kept_looks
from sentinel_watch.detectors.fitting import Fit, History
from sentinel_watch.detectors.harmonics import YEAR_DAYS, design, fit_harmonics, orders, penalties, predict
from sentinel_watch.detectors.nearest import NEAREST, Envelope
from sentinel_watch.detectors.noise import Residuals, assign, centres_of, drawn_together, whitening
from sentinel_watch.detectors.normalise import scene_correction
from sentinel_watch.detectors.whitened import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.stack import Stack
    from sentinel_watch.domain.change import Arrays

__all__ = ["Lesson", "learn"]

_SAMPLE_PX = 10_000
"""Pixels, evenly spread over the block, that speak for it."""
_SEASON_YEARS = 1.3
"""A shorter history has seen the seasons once: nothing tells a season from an event in it, or what differs between years."""
_SHORT_DOUBT = np.array([[1.25], [1.8], [1.25]], np.float32)
"""How much wider a short history's usual deviations, of looks, of their running mean and towards char, are taken to be."""
_ROUGH_NOISE = 0.015
"""Reflectance: what a history's looks are levelled by, before its noise is known."""
_INFRARED = ("B08", "B8A", "B11")
_WET, _DRY = 0.09, 0.14
"""Reflectance in the brightest of the infrared bands: water stays below the one, ground that is not in the dark above the other."""
_FLOOD_DAYS = 180
"""A wet or a dry season: where water comes and goes, a deviation must outlast one."""
_WORTH_LOOKS = 30.0
"""What a pixel's kind counts for beside its own looks: the largest tenth of some dozen looks is a poor guess."""
_ERRATIC_NDVI = 0.09
"""Mean absolute NDVI off the seasonal model: forests stay below 0.05, fields go to 0.2."""


class Lesson(NamedTuple):
    """How to learn; the options are described at `seasonal.Seasonal`."""

    top_order: int
    ridge: float
    noise_floor: float
    spectra: int
    window_days: int
    least_looks: int
    break_step: float


def learn(stack: Stack, lesson: Lesson) -> Arrays:
    """Return what is normal in `stack`: the arrays of a baseline.

    P pixels, B bands, K terms, C kinds, S parts of the year, M spectra: `coefficients` (K, B, P), `whiten` (C, S, B, B), `kinds` (P,),
    `usual` (3, P) usual largest distance of a look, of the running mean and towards char, in noise scales, `spectra` (P, B, M),
    `spectra_days` (P, M), `window` (P,) and `lasting` (P,) days: of a season to each side, and that a deviation must last. Where the
    level of a pixel moved for good, only what came after is learnt, and all is fitted anew.
    """
    fit = _plan(stack, lesson)
    chosen = _sample(stack)
    history = _levelled(stack, fit, chosen)
    model = _model(history, stack.days, fit, chosen, lesson.noise_floor)
    erratic = _erratic(history, model.coefficients, fit.basis, stack.bands)
    short = _years(stack) < _SEASON_YEARS
    since = break_looks(history, stack.days, fit.basis, model, lesson.least_looks, lesson.break_step)
    # a field moves its level with each sowing, and a short history cannot tell a season from a move
    since[erratic | short] = 0
    if since.any():
        stack = replace(stack, clear=stack.clear & (np.arange(len(stack.days))[:, None] >= since))
        history, fit = history._replace(clear=stack.clear), _plan(stack, lesson, fit.basis.shape[1] // 2)
        model = _model(history, stack.days, fit, chosen, lesson.noise_floor)
    coefficients, whiten, kinds = model
    spectra, days = kept_looks(history, stack.days, lesson.spectra)
    # where seasons do not repeat, any earlier look says what may be there
    amphibious = _amphibious(history, stack.bands)
    window = np.where(erratic | short | amphibious, ANY_SEASON_DAYS, lesson.window_days).astype(np.int16)
    known = Known(model, Envelope(spectra, days, window), char_of(stack.bands), stack.days)
    own = usual_distances(history, fit, known, 0.9)
    usual = np.stack([drawn_together(row, history.clear.sum(axis=0), kinds, _WORTH_LOOKS) for row in own])
    usual[:, short] *= _SHORT_DOUBT
    # stubble and mud are dark as char, and come with the season
    usual[2, erratic | amphibious] = np.inf
    return {
        "coefficients": coefficients,
        "whiten": whiten,
        "kinds": kinds,
        "usual": usual,
        "spectra": spectra,
        "spectra_days": days,
        "window": window,
        "lasting": np.where(amphibious, _FLOOD_DAYS, 0).astype(np.int16),
    }


def _model(history: History, days: NDArray[np.int32], fit: Fit, chosen: NDArray[np.intp], floor: float) -> Model:
    """Return the model of `history`, looks on `days` (T,): coefficients, kinds, and noise pooled over the `chosen` pixels.

    `floor` is reflectance. The residuals need a model before the noise is known, hence one without whitening in between.
    """
    coefficients = fit_harmonics(history, fit)
    kinds = _kinds(coefficients, chosen)
    residuals = _residuals(history, days, Model(coefficients, np.zeros((0, 0, 0, 0), np.float32), kinds), fit.basis, chosen)
    return Model(coefficients, whitening(residuals, int(kinds.max(initial=0)) + 1, floor), kinds)


def _plan(stack: Stack, lesson: Lesson, top: int | None = None) -> Fit:
    """Return how to fit `stack`: the order that each pixel's history can carry, the lesson's at most, and terms up to the highest of them.

    `top` says up to which order terms are made instead. All bands have the noise floor's precision, since their noise is not known yet.
    """
    looks = stack.clear.sum(axis=0)
    order = orders(_years(stack), looks, lesson.top_order)
    top = int(order.max(initial=0)) if top is None else top
    return Fit(design(stack.days, top), penalties(top, lesson.ridge), order, np.full(len(stack.bands), 1 / lesson.noise_floor), 3)


def _years(stack: Stack) -> NDArray[np.float64]:
    """Return (P,) the years that each pixel's clear looks span.

    A pixel that was never clear gets the whole history's years: only its number of looks, 0, keeps it at order 0.
    """
    first = np.argmax(stack.clear, axis=0)
    last = len(stack.days) - 1 - np.argmax(stack.clear[::-1], axis=0)
    return np.asarray((stack.days[last] - stack.days[first]) / YEAR_DAYS)


def _sample(stack: Stack) -> NDArray[np.intp]:
    """Return the indices of _SAMPLE_PX pixels, or up to twice as many, of those that were ever clear.

    Every so-manieth in row-major order and none by lot, so that the same history gives the same baseline.
    """
    known = np.flatnonzero(stack.clear.any(axis=0))
    return known[:: max(1, known.size // _SAMPLE_PX)]


def _levelled(stack: Stack, fit: Fit, chosen: NDArray[np.intp]) -> History:
    """Return the looks with what each has in common taken out, twice over: the first model still bends to it.

    Offset and factor are found on the `chosen` pixels and hold for all. Looks are clear by `stack.clear`, (T, P).
    """
    looks, bands, _ = stack.values.shape
    offset, factor = np.zeros((looks, bands), np.float32), np.ones((looks, bands), np.float32)
    part = History(np.ascontiguousarray(stack.values[:, :, chosen]), np.ascontiguousarray(stack.clear[:, chosen]), offset, factor)
    part_fit = fit._replace(order=fit.order[chosen])
    noise = _ROUGH_NOISE
    for _ in range(2):
        coefficients = fit_harmonics(part, part_fit)
        for look, row in enumerate(fit.basis):
            clear = np.flatnonzero(part.clear[look])
            expected = predict(coefficients.take(clear, axis=-1), row)
            correction = scene_correction(part.values[look].take(clear, axis=-1), expected, np.full_like(expected, noise))
            # a factor is the inverse of a gain: History multiplies where Correction divides
            offset[look], factor[look] = correction.offset, 1 / correction.gain
    return History(stack.values, stack.clear, offset, factor)


def _kinds(coefficients: NDArray[np.float32], chosen: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return (P,) the kind of each pixel, by its expected spectra in the four quarters of the year.

    By what the model expects and not by what was seen, so that a cloud or an event makes no kind of its own.
    """
    quarters = design((np.arange(4) * YEAR_DAYS / 4).astype(np.int32), coefficients.shape[0] // 2)
    features = np.concatenate([predict(coefficients, row) for row in quarters]).T
    # a pixel that was never seen needs some kind, though nothing will be judged by it
    return assign(np.nan_to_num(features), centres_of(features[chosen]))


def _residuals(history: History, days: NDArray[np.int32], model: Model, basis: NDArray[np.float64], chosen: NDArray[np.intp]) -> Residuals:
    """Return the residuals of the sample's clear looks.

    `basis` is (T, K). The model was fitted to these very looks, so they lie nearer to it than new ones will; `usual_distances`, which
    leaves each look out, makes up for that.
    """
    parts = []
    for look, row in enumerate(basis):
        clear = chosen[history.clear[look, chosen]]
        levelled = (history.values[look].take(clear, axis=-1) - history.offset[look][:, None]) * history.factor[look][:, None]
        gap = (levelled - predict(model.coefficients.take(clear, axis=-1), row)).T
        parts.append(Residuals(gap, model.kind[clear], np.full(clear.size, days[look], np.int32)))
    fields = [[getattr(part, name) for part in parts] for name in ("values", "kind", "day")]
    return Residuals(*map(np.concatenate, fields))


def _erratic(history: History, coefficients: NDArray[np.float32], basis: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return (P,) True where greenness does not follow the seasonal model, as on fields that are ploughed and sown.

    All are False where B04 or B08 is missing: without greenness nothing tells a field.
    """
    if not {"B04", "B08"} <= set(bands):
        return np.zeros(history.clear.shape[1], bool)
    pair = [bands.index("B04"), bands.index("B08")]
    total = np.zeros(history.clear.shape[1])
    for look, row in enumerate(basis):
        seen = (history.values[look][pair] - history.offset[look][pair, None]) * history.factor[look][pair, None]
        gap = np.abs(_ndvi(seen) - _ndvi(predict(coefficients[:, pair], row)))
        # cut, so that one cloud that no mask caught makes no field
        total += np.where(history.clear[look], np.minimum(gap, 0.3), 0)
    return np.asarray(total / np.maximum(history.clear.sum(axis=0), 1) > _ERRATIC_NDVI)


def _amphibious(history: History, bands: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return (P,) True where the ground lay under water at times and dry at others: shores, and pits that fill and drain.

    Water is dark in every infrared band. NEAREST looks of either kind are asked, as many as it takes to call a spectrum known.
    """
    infrared = [bands.index(band) for band in _INFRARED if band in bands]
    wet, dry = np.zeros((2, history.clear.shape[1]), np.int32)
    for look, clear in enumerate(history.clear if infrared else ()):
        brightest = (history.values[look][infrared] - history.offset[look][infrared, None]).max(axis=0)
        wet += clear & (brightest < _WET)
        dry += clear & (brightest > _DRY)
    return np.asarray((wet >= NEAREST) & (dry >= NEAREST))


def _ndvi(pair: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,) NDVI of `pair` (2, n), red and near infrared reflectance.

    Reflectance counts as 0.001 at least and the sum as 0.02, or dark water would give any value between -1 and 1.
    """
    red, nir = np.maximum(pair, 0.001)
    return np.asarray((nir - red) / np.maximum(nir + red, 0.02))
