"""Whole runs over a server that fails in three of ten requests; `python tests/fault_runs.py` tries all faults with ten seeds."""

from __future__ import annotations

import pytest
from fault_runs import Trial, case_of

from sentinel_watch.sources.settings import CONFIG_VARIABLE


@pytest.fixture(scope="module")
def undisturbed(shared_cases):
    """Return the alerts of a run over an honest server."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (CONFIG_VARIABLE, "SH_CLIENT_ID", "SH_CLIENT_SECRET"):
            patch.setenv(name, "")
        yield case_of("api", shared_cases / "forest_romania")


@pytest.mark.parametrize(("fault", "outcome"), [("truncate", "same"), ("quota", "failed, then same")])
def test_a_run_with_a_fault_ends_as_it_may(undisturbed, shared_cases, fault, outcome):
    """A fault that passes leaves the alerts as they are; one that does not costs scenes, exit code 3, and nothing once it is over."""
    assert Trial("api", fault, 0).outcome(shared_cases / "forest_romania", undisturbed) == outcome
