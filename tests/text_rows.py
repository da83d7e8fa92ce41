"""Parts of a result of texts, and the page of a ledger with one kind of item."""

from __future__ import annotations

from typing import Any

from native import Result, words


def said(result: Result, split: str) -> list[list[str]]:
    return [words(row) for row in result.rows if row["split"] == split]


def rejected(result: Result) -> list[tuple[str, str, str]]:
    return sorted((reject["key"], reject["reason"], reject["kind"]) for reject in result.rejects)


def page(
    kind: str,
    read: int,
    used: int,
    rejects: dict[str, int],
    filtered: dict[str, int],
    pictures: int,
    faulty: dict[str, int] | None = None,
) -> dict[str, Any]:
    """A page of one kind of item, each used one a row. faulty: pictures by what is wrong."""
    rows = {
        "built": used,
        "written": used,
        "repeated": 0,
        "duplicate": 0,
        "sampled_out": 0,
        "rejected": {},
        "filtered": {},
    }
    return {
        "items": {kind: {"read": read, "used": used, "rejected": rejects, "filtered": filtered}},
        "rows": rows,
        "pictures": {"read": pictures, "without_items": 0, "rejected": faulty or {}},
    }
