"""Finds suspected dumping, unpermitted mining and pollution in Sentinel imagery, for those who enforce the law."""

__version__ = "0.1.0"
