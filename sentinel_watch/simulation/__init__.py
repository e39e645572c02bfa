"""Planted events and nuisances over real backgrounds: pure functions over cubes, every result labelled as simulated.

Import from the modules: `spectra` (what surfaces look like), `season` (a pixel's own seasonal model), `events` (what is
planted), `nuisances` (what must not be taken for an event), `scenario` (several of them in one cube).
"""

__all__ = ["SIMULATED"]

SIMULATED = "simulated"
"""The attribute of a cube that lists what was planted or injected; real cubes do not have it."""
