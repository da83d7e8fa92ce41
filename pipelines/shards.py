"""One shard: slices of many segments to one Parquet file, duplicates dropped, sorted by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from converters.ledger import Counts, count
from converters.read import files, images
from converters.rows import identity
from pipelines import segments
from pipelines.result import Holds
from schemas.mix import ImageMode, SourceSpec
from schemas.table import IMAGE, REJECT, ROW, ROW_CONSTANTS

Indices = npt.NDArray[np.int64]
GROUP_BYTES = 100_000_000
_PLAIN = {"images.list.element.bytes": "none"}
_DICTIONARY = [
    *ROW_CONSTANTS,
    "images.list.element.path",
    "conversations.list.element.from",
    "regions.list.element.label",
    "regions.list.element.shape",
    "origin.file",
    "image_sha256.list.element",
]


class Chosen(NamedTuple):
    """Rows of a table by fate: kept (with repeats, in writing order), duplicates with their survivors, sampled out."""

    kept: Indices
    copy: Indices  # 0 for a row itself, 1 and more for its repeats
    duplicates: Indices
    survivors: Indices
    sampled_out: Indices


def survivors(rows: pa.Table) -> tuple[Indices, Indices, Indices]:
    """Splits rows into survivors and duplicates: (survivor rows, duplicate rows, the survivor of each duplicate).

    Of rows with one dedup key the one with the smallest (source, id) stays, so the answer does not depend on the order of `rows`.
    """
    if not rows.num_rows:
        none = np.zeros(0, np.int64)
        return none, none, none
    keys = np.frombuffer(rows["dedup"].combine_chunks().buffers()[1], ">u8")[
        : 2 * len(rows)
    ].reshape(-1, 2)
    high, low = keys[:, 0].astype(np.uint64), keys[:, 1].astype(np.uint64)
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


def _by_id(rows: pa.Table, kept: Indices) -> Indices:
    """Where chosen rows go when sorted by id. Their first 64 bits decide, unless two share those."""
    words = identity.id_words(rows["id"].combine_chunks())[kept]
    order = np.argsort(words)
    return np.argsort(_ids(rows)[kept]) if (words[order][1:] == words[order][:-1]).any() else order


def copies(rows: pa.Table, chosen: Indices, sampling: Sequence[SourceSpec], seed: int) -> Indices:
    """How often each chosen row is wanted by its source's weight: the whole part, and one more with the chance of the rest."""
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
    """For each capped source, the smallest ranks of this shard's survivors: no more than its cap."""
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
    """Which rows are written. limits: for each capped source the largest rank that is still taken."""
    kept, duplicates, leaders = survivors(rows)
    wanted = copies(rows, kept, sampling, seed)
    source = np.asarray(rows["source"].combine_chunks())[kept] if len(kept) else np.zeros(0)
    for number, limit in limits.items():
        mine = np.flatnonzero(source == number)
        beyond = ranks(rows, kept[mine], sampling[number], seed) > np.uint64(limit)
        wanted[mine[beyond]] = 0
    out = kept[wanted == 0]
    kept, wanted = kept[wanted > 0], wanted[wanted > 0]
    order = _by_id(rows, kept)
    kept, wanted = kept[order], wanted[order]
    copy = np.arange(wanted.sum()) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return Chosen(np.repeat(kept, wanted), copy, duplicates, leaders, out)


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


