"""The card for people: the same content as the card for programs, in plain words and one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentinel_watch.models.card import Card

__all__ = ["readable"]

SETS = {
    "folds": "folds, cleaned labels",
    "folds_matched_period": "the same, only periods that all labels share",
    "folds_labels_not_cleaned": "folds, labels as they came",
    "trained_without_cleaning": "trained and measured without cleaning",
    "without_the_region": "each large region by a model without it",
    "hold_out": "hold-out, judged once by a model of the others",
}


def readable(card: Card) -> str:
    """Return the card as Markdown.

    `verify_model` compares it with the README on disk character by character: whoever changes a word here writes the README of every
    shipped model anew.
    """
    limits = "\n".join(f"- {limit}" for limit in card.limits)
    left = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in card.left_out.items()) or "none"
    prior = ", ".join(f"{label} {share:.2f}" for label, share in card.prior.items())
    west, south, east, north = card.region
    return f"""# {card.name} {card.version}

{card.summary}

**Data**: {card.data} Pairs left out: {left}. {card.neighbourhoods} neighbourhoods.

**Labels** and their shares in training, which the probabilities assume: {prior}.

**Where**: {west} to {east} degrees east, {south} to {north} degrees north. Elsewhere the program does not use it.

## Limits

{limits}

## How good it is

Measured on pairs whose neighbourhood the model had not seen; 95 % intervals from samples of whole neighbourhoods.
Probabilities are calibrated on the same folds (one number, temperature {card.temperature}).

{_table(card)}

## What it stands

Mean rise of the probability of `{card.labels[0]}` on pairs of other labels when the second picture is disturbed (simulated), and AUC then.

{_trials(card)}

Trained with {", ".join(f"{name} {version}" for name, version in card.versions.items())}; needs none of them but numpy and skops to run.
SHA-256 of `model.skops`: `{card.sha256}`
"""


def _table(card: Card) -> str:
    """Return the table of figures by set.

    A set that the card does not have, or that holds no pair, has no row. Raises KeyError where a set lacks one of the four figures.
    """
    names = [f"auc_{card.labels[0]}", "macro_f1", "brier", "ece"]
    head = "| pairs | n | AUC of " + card.labels[0] + " | macro-F1 | Brier | ECE |\n|---|---|---|---|---|---|\n"
    rows = [(title, card.figures[key]) for key, title in SETS.items() if card.figures.get(key, {}).get("pairs")]
    return head + "\n".join(
        f"| {title} | {part['pairs']} | {' | '.join(_figure(part['figures'][name]) for name in names)} |" for title, part in rows
    )


def _trials(card: Card) -> str:
    """Return the table of disturbances.

    All trials are simulated. Raises KeyError where the card's figures have no `robustness`.
    """
    key = f"auc_{card.labels[0]}"
    rows = [
        f"| {row['trial']} | {_number(row['false_rise'], '+')} | {_number(row['figures'][key])} |" for row in card.figures["robustness"]
    ]
    return "| trial | rise | AUC |\n|---|---|---|\n" + "\n".join(rows)


def _figure(figure: dict[str, Any]) -> str:
    """Return a value with its interval.

    `figure` holds `value`, `low` and `high`; the interval is of 95 %.
    """
    return f"{_number(figure['value'])} [{_number(figure['low'])}-{_number(figure['high'])}]"


def _number(value: float | None, sign: str = "") -> str:
    """Return a figure with three decimals, a dash where the pairs did not suffice for it."""
    return "-" if value is None else f"{value:{sign}.3f}"
