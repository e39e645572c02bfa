"""How often the detection errs, as far as it was measured, and what else an event could be."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentinel_watch.evidence.dossier.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.domain.alert import Alert

__all__ = ["error_rates", "measured_rates"]


def measured_rates() -> dict[str, Any]:
    """Return the rates that were measured of the shipped detectors, as `rates.toml` has them.

    What the file says of how and where they were measured is handed on with them.
    """
    return tomllib.loads((Path(__file__).parent / "rates.toml").read_text("utf-8"))


def error_rates(alert: Alert, detectors: Sequence[str], models: Path) -> dict[str, Any]:
    """Return what is known of the errors behind an alert: rates of its detectors, of its model, limits, other explanations.

    `detectors` are the parts that watched, `models` the folder of the bundle's models. What was not measured is None, never 0.

    `detection` is of confirmed alerts, `few_looks` of provisional ones by before/after; None where any of the detectors was not
    measured so. Texts are English. `classification` is the model's card.
    """
    rates, said = measured_rates(), words()
    few_looks, early = rates.pop("few_looks"), alert.status == "provisional"
    # a model that was asked but did not decide says nothing of this alert
    card = models / alert.model_version / "card.json"
    return {
        "detection": rates if not early and set(detectors) <= set(rates["detectors"]) else None,
        "few_looks": few_looks if early and set(detectors) <= set(few_looks["detectors"]) else None,
        "detectors": list(detectors),
        "classification": json.loads(card.read_text("utf-8")) if card.is_file() else None,
        "model_version": alert.model_version,
        "location_uncertainty_m": alert.location_uncertainty_m,
        "limits": said.several("limits"),
        "doubts": [said.known(f"flag.{flag}", flag) for flag in alert.qa_flags.split(";") if flag],
        "other_explanations": said.several(f"alternative.{alert.event_class}"),
    }
