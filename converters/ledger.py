"""Counting: every item, row and picture ends in exactly one bucket, and the sums must balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.sample import KINDS, Kind, Reject, is_fault
from schemas.table import REJECT

Strings = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]
ROW_BUCKETS = ("built", "written", "repeated", "duplicate", "sampled_out")
PICTURE_BUCKETS = ("read", "without_items")
_BATCH = 1 << 16  # rejects that are turned into columns at once
_SHOWN = 200  # characters of a dropped text that its Reject shows


class Key(NamedTuple):
    """What a number counts.

    level: items, rows, pictures (the ledger), repairs (of items) or notes (what the card says of
    pictures). bucket: where it ended, or what is noted; kind: of items; reason: why.
    """

    dataset: str
    split: str
    level: str
    bucket: str
    reason: str = ""
    kind: str = ""


Counts = Counter[Key]
# `ledger[dataset][split]` is a page: items by kind, rows and pictures, each with its buckets.
Ledger = dict[str, dict[str, dict[str, Any]]]


def count(
    counts: Counts,
    dataset: str,
    split: str,
    level: str,
    bucket: str,
    number: int = 1,
    reason: str = "",
    kind: str = "",
) -> None:
    """Adds to one bucket; a bucket of nothing is not opened."""
    if number:
        counts[Key(dataset, split, level, bucket, reason, kind)] += number


class LedgerError(Exception):
    """The sums do not balance: rows were lost or invented, which is a bug."""


class Rejects:
    """Rejects of one dataset, collected as columns."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset
        self._rows: list[tuple[Any, ...]] = []
        self._batches: list[pa.RecordBatch] = []  # of all before those in `_rows`

    def __len__(self) -> int:
        return len(self._rows) + _BATCH * len(self._batches)

    def item(self, reject: Reject, kind: Kind) -> None:
        """A part of a native record that no row was made of."""
        origin = (reject.split, reject.file, reject.key)
        self._add(origin, "item", kind, reject.reason, reject.detail, reject.items, None)

    def row(
        self, origin: tuple[str, str, str], reason: str, detail: str, row_id: str | None
    ) -> None:
        """A row that was made and dropped. origin: split, file, key."""
        self._add(origin, "row", None, reason, detail, 1, row_id)

    def _add(
        self,
        origin: tuple[str, str, str],
        level: str,
        kind: Kind | None,
        reason: str,
        detail: str,
        items: int,
        row_id: str | None,
    ) -> None:
        fate = "fault" if is_fault(reason) else "policy"
        of = (self._dataset, *map(escaped, origin))
        told = printable(detail)
        self._rows.append((*of, level, kind, reason, fate, told, items, row_id, None))
        # A span of nothing but broken records may hold millions: as tuples they take four times
        # the memory.
        if len(self._rows) == _BATCH:
            self._batches.append(self._batch())
            self._rows.clear()

    def table(self) -> pa.RecordBatch:
        """The rejects in the `REJECT` schema."""
        return pa.concat_batches([*self._batches, self._batch()])

    def _batch(self) -> pa.RecordBatch:
        columns = list(zip(*self._rows, strict=True)) or [()] * len(REJECT)
        arrays = [pa.array(c, field.type) for c, field in zip(columns, REJECT, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=REJECT)


class Batch(Protocol):
    """Items of one kind and one split, on their way to rows.

    reasons: for each item why it can have no row, empty where it may.
    """

    @property
    def kind(self) -> Kind:
        """The one kind of its items."""
        ...

    @property
    def split(self) -> str:
        """The one split of its items."""
        ...

    @property
    def reasons(self) -> Strings:
        """One an item, see above."""
        ...

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one item."""
        ...


class Book:
    """All counting of one span: what was read, where it ended, and the Rejects.

    first: the kind that a record counts as which cannot be read at all.
    """

    def __init__(self, dataset: str, first: Kind) -> None:
        self.rejects = Rejects(dataset)
        self.counts: Counts = Counter()
        self._dataset, self._first = dataset, first

    def add(
        self, split: str, level: str, bucket: str, number: int, reason: str = "", kind: str = ""
    ) -> None:
        """Adds to one bucket of this dataset."""
        count(self.counts, self._dataset, split, level, bucket, number, reason, kind)

    def read(self, split: str, kind: Kind, number: int) -> None:
        """Items that a reader gave."""
        self.add(split, "items", "read", number, kind=kind)

    def drop(self, reject: Reject) -> None:
        """An item that ends here. It was counted as read before."""
        kind = reject.kind or self._first
        bucket = "rejected" if is_fault(reject.reason) else "filtered"
        self.rejects.item(reject, kind)
        self.add(reject.split, "items", bucket, reject.items, reject.reason, kind)

    def unread(self, reject: Reject) -> None:
        """An item that the reader itself rejected: read and dropped at once."""
        self.read(reject.split, reject.kind or self._first, reject.items)
        self.drop(reject)

    def pictures(self, split: str, read: int, faults: Iterable[str], without_items: int) -> None:
        """Pictures that records of one batch name. faults: of each faulty one its reason."""
        self.add(split, "pictures", "read", read)
        self.add(split, "pictures", "without_items", without_items)
        for reason, number in sorted(Counter(faults).items()):
            self.add(split, "pictures", "rejected", number, reason)

    def repaired(self, repairs: Mapping[str, int]) -> None:
        """Items that were kept, but changed."""
        for name, number in sorted(repairs.items()):
            if number:
                self.add("", "repairs", name, number)

    def settle(self, batch: Batch, outcomes: Sequence[Strings]) -> None:
        """Books the items of a batch.

        outcomes: of each source, why no row of it uses an item, empty where one does. An item is
        used where any source uses it; else it goes by the first source's reason, and where no
        source takes its kind it is `unselected`.
        """
        if outcomes:
            used = np.logical_or.reduce([outcome == "" for outcome in outcomes])
            reasons = outcomes[0]
        else:
            used = np.zeros(len(batch.reasons), bool)
            reasons = np.where(batch.reasons == "", "unselected", batch.reasons)
        self.add(batch.split, "items", "used", int(used.sum()), kind=batch.kind)
        for item in np.flatnonzero(~used).tolist():
            self.drop(batch.reject(item, str(reasons[item])))

    def keep(self, rows: pa.RecordBatch, broken: Mapping[str, Bools]) -> pa.RecordBatch:
        """Books built rows and gives those that break no rule.

        broken: a mask for each rule that some row breaks, in the order of precedence.
        """
        for entry in rows["split"].value_counts().to_pylist():
            self.add(entry["values"], "rows", "built", entry["counts"])
        if not broken:
            return rows
        reasons = np.full(rows.num_rows, "", object)
        for rule, mask in reversed(list(broken.items())):
            reasons[mask] = rule
        for index in np.flatnonzero(reasons != "").tolist():
            self._drop_row(rows.slice(index, 1), str(reasons[index]))
        return rows.filter(pa.array(reasons == ""))

    def _drop_row(self, row: pa.RecordBatch, reason: str) -> None:
        about = row.select(["id", "split", "origin", "conversations"]).to_pylist()[0]
        origin = (about["split"], about["origin"]["file"], about["origin"]["key"])
        texts = str([turn["value"] for turn in about["conversations"]])[:_SHOWN]
        self.rejects.row(origin, reason, texts, about["id"])
        bucket = "rejected" if is_fault(reason) else "filtered"
        self.add(about["split"], "rows", bucket, 1, reason)


def escaped(text: str) -> str:
    """A native name as tables hold it: it need not be UTF-8, and their texts are."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def printable(text: str) -> str:
    """A detail on one line: data may hold anything, a log line may not."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line[:300]


def ledger(counts: Mapping[Key, int]) -> Ledger:
    """`ledger[dataset][split]` as the card states it: items by kind, rows, pictures."""
    book: Ledger = {}
    for key, number in sorted(counts.items()):
        if key.level not in ("items", "rows", "pictures"):
            continue
        page = book.setdefault(key.dataset, {}).setdefault(key.split, _empty_page())
        place = page[key.level]
        if key.level == "items":
            place = place.setdefault(
                key.kind, {"read": 0, "used": 0, "rejected": {}, "filtered": {}}
            )
        if key.reason:
            place[key.bucket][key.reason] = number
        else:
            place[key.bucket] = number
    for splits in book.values():
        for page in splits.values():
            page["items"] = {kind: page["items"][kind] for kind in KINDS if kind in page["items"]}
    return book


def _empty_page() -> dict[str, Any]:
    return {
        "items": {},
        "rows": {**dict.fromkeys(ROW_BUCKETS, 0), "rejected": {}, "filtered": {}},
        "pictures": {**dict.fromkeys(PICTURE_BUCKETS, 0), "rejected": {}},
    }


def check_balance(book: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Raises LedgerError naming the first split and kind whose sums differ."""
    for dataset, splits in book.items():
        for split, page in splits.items():
            for kind, items in page["items"].items():
                ended = items["used"] + _dropped(items)
                if items["read"] != ended:
                    raise LedgerError(
                        f"{dataset} {split}: {items['read']} items of kind {kind} read, "
                        f"{ended} accounted for"
                    )
            rows = page["rows"]
            ended = rows["written"] + rows["duplicate"] + rows["sampled_out"] + _dropped(rows)
            if rows["built"] != ended:
                raise LedgerError(
                    f"{dataset} {split}: {rows['built']} rows built, {ended} accounted for"
                )


def _dropped(place: Mapping[str, Any]) -> int:
    dropped: int = sum(place["rejected"].values()) + sum(place["filtered"].values())
    return dropped


def items_read(page: Mapping[str, Any]) -> int:
    """Items of all kinds that a split holds."""
    return sum(items["read"] for items in page["items"].values())


def dropped_by_reason(page: Mapping[str, Any], bucket: str) -> dict[str, int]:
    """Items and rows of a split that ended in a bucket (rejected, filtered), by reason."""
    total: Counter[str] = Counter()
    for place in (*page["items"].values(), page["rows"]):
        total.update(place[bucket])
    return dict(sorted(total.items()))


def faults(page: Mapping[str, Any]) -> int:
    """Faulty items and rows of a split: those rejected, none that a policy filtered."""
    return sum(dropped_by_reason(page, "rejected").values())
