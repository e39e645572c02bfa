"""A Sentinel Hub on loopback: token, catalogue, images and statistics, from the COGs of a catalogue on disk.

Requests are held against the documented form, and evalscripts are run as they are, in a JavaScript engine.
"""

from __future__ import annotations

import json
import threading
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import numpy as np
import quickjs
import rasterio
from affine import Affine
from fault_server import FAULTS, QuickServer, Reply, draw, send
from hub_schema import CATALOG, PROCESS, STATISTICS
from jsonschema import Draft202012Validator
from rasterio.enums import Resampling
from rasterio.features import geometry_mask
from rasterio.vrt import WarpedVRT
from shapely.geometry import box, shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["CLIENT", "HUB_FAULTS", "SECRET", "Hub", "serving_hub"]

CLIENT, SECRET = "client-1", "TOP-SECRET-OF-CLIENT"
RUN = """
function run(text) {
  const given = JSON.parse(text), names = Object.keys(given), count = given[names[0]].length, out = [];
  for (let number = 0; number < count; number++) {
    const sample = {};
    for (const name of names) { sample[name] = given[name][number]; }
    out.push(evaluatePixel(sample));
  }
  return JSON.stringify(out);
}
function asked() { return JSON.stringify(setup()); }
"""


@dataclass
class Hub:
    """What is served, how, and what was asked for."""

    folder: Path
    """Holds the items of a catalogue, a folder each, at any depth."""
    fault: str = ""
    """One of HUB_FAULTS, for images; those that are no matter of images also for tokens and the catalogue."""
    share: float = 0.3
    seed: int = 0
    page_size: int = 10
    token_uses: int = 10**9
    """Requests for which a token is good; then it is refused, as one that has run out."""
    expires_in: float = 600
    tells_cost: bool = True
    url: str = ""
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """(path, document) of every honest request."""
    wrong: list[str] = field(default_factory=list)
    """What was not as the reference says."""
    tokens: list[str] = field(default_factory=list)
    """Those that were given out."""
    uses: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    images: dict[str, bytes] = field(default_factory=dict)
    """Those that were made, by what was asked: servers of the same folder may share them."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hit(self, request: str) -> bool:
        """Return whether the fault hits `request` this time."""
        with self.lock:
            self.counts[request] += 1
            return draw(self.seed, request, self.counts[request]) < self.share

    def orders(self) -> list[dict[str, Any]]:
        """Return the documents of the requests for images."""
        return [document for path, document in self.bodies if path.endswith("/process")]

    @cached_property
    def items(self) -> list[dict[str, Any]]:
        """The catalogue's items as Sentinel Hub lists them, and where their files are."""
        found = []
        for path in sorted(self.folder.rglob("*.json")):
            item = json.loads(path.read_text())
            if item.get("type") == "Feature":
                item["collection"] = "sentinel-2-l2a"
                item["files"] = path.parent
                found.append(item)
        return sorted(found, key=lambda item: item["properties"]["datetime"])

    def config(self, name: str = "hub") -> str:
        """Return a configuration file that names this server."""
        patience = "first_wait_s = 0.005\nmax_wait_s = 0.05\ntimeout_s = 30\ntries = 12\ndeadline_s = 60\n"
        lines = f'part = "sentinel_hub"\nurl = "{self.url}"\ntoken_url = "{self.url}/token"\nallow_private = true\n'
        return f"[sources.{name}]\n{lines}page_size = {self.page_size}\n[sources.{name}.patience]\n{patience}"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        """Answer a POST."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/process") and self.hub.fault not in {"", *OF_IMAGES} and self.hub.hit(self.path + body.decode()):
            HUB_FAULTS[self.hub.fault](self, Reply(b"{}", (0, 2, 2), 200, {"Content-Type": "application/json"}))
        elif self.path == "/token":
            self._token(dict(parse_qsl(body.decode())))
        elif not self._signed_in():
            send(self, 401, b'{"error": {"status": 401}}', {"Content-Type": "application/json"})
        else:
            schema, answer = ROUTES[self.path]
            document = json.loads(body)
            self._note(schema, document)
            answer(self, document)

    def _token(self, form: dict[str, str]) -> None:
        if form != {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}:
            send(self, 401, b'{"error": "invalid_client"}', {"Content-Type": "application/json"})
            return
        with self.hub.lock:
            token = f"TOKEN-{len(self.hub.tokens)}"
            self.hub.tokens.append(token)
        self.json({"access_token": token, "expires_in": self.hub.expires_in, "token_type": "Bearer"})

    def _signed_in(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.hub.lock:
            self.hub.uses[token] += 1
            return token in self.hub.tokens and self.hub.uses[token] <= self.hub.token_uses

    def _note(self, schema: dict[str, Any], document: dict[str, Any]) -> None:
        errors = [f"{self.path}: {error.json_path} {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]
        with self.hub.lock:
            self.hub.bodies.append((self.path, document))
            self.hub.wrong.extend(errors)

    def json(self, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Send a JSON document."""
        send(self, 200, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})

    def search(self, asked: dict[str, Any]) -> None:
        """Send a page of the catalogue; where it goes on stands in `context.next` alone."""
        start, _, end = asked["datetime"].partition("/")
        area = shape(asked["intersects"]) if "intersects" in asked else box(*asked["bbox"])
        found = [
            item
            for item in self.hub.items
            if area.intersects(shape(item["geometry"])) and (start == ".." or item["properties"]["datetime"] >= start)
        ]
        found = [item for item in found if end == ".." or item["properties"]["datetime"] <= end]
        first = asked.get("next", 0)
        page = found[first : first + asked["limit"]]
        following = {"next": first + len(page)} if first + len(page) < len(found) else {}
        features = [{**_listed(item), "links": []} for item in page]
        self.json({"type": "FeatureCollection", "features": features, "links": [], "context": {"returned": len(page), **following}})

    def process(self, asked: dict[str, Any]) -> None:
        """Send an image."""
        hub = self.hub
        key = json.dumps(asked, sort_keys=True)
        body = hub.images[key] = hub.images.get(key) or _image(hub, asked)
        headers = {"Content-Type": "image/tiff"}
        if hub.tells_cost:
            headers["x-processingunits-spent"] = str(_units(asked))
        if hub.fault and hub.hit(key):
            HUB_FAULTS[hub.fault](self, Reply(body, (0, len(body), len(body)), 200, headers))
        else:
            send(self, 200, body, headers)

    def statistics(self, asked: dict[str, Any]) -> None:
        """Send each day's statistics."""
        period = asked["aggregation"]["timeRange"]
        days = sorted({item["properties"]["datetime"][:10] for item in _within(self.hub, period)})
        data = [entry for day in days for entry in [_statistics(self.hub, asked, day)] if entry]
        self.json({"status": "OK", "data": data}, {"x-processingunits-spent": str(0.01 * len(data))})


