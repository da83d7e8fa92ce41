"""The ledger of a whole run: every item, row and picture of the sample data is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import runs

# Faults and policies of the sample's records, as its modules name them.
FAULTS = {
    "bad_box": 1,
    "dangling_reference": 1,
    "duplicate_region": 1,
    "missing_image": 2,
    "truncated_image": 2,
    "unreadable_image": 1,
    "zero_area": 3,
}
POLICIES = {"duplicate": 2, "ignored": 4, "inactive": 1}


def add(*parts: dict[str, int]) -> int:
    return sum(n for part in parts for n in part.values())


def pages(out: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{slug} {split}", page)
        for slug, splits in runs.card(out)["ledger"].items()
        for split, page in splits.items()
    ]


def test_every_question_of_rsvqa_is_accounted_for(mixed: Path) -> None:
    # 12 training pictures, 12 questions each, one of them asked twice; one is switched off and one
    # has no answer
    assert runs.card(mixed)["ledger"]["rsvqa_lr"]["train"] == {
        "items": {
            "question": {
                "read": 145,
                "used": 143,
                "rejected": {"dangling_reference": 1},
                "filtered": {"inactive": 1},
            }
        },
        "rows": {
            "built": 143,
            "written": 142,
            "repeated": 0,
            "duplicate": 1,
            "sampled_out": 0,
            "rejected": {},
            "filtered": {},
        },
        "pictures": {"read": 12, "without_items": 0, "rejected": {}},
    }


def test_every_picture_of_nwpu_is_accounted_for(mixed: Path) -> None:
    assert runs.card(mixed)["ledger"]["nwpu_resisc45"]["all"] == {
        "items": {
            "label": {
                "read": 80,
                "used": 79,
                "rejected": {"unreadable_image": 1},
                "filtered": {},
            }
        },
        "rows": {
            "built": 79,
            "written": 78,
            "repeated": 0,
            "duplicate": 1,
            "sampled_out": 0,
            "rejected": {},
            "filtered": {},
        },
        "pictures": {"read": 80, "without_items": 0, "rejected": {"unreadable_image": 1}},
    }


def test_every_fault_of_the_sample_is_found_and_nothing_else(mixed: Path) -> None:
    found: dict[str, int] = {}
    for reject in runs.rejects(mixed):
        found[reject["reason"]] = found.get(reject["reason"], 0) + reject["items"]
    assert found == FAULTS | POLICIES


def test_items_balance(mixed: Path) -> None:
    assert [
        (name, kind)
        for name, page in pages(mixed)
        for kind, i in page["items"].items()
        if i["read"] != i["used"] + add(i["rejected"], i["filtered"])
    ] == []


def test_built_rows_balance(mixed: Path) -> None:
    ended = [
        (
            name,
            r["built"],
            r["written"] + r["duplicate"] + r["sampled_out"] + add(r["rejected"], r["filtered"]),
        )
        for name, r in rows_of(mixed)
    ]
    assert [line for line in ended if line[1] != line[2]] == []


def rows_of(out: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(name, page["rows"]) for name, page in pages(out)]


def test_the_shards_hold_what_the_ledger_says(mixed: Path) -> None:
    assert len(runs.rows(mixed, "id")) == sum(
        rows["written"] + rows["repeated"] for _, rows in rows_of(mixed)
    )


def test_the_rejects_hold_what_the_ledger_says(mixed: Path) -> None:
    told: dict[tuple[str, ...], int] = {}
    for reject in runs.rejects(mixed):
        key = (f"{reject['dataset']} {reject['split']}", reject["level"], reject["reason"])
        told[key] = told.get(key, 0) + reject["items"]
    booked = {}
    for name, page in pages(mixed):
        booked |= {
            (name, "item", reason): n
            for items in page["items"].values()
            for bucket in ("rejected", "filtered")
            for reason, n in items[bucket].items()
        }
        booked |= {
            (name, "row", reason): page["rows"][reason]
            for reason in ("duplicate", "sampled_out")
            if page["rows"][reason]
        }
    assert told == booked


def test_a_duplicate_names_a_row_that_was_written(mixed: Path) -> None:
    assert {
        reject["survivor"] for reject in runs.rejects(mixed) if reject["reason"] == "duplicate"
    } <= runs.ids(mixed)


def test_a_duplicate_itself_is_not_written(mixed: Path) -> None:
    assert {
        reject["id"] for reject in runs.rejects(mixed) if reject["reason"] == "duplicate"
    } & runs.ids(mixed) == set()
