"""Files that travel with the program: sample, sites, pipelines, models."""

from __future__ import annotations

from pathlib import Path

from sentinel_watch.errors import InputError

__all__ = ["shipped"]


def shipped(*parts: str) -> Path:
    """Return the path of a shipped file or folder: inside the installed package, or in the checkout that it runs from.

    Raises InputError where this installation does not have it.
    """
    package = Path(__file__).resolve().parent
    # a wheel carries the folders inside the package; a checkout has them beside it
    for root in (package / "_shipped", package.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise InputError(
        f"this installation lacks {'/'.join(parts)}", where=str(package), next_step="install it again: the package is not complete"
    )
