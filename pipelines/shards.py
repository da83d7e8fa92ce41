"""One shard: which rows are written, how often and in which order, and what is counted of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.ledger import Counts, count
from converters.rows import identity
from pipelines.result import Holds
from schemas.mix import SourceSpec
from schemas.sample import is_fault
from schemas.table import REJECT

Indices = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


class Chosen(NamedTuple):
    """Rows of a table by what becomes of them.

    kept: with repeats, in writing order; duplicates, with the survivor of each; sampled_out.
    """

    kept: Indices
    copy: Indices  # 0 for a row itself, 1 and more for its repeats
    duplicates: Indices
    survivors: Indices
    sampled_out: Indices


def survivors(rows: pa.Table) -> tuple[Indices, Indices, Indices]:
    """Splits rows into survivors and duplicates.

    Gives the survivors, the duplicates, and the survivor of each duplicate, as row numbers.
    Of rows with one dedup key the one with the smallest (source, id) stays, so the answer does not
    depend on the order of `rows`.
    """
    if not rows.num_rows:
        none = np.zeros(0, np.int64)
        return none, none, none
    high, low = words(rows["dedup"]).T
    ordered = np.sort(high)
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return np.arange(rows.num_rows), *(np.zeros(0, np.int64),) * 2
    ids = _ids(rows)
    priority = np.asarray(rows["source"].combine_chunks())
    order = np.lexsort((ids, priority, low, high))
    first = np.concatenate(
        [[True], (high[order][1:] != high[order][:-1]) | (low[order][1:] != low[order][:-1])]
    )
    leader = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    return order[first], order[~first], leader[~first]


def words(hashes: pa.ChunkedArray) -> Words:
    """A column of 16-byte hashes as numbers: (n, 2), which sort as the bytes do."""
    column = hashes.combine_chunks()
    if not len(column):
        return np.zeros((0, 2), np.uint64)
    found = np.frombuffer(column.buffers()[1], ">u8", 2 * len(column), 16 * column.offset)
    return found.reshape(-1, 2).astype(np.uint64)


def homes(digests: Sequence[str]) -> list[bytes]:
    """The homes of rows by the sha256 of their first picture (see `identify`)."""
    words = identity.hash128(pa.array(digests, pa.string()))
    found: list[bytes] = identity.digests(words).to_pylist()
    return found


def _ids(rows: pa.Table) -> npt.NDArray[np.bytes_]:
    """Row ids as fixed-size bytes, which sort as the texts do."""
    column = rows["id"].combine_chunks()
    kind = np.dtype(f"S{identity.ID_LENGTH}")
    return np.frombuffer(
        column.buffers()[2] or b"",
        kind,
        len(column),
        column.offset * identity.ID_LENGTH if len(column) else 0,
    )


def _in_order(rows: pa.Table, kept: Indices) -> Indices:
    """Where chosen rows go when sorted by picture (`home`), then id."""
    high, low = words(rows["home"])[kept].T
    first = identity.id_words(rows["id"].combine_chunks())[kept]
    # Fast way: one sort by half of each hash, a third of the time of a sort by three columns. It
    # is right unless two of these halves meet, which the next lines see.
    half = np.uint64(32)
    order = np.argsort((high >> half << half) | (first >> half))
    before, after = order[:-1], order[1:]
    inner = (low[before] < low[after]) | (
        (low[before] == low[after]) & (first[before] < first[after])
    )
    rising = (high[before] < high[after]) | ((high[before] == high[after]) & inner)
    return order if rising.all() else np.lexsort((_ids(rows)[kept], low, high))


def copies(rows: pa.Table, chosen: Indices, sampling: Sequence[SourceSpec], seed: int) -> Indices:
    """How often each chosen row is wanted by its source's weight.

    That is the weight's whole part, and one more with the chance of the rest.
    """
    source = np.asarray(rows["source"].combine_chunks())[chosen]
    words = identity.id_words(rows["id"].combine_chunks())[chosen]
    out = np.ones(len(chosen), np.int64)
    for number, rule in enumerate(sampling):
        mine = source == number
        if rule.weight != 1 and mine.any():
            whole = int(rule.weight)
            chance = (
                identity.choices(seed, f"weight{identity.FIELD}{rule.name}", words[mine]) / 2.0**64
            )
            out[mine] = whole + (chance < rule.weight - whole)
    return out


def ranks(rows: pa.Table, chosen: Indices, rule: SourceSpec, seed: int) -> npt.NDArray[np.uint64]:
    """The numbers by which a capped source's rows queue: those with the smallest are taken."""
    words = identity.id_words(rows["id"].combine_chunks())[chosen]
    return identity.choices(seed, f"take{identity.FIELD}{rule.name}", words)


