"""Files that travel with the program are found, or their absence is said."""

from __future__ import annotations

import pytest

from sentinel_watch.errors import InputError
from sentinel_watch.shipped import shipped


def test_shipped_files_are_found():
    """The sample and its AOI are there."""
    assert shipped("samples", "forest_romania", "catalog.json").is_file()
    assert shipped("aoi", "forest_romania.geojson").is_file()


def test_what_is_not_shipped_is_an_error():
    """A missing file is named, with what to do."""
    with pytest.raises(InputError, match="samples/atlantis"):
        shipped("samples", "atlantis")
