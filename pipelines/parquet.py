"""The Parquet files of a shard: its rows, each picture once in a row group, and its rejects."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from converters.read import images
from pipelines import pictures, segments, shards
from pipelines.pictures import Picture
from pipelines.shards import Chosen, Indices
from pipelines.tile_store import StoredTile
from schemas.mix import ImageMode
from schemas.table import IMAGE, REJECT, ROW, ROW_CONSTANTS

# A row group holds so much when it is decoded, as readers expand it: a picture counts once for
# each row that shows it. A picture's bytes are written once in each row group that shows it, so its
# rows stay in one though they be more, up to MOST_BYTES: `datasets` needs about eight times the
# largest group.
GROUP_BYTES = 100_000_000
MOST_BYTES = 300_000_000
_PAGE_BYTES = 1 << 20  # of pictures that are no dictionary
_MOST_BATCH = 1024  # pyarrow's own
BYTES = "images.list.element.bytes"
_CODED_BYTES = pa.dictionary(pa.int32(), pa.binary())
_DICTIONARY = [
    *ROW_CONSTANTS,
    "images.list.element.path",
    "conversations.list.element.from",
    "regions.list.element.label",
    "regions.list.element.shape",
    "origin.file",
    "scene.path",
    "image_sha256.list.element",
]

Locate = Callable[[str, str], str]  # a dataset's slug and a row's path of a picture: its file


class Written(NamedTuple):
    """The rows of a shard as they were written, without bytes. sizes: bytes of each, decoded."""

    rows: pa.Table
    sizes: Indices


class _Shown(NamedTuple):
    """The pictures of a table. number: of each in its rows, row by row; starts: (rows + 1), where
    each row's begin; distinct: by number, in the order in which they are first shown."""

    number: Indices
    starts: Indices
    distinct: list[Picture]


def write_rows(
    sink: Any,
    rows: pa.Table,
    chosen: Chosen,
    mode: ImageMode,
    locate: Locate,
    tiles: Mapping[str, StoredTile] = MappingProxyType({}),
) -> Written:
    """Writes the chosen rows as one Parquet file.

    locate: where a picture's file is; tiles: where those are that this run cut, by sha256. Raises
    SourceError where a picture is no longer the one that was hashed (`image_sha256`).
    """
    table = segments.take(rows.drop_columns(["dedup", "source"]), chosen.kept)
    if chosen.copy.any():
        suffix = pa.array([f"-{n + 1}" if n else "" for n in chosen.copy.tolist()])
        table = table.set_column(0, "id", pc.binary_join_element_wise(table["id"], suffix, ""))
    homes = shards.words(table["home"])
    new = (homes[1:] != homes[:-1]).any(axis=1)
    starts = np.flatnonzero(np.concatenate([[True], new])[: len(homes)])
    stated = np.asarray(_one(table["image_bytes"]))
    quick_hashes = table["quick_hashes"]
    table = table.select(ROW.names)
    sizes = row_bytes(table)
    if mode != "path":
        shown = _shown(table, quick_hashes, locate, tiles)
        sizes = _write_pictures(sink, table, shown, sizes, stated, starts, mode)
        return Written(table, sizes)
    with _writer(sink, table, pa.binary(), _MOST_BATCH) as writer:
        for start, end in row_groups(sizes, starts):
            part = table.slice(start, end - start)
            _write(writer, part, pa.nulls(_count(part["images"]), pa.binary()))
    return Written(table, sizes)


