"""What kind of event it probably is."""

from sentinel_watch.contracts import Classifier
from sentinel_watch.registry import Registry

__all__ = ["CLASSIFIERS"]

CLASSIFIERS: Registry[Classifier] = Registry("classifier", {"rules": "sentinel_watch.classification.rules:Rules"})
