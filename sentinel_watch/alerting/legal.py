"""What the rules of a pipeline say of an event: reason codes, and whether a violation is suspected.

Facts that a map can show; no finding of law.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.alerting.facts import Facts
    from sentinel_watch.alerting.rules import Rule

__all__ = ["LegalFinding", "judge"]


@dataclass(frozen=True, slots=True)
class LegalFinding:
    """What permits, embargoes and map layers say of an event; None is "there is nothing to judge by"."""

    permit_id: str | None = None
    outside_permit_pct: float | None = None
    """0-100."""
    protected_overlap_ha: float | None = None
    distance_to_water_m: float | None = None
    parcels: str | None = None
    """`12/4 80 %;12/5 20 %`, the largest share first."""
    parcel_owners: str | None = None
    """Their owners' references, separated by `;`, none twice."""
    suspected_violation: bool | None = None
    reasons: tuple[str, ...] = ()
    """Codes of the rules that hold, in the pipeline's order."""
    aggravating: int = 0
    """How many of them speak of no violation, but make things worse."""


def judge(facts: Facts, rules: Sequence[Rule]) -> LegalFinding:
    """Return the finding for an event.

    `permit_id` names the permit that shares most area with the event, of all the site's permits where none covers it. A violation is
    suspected where one of the rules that speak of violations holds; none is, where the site has permits and no such rule holds.
    """
    held = [(code, rule) for rule in rules if (code := rule.code(facts))]
    violation = any(rule.violation for _, rule in held)
    return LegalFinding(
        facts.nearest_permit,
        # a tenth of a percent of the smallest alert is half a square metre: more digits say nothing
        _rounded(facts.outside_pct, 1),
        _rounded(facts.protected_ha, 4),
        _rounded(facts.water_m, 1),
        *_cadastre(facts),
        # missing paper is not lawfulness either
        True if violation else (False if facts.site.permits else None),
        # in the pipeline's order, so that the same finding is the same text
        tuple(code for code, _ in held),
        sum(not rule.violation for _, rule in held),
    )


def _cadastre(facts: Facts) -> tuple[str | None, str | None]:
    """Return parcels and owners as columns have them, None for both where no cadastre was named."""
    if facts.parcels is None:
        return None, None
    # the columns' own separator must not come out of the layer
    told = [(parcel.parcel_id.replace(";", ","), parcel.owner.replace(";", ","), share) for parcel, share in facts.parcels]
    owners = dict.fromkeys(owner for _, owner, _ in told if owner)
    return ";".join(f"{name} {share:.0f} %" for name, _, share in told), ";".join(owners)


def _rounded(value: float | None, digits: int) -> float | None:
    """Return a figure rounded to what it can bear, None for None."""
    return None if value is None else round(value, digits)
