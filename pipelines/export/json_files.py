"""Rows as JSON: one array, or a line each. And the small JSON files beside them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pipelines.export.kit import Row

_BUFFER = 1 << 20


class JsonRows:
    """A `Writer` of one JSON file. record: what is written of a row.

    array: the rows as one JSON array, a row a line; else a JSON value a line.
    """

    def __init__(self, path: str, record: Callable[[Row], Any], array: bool = False) -> None:
        self._file = io.BufferedWriter(io.FileIO(path, "wb"), _BUFFER)
        self._record, self._array, self._empty = record, array, True
        self._encode = msgspec.json.Encoder().encode

    def add(self, rows: Sequence[Row]) -> None:
        """Writes rows."""
        if not rows:
            return
        between = b",\n" if self._array else b"\n"
        head = b"[\n" if self._array else b""
        self._file.write(head if self._empty else between)
        self._file.write(between.join([self._encode(self._record(row)) for row in rows]))
        self._empty = False

    def close(self) -> None:
        """Ends the file."""
        if self._array:
            self._file.write(b"[]\n" if self._empty else b"\n]\n")
        elif not self._empty:
            self._file.write(b"\n")
        self._file.close()


def write_json(path: str, value: Any) -> None:
    """A small JSON file that people may edit."""
    with open(path, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