def _write_pictures(
    sink: Any,
    table: pa.Table,
    shown: _Shown,
    texts: Indices,
    stated: Indices,
    starts: Indices,
    mode: ImageMode,
) -> Indices:
    """Writes rows with their pictures' bytes; gives the decoded size of each row.

    texts: bytes of each row without pictures; stated: those of its pictures' files; starts: see
    `row_groups`.
    """
    units = row_groups(texts + stated, starts)
    ranges = [(shown.starts[start], shown.starts[end]) for start, end in units]
    numbers = [np.unique(shown.number[a:b]) for a, b in ranges]
    # Fast way: where no picture is shown twice a dictionary would only be two more copies of all.
    coded = sum(map(len, numbers)) < len(shown.number)
    mean = int(stated.sum()) // max(1, len(shown.number)) + 1
    batch = _MOST_BATCH if coded else max(1, min(_MOST_BATCH, _PAGE_BYTES // mean))
    read = pictures.read_in_turn(
        [[shown.distinct[n] for n in some] for some in numbers],
        functools.partial(pictures.read, mode=mode),
    )
    sizes: Indices = texts.copy()
    with _writer(sink, table, _CODED_BYTES if coded else pa.binary(), batch) as writer:
        for (start, end), (a, b), some, data in zip(units, ranges, numbers, read, strict=True):
            places = np.searchsorted(some, shown.number[a:b]).astype(np.int32)
            lengths = np.asarray(pc.binary_length(data))[places]
            at = shown.starts[start : end + 1] - a
            sizes[start:end] += np.diff(np.concatenate([[0], np.cumsum(lengths)])[at])
            # Pictures that were encoded anew have other sizes than their files.
            first, last = np.searchsorted(starts, [start + 1, end])
            inner = np.append(0, starts[first:last] - start)
            for i, j in row_groups(sizes[start:end], inner):
                here = places[at[i] : at[j]]
                values = (
                    _own(pa.DictionaryArray.from_arrays(pa.array(here), data))
                    if coded
                    else data.slice(at[i], at[j] - at[i])
                )
                _write(writer, table.slice(start + i, j - i), values, mode == "reencode")
    return sizes


def row_groups(sizes: Indices, starts: Indices) -> list[tuple[int, int]]:
    """Row groups as ranges of rows.

    sizes: decoded bytes of each row; starts: the rows at which another picture begins. A group
    holds whole pictures, as many as fit into GROUP_BYTES, or the rows of one picture up to
    MOST_BYTES, or one row.
    """
    before = np.concatenate([[0], np.cumsum(sizes)])
    bounds = np.append(starts, len(sizes))
    groups: list[tuple[int, int]] = []

    def fit(ends: Indices, here: int, limit: int) -> int:
        """The last of some bounds up to which no more than `limit` bytes follow the one here."""
        return int(np.searchsorted(ends, ends[here] + limit, "right")) - 1

    here = 0
    while here < len(starts):
        after = fit(before[bounds], here, GROUP_BYTES)
        if after > here:
            groups.append((int(bounds[here]), int(bounds[after])))
            here = after
            continue
        start, end = int(bounds[here]), int(bounds[here + 1])
        while start < end:
            stop = min(end, max(start + 1, fit(before, start, MOST_BYTES)))
            groups.append((start, stop))
            start = stop
        here += 1
    return groups


def row_bytes(table: pa.Table) -> Indices:
    """Bytes of each row as plain Arrow columns hold it, without those that mark nulls."""
    total = np.zeros(len(table), np.int64)
    for column in table.columns:
        total += _bytes(_one(column))
    return total


def _bytes(values: pa.Array) -> Indices:
    kind = values.type
    if pa.types.is_dictionary(kind):
        each = np.append(_bytes(values.dictionary), 4)  # the last stands for null
        found: Indices = each[np.asarray(pc.fill_null(values.indices, len(each) - 1))]
        return found
    if pa.types.is_list(kind):
        offsets = np.asarray(values.offsets)
        before = np.concatenate([[0], np.cumsum(_bytes(values.values))])
        lists: Indices = 4 + before[offsets[1:]] - before[offsets[:-1]]
        return lists
    if pa.types.is_struct(kind):
        total = np.zeros(len(values), np.int64)
        for i in range(kind.num_fields):
            total += _bytes(values.field(i))
        return total
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return 4 + np.asarray(pc.fill_null(pc.binary_length(values), 0)).astype(np.int64)
    return np.full(len(values), kind.bit_width // 8, np.int64)


def _shown(
    table: pa.Table,
    quick_hashes: pa.ChunkedArray,
    locate: Locate,
    tiles: Mapping[str, StoredTile],
) -> _Shown:
    """The pictures of rows whose pictures were all read."""
    column = _one(table["images"])
    starts = np.asarray(column.offsets).astype(np.int64)
    starts -= starts[0]
    digests = _one(table["image_sha256"]).flatten().dictionary_encode()
    number = np.asarray(digests.indices).astype(np.int64)
    _, first = np.unique(number, return_index=True)
    row = pa.array(np.searchsorted(starts, first, "right") - 1)
    paths = column.flatten().field("path").take(pa.array(first)).to_pylist()
    slugs = table["dataset"].take(row).to_pylist()
    scenes = table["scene"].take(row).to_pylist()
    quick = _one(quick_hashes).flatten().take(pa.array(first)).to_pylist()
    known = zip(slugs, paths, scenes, digests.dictionary.to_pylist(), quick, strict=True)
    distinct = [
        Picture(locate(slug, scene["path"]), digest, fast, tiles[digest])
        if scene
        else Picture(locate(slug, path), digest, fast)
        for slug, path, scene, digest, fast in known
    ]
    return _Shown(number, starts, distinct)


def _writer(sink: Any, table: pa.Table, kind: pa.DataType, batch: int) -> pq.ParquetWriter:
    """kind: how the bytes column is held; batch: the writer looks for a full page after so many.

    Dictionaries are written as they are, and `store_schema=False` lets them be read back as plain
    values.
    """
    schema = pa.schema([field.with_type(table.schema.field(field.name).type) for field in ROW])
    shown = pa.list_(pa.struct([("bytes", kind), IMAGE.field("path")]))
    at = schema.get_field_index("images")
    writer = pq.ParquetWriter(
        sink,
        schema.set(at, schema.field(at).with_type(shown)),
        compression={**dict.fromkeys(_leaves(), "zstd"), BYTES: "none"},
        use_dictionary=[*_DICTIONARY, BYTES] if pa.types.is_dictionary(kind) else _DICTIONARY,
        dictionary_pagesize_limit=images.MAX_BYTES,
        write_batch_size=batch,
        write_page_index=True,
        write_statistics=["id", *ROW_CONSTANTS],
        store_schema=False,
    )
    writer.add_key_value_metadata(ROW.metadata)
    return writer


@functools.cache
def _leaves() -> tuple[str, ...]:
    """Parquet's names of the row's leaf columns."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, ROW):
        pass
    schema = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return tuple(schema.column(i).path for i in range(len(schema)))


def _write(writer: pq.ParquetWriter, rows: pa.Table, data: pa.Array, anew: bool = False) -> None:
    """One row group. data: the bytes of the rows' pictures; anew: they were encoded anew."""
    lists = _one(rows["images"])
    paths = lists.flatten().field("path")
    paths = _own_texts(_by_content(_own(paths), data) if anew else paths)
    kept = [pa.field("bytes", data.type), IMAGE.field("path")]
    offsets = np.asarray(lists.offsets)
    changed = {
        "images": pa.ListArray.from_arrays(
            pa.array(offsets - offsets[0]), pa.StructArray.from_arrays([data, paths], fields=kept)
        ),
        "origin": _with_own(_one(rows["origin"]), "file"),
        "scene": _with_own(_one(rows["scene"]), "path"),
    }
    changed |= {name: _own_texts(_one(rows[name])) for name in ROW_CONSTANTS}
    columns = [changed.get(name, rows[name]) for name in rows.schema.names]
    writer.write_table(pa.table(columns, schema=writer.schema), row_group_size=len(rows))


def _by_content(paths: pa.DictionaryArray, data: pa.Array) -> pa.DictionaryArray:
    """Paths whose ending is that of the bytes beside them: .jpg or .png."""
    names = paths.dictionary.to_pylist()
    _, first = np.unique(np.asarray(paths.indices), return_index=True)
    for at in first.tolist():
        ending = ".png" if data[at].as_py().startswith(b"\x89PNG") else ".jpg"
        stem, dot, old = names[paths.indices[at].as_py()].rpartition(".")
        plain = stem + dot + old if "/" in old or not dot else stem
        same = dot and (old.lower() == ending[1:] or (ending, old.lower()) == (".jpg", "jpeg"))
        if not same:
            names[paths.indices[at].as_py()] = plain + ending
    return pa.DictionaryArray.from_arrays(paths.indices, pa.array(names, pa.string()))


def _with_own(column: pa.StructArray, name: str) -> pa.StructArray:
    fields = [column.field(field.name) for field in column.type]
    at = column.type.get_field_index(name)
    fields[at] = _own_texts(fields[at])
    return pa.StructArray.from_arrays(fields, fields=list(column.type), mask=column.is_null())


def _own_texts(values: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same with a dictionary in which no text stands twice: where one does Arrow writes the
    texts plain, and before them bytes that nobody has set, others on every run."""
    if len(values.dictionary.unique()) < len(values.dictionary):
        return values.dictionary_decode().dictionary_encode()
    return _own(values)


def _own(values: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same values with a dictionary that holds no others: those of a row group, as each writes
    its whole dictionary."""
    there = np.asarray(values.is_valid())
    indices = np.asarray(pc.fill_null(values.indices, 0))
    used = np.bincount(indices[there], minlength=len(values.dictionary)) > 0
    if used.all():
        return values
    places = np.maximum(np.cumsum(used) - 1, 0)
    own = pa.array(places[indices].astype(np.int32) if len(places) else indices, mask=~there)
    return pa.DictionaryArray.from_arrays(
        own, values.dictionary.take(pa.array(np.flatnonzero(used)))
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, without a copy where it is so already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _count(lists: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.list_value_length(lists)).as_py() or 0)


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
