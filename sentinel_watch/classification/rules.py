"""A first class from physics and site type: what the ground was, what it is now, and what the site is for.

Rules need no training data, and so hold in a country that no model has seen; they know only what one spectrum before and one
after can tell. The same bare ground is an excavation at a mine and a deposit at a landfill: the site type decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from sentinel_watch.classification.artefacts import artefact
from sentinel_watch.classification.cover import Cover, CoverType
from sentinel_watch.classification.sentence import sentence
from sentinel_watch.domain.course import Course, Onset, course_of
from sentinel_watch.domain.event import Classification, Event
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sentinel_watch.domain.opinion import Opinion
    from sentinel_watch.domain.site import Site

__all__ = ["Rules"]

BARE_AT = {"mine": "excavation", "landfill": "waste_deposit", "industrial_zone": "construction"}
"""Site type -> what new bare ground or a new surface is there, most probably."""

CHANGED_AT = {"mine": "tailings_change", "landfill": "waste_deposit", "industrial_zone": "waste_deposit"}
"""Site type -> what a brighter surface on bare ground is there, most probably."""


NEVER_SEASONAL = frozenset({"snow", "cloud_artefact", "misregistration", "sensor_artefact", "water_discolouration", "surface_burn"})
"""Classes that stand even where a change comes back with the season: discharge and fire each year are still events."""

NOTABLE = 0.02
"""Difference of a ratio, or share of reflectance, that is worth a word."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class that a rule gives and the words for what it saw."""

    event_class: str
    phrase: str
    """Subject and verb; the extent follows."""
    why: str = ""
    """What speaks for it in the series."""


