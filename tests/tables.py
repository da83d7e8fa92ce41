"""Small tables in the segment schema, row by row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from schemas.table import SEGMENT_ROW


def row_id(n: int) -> str:
    """The n-th of ids that sort as their numbers do."""
    return f"{n:024x}"


def key(n: int, high: int = 0) -> bytes:
    """A dedup key of two 64-bit words."""
    return high.to_bytes(8, "big") + n.to_bytes(8, "big")


def row(n: int, **values: Any) -> dict[str, Any]:
    """A row of one question about one picture, its key its own. values: columns that differ.

    Its home, which decides its shard and its place there, is the key unless it is given.
    """
    plain = {
        "id": row_id(n),
        "images": [{"bytes": None, "path": f"ponds/{n}.png"}],
        "conversations": [
            {"from": "human", "value": "<image>\nIs there a pond?"},
            {"from": "gpt", "value": "yes"},
        ],
        "task": "vqa",
        "dataset": "ponds",
        "split": "train",
        "text_origin": "human",
        "dialect": None,
        "template": "plain:0",
        "regions": [],
        "scene": None,
        "recipe": None,
        "sizes": None,
        "gsd": None,
        "lon": None,
        "lat": None,
        "sensor": None,
        "times": None,
        "license_annotations": "unstated",
        "license_images": "unstated",
        "origin": {"file": "questions.json", "key": str(n)},
        "image_sha256": None,
        "dedup": key(n),
        "home": values.get("dedup", key(n)),
        "source": 0,
        "image_bytes": 0,
        "quick_hashes": None,
    }
    return plain | values


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=SEGMENT_ROW)


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_batches([batch(*rows)], SEGMENT_ROW)
