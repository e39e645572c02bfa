"""What all sources on servers have in common: whom they may ask, how patiently, and where they keep what came."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from sentinel_watch.registry import Part
from sentinel_watch.sources.answers import Answers
from sentinel_watch.sources.chips import Chips
from sentinel_watch.sources.hosts import Hosts
from sentinel_watch.sources.http import Http
from sentinel_watch.sources.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentinel_watch.sources.api_search import Items

__all__ = ["Remote"]


class Remote(Part):
    """A source that is asked over the network."""

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

    def spent(self) -> dict[str, float]:
        """Return what fetching imagery has cost so far, by name; searches and tokens are left out."""
        return self.fetching.spending.total()

    @property
    def own_host(self) -> str:
        """The API's own host."""
        return urlsplit(self.url).hostname or ""

    def more_hosts(self) -> tuple[str, ...]:
        """Return the hosts that this kind of source must be able to ask, beside its own and those that are configured."""
        return ()

    @cached_property
    def http(self) -> Http:
        """The client for searches and tokens: asks the hosts of this source, and no others."""
        return self._client()

    @cached_property
    def fetching(self) -> Http:
        """The client for imagery, so that its cost is counted apart."""
        return self._client()

    @cached_property
    def chips(self) -> Chips | None:
        """The chip cache."""
        return Chips(self.cache, int(self.cache_gb * 1024**3)) if self.cache else None

    def answered(self, question: dict[str, Any], ask: Callable[[], Items]) -> Items:
        """Return what the catalogue answers to `question`: by asking, or from the cache where the network is not to be used."""
        answers = Answers(self.cache / "searches" if self.cache else Path("no cache"))
        if self.offline:
            return answers.recall(question)
        items = ask()
        if self.cache:
            answers.keep(question, items)
        return items

    def _client(self) -> Http:
        names = tuple(host.lower() for host in (self.own_host, *self.hosts, *self.more_hosts()) if host)
        rules = Hosts(names, self.allow_private, allow_plain=urlsplit(self.url).scheme == "http")
        return Http(rules, self.patience, self.connections)
