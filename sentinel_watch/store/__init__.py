"""What is remembered between runs: watches, the scene ledger, baselines, states, looks, events and alerts."""

from __future__ import annotations

from sentinel_watch.store.looks import Look
from sentinel_watch.store.store import Store, open_store
from sentinel_watch.store.watches import Watch

__all__ = ["Look", "Store", "Watch", "open_store"]
