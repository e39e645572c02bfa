"""From what an alert follows, step by step, as W3C PROV in its JSON form (PROV-JSON, W3C member submission 2013).

Entities are the bundle's own files; no instant but those of sensing is in it, since when a machine worked proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.evidence.bundle.files import safe_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.ledger import SceneRecord

__all__ = ["provenance"]

PREFIXES = {"file": "urn:sentinel-watch:bundle:", "sw": "urn:sentinel-watch:", "schema": "https://schema.org/"}
STEPS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "mask": ("cloud, shadow, snow, defects and no data are masked", ("imagery",), ("masks",)),
    "detect": ("what is normal is learnt, change is found by scene", ("imagery", "masks", "pipeline.toml", "watch.json"), ("change",)),
    "track": ("changed pixels become regions, and regions an event with a life", ("change", "site.geojson"), ("events.json",)),
    "triage": ("the event is classified, held against permits, and becomes an alert", ("events.json", "site.geojson"), ("alert.json",)),
    "draw": ("figures and samples are drawn from the imagery", ("imagery", "masks", "change", "alert.json"), ("figures",)),
}  # fmt: skip
"""Step -> what is done, what it uses, what comes of it."""


def provenance(alert: Alert, records: Sequence[SceneRecord], models: Sequence[str]) -> dict[str, Any]:
    """Return the provenance of an alert as PROV-JSON; `models` are the folders of trained models in the bundle.

    `records` is the whole ledger; scenes that failed are left out, since nothing follows from them. Names of entities
    are paths in the payload.
    """
    program = f"sw:sentinel-watch-{alert.code_version}"
    # rejected scenes stay: that they were looked at is part of the story
    scenes = {_scene(record): record for record in records if record.outcome is not Outcome.FAILED}
    # a dict keeps the order of the steps, and the bytes with it
    files = dict.fromkeys([name for _, used, made in STEPS.values() for name in (*used, *made)] + list(models))
    uses = [(step, name) for step, (_, used, _) in STEPS.items() for name in used] + [("triage", name) for name in models]
    makes = [(step, name) for step, (_, _, made) in STEPS.items() for name in made]
    agents = {
        program: {"prov:type": _type("SoftwareAgent"), "schema:softwareVersion": alert.code_version},
        "sw:copernicus": {"prov:type": _type("Organization"), "prov:label": "Copernicus Sentinel data"},
    }
    return {
        "prefix": PREFIXES,
        "agent": agents,
        "entity": {
            **{f"file:{name}": {"prov:label": name} for name in files},
            **{name: {"prov:label": one.scene_id, "sw:sensed": one.time, "sw:outcome": one.outcome.value} for name, one in scenes.items()},
        },
        "activity": {f"sw:{step}": {"prov:label": what} for step, (what, _, _) in STEPS.items()},
        "used": _relation("u", ("prov:activity", "prov:entity"), [(f"sw:{step}", f"file:{name}") for step, name in uses]),
        "wasGeneratedBy": _relation("g", ("prov:entity", "prov:activity"), [(f"file:{name}", f"sw:{step}") for step, name in makes]),
        "wasAssociatedWith": _relation("a", ("prov:activity", "prov:agent"), [(f"sw:{step}", program) for step in STEPS]),
        "hadMember": _relation("m", ("prov:collection", "prov:entity"), [("file:imagery", name) for name in scenes]),
        "wasAttributedTo": _relation("t", ("prov:entity", "prov:agent"), [(name, "sw:copernicus") for name in scenes]),
    }  # fmt: skip


def _type(name: str) -> dict[str, str]:
    """Return one of PROV's own types as a value."""
    return {"$": f"prov:{name}", "type": "prov:QUALIFIED_NAME"}


def _scene(record: SceneRecord) -> str:
    """Return the name of a scene's item in the bundle, as a qualified name."""
    name = safe_name(record.scene_id)
    return f"file:imagery/{name}/{name}.json"


def _relation(letter: str, roles: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Return the relations between pairs of names, each under a blank name of its own.

    `roles` are PROV's names of the two sides; numbers run from 1, so the same pairs give the same text.
    """
    return {f"_:{letter}{number}": dict(zip(roles, pair, strict=True)) for number, pair in enumerate(pairs, 1)}
