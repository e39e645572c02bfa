"""The verbs about pipelines: check, explain, schema.

What an option means is told in one place, the docstring under its field; these verbs only show it.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.text import Text
from rich.tree import Tree

from sentinel_watch.alerting import RULES
from sentinel_watch.app.tables import console
from sentinel_watch.classification import CLASSIFIERS
from sentinel_watch.detectors import DETECTORS
from sentinel_watch.masking import MASKERS
from sentinel_watch.pipeline.definition import Pipeline, load_pipeline
from sentinel_watch.registry import Part, Registry
from sentinel_watch.sinks import SINKS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_pipeline", "explain_pipeline", "print_schema", "schema"]

LISTS: Mapping[str, Registry[Any]] = {"masks": MASKERS, "detectors": DETECTORS, "sinks": SINKS}
"""Where the parts of a pipeline's lists are registered, by the list's name."""

PARTS: Mapping[str, Registry[Any]] = {**LISTS, "classifier": CLASSIFIERS, "rules": RULES}
"""The same for every key below which a part may stand."""


def check_pipeline(name_or_path: str) -> None:
    """Print that a pipeline is sound; raise InputError where it is not.

    `name_or_path` is a shipped pipeline's name or a TOML file. No imagery is read: whether a source has the bands shows in the run.

    The bands printed are those that a run asks its source for.
    """
    pipeline = load_pipeline(name_or_path)
    console().print(f"{pipeline.name}: sound; bands {', '.join(pipeline.bands)}", highlight=False)


def explain_pipeline(name_or_path: str) -> None:
    """Print a pipeline with all defaults, each option with what it means; raise InputError where it is not sound.

    Defaults are written out, so that a filed print still tells what was done when they have changed.
    """
    pipeline = load_pipeline(name_or_path)
    tree = Tree(Text(pipeline.name, style="bold"))
    # with defaults: they may change with a version
    for key, value in pipeline.resolved().items():
        _grow(tree, key, value, (Pipeline, key))
    console().print(tree)


def print_schema() -> None:
    """Print the JSON Schema of pipeline files to standard output, indented, with nothing else beside it."""
    # not through the console, which would break long lines
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of pipeline files, every part's options in it.

    2020-12; parts that outsiders registered are in it too, so it differs from machine to machine.
    """
    document = Pipeline.model_json_schema()
    # pydantic knows a part only as a table: which parts there are stands in the registries
    properties, definitions = document["properties"], document["$defs"]
    for key, registry in LISTS.items():
        properties[key]["items"] = {"oneOf": _part_schemas(registry, definitions)}
    definitions["Triage"]["properties"]["rules"]["items"] = {"oneOf": _part_schemas(RULES, definitions)}
    properties["classifier"] = {"oneOf": _part_schemas(CLASSIFIERS, definitions), "description": "The classifier."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


def _part_schemas(registry: Registry[Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one schema for each part of the registry, with its name as the only value that `part` may have.

    What a part holds by reference is added to the document's `definitions`. Titles and descriptions are as pydantic makes
    them; `part` is always required.
    """
    schemas = []
    for name in registry:
        part: type[Part] = registry.get(name)
        one = part.model_json_schema()
        # a reference counts from the document's root, wherever the part stands
        definitions |= one.pop("$defs", {})
        one["properties"] = {"part": {"const": name}, **one.get("properties", {})}
        one["required"] = ["part", *one.get("required", [])]
        schemas.append(one)
    return schemas


def _grow(tree: Tree, key: str, value: object, field: tuple[type[Part] | None, str]) -> None:
    """Add the option `key` with its value below `tree`; tables and lists of tables become branches.

    `field` is where the meaning stands: the model and the field's name; no model, no meaning.

    Calls itself for tables in tables; `part` stands in the branch's own line.
    """
    model, name = field
    if isinstance(value, dict):
        branch = tree.add(_line(key, value.get("part", ""), _meaning(model, name)))
        inner = _part_of(name, value, model)
        for inner_key, inner_value in value.items():
            if inner_key != "part":
                _grow(branch, inner_key, inner_value, (inner, inner_key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        branch = tree.add(_line(key, "", _meaning(model, name)))
        for number, item in enumerate(value, 1):
            _grow(branch, str(number), item, (None, name))
    else:
        # None and booleans as JSON spells them, which is nearest to TOML
        shown = ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value)
        tree.add(_line(key, shown, _meaning(model, name)))


def _part_of(name: str, value: Mapping[str, Any], model: type[Part] | None) -> type[Part] | None:
    """Return the class that a table's options belong to, None where it is no part.

    By the registry for tables with `part`; else by the annotation of the model's field.
    """
    if "part" in value:
        part: type[Part] = PARTS[name].get(value["part"])
        return part
    inner = model.model_fields[name].annotation if model and name in model.model_fields else None
    return inner if isinstance(inner, type) and issubclass(inner, Part) else None


def _meaning(model: type[Part] | None, name: str) -> str:
    """Return a field's description on one line, "" where it has none."""
    field = model.model_fields.get(name) if model else None
    return " ".join((field.description or "").split()) if field else ""


def _line(key: str, value: str, meaning: str) -> Text:
    """Return one line of the tree: key in bold, value, meaning in grey.

    Text and no markup: a name in brackets must not be read as a colour.
    """
    return Text.assemble((key, "bold"), f" = {value}" if value else "", (f"   {meaning}" if meaning else "", "dim"))