ROUTES: dict[str, tuple[dict[str, Any], Callable[[Handler, dict[str, Any]], None]]] = {
    "/api/v1/catalog/1.0.0/search": (CATALOG, Handler.search),
    "/api/v1/process": (PROCESS, Handler.process),
    "/api/v1/statistics": (STATISTICS, Handler.statistics),
}


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with what Sentinel Hub tells of it, and no more."""
    known = ("datetime", "platform", "constellation", "eo:cloud_cover")
    properties = {key: item["properties"][key] for key in known if key in item["properties"]}
    data = {"data": {"href": f"s3://tiles/{item['id']}/", "type": "inode/directory"}}
    core = {key: item[key] for key in ("id", "type", "stac_version", "collection", "bbox", "geometry")}
    return {**core, "properties": properties, "assets": data}


def _within(hub: Hub, period: dict[str, str]) -> list[dict[str, Any]]:
    start, end = (datetime.fromisoformat(period[key]) for key in ("from", "to"))
    return [item for item in hub.items if start <= datetime.fromisoformat(item["properties"]["datetime"]) < end]


def _engine(evalscript: str) -> tuple[quickjs.Context, dict[str, Any]]:
    # made anew each time: an engine may not move from one thread to another
    context = quickjs.Context()
    context.eval(evalscript + RUN)
    return context, json.loads(context.eval("asked()"))


def _samples(hub: Hub, bands: list[str], period: dict[str, str], place: tuple[Affine, tuple[int, int], str]) -> dict[str, np.ndarray]:
    """Return band -> (y, x) reflectance or classes, nearest neighbour, the newest item on top; `dataMask` is 1 where there is data."""
    transform, size, crs = place
    samples = {band: np.zeros(size) for band in bands}
    for item in _within(hub, period):
        for asset in item["assets"].values():
            band = next((entry["name"] for entry in asset.get("eo:bands", ())), "SCL")
            if band not in samples or "data" not in asset["roles"]:
                continue
            (declared,) = asset.get("raster:bands", [{}])
            view = {"crs": crs, "transform": transform, "height": size[0], "width": size[1], "resampling": Resampling.nearest}
            with rasterio.open(item["files"] / asset["href"].removeprefix("./")) as file, WarpedVRT(file, **view) as warped:
                values = warped.read(1)
            scaled = values * declared.get("scale", 1.0) + declared.get("offset", 0.0) if band != "SCL" else values
            samples[band] = np.where(values > 0, scaled, samples[band])
            samples["dataMask"] = np.maximum(samples["dataMask"], values > 0)
    return samples


def _evaluated(hub: Hub, evalscript: str, period: dict[str, str], place: Any) -> tuple[list[Any], dict[str, Any], tuple[int, int]]:
    context, setup = _engine(evalscript)
    samples = _samples(hub, setup["input"][0]["bands"], period, place)
    context.set("given", json.dumps({band: np.round(values, 7).ravel().tolist() for band, values in samples.items()}))
    return json.loads(context.eval("run(given)")), setup, place[1]


def _image(hub: Hub, asked: dict[str, Any]) -> bytes:
    (data,) = asked["input"]["data"]
    assert data["processing"]["harmonizeValues"] is False
    bounds, width, height = asked["input"]["bounds"], asked["output"]["width"], asked["output"]["height"]
    left, bottom, right, top = bounds["bbox"]
    transform = Affine((right - left) / width, 0, left, 0, (bottom - top) / height, top)
    crs = f"EPSG:{bounds['properties']['crs'].rpartition('/')[2]}"
    numbers, setup, size = _evaluated(hub, asked["evalscript"], data["dataFilter"]["timeRange"], (transform, (height, width), crs))
    assert setup["output"]["sampleType"] == "UINT16"
    stack = np.array(numbers, np.float64).T.reshape(-1, *size)
    assert stack.shape[0] == setup["output"]["bands"]
    with rasterio.MemoryFile() as memory:
        profile = {"driver": "GTiff", "dtype": "uint16", "count": stack.shape[0], "height": height, "width": width, "compress": "deflate"}
        with memory.open(**profile, crs=crs, transform=transform) as file:
            file.write(stack.astype(np.uint16))
        return bytes(memory.getbuffer())


def _units(asked: dict[str, Any]) -> float:
    bands = _engine(asked["evalscript"])[1]["input"][0]["bands"]
    area = max(asked["output"]["width"] * asked["output"]["height"] / 512**2, 0.01)
    return max(area * (len(bands) - 1) / 3, 0.005)


def _statistics(hub: Hub, asked: dict[str, Any], day: str) -> dict[str, Any] | None:
    aggregation, bounds = asked["aggregation"], asked["input"]["bounds"]
    outline, crs = shape(bounds["geometry"]), f"EPSG:{bounds['properties']['crs'].rpartition('/')[2]}"
    left, bottom, right, top = outline.bounds
    size = (round((top - bottom) / aggregation["resy"]), round((right - left) / aggregation["resx"]))
    transform = Affine((right - left) / size[1], 0, left, 0, (bottom - top) / size[0], top)
    following = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    period = {"from": f"{day}T00:00:00Z", "to": f"{following}T00:00:00Z"}
    numbers, _, _ = _evaluated(hub, aggregation["evalscript"], period, (transform, size, crs))
    inside = ~geometry_mask([bounds["geometry"]], size, transform).ravel()
    kept = [pixel for pixel, within in zip(numbers, inside, strict=True) if within]
    seen = np.array([pixel["index"] for pixel in kept if pixel["dataMask"][0]], float).reshape(-1, 2)
    counts = {"sampleCount": len(kept), "noDataCount": len(kept) - len(seen)}
    means = seen.mean(axis=0).tolist() if len(seen) else ["NaN", "NaN"]
    bands = {name: {"stats": {"mean": mean, **counts}} for name, mean in zip(("ndvi", "bsi"), means, strict=True)}
    return {"interval": period, "outputs": {"index": {"bands": bands}}}


def _resized(handler: Handler, reply: Reply) -> None:
    with rasterio.MemoryFile(reply.content) as memory, memory.open() as file, rasterio.MemoryFile() as other:
        profile = {**file.profile, "height": file.height + 1}
        with other.open(**profile) as written:
            written.write(np.ones((file.count, file.height + 1, file.width), np.uint16))
        body = bytes(other.getbuffer())
    send(handler, 200, body, reply.headers)


def _moved(handler: Handler, reply: Reply) -> None:
    with rasterio.MemoryFile(reply.content) as memory, memory.open() as file, rasterio.MemoryFile() as other:
        with other.open(**{**file.profile, "transform": file.transform @ Affine.translation(1, 0)}) as written:
            written.write(file.read())
        body = bytes(other.getbuffer())
    send(handler, 200, body, reply.headers)


def _hollow(handler: Handler, reply: Reply) -> None:
    """Send an image none of whose blocks were written: GDAL reads it as no data."""
    with rasterio.MemoryFile(reply.content) as memory, memory.open() as file, rasterio.MemoryFile() as other:
        with other.open(**{**file.profile, "sparse_ok": True}):
            pass
        body = bytes(other.getbuffer())
    send(handler, 200, body, reply.headers)


def _expired(handler: Handler, _: Reply) -> None:
    send(handler, 401, b'{"error": {"status": 401}}', {"Content-Type": "application/json"})


OF_IMAGES = ("resized", "moved", "hollow")

HUB_FAULTS: dict[str, Callable[[Any, Reply], None]] = {
    **{
        name: FAULTS[name]
        for name in FAULTS
        if name not in {"shifted_range", "short_range", "whole_file", "replaced", "gone", "cut_part", "misplaced", "sign_in"}
    },
    "expired": _expired,
    **dict(zip(OF_IMAGES, (_resized, _moved, _hollow), strict=True)),
}


@contextmanager
def serving_hub(hub: Hub) -> Iterator[Hub]:
    """Serve `hub` on loopback while the block runs; its `url` is set."""
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = QuickServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: hub.wrong.append(traceback.format_exc())  # type: ignore[method-assign]
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
