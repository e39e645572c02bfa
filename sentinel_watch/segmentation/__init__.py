"""Changed pixels become regions with measures.

Space only: what a region was on the date before is tracking's business, and what it is, classification's.
"""

from sentinel_watch.segmentation.regions import Segmentation

__all__ = ["Segmentation"]
