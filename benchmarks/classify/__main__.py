"""Classifying 20,000 regions of a 5490 x 5490 block, step by step, against scikit-image's regionprops and plain numpy.

Run: python -m benchmarks.classify [--regions 20000] [--side 5490] [--peer-regions 400] [--rounds 3]
Peers measure fewer regions or windows, and are scaled up. The least of all rounds counts.
"""

from __future__ import annotations

import argparse
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import get_num_threads

from benchmarks.classify import peers
from benchmarks.classify.planted import SITE, YEAR, events_of, make_block, windows_of
from sentinel_watch.classification.hierarchy import Hierarchy
from sentinel_watch.classification.measures import BANDS
from sentinel_watch.classification.windows import measure
from sentinel_watch.models import load_model
from sentinel_watch.segmentation import Segmentation

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.classify.planted import Block


class Peer(NamedTuple):
    """What else measures a step, on fewer regions."""

    name: str
    step: str
    seconds: Callable[[Block, int], float]
    """Seconds a region, of so many regions of a block."""


PEERS = (
    Peer("regionprops_table, means and medians", "regions", peers.measures),
    Peer("regionprops_table, quantiles alone", "features", peers.quantiles),
    Peer("plain numpy, all features", "features", peers.plainly),
)


def ours(block: Block) -> dict[str, float]:
    """Go the way of a block's regions, from changed pixels to classes with their sentences; return the seconds of each step."""
    model, _ = load_model("mining-pairs/1.1.1")
    inside, hierarchy, took = np.ones(block.labels.shape, bool), Hierarchy(), {}
    began = perf_counter()
    regions = Segmentation().regions([block.change], inside, block.grid, BANDS)
    took["regions"] = perf_counter() - began
    windows, events = windows_of(regions, len(inside)), events_of(regions)
    began = perf_counter()
    features = measure(block.before, block.after, windows)
    took["features"] = perf_counter() - began
    began = perf_counter()
    opinions = model.opinions_of(features)
    took["opinions"] = perf_counter() - began
    began = perf_counter()
    for event, opinion in zip(events, opinions, strict=True):
        hierarchy.classify(event, SITE, YEAR, opinion)
    took["classes"] = perf_counter() - began
    return took


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regions", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=5_490)
    parser.add_argument("--peer-regions", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    # compiled before the clock runs
    ours(make_block(200, 9, np.random.default_rng(1)))
    block = make_block(told.side, told.regions, np.random.default_rng(0))
    # in turns, so that what else runs on the machine slows all alike
    rounds = [(ours(block), [peer.seconds(block, told.peer_regions) * told.regions for peer in PEERS]) for _ in range(told.rounds)]
    took = {step: min(steps[step] for steps, _ in rounds) for step in rounds[0][0]}
    print(f"{told.regions} regions of a block of {told.side} x {told.side}, {get_num_threads()} threads, least of {told.rounds} rounds")
    for step, seconds in (*took.items(), ("together", sum(took.values()))):
        print(f"{step:10}{seconds:8.2f} s")
    for number, peer in enumerate(PEERS):
        seconds = min(others[number] for _, others in rounds)
        print(f"{peer.step} by {peer.name}, scaled up: {seconds:.1f} s, {seconds / took[peer.step]:.0f} times as long")


if __name__ == "__main__":
    main()
