"""Rows of a finished mix, a few thousand at a time, so that memory does not grow with the mix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from converters.read import files
from pipelines.errors import UsageError
from pipelines.place import MANIFEST, Manifest, read_manifest
from pipelines.storage import work_files

# The authors' training rows: those of a split of that name, and of datasets without splits.
TRAIN_SPLITS = ("train", "all")
_SLICE = 4096  # rows
_PICTURES = ["images.list.element.bytes", "images.list.element.path"]


class Mix(NamedTuple):
    """A finished mix. shards: paths of its Parquet files, in order."""

    out: str
    manifest: Manifest
    shards: list[str]


def open_mix(out: str) -> Mix:
    """The mix in a folder. Raises UsageError where there is none."""
    try:
        manifest = read_manifest(out)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{out}: no mix: {MANIFEST} is missing") from None
    except msgspec.DecodeError as error:
        raise UsageError(f"{out}: {MANIFEST} is none of a mix: {error}") from None
    names = sorted(name for name in manifest.files if name.startswith("data/"))
    return Mix(out, manifest, [files.join(out, name) for name in names])


def _shard(path: str) -> pq.ParquetFile:
    # Not mapped into memory: what was read of a mapped file counts as this process's memory.
    source = pa.OSFile(path) if work_files.is_local(path) else work_files.open_file(path)
    return pq.ParquetFile(source, read_dictionary=_PICTURES)


def count_splits(mix: Mix) -> Counter[str]:
    """Rows of a mix by split. Reads that column alone."""
    found: Counter[str] = Counter()
    for path in mix.shards:
        column = _shard(path).read(["split"])["split"]
        for value in pc.value_counts(column).to_pylist():
            found[value["values"]] += value["counts"]
    return found


def holds_boxes(mix: Mix, splits: Sequence[str]) -> bool:
    """True where a row of some splits names the dialect of the boxes in its text."""
    wanted = pa.array(splits)
    for path in mix.shards:
        table = _shard(path).read(["split", "dialect"])
        chosen = table["dialect"].filter(pc.is_in(table["split"], wanted))
        if chosen.null_count < len(chosen):
            return True
    return False


def slices(
    mix: Mix, columns: Sequence[str] | None, splits: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of some splits, in the mix's order.

    columns: names, or None for all. Pictures come as dictionaries, so that each one is there once
    in a row group.
    """
    wanted = pa.array(splits)
    for path in mix.shards:
        file = _shard(path)
        for number in range(file.num_row_groups):
            chosen = pc.is_in(file.read_row_group(number, ["split"])["split"], wanted)
            if not pc.any(chosen).as_py():
                continue
            table = file.read_row_group(number, columns)
            if not pc.all(chosen).as_py():
                table = table.filter(chosen)
            yield from table.to_batches(max_chunksize=_SLICE)


def turns(column: pa.ListArray) -> list[list[tuple[str, str]]]:
    """The turns of rows as (human or gpt, text)."""
    # Fast way: the texts of all rows at once, cut into rows afterwards. Row by row is 10 x slower.
    flat = column.flatten()
    pairs = list(zip(flat.field("from").to_pylist(), flat.field("value").to_pylist(), strict=True))
    found, at = [], 0
    for length in column.value_lengths().to_pylist():
        found.append(pairs[at : at + length])
        at += length
    return found


def plain_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows as dicts, without their pictures."""
    names = [name for name in batch.schema.names if name != "images"]
    found: list[dict[str, Any]] = batch.select(names).to_pylist()
    return found
