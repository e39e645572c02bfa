"""Changed pixels become regions with measures."""

from sentinel_watch.segmentation.regions import Segmentation

__all__ = ["Segmentation"]
