"""Probabilities as people read them."""

from __future__ import annotations

__all__ = ["in_percent"]


def in_percent(share: float) -> str:
    """Return a probability, 0-1, in whole percent: `87%`; what is nearly certain is `over 99%`, since `100%` would say that it is."""
    return "over 99%" if 0.995 <= share < 1 else f"{share:.0%}"
