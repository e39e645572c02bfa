"""The bench's page: what was measured anew is written, what was not stays under the commit that it was measured at."""

from __future__ import annotations

import pytest

from benchmarks.monitor.page import filled

TEXT = "# Page\n\nFew words.\n\n## False\n\nAt {{commit}}.\n\n{{false}}\n\n## Peers\n\nAt {{peers_commit}}.\n\n{{peers}}\n"


def test_a_section_without_results_stays_as_it_was():
    """The peers' figures and their commit are those of the page before; the others are new."""
    before = filled(TEXT, {"commit": "old", "false": "1", "peers_commit": "old", "peers": "2"}, "")
    after = filled(TEXT, {"commit": "new", "false": "3"}, before)
    assert after == "# Page\n\nFew words.\n\n## False\n\nAt new.\n\n3\n\n## Peers\n\nAt old.\n\n2\n"


def test_what_was_never_measured_is_said():
    """Without results and without a page before there is nothing to write."""
    with pytest.raises(ValueError, match="'## Peers' was never measured"):
        filled(TEXT, {"commit": "new", "false": "3"}, "")
