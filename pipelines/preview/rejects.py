"""Which rejects a preview shows, and what of them can be drawn.

The pictures of rejects are at hand only where a written row shows them too: that of a duplicate's
survivor, or of another item of the same native record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.preview.outlines import Ring, of_points
from pipelines.preview.shards import Group, Place, Reader, scan

MOST = 240
_EACH = 6  # of one dataset, split and reason
_MOST_GROUPS = 16  # row groups that are read for pictures of rejects alone
_FRAME = re.compile(r" in \d+ x \d+$")  # a detail ends with the size of the region's picture
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_CORNERS = (4, 8)

Origin = tuple[str, str, str, str]  # dataset, split, file, record


class Dropped(NamedTuple):
    """The rejects to show, and how many items or rows were dropped for each reason."""

    rejects: list[dict[str, Any]]
    counts: dict[tuple[str, str], int]  # by dataset and reason


def choose(folder: str) -> Dropped:
    """The first rejects of each dataset, split and reason, in the order of the files."""
    taken: Counter[tuple[str, str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    shown: list[dict[str, Any]] = []
    for _, reader in scan(folder):
        table = reader(None)
        totals = table.group_by(["dataset", "reason"]).aggregate([("items", "sum")]).to_pylist()
        for total in totals:
            counts[total["dataset"], total["reason"]] += total["items_sum"]
        kinds = table.select(["dataset", "split", "reason"])
        for kind in kinds.group_by(kinds.column_names).aggregate([]).to_pylist():
            key = (kind["dataset"], kind["split"], kind["reason"])
            wanted = _EACH - taken[key]
            if wanted > 0:
                some = _matching(table, kind).slice(0, wanted).to_pylist()
                taken[key] += len(some)
                shown += some
    shown.sort(key=lambda reject: (reject["dataset"], reject["reason"], reject["split"] or ""))
    return Dropped(shown[:MOST], dict(sorted(counts.items())))


def _matching(table: Any, values: dict[str, str | None]) -> Any:
    keep = None
    for name, value in values.items():
        column = table[name]
        mask = pc.equal(column, value) if value is not None else pc.is_null(column)
        keep = mask if keep is None else pc.and_(keep, mask)
    return table.filter(keep)


class Finder:
    """Finds a row for each reject that shows its picture, as far as there is one.

    found: where, by the number of the reject.
    """

    def __init__(self, rejects: Sequence[Mapping[str, Any]]) -> None:
        self.found: dict[int, Place] = {}
        self._groups = 0
        self._by_id: dict[str, list[int]] = {}
        self._by_origin: dict[Origin, list[int]] = {}
        for number, reject in enumerate(rejects):
            if reject["survivor"]:
                self._by_id.setdefault(reject["survivor"], []).append(number)
            else:
                self._by_origin.setdefault(_origin(reject), []).append(number)

    def look(self, group: Group, reader: Reader) -> None:
        """Looks for wanted rows in a row group, unless enough groups had some."""
        if self._groups == _MOST_GROUPS or not (self._by_id or self._by_origin):
            return
        ids, origins = _hits(
            reader(["id", "dataset", "split", "origin"]), set(self._by_id), set(self._by_origin)
        )
        self._groups += bool(ids or origins)
        for row_id, row in ids.items():
            self.found |= dict.fromkeys(self._by_id.pop(row_id), Place(group, row))
        for origin, row in origins.items():
            self.found |= dict.fromkeys(self._by_origin.pop(origin), Place(group, row))


def _hits(
    table: Any, ids: set[str], origins: set[Origin]
) -> tuple[dict[str, int], dict[Origin, int]]:
    """The first row of a table for each wanted id, and for each wanted native record."""
    origin = table["origin"].combine_chunks()
    rows = pa.table(
        {
            "id": table["id"],
            "dataset": table["dataset"],
            "split": table["split"],
            "file": pc.struct_field(origin, "file"),
            "key": pc.replace_substring_regex(pc.struct_field(origin, "key"), "#.*", ""),
            "row": pa.array(range(table.num_rows), pa.int64()),
        }
    )
    # Whole columns first, since the records of a large file are many.
    some = rows.filter(
        pc.and_(
            _among(rows["file"], {file for _, _, file, _ in origins}),
            _among(rows["key"], {key for _, _, _, key in origins}),
        )
    )
    records = some.group_by(["dataset", "split", "file", "key"]).aggregate([("row", "min")])
    by_origin = {_origin(record): record["row_min"] for record in records.to_pylist()}
    by_id = rows.filter(_among(rows["id"], ids)).select(["id", "row"]).to_pylist()
    return (
        {row["id"]: row["row"] for row in by_id},
        {origin: row for origin, row in by_origin.items() if origin in origins},
    )


def _among(column: Any, words: set[str]) -> Any:
    return pc.is_in(column, value_set=pa.array(sorted(words), pa.string()))


def _origin(row: Mapping[str, Any]) -> Origin:
    """The native record; the key of a part of it follows a `#`."""
    return row["dataset"], row["split"], row["file"], (row["key"] or "").partition("#")[0]


def fault(reject: Mapping[str, Any]) -> list[Ring]:
    """The region that a reject is about, where its detail says the numbers of one: 4 or 8 in a
    row, and no others."""
    if "#" not in (reject["key"] or ""):
        return []
    runs: list[list[float]] = [[]]
    for word in _FRAME.sub("", reject["detail"] or "").split():
        if _NUMBER.fullmatch(word):
            runs[-1].append(float(word))
        elif runs[-1]:
            runs.append([])
    long = [run for run in runs if len(run) >= min(_CORNERS)]
    return of_points(long[0]) if len(long) == 1 and len(long[0]) in _CORNERS else []
