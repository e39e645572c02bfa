"""What differs between two documents, key by key, for the audit log."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["differences"]

LONGEST = 120
"""Characters; of a longer value, as an outline is, only the hash is told."""

_BESIDE = ("site", "shown")


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return key -> [before, after] for every plain value that differs, None where one side has none; both are plain JSON.

    `differences({"a": {"b": 1}}, {"a": {"b": 2}})` is `{"a.b": [1, 2]}`; items of a list of objects are counted from 0: `masks[0].part`.
    """
    was, now = (
        {name: value for key in document if key not in _BESIDE for name, value in _leaves(key, document[key])}
        for document in (before, after)
    )
    return {name: [_told(was.get(name)), _told(now.get(name))] for name in sorted({*was, *now}) if was.get(name) != now.get(name)}


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - whatever JSON holds
    """Yield the plain values below a value with their dotted names; lists of plain values count as one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(f"{name}[{number}]", item)
    else:
        yield name, value


def _told(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value as the log has it: an address without what follows its question mark, and of a long value the hash."""
    if isinstance(value, str) and "://" in value:
        value = value.partition("?")[0]
    text = json.dumps(value, sort_keys=True)
    return value if len(text) <= LONGEST else f"sha256:{sha256(text.encode()).hexdigest()[:16]}"
