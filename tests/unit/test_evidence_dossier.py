"""A dossier's words stand in catalogues, in every language the same ones, and its blocks reach both media."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from dataclasses import replace

import pytest
from alert_examples import make_alert
from conftest import ROOT
from shapely.geometry import box

from sentinel_watch.alerting.reasons import SENTENCES
from sentinel_watch.domain.certainty import in_percent
from sentinel_watch.domain.event import EVENT_CLASSES, NON_EVENT_CLASSES, EventStatus
from sentinel_watch.domain.site import Site
from sentinel_watch.errors import InputError
from sentinel_watch.evidence.bundle.rates import error_rates, measured_rates
from sentinel_watch.evidence.dossier.blocks import Bars, Bullets, Code, Dossier, Facts, Heading, Note, Paragraph, Row, Table
from sentinel_watch.evidence.dossier.html import to_html
from sentinel_watch.evidence.dossier.law import about_law
from sentinel_watch.evidence.dossier.pdf import to_pdf
from sentinel_watch.evidence.dossier.words import languages, words

STRINGS = ROOT / "sentinel_watch/evidence/dossier/strings"
LONG = "Эта площадь · Azərbaycan ərazisi · " * 12
BLOCKS = (
    Heading("Heading <b>"), Paragraph("Plain & quiet", "quiet"), Note("Note"), Facts((("name", "value"),)), Bullets(("one", "two")),
    Bars((("class", 0.5, "50%"),)), Table(("head",), (("cell",),), (1.0,)), Code("#let x = $1"),
    Row(((Paragraph(LONG),), (Paragraph("2"),)), (0.5, 0.5)),
)  # fmt: skip
DOSSIER = Dossier("Dossier", "Lead", "running", "Page {page} of {pages}", "en", "ltr", BLOCKS)


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_text(language):
    """Each catalogue has the keys of the English one, with the same values to be filled in."""
    english, other = (tomllib.loads((STRINGS / f"{name}.toml").read_text("utf-8")) for name in ("en", language))
    fields = lambda document: {  # noqa: E731 - it is used in the next line alone
        (section, name): sorted(re.findall(r"{\w+}", str(text)))
        for section, texts in document.items()
        if isinstance(texts, dict)
        for name, text in texts.items()
    }
    assert fields(other) == fields(english)


def test_every_code_has_words():
    """No event class, no status and no reason is shown by its code."""
    say = words()
    assert [name for name in (*EVENT_CLASSES, *NON_EVENT_CLASSES) if say.known(f"event.{name}", "") == ""] == []
    assert [name for name in EventStatus if say.known(f"status.{name}", "") == ""] == []
    assert [name for name in SENTENCES if say.known(f"reason.{name}", "") == ""] == []
    assert [name for name in EVENT_CLASSES if not say.several(f"alternative.{name}")] == []


@pytest.mark.parametrize(
    ("parcels", "owners", "told"),
    [
        (None, None, (None, None)),
        ("", "", ("on no parcel of the cadastre", None)),
        ("12/4 80 %;12/5 20 %", "A;B", ("12/4 80 %; 12/5 20 %", "A; B")),
    ],
)
def test_parcels_and_owners_are_told_where_a_cadastre_was_named(parcels, owners, told):
    """Without a cadastre nothing is said of parcels; that none is touched is said, since somebody looked."""
    site = Site("pit", "Pit", "mine", box(10, 50, 10.01, 50.01))
    say = words()
    (facts,) = (block for block in about_law(make_alert(parcels=parcels, parcel_owners=owners), site, say) if isinstance(block, Facts))
    rows = dict(facts.rows)
    assert (rows.get(say("fact.parcels")), rows.get(say("fact.owners"))) == told


def test_an_unknown_language_is_said():
    """A language without a catalogue is a wrong input that names those that there are."""
    with pytest.raises(InputError, match="no dossier in 'xx'"):
        words("xx")


def test_html_escapes_what_it_shows():
    """Names from files cannot bring markup into the page."""
    page = to_html(DOSSIER)
    assert "Heading &lt;b&gt;" in page
    assert "default-src 'none'" in page


def test_the_same_dossier_gives_the_same_pdf():
    """The PDF of the same dossier is the same bytes, with its fonts in it."""
    pdf = to_pdf(DOSSIER)
    assert pdf == to_pdf(DOSSIER)
    assert pdf.startswith(b"%PDF-")
    assert b"/FontFile2" in pdf


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not here")
def test_persian_runs_from_right_to_left(tmp_path):
    """A dossier of right-to-left words is set with letters that are there, and begins at the right."""
    persian = replace(
        DOSSIER, language="fa", direction="rtl", lead="تغییر مشکوک", blocks=(Heading("کجا و از کی"), Note("رویداد مشکوک"), *BLOCKS)
    )
    (tmp_path / "fa.pdf").write_bytes(to_pdf(persian))
    text = subprocess.run(["pdftotext", tmp_path / "fa.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "کجا" in text


def test_rates_are_those_of_the_bench():
    """The error rates that bundles carry are figures of the bench's page."""
    rates = measured_rates()
    page = (ROOT / rates["page"]).read_text("utf-8")
    figures = [*(row["share"] for row in rates["found"]), *(row["per_km2_and_year"] for row in rates["false_alarms"])]
    assert [figure for figure in figures if figure not in page] == []
    page = (ROOT / rates["few_looks"]["page"]).read_text("utf-8")
    assert [row for row in rates["few_looks"]["told"] if row["share"] not in page] == []


@pytest.mark.parametrize(
    ("status", "detector", "holding"),
    [("confirmed", "seasonal", "detection"), ("provisional", "before_after", "few_looks"), ("provisional", "seasonal", None)],
)
def test_rates_hold_for_what_they_were_measured_on(status, detector, holding, tmp_path):
    """How often confirmed events are false says nothing of a provisional alert from two looks, and the other way round."""
    rates = error_rates(make_alert(status=status), [detector], tmp_path)
    assert {name for name in ("detection", "few_looks") if rates[name]} == {holding} - {None}


@pytest.mark.parametrize(("share", "text"), [(0.0, "0%"), (0.874, "87%"), (0.994, "99%"), (0.997, "over 99%"), (1.0, "100%")])
def test_what_is_nearly_certain_is_not_called_certain(share, text):
    """A model's 99.7 % is no 100 %."""
    assert in_percent(share) == text
