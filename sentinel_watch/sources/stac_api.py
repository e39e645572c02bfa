"""A STAC API and the cloud-optimised GeoTIFFs that its items name, on any servers that the operator allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from odc.geo.geobox import geobox_union_conservative
from pydantic import field_validator

from sentinel_watch.domain.scene import SCL
from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.sources.access import Access, Signer, Token
from sentinel_watch.sources.api_check import Check, check_api, hasty
from sentinel_watch.sources.api_io import ApiIO
from sentinel_watch.sources.api_search import Endpoint, Question, find_items, search_endpoint, to_scenes
from sentinel_watch.sources.entries import wanted_assets
from sentinel_watch.sources.geotiff import read_planned
from sentinel_watch.sources.ranges import RangeClient
from sentinel_watch.sources.raster_header import plan_reading
from sentinel_watch.sources.reading_plan import describe_plan
from sentinel_watch.sources.remote import Remote
from sentinel_watch.sources.remote_file import RemoteFile
from sentinel_watch.sources.s3 import S3
from sentinel_watch.sources.transfer import ChangedError, TransferError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.scene import Asset, Scene
    from sentinel_watch.sources.api_search import Items
    from sentinel_watch.sources.patience import Deadline
    from sentinel_watch.sources.raster_header import Plan

__all__ = ["StacApi"]


class StacApi(Remote):
    """Reads scenes of a STAC API: searches it, and fetches of each file only the blocks that a grid needs."""

    collections: tuple[str, ...] = ("sentinel-2-l2a",)
    """Collections to search, the preferred one first."""
    cloud_filter: Literal["query", "cql2", "client"] = "client"
    """How the API is asked for less cloudy scenes: by its query extension, by CQL2, or not at all; it is checked here anyway."""
    counts: Literal["exact", "estimated"] = "exact"
    """Whether the numbers of items that the API says match are to be relied on: fewer items than that are then an error."""
    token_env: str = ""
    """Environment variable that holds a bearer token; empty = none is sent."""
    token_hosts: tuple[str, ...] = ()
    """Hosts that get the token; left out, the API's own."""
    sign_service: str = ""
    """Token service that signs the URLs of Azure storage containers; empty = they need no signature."""
    s3_endpoint: str = ""
    """https URL of the store that holds what items call `s3://…`; empty = such files are not read."""
    s3_region: str = "us-east-1"
    """Region of the store, part of each signature."""
    s3_key_env: str = "AWS_ACCESS_KEY_ID"
    """Environment variable that holds the store's access key; where it is not set, nothing is signed."""
    s3_secret_env: str = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a name, no secret
    """Environment variable that holds the store's secret key."""

    @field_validator("s3_endpoint")
    @classmethod
    def _plain_endpoint(cls, url: str) -> str:
        """Return the store's URL, checked as the API's own is; empty stays empty. Raises ValueError."""
        return cls._plain_url(url) if url else url

    def search(self, geometry: BaseGeometry, start: datetime | None, end: datetime | None) -> Sequence[Scene]:
        """Return the scenes that touch `geometry` (WGS84) in [start, end], oldest first, copies included.

        Raises SourceError where the API cannot be asked, or where this version can read none of its images.

        Items come in any order and are sorted by time and id. An entry that cannot be read is a Scene without assets
        and with a note. Offline, the kept answer to the very same question is taken.
        """
        question = Question(geometry, start, end, self.collections, self.max_cloud_percent)
        items = self.answered({"url": self.url, **question.describe()}, lambda: self._ask(question))
        scenes = to_scenes(items, question, self.url)
        _check_readable(scenes, {"http", "https", *(("s3",) if self.s3_endpoint else ())}, self.url)
        return scenes

    def read(self, scene: Scene, bands: Sequence[str], grid: GeoBox) -> Mapping[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 digital numbers on `grid`, NaN = no data, for those of `bands` that the scene has.

        Raises SceneError where the entry or a file is missing, broken or lies, or could not be fetched whole.

        Bands are fetched side by side until one deadline for all, which answers put off. Scale and offset are not applied. Where the cache
        holds an older version of a file than the server, the scene is read anew from the server.
        """
        assets, deadline = wanted_assets(scene, bands), self.patience.deadline(self.fetching.pulse)
        try:
            try:
                return self._pixels(assets, grid, deadline, trust_chips=True)
            except ChangedError:
                # without a cache the bytes were fresh, and that they change under the reader is the server's doing
                if self.chips is None:
                    raise
            # what is kept is of an older version than what the server has: begin anew, all bands from that
            return self._pixels(assets, grid, deadline, trust_chips=False)
        except TransferError as error:
            raise error.for_scene() from error

    def plan(self, scenes: Sequence[Scene], bands: Sequence[str], grids: Sequence[GeoBox]) -> str:
        """Return in plain words what reading `bands` and SCL of `scenes` on `grids`, side by side, takes at most.

        Bytes and minutes for an empty cache; SCL is counted since masking needs it.
        """
        return describe_plan(scenes, (*bands, SCL), geobox_union_conservative(list(grids)))

    def check(self) -> Iterator[Check]:
        """Yield what came of trying to reach, search and read the source.

        Each Check says `ok`, `warning` or `broken`; nothing is raised. Fetches an item and the first bytes of one
        file.
        """
        return check_api(hasty(self))

    def api(self) -> ApiIO:
        """Return a client of the API, good until the deadline of what begins now.

        One for each search: the deadline begins with it.
        """
        return ApiIO(self.http, self.token, self.patience.deadline(self.http.pulse))

    def _pixels(
        self, assets: Mapping[str, Asset], grid: GeoBox, deadline: Deadline, *, trust_chips: bool
    ) -> dict[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 of `assets` on `grid`; raise SceneError or TransferError.

        Two ways to the server and back, whatever the number of bands: all headers at once, and the blocks of each band as
        soon as its header is there.
        """
        submit, failed = self._threads.submit, dict[str, Exception]()
        opening = {
            submit(RemoteFile, asset, self.ranges, self.chips, deadline, trust_chips=trust_chips): band for band, asset in assets.items()
        }
        reading: dict[str, Future[NDArray[np.float32]]] = {}
        try:
            for opened in as_completed(opening):
                band = opening[opened]
                try:
                    file = opened.result()
                    # in this thread, since GDAL and PROJ open their databases anew in each that they are used in
                    plan = plan_reading(file, grid)
                except (SceneError, TransferError) as error:
                    failed[band] = error
                else:
                    reading[band] = submit(_read_and_kept, file, plan, assets[band].nodata, nearest=band == SCL)
            # in the order of bands, or which of two errors is told would be chance
            return {band: _result(band, reading, failed) for band in assets}
        finally:
            # nothing of a scene may be under way once it is done with
            wait(opening)
            wait(reading.values())

    def _ask(self, question: Question) -> Items:
        """Return the API's items for `question`; its landing page says where and how it is searched."""
        api = self.api()
        href, method = search_endpoint(api.document(self.url), self.url)
        endpoint = Endpoint(href, method, self.cloud_filter, self.page_size, self.counts == "exact")
        return find_items(api, endpoint, question)

    def more_hosts(self) -> tuple[str, ...]:
        """Return the hosts of the token service and of the store, if there are any."""
        return tuple(urlsplit(url).hostname or "" for url in (self.sign_service, self.s3_endpoint))

    @cached_property
    def token(self) -> Token:
        """The bearer token.

        Goes to `token_hosts`, or to the API's own host alone; empty where the environment has none.
        """
        return Token(self.token_env, self.token_hosts or (self.own_host,))

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        """Threads for bands: as many as there are connections, since they mostly wait for a server."""
        return ThreadPoolExecutor(self.connections, "bands")

    @cached_property
    def ranges(self) -> RangeClient | None:
        """The client that fetches parts of files; None where the network is not to be used.

        One for all threads; signs URLs where a token service or a store is configured. Counted in `spent`.
        """
        if self.offline:
            return None
        signer = Signer(self.http, self.sign_service) if self.sign_service else None
        store = S3(self.s3_endpoint, self.s3_region, self.s3_key_env, self.s3_secret_env) if self.s3_endpoint else None
        return RangeClient(self.fetching, Access(self.token, signer, store), self.connections)


def _read_and_kept(file: RemoteFile, plan: Plan, nodata: float | None, *, nearest: bool) -> NDArray[np.float32]:
    """Return the pixels that `plan` needs, (y, x) float32, and keep their bytes, as they could be read."""
    pixels = read_planned(file, plan, nodata, nearest=nearest)
    file.keep()
    return pixels


def _result(band: str, reading: Mapping[str, Future[NDArray[np.float32]]], failed: Mapping[str, Exception]) -> NDArray[np.float32]:
    """Return the pixels of a band once they are read, (y, x) float32; raise what its header or its blocks have failed with."""
    if band in failed:
        raise failed[band]
    return reading[band].result()


def _check_readable(scenes: Sequence[Scene], schemes: set[str], url: str) -> None:
    """Raise SourceError where no image of any scene is on a server that can be asked.

    One readable image is enough: a catalogue may list quicklooks elsewhere. Scenes without assets do not count.
    """
    hrefs = [asset.href for scene in scenes for asset in scene.assets.values()]
    if hrefs and not any(urlsplit(href).scheme in schemes for href in hrefs):
        raise SourceError(
            "the images of this source are where it cannot read",
            where=shown(url),
            found=shown(hrefs[0]),
            allowed=", ".join(f"{scheme}:" for scheme in sorted(schemes)),
            next_step="for s3: set `s3_endpoint` in the source's configuration; docs/how-to/sources.md says how",
        )
