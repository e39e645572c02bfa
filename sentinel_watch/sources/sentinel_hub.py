"""Sentinel Hub, and the Copernicus Data Space's: the service finds the scenes and makes the pixels, on our grid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import numpy as np
from odc.geo.geobox import GeoBox, GeoboxTiles
from pydantic import Field, field_validator

from sentinel_watch.errors import MissingExtraError
from sentinel_watch.sources.api_check import hasty
from sentinel_watch.sources.api_io import ApiIO
from sentinel_watch.sources.api_search import Endpoint, Question, find_items, to_scenes
from sentinel_watch.sources.credentials import Credentials
from sentinel_watch.sources.entries import wanted_assets
from sentinel_watch.sources.hub_till import Till, Wanted
from sentinel_watch.sources.login import Login
from sentinel_watch.sources.reading_plan import describe_units
from sentinel_watch.sources.remote import Remote
from sentinel_watch.sources.spending import Budget
from sentinel_watch.sources.transfer import PassingError, TransferError, shown

try:
    from sentinel_watch.sources.hub_check import check_hub
    from sentinel_watch.sources.hub_images import Image, Kept, decode
    from sentinel_watch.sources.hub_requests import COLLECTION, MAX_SIDE_PX, Order
    from sentinel_watch.sources.hub_scenes import period_of, to_passes
    from sentinel_watch.sources.hub_statistics import quick_look
except ImportError as error:
    if (error.name or "").partition(".")[0] != "sentinelhub":
        raise
    raise MissingExtraError(
        "Sentinel Hub needs packages that are not installed", found=str(error), next_step="pip install 'sentinel-watch[sentinelhub]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.sources.api_check import Check
    from sentinel_watch.sources.api_search import Items
    from sentinel_watch.sources.http import Answer
    from sentinel_watch.sources.hub_statistics import Day
    from sentinel_watch.sources.patience import Deadline

__all__ = ["SentinelHub"]

FIRST_IMAGE = datetime(2015, 6, 27, tzinfo=UTC)
"""Sentinel-2A's; the service wants to be told a period."""
MAX_IMAGE_BYTES = 256 * 1024**2
NO_IMAGE = ("text/", "application/json", "application/xml", "application/xhtml")


