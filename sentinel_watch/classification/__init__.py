"""What kind of event it probably is.

A classifier reads two mean spectra, the site's type and the normal year; it sees no pixels and decides nothing about
permits or priority. `unknown_change` is an honest answer, and comes before a guess.
"""

from sentinel_watch.contracts import Classifier
from sentinel_watch.registry import Registry

__all__ = ["CLASSIFIERS"]

CLASSIFIERS: Registry[Classifier] = Registry("classifier", {"rules": "sentinel_watch.classification.rules:Rules"})
