"""Asks a STAC API for items, and believes nothing that it claims: what it should have left out is left out here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pystac
from pystac_client import ItemSearch
from shapely.geometry import mapping

from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.log import log
from sentinel_watch.sources.entries import BROKEN, footprint, unreadable_entry, within
from sentinel_watch.sources.stac_item import to_scene
from sentinel_watch.sources.transfer import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.sources.api_io import ApiIO

__all__ = ["Endpoint", "Items", "Question", "find_items", "search_endpoint", "to_scenes"]

Items = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an API.

    Times are aware, UTC, and both ends belong to it; None = open. Its description is the key under which the answer
    is kept.
    """

    area: BaseGeometry | None
    """WGS84; None = everywhere."""
    start: datetime | None
    end: datetime | None
    collections: tuple[str, ...]
    """The preferred one first; empty = all that the API has."""
    max_cloud_percent: float | None = None

    def describe(self) -> dict[str, Any]:
        """Return the question as plain values.

        JSON values only: the area as WKT, instants in ISO 8601. A cloud limit that is not set is left out. The same
        question gives the same values, by which a kept answer is found.
        """
        start, end = (instant.isoformat() if instant else None for instant in (self.start, self.end))
        cloud = {} if self.max_cloud_percent is None else {"max_cloud_percent": self.max_cloud_percent}
        return {"area": self.area.wkt if self.area else None, "start": start, "end": end, "collections": list(self.collections), **cloud}

    def parameters(self, method: str, cloud_filter: str) -> dict[str, Any]:
        """Return the arguments of pystac-client's ItemSearch; a GET asks by bounding box, since an outline may be too long for a URL.

        `cloud_filter` is `query` (STAC query extension), `cql2` (filter extension, CQL2 JSON) or anything else for no
        filter by the server. Whatever the server makes of them, `to_scenes` holds each item against the question
        again.
        """
        asked: dict[str, Any] = {"collections": list(self.collections) or None}
        if self.area is not None:
            # an outline also spares the tiles that only the bounding box touches
            asked |= {"intersects": mapping(self.area)} if method == "POST" else {"bbox": self.area.bounds}
        asked["datetime"] = (self.start, self.end) if self.start or self.end else None
        if self.max_cloud_percent is not None and method == "POST":
            most = self.max_cloud_percent
            if cloud_filter == "query":
                asked["query"] = {"eo:cloud_cover": {"lte": most}}
            elif cloud_filter == "cql2":
                asked["filter"] = {"op": "<=", "args": [{"property": "eo:cloud_cover"}, most]}
                asked["filter_lang"] = "cql2-json"
        return asked


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how an API is searched."""

    href: str
    method: str
    """`GET` or `POST`."""
    cloud_filter: str
    """As `Question.parameters` takes it."""
    page_size: int
    """Items in one page; a wish."""
    exact: bool = True
    """Whether its counts of what matches are exact."""


def find_items(api: ApiIO, endpoint: Endpoint, question: Question) -> Items:
    """Return the items that an API gives for `question`, each once, in an order of their own.

    Raises SourceError where the API cannot be asked or does not search, and where it gives fewer items than it says there
    are, twice over.

    Items are sorted by collection and id, and of two that share both the one whose JSON text sorts first is taken, so
    that paging order has no say.
    """
    found, matched = _listed(api, endpoint, question)
    if len(found) < matched:
        log.warning("the API says that %d items match, and gave %d", matched, len(found))
        _complete(found, api, endpoint, question)
    return [json.loads(text) for _, text in sorted(found.items())]


def _complete(found: dict[tuple[str, str], str], api: ApiIO, endpoint: Endpoint, question: Question) -> None:
    """Search once more, and add what was missing; raise SourceError where that gives too few items as well.

    A server that cuts off its pages would look like a gap in the archive, in which nothing could be seen. No harm is in
    counts that are estimates, or that are of more than the question: those find items in a year before there were satellites.
    """
    more, matched = _listed(api, endpoint, question)
    found |= {key: min(text, found.get(key, text)) for key, text in more.items()}
    if len(found) >= matched or not endpoint.exact:
        return
    day = datetime(1900, 1, 1, tzinfo=UTC)
    if _listed(api, endpoint, replace(question, start=day, end=day))[1] > 0:
        return
    raise SourceError(
        "the API gives fewer items than it says there are",
        where=shown(endpoint.href),
        found=f"{len(found)} of {matched}",
        next_step='run again later; where its counts are known to be estimates, set `counts = "estimated"` for the source',
    )


def _listed(api: ApiIO, endpoint: Endpoint, question: Question) -> tuple[dict[tuple[str, str], str], int]:
    """Return the items of all pages as JSON texts, by (collection, id), and how many the API says there are, 0 = it does not say."""
    asked = question.parameters(endpoint.method, endpoint.cloud_filter)
    search = ItemSearch(endpoint.href, method=endpoint.method, stac_io=api, limit=endpoint.page_size, **asked)
    found: dict[tuple[str, str], str] = {}
    matched = 0
    for page in api.get_pages(search.url, search.method, search.get_parameters()):
        matched = max(matched, _matched(page))
        for item in page.get("features") or ():
            content = _named(item)
            text = json.dumps(content, sort_keys=True)
            key = str(content.get("collection")), content["id"]
            # pages may overlap where items are added meanwhile
            found[key] = min(found.get(key, text), text)
    return found, matched


def to_scenes(items: Items, question: Question, url: str) -> list[Scene]:
    """Return the scenes of those items that are an answer to `question`, oldest first, no id twice.

    An item that cannot be read is a Scene without assets and with a note, so that it ends in the ledger.

    Where several collections list one id, the collection that `question` names first wins. `url` is that of the API,
    for relative links and for the ledger. The server's filters are not trusted: area, period, collection and cloud
    are checked here.
    """
    ranked = sorted(items, key=lambda item: _rank(item, question.collections))
    scenes: dict[str, Scene] = {}
    for item in ranked:
        scene, outline = _read_item(item, url)
        if scene.scene_id not in scenes and _answers(item, scene, outline, question):
            scenes[scene.scene_id] = scene
    if left_out := len(items) - len(scenes):
        log.info("%d items of the API were no answer to what was asked", left_out)
    return sorted(scenes.values(), key=lambda scene: (scene.time, scene.scene_id))


def search_endpoint(landing: Mapping[str, Any], url: str) -> tuple[str, str]:
    """Return where an API is searched and by which method, from its landing page; raise SourceError where it is no API.

    `url` is that of the landing page. POST is preferred: an outline of many corners is too long for a GET, and only a
    POST carries filters here.
    """
    links = [link for link in landing.get("links") or () if isinstance(link, dict) and link.get("rel") == "search" and link.get("href")]
    methods = {str(link.get("method") or "GET").upper(): urljoin(f"{url}/", str(link["href"])) for link in links}
    if "POST" in methods:
        return methods["POST"], "POST"
    if "GET" in methods:
        return methods["GET"], "GET"
    raise SourceError(
        "this is no STAC API that can be searched",
        where=shown(url),
        found=f"{landing.get('type', 'no STAC document')} without a search link",
        allowed="the landing page of a STAC API with Item Search",
    )


def _named(item: object) -> dict[str, Any]:
    """Return an entry as an object with an id, whatever the server sent, so that none is lost."""
    content = item if isinstance(item, dict) else {"entry": item}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {**content, "id": str(content.get("id") or f"nameless-{digest[:12]}")}


def _matched(page: Mapping[str, Any]) -> int:
    """Return how many items the API says there are, 0 = it does not say: `numberMatched`, or the older `context` extension."""
    context = page.get("context")
    claimed = page.get("numberMatched", context.get("matched") if isinstance(context, dict) else None)
    return claimed if isinstance(claimed, int) else 0


def _rank(item: Mapping[str, Any], collections: Sequence[str]) -> tuple[int, str]:
    """Return (place of the item's collection in `collections`, its JSON text); lower is preferred, and the text breaks ties."""
    collection = item.get("collection")
    preferred = collections.index(collection) if collection in collections else len(collections)
    return preferred, json.dumps(item, sort_keys=True)


def _read_item(content: dict[str, Any], url: str) -> tuple[Scene, BaseGeometry | None]:
    """Return an item as a Scene and its outline (WGS84); a Scene without assets and None where it cannot be read.

    Nothing is raised: an item that cannot be read must show in the ledger as failed.
    """
    try:
        href = next((link["href"] for link in content.get("links") or () if link.get("rel") == "self"), None) or ""
        # without its links nothing can be followed from it
        item = pystac.Item.from_dict({"geometry": None, "bbox": None, **content, "links": []}, href=urljoin(f"{url}/", href))
        return to_scene(item), footprint(item)
    except (*BROKEN, SceneError) as error:
        return unreadable_entry(content["id"], f"{shown(url)}/{content.get('collection')}/{content['id']}", error), None


def _answers(item: Mapping[str, Any], scene: Scene, outline: BaseGeometry | None, question: Question) -> bool:
    """Return whether an item is what was asked for, as far as it says.

    What an item does not say is taken in its favour: to leave out a scene that was asked for is worse than to look at
    one more.
    """
    asked, most = question.collections, question.max_cloud_percent
    if asked and item.get("collection") not in (None, *asked):
        return False
    if most is not None and scene.cloud_fraction is not None and scene.cloud_fraction * 100 > most:
        return False
    if outline is not None and question.area is not None and not question.area.intersects(outline):
        return False
    return within(scene, question.start, question.end)
