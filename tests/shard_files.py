"""Shards written into memory, of rows that show four small files taken for pictures."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tables import key, row, table

from converters.read.images import quick_hash
from pipelines import parquet, shards
from schemas.mix import ImageMode, SourceSpec


def rule_of(name: str, weight: float, take: int | None) -> SourceSpec:
    return SourceSpec(name=name, dataset="ponds", task="vqa", weight=weight, take=take)


ALL = [rule_of("ponds", 1, None)]
BYTES = "images.list.element.bytes"


def written(
    rows: pa.Table,
    rules: list[SourceSpec] = ALL,
    mode: ImageMode = "path",
    root: Path | None = None,
) -> pq.ParquetFile:
    sink = io.BytesIO()
    chosen = shards.choose(rows, rules, 7, {})
    parquet.write_rows(sink, rows, chosen, mode, lambda slug, path: f"{root}/{path}")
    return pq.ParquetFile(io.BytesIO(sink.getvalue()))


def column(file: pq.ParquetFile, path: str, group: int = 0) -> Any:
    """What the file says of a leaf column of a row group."""
    found = file.metadata.row_group(group)
    return next(
        found.column(i) for i in range(found.num_columns) if found.column(i).path_in_schema == path
    )


def groups(file: pq.ParquetFile) -> list[int]:
    """Rows of each row group."""
    return [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]


def shows(n: int, *pictures: int, home: int | None = None) -> dict[str, Any]:
    """A row that shows some of the four. Its home is the first one's number."""
    return row(
        n,
        images=[{"bytes": None, "path": f"ponds/{p}.png"} for p in pictures],
        image_sha256=[hashlib.sha256(bytes([p]) * 1000).hexdigest() for p in pictures],
        image_bytes=1000 * len(pictures),
        quick_hashes=[quick_hash(bytes([p]) * 1000) for p in pictures],
        home=key(pictures[0] if home is None else home),
    )


def pictured(*numbers: int) -> pa.Table:
    return table(*(shows(n, n) for n in numbers))


def make_ponds(folder: Path) -> Path:
    """Makes the four files, of 1,000 bytes each."""
    (folder / "ponds").mkdir()
    for n in range(4):
        (folder / f"ponds/{n}.png").write_bytes(bytes([n]) * 1000)
    return folder


def bytes_of(file: pq.ParquetFile) -> list[list[int]]:
    """The first byte of each row's pictures."""
    return [[image["bytes"][0] for image in row] for row in file.read()["images"].to_pylist()]
