"""Write the bench's page from its results: `python -m benchmarks.monitor.page RESULTS` fills docs/reference.

Results may lack the peers or the real targets. What was not measured again stays on the page as it was, under the commit that it was
measured at.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.monitor.plots import KIND_COLOURS, plot_delays, plot_nuisances, plot_operating_points, plot_sizes
from benchmarks.monitor.runs import CLEAN
from benchmarks.monitor.score import wilson_interval
from benchmarks.monitor.table import Tally, false_table, markdown, recall_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.monitor.score import EventScore

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
TEXT = Path(__file__).with_name("page.md")
AREAS_HA = ((0.0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 1.0), (1.0, 2.1))


def matched(ours: Tally, peers: Sequence[Tally]) -> list[Tally]:
    """Return of each peer the setting that finds most abrupt events at no more false area than ours, else its most silent one."""
    limit = ours.false_figures(CLEAN)["area_share"]
    chosen = []
    for family in dict.fromkeys(tally.method.partition(":")[0] for tally in peers):
        settings = [tally for tally in peers if tally.method.partition(":")[0] == family]
        silent = [tally for tally in settings if tally.false_figures(CLEAN)["area_share"] <= limit]
        best = max(silent, key=_abrupt) if silent else min(settings, key=lambda tally: tally.false_figures(CLEAN)["area_share"])
        chosen.append(best)
    return chosen


def _abrupt(tally: Tally) -> float:
    return tally.recall_figures(lambda event: event.kind == "abrupt")["found"]


def comparison(ours: Sequence[Tally], peers: Sequence[Tally]) -> str:
    """Return one line a method: false alarms on clean ground and recall by kind, on the same runs."""
    rows = []
    for tally in [*ours, *peers]:
        false = tally.false_figures(CLEAN)
        cells = [f"{false['rate']:.1f} [{false['low']:.1f}-{false['high']:.1f}]", f"{100 * false['area_share']:.2f} %"]
        for kind in KIND_COLOURS:
            figures = tally.recall_figures(lambda event, kind=kind: event.kind == kind)
            cells.append(f"{figures['found']:.0f}/{figures['n']:.0f}")
        every = tally.recall_figures(lambda event: event.kind == "abrupt")
        late = f"{every['delay_days']:.0f} d" if every["found"] else "-"
        rows.append([f"`{tally.method}`" if tally in peers else f"**{tally.method}**", *cells, late])
    return markdown(["method", "false events/km² year", "false area", *KIND_COLOURS, "delay"], rows)


def by_size(tallies: Sequence[Tally]) -> str:
    """Return recall by kind and area, of all sites and sizes together."""
    events, rows = [event for tally in tallies for event in tally.sized()], []
    for kind in KIND_COLOURS:
        groups = [[e for e in events if e.kind == kind and low <= e.area_ha < high] for low, high in AREAS_HA]
        rows.append([kind, *(_found_cell(group) for group in groups)])
    return markdown(["kind", *(f"{low}-{high} ha" for low, high in AREAS_HA)], rows)


def _found_cell(group: Sequence[EventScore]) -> str:
    found = sum(event.found for event in group)
    low, high = wilson_interval(found, len(group))
    return f"{found}/{len(group)} [{100 * low:.0f}-{100 * high:.0f} %]" if group else "-"


def main(folder: Path) -> None:
    """Fill the page's text with tables and draw its plots."""
    ours = _tallies(folder / "reporting.json")[0]
    ours.method = "sentinel_watch"
    tables = {
        "false": false_table([ours]), "recall": recall_table([ours]), "sizes": by_size([ours, *_tuned(folder / "tuning.json")]),
        "clean_km2": f"{ours.false_figures(CLEAN)['km2_years']:.1f}", "all_km2": f"{sum(score.km2_years for score in ours.false):.0f}",
        "runs": str(len(ours.runs())), "planted": str(len(ours.counted())), "commit": _commit(folder / "reporting.commit"),
    }  # fmt: skip
    if (folder / "peers.json").exists():
        tables |= _beside_peers(ours, folder)
    if (folder / "real.md").exists():
        tables |= {"real": (folder / "real.md").read_text(), "real_commit": _commit(folder / "real.commit")}
    page = DOCS / "bench-monitor.md"
    text = filled(TEXT.read_text(), tables, page.read_text() if page.exists() else "")
    DOCS.mkdir(parents=True, exist_ok=True)
    page.write_text(text)
    plot_nuisances(ours, DOCS / "bench-monitor-nuisances.png")
    plot_sizes(ours, DOCS / "bench-monitor-sizes.png")
    plot_delays(ours, DOCS / "bench-monitor-delays.png")


def filled(text: str, tables: Mapping[str, str], before: str) -> str:
    """Return the page's `text` with `tables` in their places; a section that lacks one stays as the page `before` has it.

    A section runs from one heading to the next. ValueError where a table is lacking and the page before has no such section.
    """
    for key, table in tables.items():
        text = text.replace("{{" + key + "}}", table.strip())
    known = {section.partition("\n")[0]: section for section in _sections(before)}
    parts = []
    for section in _sections(text):
        heading = section.partition("\n")[0]
        if "{{" in section and "{{" in known.get(heading, "{{"):
            raise ValueError(f"'{heading}' was never measured: found neither results for it nor a page that has it")
        parts.append(known[heading] if "{{" in section else section)
    return "".join(parts)


def _sections(text: str) -> list[str]:
    """Return the parts of a page, each with its heading first."""
    return re.split(r"^(?=##)", text, flags=re.MULTILINE)


def _beside_peers(ours: Tally, folder: Path) -> dict[str, str]:
    """Return the tables beside the peers, and draw what they found against what they falsely flagged."""
    peers = _tallies(folder / "peers.json")
    defaults = _same_runs([ours, *(tally for tally in peers if ":" not in tally.method)])
    stricter = _tallies(folder / "stricter.json")
    settings, own = _same_runs([ours, *stricter, *peers]), 1 + len(stricter)
    plot_operating_points(settings[:own], settings[own:], DOCS / "bench-monitor-points.png")
    return {
        "defaults": comparison(defaults[:1], defaults[1:]), "matched": comparison(settings[:own], matched(settings[0], settings[own:])),
        "default_spans": _spans(defaults[0]), "matched_spans": _spans(settings[0]), "peers_commit": _commit(folder / "peers.commit"),
        "stricter_commit": _commit(folder / "stricter.commit"),
    }  # fmt: skip


def _commit(path: Path) -> str:
    """Return the commit that results were measured at, as `command` left it beside them."""
    return path.read_text().strip() if path.exists() else "unknown"


def _same_runs(tallies: Sequence[Tally]) -> list[Tally]:
    shared = set.intersection(*(tally.runs() for tally in tallies))
    return [tally.only(shared) for tally in tallies]


def _spans(tally: Tally) -> str:
    return ", ".join(f"`{span}`" for span in sorted({run.partition(".")[0] for run in tally.runs()}))


def _tuned(path: Path) -> list[Tally]:
    """Return our tally of the tuning halves, where they were run: sizes need many events more than they need unseen ground."""
    return _tallies(path)[:1] if path.exists() else []


def _tallies(path: Path) -> list[Tally]:
    return [Tally.from_json(kept) for kept in json.loads(path.read_text())]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
