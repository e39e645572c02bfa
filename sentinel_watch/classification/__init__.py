"""What kind of event it probably is.

A classifier reads two mean spectra, the site type, the normal year and a model's opinion; it decides nothing about
permits or priority. `unknown_change` is an honest answer, and comes before a guess.
"""

from sentinel_watch.contracts import Classifier
from sentinel_watch.registry import Registry

__all__ = ["CLASSIFIERS"]

CLASSIFIERS: Registry[Classifier] = Registry(
    "classifier", {"hierarchy": "sentinel_watch.classification.hierarchy:Hierarchy", "rules": "sentinel_watch.classification.rules:Rules"}
)
