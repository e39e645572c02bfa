"""Whether a STAC API can be used: reached, searched, and its files read with the credentials at hand.

Behind `sentinel-watch doctor`: each step is one short request, so that what is wrong shows before a run of hours
begins.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sentinel_watch.errors import SourceError
from sentinel_watch.sources.api_search import Question, search_endpoint, to_scenes
from sentinel_watch.sources.entries import BROKEN
from sentinel_watch.sources.http import Request
from sentinel_watch.sources.remote import Remote
from sentinel_watch.sources.transfer import RefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.sources.access import Token
    from sentinel_watch.sources.api_io import ApiIO
    from sentinel_watch.sources.http import Http
    from sentinel_watch.sources.patience import Deadline, Patience
    from sentinel_watch.sources.ranges import RangeClient

__all__ = ["Check", "TriedApi", "check_api", "hasty", "quotas_in", "quotas_told", "tried"]

R = TypeVar("R", bound=Remote)

MAX_BYTES = 8 * 1024**2
FIRST_BYTES = 1024
"""Fewer than any image has, or a small file that comes whole would look like a server without ranges."""
MAX_TRIES = 2
QUOTAS = ("ratelimit", "rate-limit", "quota", "x-processingunits")
"""Parts of the names of headers in which services tell what is left."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried.

    Printed as one line of `doctor`: what was tried, its state, and what was found.
    """

    what: str
    state: str
    """`ok`, `warning`, or `broken` (a run would not work)."""
    detail: str


class TriedApi(Protocol):
    """What is tried of a STAC API: a source that is asked over the network, by what it has for searching and reading."""

    @property
    def url(self) -> str:
        """Return its landing page."""

    @property
    def collections(self) -> tuple[str, ...]:
        """Return the collections to search."""

    @property
    def token_env(self) -> str:
        """Return the environment variable that holds a token; empty = none."""

    @property
    def s3_endpoint(self) -> str:
        """Return the store of `s3:` files; empty = none."""

    @property
    def s3_key_env(self) -> str:
        """Return the environment variable that holds the store's access key."""

    @property
    def s3_secret_env(self) -> str:
        """Return the environment variable that holds the store's secret key."""

    @property
    def patience(self) -> Patience:
        """Return how requests are repeated."""

    @property
    def http(self) -> Http:
        """Return the client for searches."""

    @property
    def token(self) -> Token:
        """Return the bearer token, which may be empty."""

    @property
    def ranges(self) -> RangeClient | None:
        """Return the client for parts of files; None where the network is not to be used."""

    def api(self) -> ApiIO:
        """Return a client of the API."""


class _Trial:
    """One pass over an API; remembers what later steps need.

    `landing` and `scene` stay empty where the step that finds them failed; later steps then say that they have
    nothing to try.
    """

    def __init__(self, source: TriedApi) -> None:
        self.source = source
        self.deadline: Deadline = source.patience.deadline()
        self.landing: dict[str, Any] = {}
        self.quotas: dict[str, str] = {}
        self.scene: Scene | None = None

    def document(self, url: str) -> dict[str, Any]:
        """Return the JSON object at `url`, and note what its headers tell of quotas.

        Raises TransferError where it cannot be had, ValueError where it is no JSON object; `tried` turns both into a
        Check.
        """
        answer = self.source.http.ask(Request(url, MAX_BYTES, token=self.source.token.of(url)), self.deadline)
        self.quotas |= quotas_in(answer.headers)
        return dict(json.loads(answer.body))

    def reach(self) -> str:
        """Read the landing page.

        Return the API's title and address, without what may be secret in a URL. Raises TransferError where it does
        not answer.
        """
        self.landing = self.document(self.source.url)
        return f"{self.landing.get('title') or self.landing.get('id', 'no name')} at {shown(self.source.url)}"

    def collection(self, name: str) -> str:
        """Read a collection, and return its period.

        The period is that of the collection's extent, open ends in words. Raises LookupError where it says none.
        """
        found = self.document(f"{self.source.url}/collections/{name}")
        first, last = found["extent"]["temporal"]["interval"][0]
        return f"{first or 'the beginning'} to {last or 'now'}"

    def search(self) -> str:
        """Search for any scene, and return what was found.

        One item of any place and time; goes through the same reading as a run does, so that bands that cannot be read
        show here. Raises SourceError where nothing was reached before, LookupError or ValueError where there is no
        item.
        """
        if not self.landing:
            raise SourceError("nothing was reached that could be searched")
        href, method = search_endpoint(self.landing, self.source.url)
        api, asked = self.source.api(), {"collections": list(self.source.collections), "limit": 1}
        # a list in a GET is comma-separated text (STAC API, Item Search)
        parameters = asked if method == "POST" else {**asked, "collections": ",".join(self.source.collections)}
        page = json.loads(api.request(href, method, parameters=parameters))
        scenes = to_scenes(page["features"], Question(None, None, None, self.source.collections), self.source.url)
        self.scene = scenes[0]
        return f"{method}; for example {self.scene.scene_id} with {', '.join(self.scene.assets) or 'no band'}"

    def read(self) -> str:
        """Fetch the first bytes of a file of that scene.

        FIRST_BYTES of the first band are enough to tell whether ranges, signatures and versions work. Raises
        SourceError.
        """
        if self.scene is None or not self.scene.assets or self.source.ranges is None:
            raise SourceError("there is no scene to try")
        href = next(iter(self.scene.assets.values())).href
        piece = self.source.ranges.fetch(href, (0, FIRST_BYTES), None, self.deadline)
        how = "parts can be fetched" if len(piece.data) < piece.version.size else "only whole files can be fetched"
        return f"{shown(href)}: {how}{'' if piece.version.known else '; the server names no version'}"


