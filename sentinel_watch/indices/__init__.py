"""Spectral indices by the names and formulas of the Awesome Spectral Indices catalogue (Montero et al. 2023)."""

from sentinel_watch.indices.spectral import bands_of, compute, split_available

__all__ = ["bands_of", "compute", "split_available"]
