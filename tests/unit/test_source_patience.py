"""How long the client waits, and when it gives up."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sentinel_watch.sources.patience import Patience, Pulse, asked_wait_s, persist
from sentinel_watch.sources.transfer import PassingError, TransferError

NOW = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
PATIENCE = Patience(first_wait_s=1, max_wait_s=8, tries=6, deadline_s=100)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0), ("7", 7), ("999", 999), ("1000", 1), ("5000", 5), (" 30 ", 30),
        ("Wed, 01 May 2024 12:01:30 GMT", 90), ("Wed, 01 May 2024 11:00:00 GMT", 0),
        ("", None), (None, None), ("soon", None), ("-5", None), ("1.5", None), ("٣", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_every_form(header, seconds):
    """Seconds, milliseconds from a thousand on, and dates are understood; anything else is as if nothing was said."""
    assert asked_wait_s({} if header is None else {"retry-after": header}, NOW) == seconds


@pytest.mark.parametrize(("header", "seconds"), [("0", 0), ("200", 0.2), ("55408", 55.408), ("Wed, 01 May 2024 12:01:30 GMT", 90)])
def test_some_services_always_send_milliseconds(header, seconds):
    """Where a service is known for it, each number is one of milliseconds; a date stays a date."""
    assert asked_wait_s({"retry-after": header}, NOW, milliseconds=True) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [("Wed, 21 Oct 2015 07:28:00 GMT", 30), ("Wed, 21 Oct 2015 07:29:00 GMT", 0), ("", 0), ("yesterday", 0), ("0", 0)],
)
def test_a_date_is_held_against_the_clock_that_it_is_from(date, seconds):
    """A server whose clock is wrong asks for the wait that it means, by the answer's own date; without one, our clock counts."""
    assert asked_wait_s({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": date}, NOW) == seconds


@pytest.fixture
def waits(monkeypatch):
    """Return a deadline whose clock jumps instead of sleeping, and the list of its waits."""
    clock = [0.0]
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def sleep(seconds):
        slept.append(seconds)
        clock[0] += seconds

    return replace(PATIENCE.deadline(), sleep=sleep, chance=lambda: 1.0), slept


def failing(times: int, **said):
    """Return a request that fails `times` times before it succeeds."""
    left = [times]

    def ask():
        if left[0]:
            left[0] -= 1
            raise PassingError("busy", **said)
        return "done"

    return ask


def test_waits_double_up_to_a_limit(waits):
    """Without a word from the server, each wait is twice the one before, up to the longest."""
    deadline, slept = waits
    assert persist(failing(5), PATIENCE, deadline) == "done"
    assert slept == [1, 2, 4, 8, 8]


def test_a_server_is_given_the_time_that_it_asks_for(waits):
    """A wait that the server asks for is kept, even where it is longer than our own longest."""
    deadline, slept = waits
    assert persist(failing(1, wait_s=40.0), PATIENCE, deadline) == "done"
    assert slept == [40]


def test_a_wait_beyond_the_deadline_is_not_begun(waits):
    """Where the server asks for more time than is left, the request fails at once."""
    deadline, slept = waits
    with pytest.raises(PassingError):
        persist(failing(1, wait_s=101.0), PATIENCE, deadline)
    assert slept == []


def test_answers_put_a_deadline_off(monkeypatch):
    """While whole answers come over the line, nobody gives up; once none does, the time is as long as ever."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    pulse = Pulse()
    deadline = PATIENCE.deadline(pulse)
    clock[0] = 90
    assert deadline.left_s() == 10
    pulse.beat()
    clock[0] = 150
    assert deadline.left_s() == 40
    clock[0] = 191
    assert (deadline.left_s(), PATIENCE.deadline().left_s()) == (0, 100)


def test_tries_are_counted(waits):
    """A request that never succeeds is given up after the last try."""
    deadline, slept = waits
    with pytest.raises(PassingError):
        persist(failing(99), PATIENCE, deadline)
    assert len(slept) == PATIENCE.tries - 1


def test_what_cannot_pass_is_not_repeated(waits):
    """A refusal is final."""
    deadline, slept = waits

    def refuse():
        raise TransferError("no")

    with pytest.raises(TransferError):
        persist(refuse, PATIENCE, deadline)
    assert slept == []


def test_jitter_spreads_the_waits():
    """Clients that fail together do not come back together."""
    waits: list[float] = []
    deadline = replace(PATIENCE.deadline(), sleep=waits.append, chance=iter([0.0, 0.5, 1.0]).__next__)
    persist(failing(3), PATIENCE, deadline)
    assert waits == [0.5, 1.5, 4.0]