class Rules(Part):
    """Decides by rule; its confidence is a stated upper bound, not a measured rate, and the alert says so.

    The first rule that fits decides, in this order: snow, what the scenes give away as no change of the ground, field, greening, the
    season that comes again, water, fire, loss of vegetation, brighter or darker ground. Limits are differences of a ratio, or shares of
    reflectance; higher ones call more events `unknown_change`.
    """

    confidence: float = Field(0.5, gt=0, le=0.5)
    """What a rule's class is worth at most; the rest goes to `unknown_change`."""
    min_ndvi_drop: float = Field(0.03, gt=0, lt=1)
    """NDVI or NDMI has to fall by this to speak of vegetation that is lost: little, since the detector has already found a change."""
    min_nbr_drop: float = Field(0.27, gt=0, lt=2)
    """dNBR of low severity burns and above, Key and Benson 2006."""
    max_char_nir: float = Field(0.2, gt=0, lt=1)
    """Burnt ground reflects less than this in the near infrared."""
    min_albedo_step: float = Field(0.1, gt=0, lt=1)
    """The mean reflectance of all bands has to rise or fall by this share to count as brighter or darker."""
    fallow_days: int = Field(365, ge=30, le=1_000)
    """Ground that lies bare for part of every year may lie bare for so long before it stops being a field."""

    @property
    def asks(self) -> str:
        """Return no model's name: rules take no opinion."""
        return ""

    def classify(self, event: Event, site: Site, year: Mapping[str, NDArray[np.float32]], opinion: Opinion | None = None) -> Classification:
        """Return the first rule that fits, as a class with a plain sentence; `unknown_change` where none does.

        `event.region` gives the mean reflectance, 0-1, expected and observed. `year` is what is normal there: band -> (12,) mean
        reflectance in mid-month, NaN = not known; empty where no baseline is, and then no place is taken for a field.
        """
        before, after = Cover(event.region.expected), Cover(event.region.observed)
        course = course_of(event)
        verdict = self._no_event(before, after, event, months(year)) or self._verdict(before, after, site.site_type, course)
        if course.seasonal and verdict.event_class not in NEVER_SEASONAL:
            verdict = _recurring(before, after)
        known = verdict.event_class != "unknown_change"
        probs = {verdict.event_class: self.confidence, "unknown_change": 1 - self.confidence} if known else {"unknown_change": 1.0}
        return Classification(verdict.event_class, probs, "rule", sentence(verdict.phrase, event, verdict.why), opinion)

    def _no_event(self, before: Cover, after: Cover, event: Event, year: Sequence[Cover]) -> Verdict | None:
        """Return what the weather, the sensor or a farmer does, None where it is something else.

        A field is taken for one until it has differed for `fallow_days`: only a pit on farmland stays bare for longer.
        """
        was, now = before.cover_type, after.cover_type
        if CoverType.SNOW in {was, now} and was is not now and now is not None:
            thaw = was is CoverType.SNOW
            return (
                Verdict("seasonal", "Snow that usually lies there is gone") if thaw else Verdict("snow", "Snow seems to cover the ground")
            )
        if told := artefact(event):
            return Verdict(*told)
        if self._is_field(year) and now in (CoverType.BARE, CoverType.VEGETATION):
            lasted = (event.last_observed - event.region.onset).days
            return Verdict("agriculture", "A field that is bare in part of every year looks unusual") if lasted < self.fallow_days else None
        if self._may_be_field(before, after, event, year):
            return Verdict("agriculture", "A field seems to have been cut or ploughed", "its ground is even, and its edges are old")
        return self._greening(before, after)

    def _greening(self, before: Cover, after: Cover) -> Verdict | None:
        """Return the season where plants grew, None where they did not."""
        was, now = before.cover_type, after.cover_type
        # both must hold: leaves that stay green but lose water are under stress
        if was is now is CoverType.VEGETATION and _fall(before.ndvi, after.ndvi) <= 0 and _fall(before.ndmi, after.ndmi) <= 0:
            return Verdict("seasonal", "Vegetation is denser than usual")
        grew = was is CoverType.BARE and now is CoverType.VEGETATION
        return Verdict("seasonal", "Vegetation grew where the ground was bare") if grew else None

    def _is_field(self, year: Sequence[Cover]) -> bool:
        """Return whether the place is green in one month and bare in another of its normal year.

        A single month of either kind is enough; months that no look covered count as neither.
        """
        kinds = {month.cover_type for month in year}
        return {CoverType.BARE, CoverType.VEGETATION} <= kinds

    def _may_be_field(self, before: Cover, after: Cover, event: Event, year: Sequence[Cover]) -> bool:
        """Return whether green ground is tilled, to judge by its evenness, and no normal year says whether it is every year."""
        lands = before.cover_type is CoverType.VEGETATION and after.cover_type in (CoverType.BARE, CoverType.VEGETATION)
        evenly = event.series.tilled > 0 and 2 * event.series.tilled >= event.series.n_shown
        return lands and evenly and not _knows_seasons(year) and (event.last_observed - event.region.onset).days < self.fallow_days

    def _verdict(self, before: Cover, after: Cover, site_type: str, course: Course) -> Verdict:
        """Return what water, fire, clearing or earth-moving explains; `unknown_change` at worst."""
        was, now = before.cover_type, after.cover_type
        if CoverType.WATER in (was, now):
            # first, since flooded vegetation is dark and no longer green, and would pass for burnt or cleared
            return self._water(was, now)
        # a fire is over in days: what turns dark part by part is dug or drained
        if course.onset is not Onset.GRADUAL and self._burnt(before, after):
            return Verdict("surface_burn", "The ground turned dark, as fire leaves it,")
        if was is CoverType.VEGETATION and max(_fall(before.ndvi, after.ndvi), _fall(before.ndmi, after.ndmi)) >= self.min_ndvi_drop:
            return self._vegetation(before, after, site_type)
        return self._surface(before, after, site_type)

    def _water(self, was: CoverType | None, now: CoverType | None) -> Verdict:
        """Return a change of colour where it was water and is, else a change of extent; one of `was` and `now` is WATER."""
        if was is now:
            return Verdict("water_discolouration", "The water changed its colour")
        if now is CoverType.WATER:
            return Verdict("water_extent_change", f"Water replaced {was or 'the former surface'}")
        return Verdict("water_extent_change", f"{str(now or 'another surface').capitalize()} replaced water")

    def _burnt(self, before: Cover, after: Cover) -> bool:
        """Return whether NBR fell, near infrared is as low as char and the visible darkened: clearing lowers NBR too."""
        nir = after.bands.get("B08", after.bands.get("B8A", 1.0))
        darker = _fall(before.brightness, after.brightness) > 0
        return _fall(before.nbr, after.nbr) >= self.min_nbr_drop and nir <= self.max_char_nir and darker

    def _vegetation(self, before: Cover, after: Cover, site_type: str) -> Verdict:
        """Return loss where bare ground is left, as the site type explains it; stress where it is still green.

        Which plants they were is not asked: one spectrum does not tell a forest from a meadow.
        """
        if after.cover_type is CoverType.BARE:
            return Verdict(BARE_AT.get(site_type, "vegetation_loss"), "Bare ground replaced vegetation")
        # felling is what to look for in a protected area; beside works, dust and drainage thin plants too
        fell = (("thinner", _fall(before.ndvi, after.ndvi)), ("drier", _fall(before.ndmi, after.ndmi)))
        how = " and ".join(word for word, by in fell if by >= self.min_ndvi_drop)
        return Verdict("vegetation_loss" if site_type == "protected_area" else "vegetation_stress", f"Vegetation became {how}")

    def _surface(self, before: Cover, after: Cover, site_type: str) -> Verdict:
        """Return what brighter or darker bare ground means at such a site; `unknown_change` where no table names it.

        Each albedo is the mean of the bands that its spectrum has: both must have the same, or a missing band would pass for a step.
        """
        # a share, since a step of 0.02 is much on wet tailings and nothing on salt
        darker = _fall(before.albedo, after.albedo) / (before.albedo or 1.0)
        ground = "Bare ground" if before.cover_type is after.cover_type is CoverType.BARE else "The surface"
        if darker >= self.min_albedo_step and site_type in BARE_AT:
            return Verdict(BARE_AT[site_type], f"{ground} became {100 * darker:.0f} % darker")
        if -darker >= self.min_albedo_step and site_type in CHANGED_AT:
            return Verdict(CHANGED_AT[site_type], f"{ground} became {-100 * darker:.0f} % brighter")
        return Verdict("unknown_change", _seen_only(before, after), "no rule has a name for it")


