"""Counting: every item and every row ends in exactly one bucket, and the sums must balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from schemas.sample import Reject, is_fault
from schemas.table import REJECT

# (dataset, split, level, bucket, reason) -> how many. Levels: items and rows (the ledger), repairs (of regions), holds (what written rows contain).
Key = tuple[str, str, str, str, str]
Counts = Counter[Key]
ROW_BUCKETS = ("built", "written", "repeated", "duplicate", "sampled_out")


class LedgerError(Exception):
    """The sums do not balance: rows were lost or invented, which is a bug."""


def count(
    counts: Counts, dataset: str, split: str, level: str, bucket: str, n: int = 1, reason: str = ""
) -> None:
    """Adds n to one bucket."""
    if n:
        counts[(dataset, split, level, bucket, reason)] += n


class Rejects:
    """Rejects of one dataset, collected as columns."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def item(self, reject: Reject) -> None:
        """A part of a native record that no row was made of."""
        self._add(
            reject.split,
            reject.file,
            reject.key,
            "item",
            reject.reason,
            reject.detail,
            reject.items,
            None,
        )

    def row(
        self, split: str, file: str, key: str, reason: str, detail: str, row_id: str | None
    ) -> None:
        """A row that was made and dropped."""
        self._add(split, file, key, "row", reason, detail, 1, row_id)

    def _add(
        self,
        split: str,
        file: str,
        key: str,
        level: str,
        reason: str,
        detail: str,
        items: int,
        row_id: str | None,
    ) -> None:
        kind = "fault" if is_fault(reason) else "policy"
        self._rows.append(
            (
                self._dataset,
                split,
                file,
                key,
                level,
                reason,
                kind,
                printable(detail),
                items,
                row_id,
                None,
            )
        )

    def table(self) -> pa.RecordBatch:
        """The rejects in the `REJECT` schema."""
        columns = list(zip(*self._rows, strict=True)) or [()] * len(REJECT)
        return pa.RecordBatch.from_arrays(
            [pa.array(c, f.type) for c, f in zip(columns, REJECT, strict=True)], schema=REJECT
        )


def printable(text: str) -> str:
    """A detail on one line: data may hold anything, a log line may not."""
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split())
    )[:300]


def ledger(
    counts: Mapping[Key, int], units: Mapping[str, str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """`ledger[dataset][split]` as the card states it. units: what each dataset counts in."""
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for dataset, split in sorted(
        {(key[0], key[1]) for key in counts if key[2] in ("items", "rows")}
    ):
        items: dict[str, Any] = {"read": 0, "used": 0, "rejected": {}, "filtered": {}}
        rows: dict[str, Any] = {**dict.fromkeys(ROW_BUCKETS, 0), "rejected": {}, "filtered": {}}
        for (_, _, level, bucket, reason), n in sorted(
            (k, n)
            for k, n in counts.items()
            if k[:2] == (dataset, split) and k[2] in ("items", "rows")
        ):
            place = items if level == "items" else rows
            if reason:
                place[bucket][reason] = n
            else:
                place[bucket] = n
        out.setdefault(dataset, {})[split] = {"unit": units[dataset], "items": items, "rows": rows}
    return out


def check_balance(book: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Raises LedgerError naming the first split whose sums differ."""
    for dataset, splits in book.items():
        for split, page in splits.items():
            items, rows = page["items"], page["rows"]
            ended = (
                items["used"] + sum(items["rejected"].values()) + sum(items["filtered"].values())
            )
            if items["read"] != ended:
                raise LedgerError(
                    f"{dataset} {split}: {items['read']} items read, {ended} accounted for"
                )
            ended = (
                rows["written"]
                + rows["duplicate"]
                + rows["sampled_out"]
                + sum(rows["rejected"].values())
                + sum(rows["filtered"].values())
            )
            if rows["built"] != ended:
                raise LedgerError(
                    f"{dataset} {split}: {rows['built']} rows built, {ended} accounted for"
                )


def faults(page: Mapping[str, Any]) -> int:
    """Faulty items and rows of a split: those rejected, none that a policy filtered."""
    return sum(n for level in ("items", "rows") for n in page[level]["rejected"].values())
