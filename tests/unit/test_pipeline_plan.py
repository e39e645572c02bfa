"""Where the history ends and the watch begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_watch.domain.scene import Scene
from sentinel_watch.pipeline.definition import History
from sentinel_watch.pipeline.plan import split

FIRST = datetime(2018, 1, 1, 10, tzinfo=UTC)
RULE = History(min_scenes=1)


def scenes(*days: float) -> list[Scene]:
    """Return scenes on the given days after the first."""
    return [Scene(f"s{day}", FIRST + timedelta(days=day), "sentinel-2a", "", f"a{day}") for day in days]


def begins(*days: float, rule: History = RULE) -> float:
    """Return the days from the first scene to the beginning of the watch."""
    return (split(scenes(*days), rule, None).monitor_from - FIRST) / timedelta(days=1)


@pytest.mark.parametrize(
    ("span", "begin"),
    [(2_000, 730), (812, 730), (811, 365), (402, 365), (401, 0.6 * 401), (100, 60)],
)
def test_the_archive_decides_where_the_watch_begins(span, begin):
    """Two years of history where they leave a tenth to watch, else one, else three fifths of what there is."""
    assert begins(0, span * 0.3, span) == pytest.approx(begin)


def test_a_sparse_archive_gets_a_longer_history():
    """Where two years hold too few scenes, the history goes on until it has enough."""
    sparse = range(0, 2_000, 40)
    assert begins(*sparse, rule=History(min_scenes=30)) == 30 * 40
    assert begins(*sparse, rule=History(min_scenes=18)) == 730


def test_two_scenes_are_one_before_and_one_after():
    """The least archive that can show a change is split into its two scenes."""
    before, after = scenes(0, 20)
    line = split([before, after], RULE, None)
    assert (line.role(before), line.role(after)) == ("history", "monitoring")
    assert "spans only 20 days" in line.why


def test_one_scene_is_watched_without_a_history():
    """A single scene begins the watch; nothing lies before it."""
    (only,) = scenes(0)
    assert split([only], RULE, None).role(only) == "monitoring"


def test_the_caller_decides_where_he_says_so():
    """A date that is asked for is taken as it is, and scenes of that very instant are watched."""
    line = split(scenes(0, 1_000), RULE, FIRST + timedelta(days=10))
    assert (line.monitor_from, line.why) == (FIRST + timedelta(days=10), "as asked for")
    assert [line.role(scene) for scene in scenes(9.999, 10)] == ["history", "monitoring"]


def test_what_is_too_old_is_not_read():
    """A scene older than the longest history has no role."""
    line = split(scenes(0, 3_000), RULE, FIRST + timedelta(days=RULE.max_days + 1))
    assert [line.role(scene) for scene in scenes(0.99, 1)] == [None, "history"]


@given(
    st.lists(st.floats(0, 4_000), min_size=1, max_size=30), st.builds(History, days=st.integers(1, 3_650), min_days=st.integers(1, 3_650))
)
def test_something_is_always_left_to_watch(days, rule):
    """Whatever the archive, its last scene is watched, and the watch does not begin before the first one."""
    archive = scenes(*sorted(days))
    line = split(archive, rule, None)
    assert line.role(archive[-1]) == "monitoring"
    assert line.monitor_from >= archive[0].time
