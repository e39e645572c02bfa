"""What a dossier says of kind and law: the class that it probably is, the permits, whose land it is, and the reasons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sentinel_watch.domain.certainty import in_percent
from sentinel_watch.evidence.dossier.blocks import Bars, Block, Bullets, Facts, Heading, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.site import Site
    from sentinel_watch.evidence.dossier.words import Words

__all__ = ["about_kind", "about_law", "permit"]

PERMIT_TOLERANCE_M = 12.5
"""As the triage forgives it around each permit."""

SHOWN_SHARE = 0.005
"""Classes below it are left out of the bars."""


def about_kind(alert: Alert, say: Words) -> Iterator[Block]:
    """Yield what it probably is: a bar for each class of SHOWN_SHARE or more, and what the figures mean."""
    probs: dict[str, float] = json.loads(alert.class_probs)
    # by name where equal, so that the bars have one order everywhere
    ranked = sorted(probs.items(), key=lambda pair: (-pair[1], pair[0]))
    meaning = say("text.meaning_rule" if alert.model_version == "rule" else "text.meaning_model")
    yield Heading(say("section.class"))
    yield Bars(tuple((say.known(f"event.{name}", name), share, in_percent(share)) for name, share in ranked if share >= SHOWN_SHARE))
    yield Paragraph(say("text.probs", meaning=meaning), tone="quiet")


def about_law(alert: Alert, site: Site, say: Words) -> Iterator[Block]:
    """Yield what the papers on file say: site, permits, parcels, case, and the triage's reasons in words.

    Areas are in hectares, distances in metres; facts without a value are left out.
    """
    yield Heading(say("section.law"))
    yield Facts(tuple((say(f"fact.{name}"), value) for name, value in _facts(alert, site, say) if value))
    reasons = tuple(say.known(f"reason.{code}", code) for code in alert.reasons.split(";") if code)
    if reasons or alert.outside_permit_pct is not None:
        yield Bullets(reasons or (say("reason.none"),))
    yield Paragraph(say("text.law"), tone="quiet")


def permit(alert: Alert, say: Words) -> str:
    """Return how it lies to the permits, in short: the share outside in percent, beyond PERMIT_TOLERANCE_M of tolerance."""
    if alert.outside_permit_pct is None:
        return say("text.none_on_file")
    outside = say("text.outside", percent=f"{alert.outside_permit_pct:.0f}", metres=PERMIT_TOLERANCE_M)
    return f"{alert.permit_id}; {say('fact.outside')}: {outside}"


def _facts(alert: Alert, site: Site, say: Words) -> tuple[tuple[str, str], ...]:
    """Return name and value of each fact, "" where there is none."""
    return (
        ("site", site.name),
        ("operator", site.operator),
        ("country", ", ".join(filter(None, (site.country, site.admin)))),
        ("permit", permit(alert, say)),
        ("parcels", _parcels(alert, say)),
        ("owners", (alert.parcel_owners or "").replace(";", "; ")),
        ("protected", "" if alert.protected_overlap_ha is None else say("text.size", area=f"{alert.protected_overlap_ha:.2f}")),
        ("water", "" if alert.distance_to_water_m is None else say("text.metres", metres=f"{alert.distance_to_water_m:.0f}")),
        ("case", ", ".join(filter(None, (alert.case_status, alert.decision, alert.rejection_reason)))),
    )


def _parcels(alert: Alert, say: Words) -> str:
    """Return the parcels that it touches, with shares of its area; "" where no cadastre was named."""
    return "" if alert.parcels is None else alert.parcels.replace(";", "; ") or say("text.no_parcel")