class SentinelHub(Remote):
    """Reads Sentinel-2 L2A through a Sentinel Hub: its catalogue for the passes, its Process API for the pixels of each."""

    MILLISECONDS = True

    token_url: str
    """Where a token is to be had for the client's credentials."""
    client_id_env: str = "SH_CLIENT_ID"
    """Environment variable that holds the OAuth client's id."""
    client_secret_env: str = "SH_CLIENT_SECRET"  # noqa: S105 - a name, no secret
    """Environment variable that holds the OAuth client's secret."""
    keyring: str = ""
    """Service in the keyring that holds both, as `client_id` and `client_secret`; empty = the keyring is not asked."""
    budget_pu: float | None = Field(default=None, ge=0)
    """Processing units that one run may spend; left out, as many as it takes."""
    page_size: int = Field(default=100, ge=1, le=100)
    """Items asked for in one page."""

    @field_validator("token_url")
    @classmethod
    def _plain_token_url(cls, url: str) -> str:
        """Return the URL of the token service, checked as the API's own is; raise ValueError."""
        return cls._plain_url(url)

    def search(self, geometry: BaseGeometry, start: datetime | None, end: datetime | None) -> Sequence[Scene]:
        """Return the passes whose tiles touch `geometry` (WGS84) in [start, end], oldest first.

        Raises SourceError where the catalogue cannot be asked.

        Without a `start` the period begins with FIRST_IMAGE. Assets are addresses of passes in the Process API, not
        files.
        """
        question = Question(geometry, start or FIRST_IMAGE, end, (COLLECTION,), self.max_cloud_percent)
        items = self.answered({"url": self.url, **question.describe()}, lambda: self._ask(question))
        return to_passes(to_scenes(items, question, self.url), self.url)

    def read(self, scene: Scene, bands: Sequence[str], grid: GeoBox) -> Mapping[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 digital numbers on `grid`, NaN = no data, for those of `bands` that the scene has.

        What was fetched before, for whatever grid on the same pixels, is not asked for again. Raises SceneError where the
        entry is broken, or the image could not be had whole or within the budget.

        The smallest rectangle around what is missing is ordered, in images of at most MAX_SIDE_PX a side. Numbers are
        in the encoding of `hub_requests`; the scene's assets declare its scale and offset.
        """
        assets = wanted_assets(scene, bands)
        wanted = tuple(assets)
        # NaN first: what no image covers must not read as 0
        values = np.full((len(wanted), *grid.shape), np.nan, np.float32)
        missing = np.ones(grid.shape, bool)
        href = next(iter(assets.values())).href
        kept = Kept(self.chips, href)
        try:
            for image in kept.images(wanted, grid):
                image.paint(values, missing, wanted, grid)
            if missing.any():
                for image in self._fetched(kept, _orders(wanted, period_of(href), _around(missing, grid))):
                    image.paint(values, missing, wanted, grid)
        except TransferError as error:
            raise error.for_scene() from error
        return dict(zip(wanted, values, strict=True))

    def plan(self, scenes: Sequence[Scene], bands: Sequence[str], grids: Sequence[GeoBox]) -> str:
        """Return in plain words what reading `bands` and SCL of `scenes` on `grids` takes at most.

        Counts each grid's images and units for all scenes, as if the cache were empty.
        """
        units = sum(order.units for grid in grids for order in _orders((*bands, "SCL"), ("", ""), grid))
        return describe_units(len(scenes), units * len(scenes), len(grids) * len(scenes), self.budget_pu)

    def check(self) -> Iterator[Check]:
        """Yield what came of trying to sign in, search and order an image.

        Costs about 0.01 processing units. Each Check says `ok`, `warning` or `broken`; nothing is raised.
        """
        return check_hub(hasty(self))

    def quick_look(self, area: BaseGeometry, start: date, end: date) -> Iterator[Day]:
        """Yield what the service's statistics say of each day on which `area` (WGS84) was seen; raise TransferError where it cannot.

        Days without an image are left out. Costs processing units, out of the same budget.
        """
        return quick_look(self.till, area, start, end)

    def api(self) -> ApiIO:
        """Return a client of the catalogue, good until the deadline of what begins now.

        The token is added to each request; ask for a new client for each search.
        """
        return ApiIO(self.login.asking(self.http), None, self.patience.deadline(self.http.pulse))

    def order(self, order: Order, deadline: Deadline) -> Image:
        """Return the image that is ordered, paid for out of the run's budget; raise TransferError where it cannot be had.

        BudgetError, before anything is asked, where the estimate is more than is left; RefusedError where signing in
        or the account's quota fails. The image is decoded once more than needed, so that a bad one is asked for
        again.
        """
        # one TIFF and no archive of several files, which `decode` would not read
        wanted = Wanted("process", order.body, "image/tiff", MAX_IMAGE_BYTES)
        answer = self.till.order(wanted, order.units, deadline, lambda answer: _check(answer, order))
        return Image(order, decode(answer.body, order), answer.body)

    def _ask(self, question: Question) -> Items:
        """Return the catalogue's items for `question`, the cloud limit in CQL2; raise SourceError where it cannot be asked."""
        return find_items(self.api(), Endpoint(f"{self.catalog_url}/search", "POST", "cql2", self.page_size), question)

    def _fetched(self, kept: Kept, orders: Sequence[Order]) -> Iterator[Image]:
        """Yield the images of `orders`, in their order, each kept before it is yielded; raise TransferError.

        At most four at once, all until one deadline. What arrived before a failure stays in the cache and is not paid
        for again.
        """
        if self.offline:
            raise TransferError("the image is not in the cache, and the network is not to be used", where=self.url)
        deadline = self.patience.deadline(self.fetching.pulse)
        with ThreadPoolExecutor(min(len(orders), 4)) as pool:
            for image in pool.map(lambda order: self.order(order, deadline), orders):
                # before it is used: it is paid for, whatever happens next
                kept.keep(image)
                yield image

    @property
    def catalog_url(self) -> str:
        """The root of the catalogue.

        Version 1.0.0 of its STAC API; below it is `/search`.
        """
        return f"{self.url}/api/v1/catalog/1.0.0"

    def more_hosts(self) -> tuple[str, ...]:
        """Return the host that gives tokens.

        The Copernicus Data Space signs clients in at another host than it serves from.
        """
        return (urlsplit(self.token_url).hostname or "",)

    @cached_property
    def login(self) -> Login:
        """Whoever signs in for this source.

        One for all threads of the source. Asks through `http`, so tokens are not counted as spending on imagery.
        """
        return Login(self.http, self.token_url, Credentials(self.client_id_env, self.client_secret_env, self.keyring))

    @cached_property
    def budget(self) -> Budget:
        """What this source may still spend; a run has a source of its own.

        Processing units; None in the configuration = no limit.
        """
        return Budget(self.budget_pu)

    @cached_property
    def till(self) -> Till:
        """Where images and statistics are paid.

        One for all threads, as the budget is.
        """
        return Till(self.url, self.login.asking(self.fetching), self.budget, self.patience)


def _orders(bands: tuple[str, ...], period: tuple[str, str], grid: GeoBox) -> list[Order]:
    """Return what must be ordered for `grid`, in images of a size that the service makes.

    Row by row. `period` is (first, last) instant; each order has all of `bands`, since SCL must be of the same
    moment.
    """
    tiles = GeoboxTiles(grid, (MAX_SIDE_PX, MAX_SIDE_PX))
    return [Order(bands, period, cast("GeoBox", tiles[place])) for place in np.ndindex(*tiles.shape)]


def _around(missing: NDArray[np.bool_], grid: GeoBox) -> GeoBox:
    """Return the smallest part of `grid` that holds all `missing` (y, x) pixels.

    One rectangle even where the gaps lie apart: the pixels between them are ordered once more. At least one must be
    missing.
    """
    rows, cols = (np.flatnonzero(missing.any(axis=axis)) for axis in (1, 0))
    return grid[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def _check(answer: Answer, order: Order) -> None:
    """Raise PassingError where an answer is not the image that was ordered."""
    kind = answer.headers.get("content-type", "").lower()
    if kind.startswith(NO_IMAGE) or answer.body[:4] not in {b"II*\0", b"MM\0*"}:
        raise PassingError("the service sent something else than an image", where=shown(answer.url), found=kind or "no TIFF")
    decode(answer.body, order)