def queue(
    rows: pa.Table, sampling: Sequence[SourceSpec], seed: int
) -> dict[int, npt.NDArray[np.uint64]]:
    """The smallest ranks of this shard's survivors for each capped source, up to its cap."""
    kept, _, _ = survivors(rows)
    kept = kept[copies(rows, kept, sampling, seed) > 0]
    source = np.asarray(rows["source"].combine_chunks())[kept]
    found = {}
    for number, rule in enumerate(sampling):
        if rule.take is not None and (source == number).any():
            found[number] = np.sort(ranks(rows, kept[source == number], rule, seed))[: rule.take]
    return found


def choose(
    rows: pa.Table, sampling: Sequence[SourceSpec], seed: int, limits: Mapping[int, int]
) -> Chosen:
    """Which rows are written.

    limits: for each capped source the largest rank that is still taken.
    """
    kept, duplicates, leaders = survivors(rows)
    wanted = copies(rows, kept, sampling, seed)
    source = np.asarray(rows["source"].combine_chunks())[kept] if len(kept) else np.zeros(0)
    for number, limit in limits.items():
        mine = np.flatnonzero(source == number)
        beyond = ranks(rows, kept[mine], sampling[number], seed) > np.uint64(limit)
        wanted[mine[beyond]] = 0
    out = kept[wanted == 0]
    kept, copy = arrange(rows, kept[wanted > 0], wanted[wanted > 0])
    return Chosen(kept, copy, duplicates, leaders, out)


def arrange(rows: pa.Table, kept: Indices, wanted: Indices) -> tuple[Indices, Indices]:
    """Chosen rows in writing order with their repeats, and the number of each repeat.

    wanted: how often each row is written.
    """
    order = _in_order(rows, kept)
    kept, wanted = kept[order], wanted[order]
    copy = np.arange(wanted.sum()) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return np.repeat(kept, wanted), copy


def book(rows: pa.Table, chosen: Chosen) -> Counts:
    """Counts of a shard: what became of every row, and what the written ones hold."""
    counts: Counts = Counter()
    for bucket, indices in (
        ("written", chosen.kept[chosen.copy == 0]),
        ("repeated", chosen.kept[chosen.copy > 0]),
        ("duplicate", chosen.duplicates),
        ("sampled_out", chosen.sampled_out),
    ):
        if len(indices):
            for (dataset, split), n in _pairs(rows, indices, "dataset", "split").items():
                count(counts, dataset, split, "rows", bucket, n)
    return counts


def _pairs(rows: pa.Table, indices: Indices, *names: str) -> dict[tuple[str, ...], int]:
    some = rows.select(list(names)).take(pa.array(indices))
    plain = pa.table([some[name].cast(pa.string()) for name in names], names=list(names))
    counted = plain.group_by(list(names)).aggregate([([], "count_all")]).to_pylist()
    return {tuple(row[name] or "" for name in names): row["count_all"] for row in counted}


