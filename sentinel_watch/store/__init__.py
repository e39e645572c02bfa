"""What is remembered between runs: watches, the scene ledger, baselines, states, looks, events and alerts.

Everything but the audit log belongs to a watch (site, pipeline, source). Imagery is not kept: a source can be asked again. `Store` is the
only way in; the modules beside it write rows and do not commit.
"""

from __future__ import annotations

from sentinel_watch.store.database import shown
from sentinel_watch.store.looks import Look
from sentinel_watch.store.postgis import is_address
from sentinel_watch.store.store import Store, open_store
from sentinel_watch.store.watches import Watch, shows_site

__all__ = ["Look", "Store", "Watch", "is_address", "open_store", "shown", "shows_site"]
