"""How long an agency waits for a long list of alerts."""

from __future__ import annotations
