"""Which events somebody must look at, and how soon.

Ranks and filters; it finds nothing itself, and says *suspected* at most. Deciding is for people.
"""

from sentinel_watch.alerting.measured import DETECTABLE_HA
from sentinel_watch.alerting.rules import RULES
from sentinel_watch.alerting.tally import tally
from sentinel_watch.alerting.triage import Context, Triage

__all__ = ["DETECTABLE_HA", "RULES", "Context", "Triage", "tally"]