def check_api(source: TriedApi) -> Iterator[Check]:
    """Yield what was tried, in order; each step is tried, whatever became of the ones before.

    `source` should be a `hasty` one. For a STAC API: token and keys, landing page, each collection, search, one file, quotas. A
    missing collection or token is a warning only: others may do. Nothing is raised; what fails is in the Check.
    """
    trial = _Trial(source)
    if source.token_env:
        yield _set("token", source.token_env)
    if source.s3_endpoint:
        yield _set("keys", source.s3_key_env, source.s3_secret_env)
    yield tried("reachable", trial.reach)
    for name in source.collections:
        # some APIs list no collections and still search them
        yield tried(f"collection {name}", partial(trial.collection, name), failing="warning")
    yield tried("search", trial.search)
    yield tried("files", trial.read)
    yield quotas_told(trial.quotas)


def _set(what: str, *variables: str) -> Check:
    """Return whether environment variables are set; a warning where one is not, as not every archive asks for them."""
    missing = [name for name in variables if not os.environ.get(name)]
    verb = "is" if len(missing or variables) == 1 else "are"
    return Check(what, "warning" if missing else "ok", f"{' and '.join(missing or variables)} {verb} {'not set' if missing else 'set'}")


def hasty(source: R) -> R:
    """Return a source that gives up early, since somebody waits for it.

    The same source with at most MAX_TRIES tries for a request; its clients and counters are new, so the trial's cost
    is its own.
    """
    patience = {**source.patience.model_dump(), "tries": min(source.patience.tries, MAX_TRIES)}
    return type(source)(**{**source.model_dump(), "patience": patience})


def quotas_in(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers that tell of quotas.

    `headers` has names in lower case. There is no standard in use: `RateLimit-*` is a draft, most services have
    `X-RateLimit-*`, and Sentinel Hub has names of its own, so parts of names are looked for.
    """
    return {name: value for name, value in headers.items() if any(mark in name for mark in QUOTAS)}


def quotas_told(headers: Mapping[str, str]) -> Check:
    """Return what a service tells of quotas.

    State `ok` in any case: a service that tells nothing is not broken.
    """
    return Check("quotas", "ok", ", ".join(f"{name}: {value}" for name, value in sorted(headers.items())) or "the service does not tell")


def tried(what: str, step: Callable[[], str], failing: str = "broken") -> Check:
    """Return what came of a step; `failing` is its state where it raises what sources raise.

    Catches what sources raise and what a malformed answer makes pystac and the standard library raise; anything else
    is a bug here and is let through.
    """
    try:
        return Check(what, "ok", step())
    except SourceError as error:
        # of a refusal, what would be accepted: mostly the names of the variables to set
        allowed = error.details["allowed"] if isinstance(error, RefusedError) else ""
        reason = "; ".join(filter(None, (error.what, error.details["where"], error.details["found"], allowed)))
        return Check(what, failing, reason)
    # only its type: the text may quote a page of the server
    except BROKEN as error:
        return Check(what, failing, f"the answer is not as it must be ({type(error).__name__})")