def statistics(rows: pa.Table, sizes: Indices) -> Counter[Holds]:
    """What written rows hold: rows, turns, pictures, regions and decoded bytes, by task, text
    origin and dialect.

    sizes: decoded bytes of each row.
    """
    holds: Counter[Holds] = Counter()
    if not rows.num_rows:
        return holds
    names = ["dataset", "split", "task", "text_origin", "dialect"]
    plain = {name: rows[name].cast(pa.string()) for name in names}
    sums = {
        "turns": pc.list_value_length(rows["conversations"]),
        "pictures": pc.list_value_length(rows["images"]),
        "regions": pc.fill_null(pc.list_value_length(rows["regions"]), 0),
        "bytes": pa.array(sizes),
    }
    table = (
        pa.table({**plain, **sums})
        .group_by(names)
        .aggregate([*((name, "sum") for name in sums), ([], "count_all")])
    )
    columns = {"rows": "count_all", **{name: f"{name}_sum" for name in sums}}
    for row in table.to_pylist():
        dataset, split, task, text_origin, dialect = (row[name] or "" for name in names)
        for measure, column in columns.items():
            if row[column]:
                group = Holds(dataset, split, task, text_origin, dialect, measure)
                holds[group] = row[column]
    return holds


def by_source(rows: pa.Table, chosen: Chosen, sources: Sequence[SourceSpec]) -> Counter[str]:
    """How many rows each source of the mix gave, by its name; repeats count too."""
    if not len(chosen.kept):
        return Counter()
    numbers = np.asarray(rows["source"].combine_chunks())[chosen.kept]
    each = np.bincount(numbers, minlength=len(sources)).tolist()
    return Counter({rule.name: n for rule, n in zip(sources, each, strict=True) if n})


def by_split(rows: pa.Table, chosen: Chosen) -> dict[str, Chosen]:
    """The rows to write by the authors' split, as `datasets` lets a split be named."""
    splits = rows["split"].cast(pa.string()).take(pa.array(chosen.kept)).to_pylist()
    named = np.array([split_name(split or "") for split in splits], object)
    return {
        name: chosen._replace(kept=chosen.kept[named == name], copy=chosen.copy[named == name])
        for name in sorted(set(named.tolist()))
    }


def split_name(split: str) -> str:
    """A native split's name with nothing in it but letters, digits and underscores."""
    return re.sub(r"\W+", "_", split, flags=re.ASCII).strip("_") or "all"


def book_lost(rows: pa.Table, lost: Indices, reasons: Sequence[str]) -> Counts:
    """Counts of rows that had to be dropped for a fault of their picture."""
    counts: Counts = Counter()
    for reason in dict.fromkeys(reasons):
        some = lost[[one == reason for one in reasons]]
        for (dataset, split), n in _pairs(rows, some, "dataset", "split").items():
            count(counts, dataset, split, "rows", "rejected", n, reason)
    return counts


def drop_table(rows: pa.Table, chosen: Chosen) -> pa.Table:
    """Duplicates (with their survivors' ids) and sampled-out rows as rejects."""
    out, twins = chosen.sampled_out, chosen.duplicates
    kept = rows["id"].take(pa.array(chosen.survivors)).combine_chunks()
    return pa.concat_tables(
        [
            dropped(rows, twins, ["duplicate"] * len(twins), survivors=kept),
            dropped(rows, out, ["sampled_out"] * len(out)),
        ]
    )


def dropped(
    rows: pa.Table,
    indices: Indices,
    reasons: Sequence[str],
    details: Sequence[str] | None = None,
    survivors: pa.Array | None = None,
) -> pa.Table:
    """Rows as rejects. survivors: ids of the rows that were kept in their place."""
    n = len(indices)
    if not n:
        return REJECT.empty_table()
    names = ["dataset", "split", "origin", "id"]
    some = rows.select(names).take(pa.array(indices)).combine_chunks()
    origin = some["origin"].combine_chunks()
    columns = {
        "dataset": some["dataset"].cast(pa.string()),
        "split": some["split"].cast(pa.string()),
        "file": origin.field("file").cast(pa.string()),
        "key": origin.field("key"),
        "level": pa.repeat("row", n),
        "item": pa.nulls(n, pa.string()),
        "reason": pa.array(reasons, pa.string()),
        "kind": pa.array(["fault" if is_fault(one) else "policy" for one in reasons], pa.string()),
        "detail": pa.array(details or [""] * n, pa.string()),
        "items": pa.repeat(pa.scalar(1, pa.int32()), n),
        "id": some["id"],
        "survivor": pa.nulls(n, pa.string()) if survivors is None else survivors,
    }
    return pa.table([columns[name] for name in REJECT.names], schema=REJECT)
