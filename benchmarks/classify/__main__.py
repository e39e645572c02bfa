"""Classifying 20,000 regions of a 5490 x 5490 block, step by step, against scikit-image's regionprops and plain numpy.

Run: python -m benchmarks.classify [--regions 20000] [--side 5490] [--peer-regions 400] [--rounds 3]
Peers measure fewer regions or windows, and are scaled up. The least of all rounds counts. `measures` are part of `regions`.
"""

from __future__ import annotations

import argparse
from time import perf_counter, process_time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numba import get_num_threads

from benchmarks.classify import peers
from benchmarks.classify.planted import SITE, YEAR, by_region, events_of, make_block, windows_of
from sentinel_watch.classification.hierarchy import Hierarchy
from sentinel_watch.classification.measures import BANDS
from sentinel_watch.classification.windows import measure
from sentinel_watch.models import load_model
from sentinel_watch.segmentation import Segmentation
from sentinel_watch.segmentation.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.classify.planted import Block


class Spent(NamedTuple):
    """Seconds that a step took: by the clock on the wall, and of all processors together."""

    wall: float
    cpu: float


class Peer(NamedTuple):
    """What else measures a step, on fewer regions."""

    name: str
    step: str
    work: Callable[[Block, int], object]
    """Of a block and a number of regions."""


PEERS = (
    Peer("regionprops_table, means and medians", "measures", peers.measures),
    Peer("regionprops_table, quantiles alone", "features", peers.quantiles),
    Peer("plain numpy, all features", "features", peers.plainly),
)
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, Spent]:
    """Return what `work` returns, and what it took."""
    wall, cpu = perf_counter(), process_time()
    result = work()
    return result, Spent(perf_counter() - wall, process_time() - cpu)


def ours(block: Block) -> dict[str, Spent]:
    """Go the way of a block's regions, from changed pixels to classes with their sentences; return what each step took."""
    model, _ = load_model("mining-pairs/1.1.1")
    inside, hierarchy = np.ones(block.labels.shape, bool), Hierarchy()
    regions, made = timed(lambda: Segmentation().regions([block.change], inside, block.grid, BANDS))
    _, measured = timed(lambda: summarise(*by_region(block), 3))
    windows, events = windows_of(regions, len(inside)), events_of(regions)
    features, seen = timed(lambda: measure(block.before, block.after, windows))
    opinions, thought = timed(lambda: model.opinions_of(features))
    asked = zip(events, opinions, strict=True)
    _, named = timed(lambda: [hierarchy.classify(event, SITE, YEAR, opinion) for event, opinion in asked])
    return {"regions": made, "measures": measured, "features": seen, "opinions": thought, "classes": named}


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
    rounds, others = [], []
    # in turns, so that what else runs on the machine slows all alike
    for _ in range(told.rounds):
        rounds.append(ours(block))
        others.append([timed(lambda peer=peer: peer.work(block, told.peer_regions))[1] for peer in PEERS])
    print(f"{told.regions} regions of a block of {told.side} x {told.side}, {get_num_threads()} threads, least of {told.rounds} rounds")
    took = {step: least([steps[step] for steps in rounds]) for step in rounds[0]}
    for step, spent in took.items():
        print(f"{step:10}{spent.wall:8.2f} s{spent.cpu:8.2f} s of processors")
    for number, peer in enumerate(PEERS):
        spent, scale = least([row[number] for row in others]), told.regions / told.peer_regions
        print(f"{peer.step} by {peer.name}, scaled up: {spent.wall * scale:.0f} s, {spent.cpu * scale:.0f} s of processors,")
        print(f"  {spent.wall * scale / took[peer.step].wall:.0f} and {spent.cpu * scale / took[peer.step].cpu:.0f} times as long")


def least(spent: Sequence[Spent]) -> Spent:
    """Return the least of several rounds, of either clock."""
    return Spent(min(each.wall for each in spent), min(each.cpu for each in spent))


if __name__ == "__main__":
    main()
