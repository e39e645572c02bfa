"""The program's log: one logger, written to standard error by the command line and silent in a library."""

from __future__ import annotations

import logging

__all__ = ["log"]

log = logging.getLogger("sentinel_watch")
# without it, Python would print warnings of a program that only imports this one
log.addHandler(logging.NullHandler())
