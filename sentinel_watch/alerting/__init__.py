"""Which events somebody must look at, and how soon."""

from sentinel_watch.alerting.triage import Context, Triage

__all__ = ["Context", "Triage"]
