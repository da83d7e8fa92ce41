"""The file beside an export that keeps what the program's own format drops: where each row is from.

    rows.parquet   a line for each row that was looked at, in the mix's order

`number` is the row's place in the export, counted from 0, and null for a row that was left out;
`left_out` then says why.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

NAME = "rows.parquet"
COLUMNS = (
    "id",
    "dataset",
    "split",
    "task",
    "text_origin",
    "license_annotations",
    "license_images",
    "origin",
)


class SideFile:
    """Writes rows.parquet, a slice at a time."""

    def __init__(self, folder: str) -> None:
        self._path = f"{folder}/{NAME}"
        self._writer: pq.ParquetWriter | None = None

    def add(
        self, batch: pa.RecordBatch, numbers: Sequence[int | None], reasons: Sequence[str]
    ) -> None:
        """Some rows with their places in the export, or the reasons why they have none."""
        lines = (
            pa.Table.from_batches([batch])
            .select(list(COLUMNS))
            .replace_schema_metadata(None)
            .append_column("number", pa.array(numbers, pa.int64()))
            .append_column("left_out", pa.array([why or None for why in reasons], pa.string()))
        )
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, lines.schema, compression="zstd")
        self._writer.write_table(lines)

    def close(self) -> None:
        """Ends the file."""
        if self._writer is not None:
            self._writer.close()
