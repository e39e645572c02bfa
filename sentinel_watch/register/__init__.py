"""The sites that are watched: reading and checking them.

One feature is one site. The room refuses what is wrong before anything is downloaded for it, and names the place in the
file; it never repairs by guessing. It does not fetch files, look sites up elsewhere or remember them: that is the store's.
"""

from sentinel_watch.register.layers import read_surroundings
from sentinel_watch.register.reading import read_site, site_of
from sentinel_watch.register.tables import read_sites
from sentinel_watch.register.writing import site_feature

__all__ = ["read_site", "read_sites", "read_surroundings", "site_feature", "site_of"]