def statistics(rows: pa.Table) -> Counter[Holds]:
    """What written rows hold: rows, turns, pictures and regions by task, text origin, dialect."""
    holds: Counter[Holds] = Counter()
    if not rows.num_rows:
        return holds
    names = ["dataset", "split", "task", "text_origin", "dialect"]
    plain = {name: rows[name].cast(pa.string()) for name in names}
    sums = {
        "turns": pc.list_value_length(rows["conversations"]),
        "pictures": pc.list_value_length(rows["images"]),
        "regions": pc.fill_null(pc.list_value_length(rows["regions"]), 0),
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


def drop_table(rows: pa.Table, chosen: Chosen) -> pa.Table:
    """Duplicates (with their survivors' ids) and sampled-out rows as rejects."""
    parts = []
    for reason, indices in (("duplicate", chosen.duplicates), ("sampled_out", chosen.sampled_out)):
        if not len(indices):
            continue
        some = (
            rows.select(["dataset", "split", "origin", "id"])
            .take(pa.array(indices))
            .combine_chunks()
        )
        origin = some["origin"].combine_chunks()
        n = len(indices)
        kept = (
            rows["id"].take(pa.array(chosen.survivors)).combine_chunks()
            if reason == "duplicate"
            else pa.nulls(n, pa.string())
        )
        columns = {
            "dataset": some["dataset"].cast(pa.string()),
            "split": some["split"].cast(pa.string()),
            "file": origin.field("file").cast(pa.string()),
            "key": origin.field("key"),
            "level": pa.repeat("row", n),
            "reason": pa.repeat(reason, n),
            "kind": pa.repeat("policy", n),
            "detail": pa.repeat("", n),
            "items": pa.repeat(pa.scalar(1, pa.int32()), n),
            "id": some["id"],
            "survivor": kept,
        }
        parts.append(pa.table([columns[name] for name in REJECT.names], schema=REJECT))
    return pa.concat_tables(parts) if parts else REJECT.empty_table()


def write_rows(
    sink: Any, rows: pa.Table, chosen: Chosen, mode: ImageMode, roots: Mapping[str, str]
) -> pa.Table:
    """Writes the chosen rows as one Parquet file and gives them back without bytes.

    roots: the folder of each dataset, by slug. Row groups hold up to 100 MB.
    """
    table = segments.take(rows, chosen.kept)
    if chosen.copy.any():
        suffix = pa.array([f"-{n + 1}" if n else "" for n in chosen.copy.tolist()])
        table = table.set_column(0, "id", pc.binary_join_element_wise(table["id"], suffix, ""))
    weight = (
        np.asarray(table["image_bytes"].combine_chunks())
        if table.num_rows
        else np.zeros(0, np.int64)
    )
    table = table.select(ROW.names)
    groups = _groups(weight + (table.nbytes // max(1, table.num_rows) + 1))
    # Dictionaries are written as they are, and `store_schema=False` lets them be read back as plain strings.
    schema = pa.schema([field.with_type(table.schema.field(field.name).type) for field in ROW])
    writer = pq.ParquetWriter(
        sink,
        schema,
        compression={**dict.fromkeys(_leaves(), "zstd"), **_PLAIN},
        use_dictionary=_DICTIONARY,
        write_page_index=True,
        write_statistics=["id", *ROW_CONSTANTS],
        store_schema=False,
    )
    with writer:
        for start, end in groups:
            part = table.slice(start, end - start)
            if mode != "path":
                part = part.set_column(
                    1,
                    schema.field("images"),
                    _with_bytes(part, mode, roots),
                )
            writer.write_table(part.cast(schema), row_group_size=end - start)
        writer.add_key_value_metadata(ROW.metadata)
    return table


def _groups(sizes: Indices) -> list[tuple[int, int]]:
    """Row groups as ranges of rows: as many as fit into GROUP_BYTES, one at least."""
    ends = np.cumsum(sizes)
    groups: list[tuple[int, int]] = []
    start, before = 0, 0
    while start < len(sizes):
        end = max(start + 1, int(np.searchsorted(ends, before + GROUP_BYTES, "right")))
        groups.append((start, end))
        start, before = end, int(ends[end - 1])
    return groups


def _leaves() -> list[str]:
    """Parquet's names of the row's leaf columns."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, ROW):
        pass
    schema = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [schema.column(i).path for i in range(len(schema))]


def _with_bytes(rows: pa.Table, mode: ImageMode, roots: Mapping[str, str]) -> pa.ListArray:
    """The pictures of a row group with their bytes, each distinct one of a dataset read once."""
    column = rows["images"].combine_chunks()
    offsets = np.asarray(column.offsets)
    paths = column.values.field("path").slice(offsets[0], offsets[-1] - offsets[0])
    encoded = paths.cast(pa.string()).dictionary_encode()  # those of this group alone
    slugs = rows["dataset"].combine_chunks().cast(pa.string()).dictionary_encode()
    # A picture is named by dataset and path, as one number: datasets that share a folder, and so
    # the first part of their paths, may have different roots.
    names, folders = encoded.dictionary.to_pylist(), slugs.dictionary.to_pylist()
    of_row = np.asarray(slugs.indices).astype(np.int64) * len(names)
    numbers = np.repeat(of_row, np.diff(offsets)) + np.asarray(encoded.indices)
    distinct, places = np.unique(numbers, return_inverse=True)
    files_of = [
        files.join(roots[folders[number // len(names)]], _below(names[number % len(names)]))
        for number in distinct.tolist()
    ]

    def load(path: str) -> bytes:
        data = files.store(path).read(path)
        return images.reencode(data) if mode == "reencode" else data

    data = pa.array(images.in_threads(load, files_of), pa.binary())
    # `take` copies all bytes, so it is left out where every picture stands in its place already.
    if (places != np.arange(len(places))).any():
        data = data.take(pa.array(places))
    values = pa.StructArray.from_arrays([data, encoded], fields=list(IMAGE))
    return pa.ListArray.from_arrays(pa.array(offsets - offsets[0]), values)


def _below(path: str) -> str:
    """A row's path of a picture without the dataset's folder before it."""
    return path.partition("/")[2]


def write_rejects(sink: Any, tables: Sequence[pa.Table]) -> int:
    """Writes rejects as one Parquet file, sorted by origin; gives their number."""
    table = pa.concat_tables([REJECT.empty_table(), *tables])
    table = table.sort_by(
        [
            (name, "ascending")
            for name in ("dataset", "split", "file", "key", "level", "reason", "id", "detail")
        ]
    )
    pq.write_table(table, sink, compression="zstd", store_schema=False)
    return int(table.num_rows)
