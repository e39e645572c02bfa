"""The documents say what the program does: tables, links and commands are compared with it."""

from __future__ import annotations

import re
from types import NoneType
from typing import Literal, get_args, get_origin

import pytest
from conftest import ROOT

from sentinel_watch.domain.alert import Alert
from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.domain.site import SITE_TYPES
from sentinel_watch.errors import InputError, SentinelWatchError, SourceError

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
TYPES = {str: "text", int: "integer", float: "number", bool: "boolean"}


def _rows(page):
    """Return the rows of a page's tables, cells stripped of backticks."""
    lines = [line for line in (DOCS / page).read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def _type_in_words(annotation):
    if get_origin(annotation) is Literal:
        return "text"
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    return TYPES[kinds[0]] + (" or empty" if NoneType in get_args(annotation) else "")


def test_the_alert_reference_is_in_step():
    """The reference lists the columns of an alert in their order, with their types."""
    documented = [(row[0], row[1]) for row in _rows("reference/alert.md")[1 : len(Alert.model_fields)]]
    columns = {name: field for name, field in Alert.model_fields.items() if name != "geometry"}
    assert documented == [(name, _type_in_words(field.annotation)) for name, field in columns.items()]


def test_the_ledger_reference_is_in_step():
    """The reference lists every outcome and every reason of the ledger, and no other."""
    words = [row[0] for row in _rows("reference/run.md")]
    reasons = words[words.index("Reason") + 1 :][: len(Reason) - 1]
    assert words[words.index("Outcome") + 1 :][: len(Outcome)] == [outcome.value for outcome in Outcome]
    assert sorted(reasons) == sorted(reason.value for reason in Reason if reason.value)


def test_the_exit_codes_are_in_step():
    """The reference lists the exit codes that errors carry."""
    codes = {row[0] for row in _rows("reference/exit-codes.md")}
    assert {str(error.exit_code) for error in (SentinelWatchError, InputError, SourceError)} <= codes


def test_the_aoi_reference_names_every_site_type():
    """The reference of AOI files names all site types."""
    text = (DOCS / "reference/aoi.md").read_text("utf-8")
    assert [site_type for site_type in SITE_TYPES if f"`{site_type}`" not in text] == []


def test_every_decision_is_listed():
    """The list of decisions holds each record once, by its own title."""
    listed = (DOCS / "decisions/README.md").read_text("utf-8")
    for path in sorted((DOCS / "decisions").glob("0*.md")):
        number, title = path.read_text("utf-8").splitlines()[0].removeprefix("# ").split(": ", 1)
        assert f"[{number}]({path.name}) | {title} |" in listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every relative link of a page leads to a file."""
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(
    "command",
    [
        (
            "pip install -r constraints.txt && pip install --no-build-isolation --no-deps . && "
            "sentinel-watch run aoi/forest_romania.geojson --source sample --out out"
        ),
        "pip install -r constraints-all.txt && pip install --no-build-isolation --no-deps -e . && pytest",
    ],
)
def test_the_readme_begins_with_two_commands(command):
    """The two commands stand in the README once, each on a line of its own, as CI runs them."""
    assert (ROOT / "README.md").read_text("utf-8").splitlines().count(command) == 1
