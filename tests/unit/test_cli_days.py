"""Days on the command line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_watch.app.days import read_period
from sentinel_watch.errors import InputError


def test_days_are_whole_and_utc():
    """A period begins with its first day's first instant and ends with its last day's last."""
    period = read_period("2017-01-01", "2018-01-01", "2018-12-31")
    assert period.start == datetime(2017, 1, 1, tzinfo=UTC)
    assert period.monitor_from == datetime(2018, 1, 1, tzinfo=UTC)
    assert period.end == datetime(2019, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)


def test_days_left_out_stay_open():
    """What is not given is None."""
    period = read_period(None, None, None)
    assert (period.start, period.monitor_from, period.end) == (None, None, None)


@pytest.mark.parametrize("text", ["", "2018", "2018-1-1", "01.02.2018", "2018-02-30", "20180101", "2018-01-01T00:00:00", "tomorrow"])
def test_only_days_are_taken(text):
    """What is not a day of the calendar in the one form is refused, with the option's name."""
    with pytest.raises(InputError, match="--monitor-from is not a day") as caught:
        read_period(None, text, None)
    assert "YYYY-MM-DD" in caught.value.details["allowed"]


@given(st.lists(st.none() | st.dates(min_value=date(1000, 1, 1)), min_size=3, max_size=3))
def test_days_must_rise(days):
    """Days are taken exactly when those that are given rise."""
    given_days = [day for day in days if day]
    texts = [day.isoformat() if day else None for day in days]
    if given_days == sorted(set(given_days)):
        assert read_period(*texts) is not None
    else:
        with pytest.raises(InputError, match="must lie before"):
            read_period(*texts)
