"""The benches keep up with the program that they measure."""

from __future__ import annotations

import importlib

import pytest
from conftest import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "benchmarks").rglob("*.py")
    if path.name not in {"__init__.py", "__main__.py"}
)


@pytest.mark.parametrize("name", MODULES)
def test_a_bench_finds_what_it_measures(name: str):
    """Every module of the benches can be imported, but for peers that live in environments of their own."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).split(".")[0] in {"benchmarks", "sentinel_watch"}:
            raise
        pytest.skip(f"{error.name} is not installed here")
