"""Huge JSON arrays that tests write and read in spans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from converters.read.json_spans import Bad, array_spans, read_columns

COLUMNS: Mapping[str, pa.DataType] = {"id": pa.int64(), "q": pa.string()}
TYPED: Mapping[str, pa.DataType] = {
    "id": pa.int64(),
    "q": pa.string(),
    "ids": pa.list_(pa.int64()),
    "active": pa.bool_(),
}
Read = tuple[list[dict[str, Any]], list[Bad]]


def read(
    path: Path,
    target: int = 1 << 20,
    table: str | None = None,
    columns: Mapping[str, pa.DataType] = COLUMNS,
) -> Read:
    """Rows and faults of all spans of a file."""
    rows: list[dict[str, Any]] = []
    bad: list[Bad] = []
    for start, end in array_spans(str(path), table, {"id"}, target):
        found, faults = read_columns(str(path), start, end, columns)
        rows += found.to_pylist()
        bad += faults
    return rows, bad


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows_of(
    text: str | bytes, target: int = 1 << 20, columns: Mapping[str, pa.DataType] = COLUMNS
) -> Read:
    with TemporaryDirectory() as folder:
        return read(written(Path(folder), text), target, columns=columns)
