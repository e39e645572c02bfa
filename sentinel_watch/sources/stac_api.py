"""A STAC API and the cloud-optimised GeoTIFFs that its items name, on any servers that the operator allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from sentinel_watch.domain.scene import SCL
from sentinel_watch.errors import SourceError
from sentinel_watch.registry import Part
from sentinel_watch.sources.access import Access, Signer, Token
from sentinel_watch.sources.answers import Answers
from sentinel_watch.sources.api_io import ApiIO
from sentinel_watch.sources.api_search import Question, find_items, to_scenes
from sentinel_watch.sources.chips import Chips
from sentinel_watch.sources.entries import wanted_assets
from sentinel_watch.sources.geotiff import read_raster
from sentinel_watch.sources.hosts import Hosts
from sentinel_watch.sources.http import Http
from sentinel_watch.sources.patience import Patience
from sentinel_watch.sources.ranges import RangeClient
from sentinel_watch.sources.reading_plan import describe_plan
from sentinel_watch.sources.remote_file import RemoteFile
from sentinel_watch.sources.transfer import ChangedError, TransferError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.scene import Asset, Scene
    from sentinel_watch.sources.patience import Deadline

__all__ = ["StacApi"]


class StacApi(Part):
    """Reads scenes of a STAC API: searches it, and fetches of each file only the blocks that a grid needs."""

    url: str
    """Landing page of the API."""
    collections: tuple[str, ...] = ("sentinel-2-l2a",)
    """Collections to search, the preferred one first."""
    hosts: tuple[str, ...] = ()
    """Hosts beside the API's own that may be asked; `*.example.org` allows every name below it."""
    allow_private: bool = False
    """Allow addresses of private networks and of this machine, for an archive inside an agency's own network."""
    max_cloud_percent: float | None = Field(default=None, ge=0, le=100)
    """Leave out scenes that the catalogue calls cloudier; left out, every scene ends in the ledger."""
    cloud_filter: Literal["query", "cql2", "client"] = "client"
    """How the API is asked for less cloudy scenes: by its query extension, by CQL2, or not at all; it is checked here anyway."""
    page_size: int = Field(default=100, ge=1, le=1000)
    """Items asked for in one page."""
    token_env: str = ""
    """Environment variable that holds a bearer token; empty = none is sent."""
    token_hosts: tuple[str, ...] = ()
    """Hosts that get the token; left out, the API's own."""
    sign_service: str = ""
    """Token service that signs the URLs of Azure storage containers; empty = they need no signature."""
    patience: Patience = Patience()
    """How requests are repeated."""
    connections: int = Field(default=16, ge=1, le=64)
    """Requests under way at once."""
    cache: Path | None = None
    """Folder of the chip cache; left out, nothing is kept."""
    cache_gb: float = Field(default=20, gt=0)
    """Size of the chip cache, from which on the longest unused is deleted."""
    offline: bool = False
    """Use only what the cache holds, and no network."""

    @field_validator("url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be an http(s) URL without user, password, query and fragment")
        return url.rstrip("/")

    def search(self, geometry: BaseGeometry, start: datetime | None, end: datetime | None) -> Sequence[Scene]:
        """Return the scenes that touch `geometry` (WGS84) in [start, end], oldest first, copies included.

        Raises SourceError where the API cannot be asked, or where this version can read none of its images.
        """
        question = Question(geometry, start, end, self.collections, self.max_cloud_percent)
        asked = {"url": self.url, **question.describe()}
        answers = Answers(self.cache / "searches") if self.cache else None
        if self.offline:
            items = (answers or Answers(Path("no cache"))).recall(asked)
        else:
            items = find_items(self.api(), self.url, question, self.cloud_filter, self.page_size)
            if answers:
                answers.keep(asked, items)
        scenes = to_scenes(items, question, self.url)
        _check_readable(scenes, self.url)
        return scenes

    def read(self, scene: Scene, bands: Sequence[str], grid: GeoBox) -> Mapping[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 digital numbers on `grid`, NaN = no data, for those of `bands` that the scene has.

        Raises SceneError where the entry or a file is missing, broken or lies, or could not be fetched whole.
        """
        assets = wanted_assets(scene, bands)
        deadline = self.patience.deadline()
        with ThreadPoolExecutor(len(assets)) as pool:
            reading = {band: pool.submit(self._read_asset, asset, grid, deadline, nearest=band == SCL) for band, asset in assets.items()}
            try:
                return {band: future.result() for band, future in reading.items()}
            except TransferError as error:
                raise error.for_scene() from error

    def plan(self, scenes: Sequence[Scene], bands: Sequence[str], grid: GeoBox) -> str:
        """Return in plain words what reading `bands` of `scenes` on `grid` takes at most."""
        return describe_plan(scenes, (*bands, SCL), grid)

    def api(self) -> ApiIO:
        """Return a client of the API, good until the deadline of what begins now."""
        return ApiIO(self.http, self.token, self.patience.deadline())

    def _read_asset(self, asset: Asset, grid: GeoBox, deadline: Deadline, *, nearest: bool) -> NDArray[np.float32]:
        file = RemoteFile(asset.href, self.ranges, self._chips, deadline)
        try:
            return read_raster(file, asset.nodata, grid, nearest=nearest)
        except ChangedError:
            if not file.from_chips:
                raise
        # what is kept is of an older version than what the server has: begin anew with that
        file = RemoteFile(asset.href, self.ranges, self._chips, deadline, trust_chips=False)
        return read_raster(file, asset.nodata, grid, nearest=nearest)

    @property
    def _own_host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @cached_property
    def http(self) -> Http:
        """The client that asks the hosts of this source, and no others."""
        signing = urlsplit(self.sign_service).hostname
        allowed = (self._own_host, *self.hosts, *([signing] if signing else []))
        names = tuple(host.lower() for host in allowed)
        rules = Hosts(names, self.allow_private, allow_plain=urlsplit(self.url).scheme == "http")
        return Http(rules, self.patience, self.connections)

    @cached_property
    def token(self) -> Token:
        """The bearer token."""
        return Token(self.token_env, self.token_hosts or (self._own_host,))

    @cached_property
    def ranges(self) -> RangeClient | None:
        """The client that fetches parts of files; None where the network is not to be used."""
        if self.offline:
            return None
        return RangeClient(self.http, Access(self.token, Signer(self.http, self.sign_service) if self.sign_service else None))

    @cached_property
    def _chips(self) -> Chips | None:
        return Chips(self.cache, int(self.cache_gb * 1024**3)) if self.cache else None


def _check_readable(scenes: Sequence[Scene], url: str) -> None:
    """Raise SourceError where no image of any scene is a GeoTIFF on an http(s) server."""
    hrefs = [asset.href for scene in scenes for asset in scene.assets.values()]
    if hrefs and not any(urlsplit(href).scheme in {"http", "https"} and not href.lower().endswith(".jp2") for href in hrefs):
        raise SourceError(
            "this version cannot read the images of this source",
            where=shown(url),
            found=shown(hrefs[0]),
            allowed="GeoTIFFs on http(s) servers",
            next_step="name another --source; docs/how-to/sources.md says which can be read",
        )
