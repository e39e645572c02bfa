"""Spectral indices by the names and formulas of the Awesome Spectral Indices catalogue.

Montero et al. 2023 (doi:10.1038/s41597-023-02096-0) name for each index the bands, the formula and the paper that it is from.
Most are ratios of reflectance: of digital numbers with an offset they would be wrong without looking so.
"""

from sentinel_watch.indices.spectral import bands_of, compute, split_available

__all__ = ["bands_of", "compute", "split_available"]
