"""Counting: pages as the card states them, sums that balance, rejects as a table."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import tables

from converters.ledger import (
    Book,
    Counts,
    LedgerError,
    Rejects,
    check_balance,
    count,
    dropped_by_reason,
    faults,
    items_read,
    ledger,
    printable,
)
from schemas.sample import Reject
from schemas.table import REJECT


def book(**changes: int) -> dict[str, Any]:
    """A page that balances, but for the changes."""
    n = {
        "read": 10,
        "used": 7,
        "captions": 4,
        "told": 4,
        "bad_box": 2,
        "ignored": 1,
        "built": 11,
        "written": 5,
        "duplicate": 2,
        "sampled_out": 1,
        "empty_turn": 1,
        "unselected": 2,
    } | changes
    counts: Counts = Counter()
    for bucket in ("read", "used"):
        count(counts, "d", "train", "items", bucket, n[bucket], kind="region")
    count(counts, "d", "train", "items", "rejected", n["bad_box"], "bad_box", "region")
    count(counts, "d", "train", "items", "filtered", n["ignored"], "ignored", "region")
    count(counts, "d", "train", "items", "read", n["captions"], kind="caption")
    count(counts, "d", "train", "items", "used", n["told"], kind="caption")
    count(counts, "d", "train", "pictures", "read", 6)
    count(counts, "d", "train", "pictures", "without_items", 1)
    count(counts, "d", "train", "pictures", "rejected", 2, "missing_image")
    for bucket in ("built", "written", "duplicate", "sampled_out"):
        count(counts, "d", "train", "rows", bucket, n[bucket])
    count(counts, "d", "train", "rows", "rejected", n["empty_turn"], "empty_turn")
    count(counts, "d", "train", "rows", "filtered", n["unselected"], "unselected")
    count(counts, "d", "train", "rows", "repeated", 40)
    count(counts, "d", "train", "repairs", "clipped", 3)
    return ledger(counts)


def test_a_page_has_the_shape_of_the_card() -> None:
    assert book() == {
        "d": {
            "train": {
                "items": {
                    "caption": {"read": 4, "used": 4, "rejected": {}, "filtered": {}},
                    "region": {
                        "read": 10,
                        "used": 7,
                        "rejected": {"bad_box": 2},
                        "filtered": {"ignored": 1},
                    },
                },
                "rows": {
                    "built": 11,
                    "written": 5,
                    "repeated": 40,
                    "duplicate": 2,
                    "sampled_out": 1,
                    "rejected": {"empty_turn": 1},
                    "filtered": {"unselected": 2},
                },
                "pictures": {"read": 6, "without_items": 1, "rejected": {"missing_image": 2}},
            }
        }
    }


def test_a_page_that_balances_passes() -> None:
    check_balance(book())


@pytest.mark.parametrize(
    "change, message",
    [
        ({"used": 6}, "d train: 10 items of kind region read, 9 accounted for"),
        ({"bad_box": 3}, "d train: 10 items of kind region read, 11 accounted for"),
        ({"ignored": 0}, "d train: 10 items of kind region read, 9 accounted for"),
        ({"told": 3}, "d train: 4 items of kind caption read, 3 accounted for"),
        ({"read": 9, "told": 5}, "d train: 4 items of kind caption read, 5 accounted for"),
        ({"written": 4}, "d train: 11 rows built, 10 accounted for"),
        ({"duplicate": 3}, "d train: 11 rows built, 12 accounted for"),
        ({"empty_turn": 0}, "d train: 11 rows built, 10 accounted for"),
        ({"sampled_out": 0}, "d train: 11 rows built, 10 accounted for"),
        ({"unselected": 0}, "d train: 11 rows built, 9 accounted for"),
    ],
)
def test_a_page_that_does_not_balance_is_an_error(change: dict[str, int], message: str) -> None:
    with pytest.raises(LedgerError) as error:
        check_balance(book(**change))
    assert str(error.value) == message


def test_only_rejected_items_and_rows_are_faults() -> None:
    assert faults(book()["d"]["train"]) == 3


def test_items_of_all_kinds_are_read_and_dropped() -> None:
    page = book()["d"]["train"]
    assert (items_read(page), dropped_by_reason(page, "filtered")) == (
        14,
        {"ignored": 1, "unselected": 2},
    )


def test_what_a_reader_rejects_counts_as_read_of_its_kind_or_of_the_formats_first() -> None:
    counting = Book("d", "question")
    counting.unread(Reject("a.json", "7", "train", "bad_value", items=3, kind="label"))
    counting.unread(Reject("a.json", "8", "train", "inactive"))
    items = ledger(counting.counts)["d"]["train"]["items"]
    assert items == {
        "question": {"read": 1, "used": 0, "rejected": {}, "filtered": {"inactive": 1}},
        "label": {"read": 3, "used": 0, "rejected": {"bad_value": 3}, "filtered": {}},
    }
    assert list(items) == ["question", "label"]


@pytest.mark.parametrize("reason, bucket", [("empty_turn", "rejected"), ("unselected", "filtered")])
def test_a_built_row_that_breaks_a_rule_ends_by_its_first_reason(reason: str, bucket: str) -> None:
    counting = Book("d", "caption")
    broken = {reason: np.array([True, False]), "bad_roles": np.array([True, False])}
    kept = counting.keep(tables.batch(tables.row(1), tables.row(2)), broken)
    rows = ledger(counting.counts)["d"]["train"]["rows"]
    assert (kept["id"].to_pylist(), rows["built"], rows[bucket]) == (
        [tables.row_id(2)],
        2,
        {reason: 1},
    )


def test_nothing_counted_is_nothing_booked() -> None:
    counts: Counts = Counter()
    count(counts, "d", "train", "items", "read", 0)
    assert not counts


def test_rejects_become_a_table_with_their_kind() -> None:
    rejects = Rejects("d")
    rejects.item(Reject("a.json", "7", "train", "inactive", "active is false", 2), "question")
    rejects.row(("train", "a.json", "8"), "empty_turn", "['a', '']", "0123")
    common = {"dataset": "d", "split": "train", "file": "a.json", "survivor": None}
    assert rejects.table().to_pylist() == [
        common
        | {
            "key": "7",
            "level": "item",
            "item": "question",
            "reason": "inactive",
            "kind": "policy",
            "detail": "active is false",
            "items": 2,
            "id": None,
        },
        common
        | {
            "key": "8",
            "level": "row",
            "item": None,
            "reason": "empty_turn",
            "kind": "fault",
            "detail": "['a', '']",
            "items": 1,
            "id": "0123",
        },
    ]


def test_no_rejects_are_an_empty_table() -> None:
    assert (Rejects("d").table().schema, Rejects("d").table().num_rows) == (REJECT, 0)


def test_a_reject_outside_the_list_of_reasons_is_refused() -> None:
    with pytest.raises(KeyError, match="bad_luck"):
        Rejects("d").item(Reject("a.json", "7", "train", "bad_luck"), "caption")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a\nb\tc", "a b c"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("a\u202eb", "a\ufffdb"),
        ("道路", "道路"),
        ("x" * 400, "x" * 300),
    ],
    ids=["white space", "an escape", "a turn of direction", "another alphabet", "too long"],
)
def test_a_detail_is_one_printable_line(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_rejects_beyond_one_batch_of_columns_keep_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("converters.ledger._BATCH", 2)
    rejects = Rejects("d")
    for number in range(5):
        rejects.item(Reject("f", str(number), "all", "bad_value", "a\tb \x1b  c"), "caption")
    assert len(rejects) == 5
    table = rejects.table()
    assert table["key"].to_pylist() == ["0", "1", "2", "3", "4"]
    assert table["detail"].to_pylist() == ["a b \N{REPLACEMENT CHARACTER} c"] * 5
