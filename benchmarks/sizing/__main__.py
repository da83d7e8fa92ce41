"""Prints what a run of ten million rows asks of its workers: `python -m benchmarks.sizing`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.sizing import GIT_10M, WORKLOADS, Workload, make_input, make_plan, scaled
from benchmarks.sizing.probes import COPIES, probe
from pipelines.plan import MAX_SHARDS

WORKERS = (1, 4, 16)
_MB = 1 << 20
_PROTOBUF = 2 << 30  # bytes: no message of protobuf is larger, and a job's graph is one
_REGIONS = 100_000


class Spread(NamedTuple):
    """Where rows go.

    refs: slices, one for each span and shard that has any; most: slices and rows of the fullest
    shard.
    """

    refs: int
    most_refs: int
    most_rows: int


def spread(rows: int, spans: int, shards: int) -> Spread:
    """Draws a shard for every row, as a hash does: no key is hotter than another, since a row goes
    by its first picture, of which there are very many.
    """
    draw = np.random.default_rng(7)
    slices, filled = np.zeros(shards, np.int64), np.zeros(shards, np.int64)
    for span in range(spans):
        counts = draw.multinomial(
            rows // spans + (span < rows % spans), np.full(shards, 1 / shards)
        )
        slices += counts > 0
        filled += counts
    return Spread(int(slices.sum()), int(slices.max()), int(filled.max()))


def slope(small: dict[str, float], large: dict[str, float]) -> float:
    """Bytes of peak memory that each further row costs."""
    return max(0.0, (large["growth"] - small["growth"]) / (large["rows"] - small["rows"]))


class Measured(NamedTuple):
    """What the probes of one workload found, and the run of its full size that it stands for.

    span_small, span: a span of each of the two small runs; shard_small, shard: their rows as one
    shard; cut: the larger span cut for all shards; graph: the job's graph and shuffle.
    """

    span_small: dict[str, float]
    span: dict[str, float]
    shard_small: dict[str, float]
    shard: dict[str, float]
    cut: dict[str, float]
    graph: dict[str, float]
    spans: int
    shards: int


def measure(work: Path, load: Workload) -> Measured:
    """Runs the probes of one workload."""
    roots = [make_input(work, load, size) for size in load.sizes]
    (span_small, span), (shard_small, shard) = (
        [probe(name, root, load, 1) for root in roots] for name in ("span", "shard")
    )
    records = int(span["rows"])
    spans = math.ceil(load.rows / records)
    shards = scaled(make_plan(roots[1], load), load, records, spans).shards
    cut, graph = probe("span", roots[1], load, shards), probe("graph", roots[1], load, records)
    return Measured(span_small, span, shard_small, shard, cut, graph, spans, shards)


class Need(NamedTuple):
    """What the full run needs, in bytes.

    base: of a process; span, shard: the peak of each in work; plan: the list of spans, which the
    launcher holds; shuffle: all references together; graph: the job's.
    """

    base: float
    span: float
    shard: float
    plan: float
    shuffle: float
    graph: float

    @property
    def peak(self) -> float:
        """Peak memory of a worker process."""
        return self.base + max(self.span, self.shard)


def needs(found: Measured, where: Spread, load: Workload) -> Need:
    """What the constants come to at full size."""
    graph, shard = found.graph, found.shard["growth"]
    # Of a shard with pictures no more than one row group is held at once, so it has its peak in the
    # small run.
    if load.mode == "path":
        beyond = max(0, where.most_rows - found.shard["rows"])
        shard += slope(found.shard_small, found.shard) * beyond
    return Need(
        base=found.shard["base"],
        span=found.span["growth"],
        shard=shard,
        plan=graph["held"] * found.spans,
        shuffle=where.refs * graph["ref"],
        graph=graph["graph"] * found.spans,
    )


def report(work: Path, load: Workload, memory: int) -> None:
    """Measures one workload's constants, and prints them and what they come to.

    memory: GB that a worker process may use.
    """
    found = measure(work, load)
    where = spread(load.rows, found.spans, found.shards)
    need = needs(found, where, load)
    print(f"\n{load.name}\nmeasured:")
    _print_lines(_constants(found))
    print("on paper:")
    _print_lines(_paper(found, where, load))
    for n in WORKERS:
        print(
            f"  {n:>7}  {math.ceil(found.spans / n):>10,}  {math.ceil(found.shards / n):>11,}  "
            f"{mb(need.shuffle / n):>12}  {need.peak / _MB:>13,.0f} MB"
        )
    print(
        f"  peak memory: process {mb(need.base)}, and the larger of span {mb(need.span)} and shard "
        f"{mb(need.shard)}; the launcher holds {mb(need.plan)} of spans besides"
    )
    _print_limits(need, found.shards, memory)


def _print_lines(lines: list[str]) -> None:
    print("\n".join(f"  {line}" for line in lines))


def _constants(found: Measured) -> list[str]:
    """What was measured, in words."""
    span, shard, cut, graph = found.span, found.shard, found.cut, found.graph
    rows = span["rows"]
    return [
        f"a span of {rows:,} rows: {mb(span['growth'])} of peak memory, "
        f"{slope(found.span_small, span):,.0f} bytes a row "
        f"(processes with {found.span_small['rows']:,} and {rows:,} rows)",
        f"a shard of {shard['rows']:,} rows: {mb(shard['growth'])} of peak memory, "
        f"{slope(found.shard_small, shard):,.0f} bytes a row (the same rows, written as one shard)",
        f"a segment: {cut['whole'] / rows:,.0f} bytes a row in one slice, "
        f"{cut['cut'] / rows:,.0f} cut for {found.shards:,} shards ({cut['batches']:,} slices)",
        f"reading a slice of it: {cut['slice'] * 1000:.2f} ms "
        f"of a core (mean of {COPIES} files on a local disk, in cache)",
        f"a reference in the shuffle: {graph['ref']} bytes by the pipeline's own coder, "
        f"for a path of {graph['path']} characters",
        f"a span in the job's graph: {graph['graph']:,.0f} bytes; in the launcher's memory "
        f"{graph['held']:,.0f} (8 and 40 spans)",
    ]


def _paper(found: Measured, where: Spread, load: Workload) -> list[str]:
    """What follows for the full run, in words, and the head of a table by number of workers."""
    cut = found.cut
    return [
        f"{found.spans:,} spans, {found.shards:,} shards of {load.rows // found.shards:,} rows, "
        f"{where.most_rows:,} in the fullest",
        f"{where.refs:,} references, {where.most_refs:,} of them for the fullest shard: "
        f"{where.refs * cut['slice'] / 3600:.2f} h to read all slices, on one core",
        f"OUT/.work holds {cut['cut'] * found.spans / 1e9:.1f} GB of segments",
        "workers  spans each  shards each  shuffle each  peak memory each",
    ]


def _print_limits(need: Need, shards: int, memory: int) -> None:
    room = memory * 1e9
    limits = {
        "the job's graph, of the 2 GiB that a protobuf message may have": need.graph / _PROTOBUF,
        f"the list of spans, of {memory} GB for the launcher": need.plan / room,
        f"a span, of {memory} GB a worker": need.span / room,
        f"a shard, of {memory} GB a worker": need.shard / room,
        f"the shuffle, of {memory} GB (direct engine: one process holds it all)": need.shuffle
        / room,
        f"shards, of the {MAX_SHARDS:,} there may be": shards / MAX_SHARDS,
    }
    print("what breaks first, by the share of its limit:")
    for what, share in sorted(limits.items(), key=lambda limit: -limit[1]):
        print(f"  {share:>6.1%}  {what}")


def mb(size: float) -> str:
    return f"{size / _MB:,.1f} MB" if size < 10 * _MB else f"{size / _MB:,.0f} MB"


def hot(work: Path) -> None:
    """Prints what becomes of a scene with very many regions."""
    print(f"\nA hot key: one scene with {_REGIONS:,} regions (a DOTA label file, measured)")
    for task, found in probe("hot", work / "hot", GIT_10M, _REGIONS).items():
        said = ", ".join(f"{what} {n:,}" for what, n in found["fate"].items())
        cost = f"{found['seconds']:.1f} s of a core and {mb(found['peak'])}"
        print(
            f"  {task}: {said}; {cost}; longest text {found['text']:,} characters; "
            f"fullest of 45 shards {found['fullest']:,} rows"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    parser.add_argument("--memory", type=int, default=4, help="GB that a worker process may use")
    args = parser.parse_args()
    for load in WORKLOADS:
        report(args.work.resolve(), load, args.memory)
    hot(args.work.resolve())


if __name__ == "__main__":
    main()