def months(year: Mapping[str, NDArray[np.float32]]) -> list[Cover]:
    """Return the normal cover of the twelve months; empty where nothing is known.

    `year` is band -> (12,) mean reflectance, January first; a month of NaN gives a cover without measures.
    """
    return [Cover({band: float(values[month]) for band, values in year.items()}) for month in range(12)] if year else []


def _knows_seasons(year: Sequence[Cover]) -> bool:
    """Return whether what is normal is known in every month, and not taken to be the same in all of them."""
    return bool(year) and all(month.ndvi is not None for month in year) and any(month.bands != year[0].bands for month in year)


def _fall(before: float | None, after: float | None) -> float:
    """Return by how much a measure fell, negative where it rose; 0 where either is not known, so that no rule rests on it."""
    return 0.0 if before is None or after is None else before - after


def _recurring(before: Cover, after: Cover) -> Verdict:
    """Return what comes and goes with the season: of vegetation that gives way to bare ground each year, a field."""
    why = "it began in the same season of another year too, and had ended in between"
    if (before.cover_type, after.cover_type) == (CoverType.VEGETATION, CoverType.BARE):
        return Verdict("agriculture", "Vegetation gave way to bare ground, as on a field,", why)
    return Verdict("seasonal", "The ground changed with the season", why)


def _seen_only(before: Cover, after: Cover) -> str:
    """Return what was seen of a change that has no name, so that somebody else may name it."""
    darker = _fall(before.albedo, after.albedo) / (before.albedo or 1.0)
    found = (
        (f"{100 * abs(darker):.0f} % {'darker' if darker > 0 else 'brighter'}", abs(darker)),
        *((down if fall > 0 else up, abs(fall)) for down, up, fall in (
            ("less green", "greener", _fall(before.ndvi, after.ndvi)), ("drier", "moister", _fall(before.ndmi, after.ndmi)),
        )),
    )  # fmt: skip
    told = [words for words, by in found if by >= NOTABLE]
    return f"The surface became {' and '.join(told[:2])}" if told else "The surface changed a little"
