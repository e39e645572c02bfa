"""Whether a Sentinel Hub can be used: signed in to, searched, and asked for an image, with the credentials at hand.

Behind `sentinel-watch doctor`: signing in, one search and one image of a few pixels show the usual faults before a
run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from odc.geo.geobox import GeoBox
from odc.geo.geom import box

from sentinel_watch.domain.scene import SCL
from sentinel_watch.errors import SourceError
from sentinel_watch.sources.api_check import Check, tried
from sentinel_watch.sources.api_search import Question, to_scenes
from sentinel_watch.sources.hub_requests import COLLECTION, Order
from sentinel_watch.sources.hub_scenes import period_of, to_passes
from sentinel_watch.sources.transfer import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.sources.api_io import ApiIO
    from sentinel_watch.sources.hub_images import Image
    from sentinel_watch.sources.login import Login
    from sentinel_watch.sources.patience import Deadline, Patience

__all__ = ["TriedHub", "check_hub"]

SIDE_PX = 8


class TriedHub(Protocol):
    """What is tried of a Sentinel Hub: a source that is asked over the network, by what it has for searching and ordering."""

    @property
    def url(self) -> str:
        """Return its landing page."""

    @property
    def token_url(self) -> str:
        """Return where tokens are had."""

    @property
    def budget_pu(self) -> float | None:
        """Return what a run may spend, processing units; None = no limit."""

    @property
    def patience(self) -> Patience:
        """Return how requests are repeated."""

    @property
    def catalog_url(self) -> str:
        """Return the root of the catalogue."""

    @property
    def login(self) -> Login:
        """Return whoever signs in."""

    def api(self) -> ApiIO:
        """Return a client of the catalogue."""

    def order(self, order: Order, deadline: Deadline) -> Image:
        """Return the image that is ordered; raise TransferError."""

    def spent(self) -> dict[str, float]:
        """Return what was spent so far, `processing_units` among it."""


class _Trial:
    """One pass over a service; remembers what later steps need.

    `scene` and `bounds` (WGS84 degrees: west, south, east, north) stay empty where the search failed.
    """

    def __init__(self, source: TriedHub) -> None:
        self.source = source
        self.deadline = source.patience.deadline()
        self.scene: Scene | None = None
        self.bounds: tuple[float, float, float, float] = (0, 0, 0, 0)

    def sign_in(self) -> str:
        """Get a token.

        Raises RefusedError where credentials are missing or not accepted.
        """
        self.source.login.token(self.deadline)
        return f"a token of {shown(self.source.token_url)}"

    def search(self) -> str:
        """Search for any tile, and return what was found.

        Over the whole Earth since the first image, one item; raises ValueError where the catalogue is empty,
        LookupError where its answer is malformed, TransferError where it does not answer.
        """
        asked = {"collections": [COLLECTION], "bbox": [-180, -90, 180, 90], "datetime": "2015-06-27T00:00:00Z/..", "limit": 1}
        page = json.loads(self.source.api().request(f"{self.source.catalog_url}/search", "POST", parameters=asked))
        # unpacking an empty list raises ValueError, which is then told as an answer that is not as it must be
        (first, *_) = page["features"]
        self.bounds = tuple(first["bbox"])
        (self.scene, *_) = to_passes(to_scenes([first], Question(None, None, None, ()), self.source.url), self.source.url)
        return f"for example {self.scene.scene_id}"

    def image(self) -> str:
        """Order the smallest of images, from the middle of the tile.

        B02 and SCL, at most SIDE_PX pixels of 10 m a side and a few more from snapping. Raises TransferError where it
        cannot be had, SourceError where the search found no scene.
        """
        if self.scene is None:
            raise SourceError("there is no scene to try")
        # at the edge of a tile there may be no data
        middle = box(*self.bounds, "EPSG:4326").to_crs("utm").centroid.buffer(5 * SIDE_PX - 1)
        period = period_of(self.scene.assets[SCL].href)
        image = self.source.order(Order(("B02", SCL), period, GeoBox.from_geopolygon(middle, resolution=10)), self.deadline)
        return f"{image.values.shape[1]} x {image.values.shape[2]} pixels of it"

    def cost(self) -> Check:
        """Return what the trial has cost.

        Processing units as the service's answers tell them; state `ok` in any case. What the account has left is not
        asked.
        """
        units = self.source.spent()["processing_units"]
        allowed = "no budget is set" if self.source.budget_pu is None else f"a run may spend {self.source.budget_pu:g}"
        return Check("quotas", "ok", f"this check cost {units:g} processing units; {allowed}; the service's dashboard tells what is left")


def check_hub(source: TriedHub) -> Iterator[Check]:
    """Yield what was tried, in order; each step is tried, whatever became of the ones before. Costs about 0.01 processing units.

    Nothing is raised: what fails is in its Check. `source` should be a `hasty` one, as somebody waits for it.
    """
    trial = _Trial(source)
    yield tried("token", trial.sign_in)
    yield tried("search", trial.search)
    yield tried("image", trial.image)
    yield trial.cost()
