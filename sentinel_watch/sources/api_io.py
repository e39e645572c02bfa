"""How pystac-client reaches an API here: through the checked client, page by page, and never round in circles."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from pystac.link import Link
from pystac_client.stac_api_io import StacApiIO

from sentinel_watch.errors import SourceError
from sentinel_watch.sources.http import Request
from sentinel_watch.sources.transfer import PassingError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pystac.link import HREF

    from sentinel_watch.sources.access import Token
    from sentinel_watch.sources.http import Answer, Asks
    from sentinel_watch.sources.patience import Deadline

__all__ = ["ApiIO"]

MAX_PAGE_BYTES = 128 * 1024**2
MAX_PAGES = 10_000
NOT_FROM_LINKS = ("authorization", "connection", "content-", "cookie", "host", "proxy-", "transfer-encoding", "user-agent")
"""Headers that a server's link may not set."""


class ApiIO(StacApiIO):
    """Asks one API for JSON until a deadline; nothing goes through pystac-client's own session.

    pystac-client follows links and repeats requests by itself; here each goes through the checked client, with its
    rules about hosts, secrets and time. One object serves one search: the deadline is for all of its pages.
    """

    def __init__(self, http: Asks, token: Token | None, deadline: Deadline) -> None:
        """`token` is added to what is asked, unless `http` adds one itself."""
        # its own client stays unused, and repeating is the checked one's matter
        super().__init__(max_retries=None)
        self._http = http
        self._token = token
        self._deadline = deadline

    def document(self, url: str) -> dict[str, Any]:
        """Return the JSON object at `url`; raise TransferError where there is none.

        A list or a number, though valid JSON, is refused and asked for again, as is a gateway's page.
        """
        return dict(json.loads(self.request(url)))

    def read_text(self, source: HREF, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - the signature is pystac's
        """Return the text behind a link of the API, or a URL; never a file's.

        Overrides pystac's, which would read a local path as readily as a URL.
        """
        if isinstance(source, Link):
            return str(super().read_text(source, *args, **kwargs))
        return self.request(str(source), *args, **kwargs)

    def request(
        self, href: str, method: str | None = None, headers: dict[str, str] | None = None, parameters: dict[str, Any] | None = None
    ) -> str:
        """Return the body of an answer, a JSON object as text; raise TransferError where there is none.

        `parameters` go into the query of a GET and, as JSON, into the body of a POST. Headers come from links of the
        server: those that could change the host, the credentials or the body's length are dropped (NOT_FROM_LINKS).
        """
        # asked for before the link's headers, which may name another kind of JSON
        own = {"Accept": "application/geo+json, application/json", **_harmless(headers or {})}
        if method == "POST":
            own["Content-Type"] = "application/json"
            body = json.dumps(parameters).encode()
            request = Request(href, MAX_PAGE_BYTES, "POST", own, body, self._bearer(href))
        else:
            request = Request(_with_query(href, parameters or {}), MAX_PAGE_BYTES, "GET", own, None, self._bearer(href))
        return self._http.ask(request, self._deadline, check=_check).body.decode()

    def _bearer(self, href: str) -> str:
        """Return the bearer token for `href`; empty where `http` signs in by itself or the host may not see one."""
        return self._token.of(href) if self._token else ""

    def get_pages(self, url: str, method: str | None = None, parameters: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the pages of a search, empty ones included; raise SourceError where they do not end or come again.

        After STAC API, Item Search: the next page is the link with `rel` next. A page that came before, or more than
        MAX_PAGES, is an error and not the end, since the items behind it would be missing in silence.
        """
        page = self.read_json(url, method=method, parameters=parameters)
        seen = {_fingerprint(page)}
        for _ in range(MAX_PAGES):
            yield page
            following = _following(page, url, method)
            if following is None:
                return
            # a relative link is against the search, not against the landing page
            link = Link.from_dict({**following, "href": urljoin(url, following["href"])})
            page = self.read_json(link, parameters=parameters)
            # a page that links to itself would be followed for ever
            if (mark := _fingerprint(page)) in seen:
                raise SourceError("the API's pages go round in circles", where=shown(url), found="a page that came before")
            seen.add(mark)
        raise SourceError("the API's pages do not end", where=shown(url), found=f"more than {MAX_PAGES}")


def _following(page: Mapping[str, Any], url: str, method: str | None) -> dict[str, Any] | None:
    """Return the link to the next page; None where this is the last.

    `method` is that of the search, and `url` where it began. A link of the server may name GET or POST and its own
    body; pystac's Link carries these on.
    """
    link = next((link for link in page.get("links") or () if link.get("rel") == "next" and link.get("href")), None)
    context = page.get("context")
    if link is None and method == "POST" and isinstance(context, dict) and context.get("next") is not None:
        # Sentinel Hub's way to say it
        return {"rel": "next", "href": url, "method": "POST", "body": {"next": context["next"]}, "merge": True}
    return link


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those of a link's `headers` that a server may set: not the ones in NOT_FROM_LINKS, by prefix in lower case."""
    return {str(name): str(value) for name, value in headers.items() if not str(name).lower().startswith(NOT_FROM_LINKS)}


def _with_query(href: str, parameters: Mapping[str, Any]) -> str:
    """Return `href` with `parameters` appended to its query, percent-encoded; a next link mostly carries its query already."""
    if not parameters:
        return href
    return f"{href}{'&' if urlsplit(href).query else '?'}{urlencode(parameters)}"


def _check(answer: Answer) -> None:
    """Raise PassingError where an answer is no JSON object, as a broken gateway's page.

    The client then asks again until its patience ends. RecursionError: a body of nothing but brackets must not end
    the run.
    """
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        found = answer.headers.get("content-type", "")
        raise PassingError("the server sent something else than JSON", where=shown(answer.url), found=found)


def _fingerprint(page: Mapping[str, Any]) -> str:
    """Return what tells pages apart: their items and where they lead on.

    By collection and id, and not by the bytes, as some APIs stamp each page with its time. An empty page is told
    apart by its links: several empty pages in a row are usual where a server filters after paging.
    """
    features = page.get("features") or []
    items = [(feature.get("collection"), feature.get("id")) if isinstance(feature, dict) else str(feature) for feature in features]
    further = [] if items else [link for link in page.get("links") or () if link.get("rel") == "next"]
    return hashlib.sha256(json.dumps([items, further], sort_keys=True, default=str).encode()).hexdigest()
