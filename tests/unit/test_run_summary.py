"""What a command says at its end: what it has cost, and what went wrong."""

from __future__ import annotations

import pytest

from sentinel_watch.app.failure import wrapped
from sentinel_watch.app.summary import fetched
from sentinel_watch.errors import SourceError

NOTHING = {"requests": 0, "retries": 0, "bytes": 0, "processing_units": 0.0}


@pytest.mark.parametrize(
    ("spent", "told"),
    [
        ({}, ""),
        (NOTHING, ""),
        ({**NOTHING, "requests": 426, "bytes": 4_931_081}, "426 requests, 4.9 MB; all runs together"),
        ({**NOTHING, "requests": 426, "retries": 3, "bytes": 4_931_081}, "426 requests, 3 of them again, 4.9 MB; all runs together"),
        (
            {**NOTHING, "requests": 9, "bytes": 100_000, "processing_units": 0.14},
            "9 requests, 0.1 MB, 0.14 processing units; all runs together",
        ),
    ],
)
def test_what_was_fetched_is_told(spent, told):
    """Requests, bytes and units stand in one line, and nothing where the imagery was on disk or in the cache."""
    assert fetched(spent) == told


def test_errors_are_wrapped_between_words():
    """On a narrow terminal an error's lines go on below their own text, and addresses stay whole."""
    address = f"https://example.org/{'x' * 60}"
    error = SourceError(
        "the host's address is not one of the public internet", where=address, allowed="public addresses; others if allowed"
    )
    assert wrapped(str(error), 40).splitlines() == [
        "the host's address is not one of the",
        "public internet",
        "  where:",
        f"           {address}",
        "  allowed: public addresses; others if",
        "           allowed",
    ]
    assert wrapped(str(error), 200) == str(error)
