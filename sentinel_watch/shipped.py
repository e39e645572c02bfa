"""Files that travel with the program: sample, sites, pipelines, models; and the program's own modules, as one hash."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["code_hash", "models_of", "shipped"]

_BUNDLE: ContextVar[Path | None] = ContextVar("bundle", default=None)
"""Folder whose `models/` goes before the shipped ones."""


def shipped(*parts: str) -> Path:
    """Return the path of a shipped file or folder: inside the installed package, or in the checkout that it runs from.

    Raises InputError where this installation does not have it.
    """
    package = Path(__file__).resolve().parent
    bundle = _BUNDLE.get()
    own = [bundle] if bundle and parts[:1] == ("models",) else []
    # a wheel carries the folders inside the package; a checkout has them beside it
    for root in (*own, package / "_shipped", package.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise InputError(
        f"this installation lacks {'/'.join(parts)}", where=str(package), next_step="install it again: the package is not complete"
    )


@cache
def code_hash() -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over this program's modules: it tells states of one version apart."""
    home, digest = Path(__file__).resolve().parent, sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(f"{path.relative_to(home).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def models_of(folder: Path) -> Iterator[None]:
    """Let models come from `folder`/models first while the block runs: a replay must use those that it was given."""
    token = _BUNDLE.set(folder)
    try:
        yield
    finally:
        _BUNDLE.reset(token)
