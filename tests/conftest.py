"""What all tests share: the real cases, which are optional on a desk and required in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["postgis"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def require(*, present: bool, what: str) -> None:
    """Skip where `what` is absent, or fail where the environment says CI=true."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is required in CI")
    pytest.skip(f"{what} is not here")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """Return the folder of the real cases."""
    require(present=(SHARED / "cases").is_dir(), what="../shared/cases")
    return SHARED / "cases"
