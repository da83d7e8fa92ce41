"""Records of small files that a test writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from converters.read.folder import Folder, Span, open_folder
from converters.read.plans import json_array_plan
from converters.read.records import (
    json_records,
)


class Record(Struct):
    id: int
    parts: list[str] = []


def folder(root: Path, **written: str | bytes) -> Folder:
    """A folder of files; `a_json` is written as a.json."""
    for name, data in written.items():
        path = root / name.replace("_", ".")
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return open_folder("s", "s", str(root))


def json_of(root: Path, text: str | bytes, table: str | None = None) -> list[Any]:
    """(place, record) of one document, read as a whole."""
    return list(
        json_records(
            folder(root, a_json=text), Span("s", "val", 0, ("a.json",)), Record, table=table
        )
    )


def spans_of(root: Path, text: str | bytes, name: str = "a.json", table: str | None = None) -> Any:
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    place = open_folder("s", "s", str(root))
    plan = json_array_plan(place, name, "{image}", keys={"id"}, record_bytes=10, table=table)
    return [
        record
        for span in plan.spans
        for _, record in json_records(place, span, Record, table=table, named=["id"])
    ]
