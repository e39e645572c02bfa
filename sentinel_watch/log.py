"""The program's log: one logger, written to standard error by the command line and silent in a library."""

from __future__ import annotations

import logging

__all__ = ["log"]

log = logging.getLogger("sentinel_watch")
log.addHandler(logging.NullHandler())
