"""Options that several verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["DEFAULT_WORKSPACE", "WORKSPACE_VARIABLE", "Workspace"]

WORKSPACE_VARIABLE = "SENTINEL_WATCH_WORKSPACE"
DEFAULT_WORKSPACE = "out/workspace"

Workspace = Annotated[
    str, typer.Option("--workspace", envvar=WORKSPACE_VARIABLE, help="Where runs keep what they know: a folder, or a PostgreSQL address.")
]
