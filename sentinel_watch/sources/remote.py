"""What all sources on servers have in common: whom they may ask, how patiently, and where they keep what came."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from sentinel_watch.registry import Part
from sentinel_watch.sources.answers import Answers
from sentinel_watch.sources.chips import Chips
from sentinel_watch.sources.eviction import KEEP
from sentinel_watch.sources.hosts import Hosts
from sentinel_watch.sources.http import Http
from sentinel_watch.sources.patience import Patience
from sentinel_watch.sources.proxies import DIRECT, Proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.sources.api_search import Items

__all__ = ["Remote"]


class Remote(Part):
    """A source that is asked over the network."""

    MILLISECONDS: ClassVar[bool] = False
    """Whether such servers name waits in milliseconds (Retry-After)."""

    url: str
    """Landing page of the API."""
    hosts: tuple[str, ...] = ()
    """Hosts beside the API's own that may be asked; `*.example.org` allows every name below it."""
    allow_private: bool = False
    """Allow addresses of private networks and of this machine, for an archive inside an agency's own network."""
    max_cloud_percent: float | None = Field(default=None, ge=0, le=100)
    """Leave out scenes that the catalogue calls cloudier; left out, every scene ends in the ledger."""
    page_size: int = Field(default=100, ge=1, le=1000)
    """Items asked for in one page."""
    patience: Patience = Patience()
    """How requests are repeated."""
    connections: int = Field(default=32, ge=1, le=64)
    """Requests under way at once."""
    proxy: str = ""
    """http URL of the proxy that leads out of this network, or `direct`; left out, HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide."""
    cache: Path | None = None
    """Folder of the chip cache; left out, nothing is kept."""
    cache_gb: float = Field(default=20, gt=0)
    """Size of the chip cache, from which on the longest unused is deleted."""
    offline: bool = False
    """Use only what the cache holds, and no network."""

    @field_validator("url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        """Return `url` without a slash at its end; raise ValueError where it holds what a ledger must not show.

        A key in the query or a password would otherwise end in run.json, in logs and in the cache's file names.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be an http(s) URL without user, password, query and fragment")
        return url.rstrip("/")

    @field_validator("proxy")
    @classmethod
    def _plain_proxy(cls, proxy: str) -> str:
        """Return `proxy`; raise ValueError where it is no proxy, or holds a password: that belongs into the environment."""
        parts = urlsplit(proxy)
        if proxy not in {"", DIRECT} and (parts.scheme != "http" or not parts.hostname or "@" in parts.netloc):
            raise ValueError(f"must be http://host:port, or {DIRECT!r}; user and password only in HTTPS_PROXY")
        return proxy

    def spent(self) -> dict[str, float]:
        """Return what fetching imagery has cost so far, by name; searches and tokens are left out.

        `requests`, `retries`, `bytes` (of bodies) and `processing_units`, since this source was built.
        """
        return self.fetching.spending.total()

    @property
    def own_host(self) -> str:
        """The API's own host.

        In lower case, without port; empty cannot be, as the URL was checked.
        """
        return urlsplit(self.url).hostname or ""

    def more_hosts(self) -> tuple[str, ...]:
        """Return the hosts that this kind of source must be able to ask, beside its own and those that are configured.

        In any case of letters; empty names are left out by the caller.
        """
        return ()

    @cached_property
    def http(self) -> Http:
        """The client for searches and tokens: asks the hosts of this source, and no others.

        Built at first use, as a source is also built just to be described. One client for all threads.
        """
        return self._client()

    @cached_property
    def fetching(self) -> Http:
        """The client for imagery, so that its cost is counted apart.

        Same hosts, same patience; its `spending` is what `spent` returns.
        """
        return self._client()

    @cached_property
    def chips(self) -> Chips | None:
        """The chip cache.

        None where no folder is given. Its size is that of all sources which share the folder.
        """
        return Chips(self.cache, int(self.cache_gb * 1024**3)) if self.cache else None

    def answered(self, question: dict[str, Any], ask: Callable[[], Items]) -> Items:
        """Return what the catalogue answers to `question`: by asking, or from the cache where the network is not to be used.

        `question` must hold everything that the answer depends on, as plain JSON values. Raises SourceError where the
        network is not to be used and nothing is kept, and whatever `ask` raises.
        """
        # without a cache the folder only names itself in the error
        answers = Answers(self.cache / "searches" if self.cache else Path("no cache"))
        if self.offline:
            return answers.recall(question)
        items = ask()
        if self.cache:
            answers.keep(question, items)
        return items

    def pin(self, scenes: Sequence[Scene]) -> None:
        """Keep what the cache holds of `scenes` from being evicted.

        Writes an empty file KEEP into the folder of each version. Scenes of which nothing is kept are passed over.
        """
        for href in sorted({asset.href for scene in scenes for asset in scene.assets.values()}):
            # every version: which of them a look was made from is not on file
            for shelf in self.chips.shelves(href) if self.chips else ():
                (shelf.folder / KEEP).touch()

    def _client(self) -> Http:
        """Return a client that may ask the API's host, configured ones and those of this kind of source.

        Plain http is allowed only where the API's own URL is such.
        """
        names = tuple(host.lower() for host in (self.own_host, *self.hosts, *self.more_hosts()) if host)
        # plain http is the operator's choice, by the API's own URL: an item's href cannot ask for it
        rules = Hosts(names, self.allow_private, allow_plain=urlsplit(self.url).scheme == "http")
        return Http(rules, self.patience, self.connections, Proxies(self.proxy), milliseconds=self.MILLISECONDS)
