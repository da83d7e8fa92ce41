"""One shard: who survives, in which order rows are written, and what becomes of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from chosen import choose, many, named
from hypothesis import given
from hypothesis import strategies as st
from shard_files import rule_of
from tables import key, row, row_id, table

from pipelines import shards
from pipelines.shards import Chosen
from schemas.table import REJECT

# Duplicates


def test_of_one_key_the_smallest_id_survives() -> None:
    rows = table(row(3, dedup=key(9)), row(1, dedup=key(9)), row(2, dedup=key(9)))
    assert named(rows, shards.survivors(rows)[0]) == [row_id(1)]


def test_an_earlier_source_goes_before_a_smaller_id() -> None:
    rows = table(row(1, dedup=key(9), source=1), row(2, dedup=key(9), source=0))
    assert named(rows, shards.survivors(rows)[0]) == [row_id(2)]


def test_every_duplicate_knows_its_survivor() -> None:
    rows = table(
        row(4, dedup=key(8)),
        row(1, dedup=key(9)),
        row(2, dedup=key(8)),
        row(3, dedup=key(9)),
        row(5, dedup=key(8)),
    )
    _, duplicates, leaders = shards.survivors(rows)
    assert set(zip(named(rows, duplicates), named(rows, leaders), strict=True)) == {
        (row_id(4), row_id(2)),
        (row_id(5), row_id(2)),
        (row_id(3), row_id(1)),
    }


def test_keys_that_share_their_first_half_are_two() -> None:
    rows = table(row(1, dedup=key(1, high=5)), row(2, dedup=key(2, high=5)))
    assert len(shards.survivors(rows)[1]) == 0


def test_keys_that_share_their_second_half_are_two() -> None:
    rows = table(row(1, dedup=key(5, high=1)), row(2, dedup=key(5, high=2)))
    assert len(shards.survivors(rows)[1]) == 0


def test_no_rows_have_no_survivors() -> None:
    assert [len(part) for part in shards.survivors(table())] == [0, 0, 0]


def fates(rows: pa.Table) -> tuple[set[str], set[tuple[str, str]]]:
    first, duplicates, leaders = shards.survivors(rows)
    return set(named(rows, first)), set(
        zip(named(rows, duplicates), named(rows, leaders), strict=True)
    )


KEYED = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 1 << 63]), st.integers(0, 2)), max_size=8
)


@given(KEYED, st.randoms(use_true_random=False))
def test_survivors_do_not_depend_on_order(keyed: list[tuple[int, int, int]], random: Any) -> None:
    rows = [
        row(n, dedup=key(low, high), source=source) for n, (low, high, source) in enumerate(keyed)
    ]
    shuffled = random.sample(rows, len(rows))
    assert fates(table(*shuffled)) == fates(table(*rows))


@given(KEYED)
def test_survivors_are_the_smallest_of_their_keys(keyed: list[tuple[int, int, int]]) -> None:
    groups: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for n, (low, high, source) in enumerate(keyed):
        groups.setdefault((low, high), []).append((source, row_id(n)))
    first = {group: min(members)[1] for group, members in groups.items()}
    losers = {
        (name, first[group])
        for group, members in groups.items()
        for _, name in members
        if name != first[group]
    }
    assert fates(
        table(
            *(
                row(n, dedup=key(low, high), source=source)
                for n, (low, high, source) in enumerate(keyed)
            )
        )
    ) == (set(first.values()), losers)


# Order and the ledger


def test_rows_are_written_in_order_of_pictures_then_ids() -> None:
    rows = table(
        row(4, home=key(1, high=2)),
        row(5, home=key(2, high=1)),
        row(3, home=key(1, high=1)),
        row(2, home=key(1, high=2)),
        row(1, home=key(2, high=1)),
        row(6, home=key(0, high=1 << 63)),
    )
    assert named(rows, choose(rows).kept) == [row_id(n) for n in (3, 1, 5, 2, 4, 6)]


def test_rows_of_one_picture_are_written_in_order_of_ids() -> None:
    rows = table(*(r | {"home": key(7)} for r in many(100)))
    assert named(rows, choose(rows).kept) == sorted(rows["id"].to_pylist())


def test_ids_that_share_64_bits_are_in_order() -> None:
    rows = table(*(row(n, home=key(7)) for n in (3, 1, 2)))
    assert named(rows, choose(rows).kept) == [row_id(1), row_id(2), row_id(3)]


def test_repeats_follow_their_row() -> None:
    chosen = choose(table(row(2), row(1)), [rule_of("ponds", 2, None)])
    assert (chosen.kept.tolist(), chosen.copy.tolist()) == ([1, 1, 0, 0], [0, 1, 0, 1])


def test_every_row_has_one_fate() -> None:
    rows = table(*many(50), *({**r, "id": r["id"][::-1]} for r in many(20)))
    chosen = choose(rows, [rule_of("ponds", 1.5, 30)])
    ended = [
        *chosen.kept[chosen.copy == 0].tolist(),
        *chosen.duplicates.tolist(),
        *chosen.sampled_out.tolist(),
    ]
    assert sorted(ended) == list(range(70))


def test_the_book_counts_every_fate() -> None:
    rows = table(
        *(row(n, split="val" if n > 3 else "train") for n in range(1, 6)), row(9, dedup=key(1))
    )
    chosen = Chosen(
        np.array([0, 0, 1, 3]),
        np.array([0, 1, 0, 0]),
        np.array([5]),
        np.array([0]),
        np.array([2, 4]),
    )
    assert shards.book(rows, chosen) == {
        ("ponds", "train", "rows", "written", "", ""): 2,
        ("ponds", "val", "rows", "written", "", ""): 1,
        ("ponds", "train", "rows", "repeated", "", ""): 1,
        ("ponds", "train", "rows", "duplicate", "", ""): 1,
        ("ponds", "train", "rows", "sampled_out", "", ""): 1,
        ("ponds", "val", "rows", "sampled_out", "", ""): 1,
    }


def test_the_statistics_count_what_rows_hold() -> None:
    region = {
        "image": 0,
        "label": "pond",
        "shape": "hbb",
        "bbox": [0, 0, 1, 1],
        "points": None,
        "phrase": None,
    }
    pair = [{"bytes": None, "path": "ponds/a.png"}, {"bytes": None, "path": "ponds/b.png"}]
    rows = table(
        row(1),
        row(2, images=pair),
        row(3, task="refer", text_origin="template", dialect="geochat", regions=[region, region]),
    )
    assert shards.statistics(rows, np.array([100, 250, 70])) == {
        ("ponds", "train", "vqa", "human", "", "rows"): 2,
        ("ponds", "train", "vqa", "human", "", "turns"): 4,
        ("ponds", "train", "vqa", "human", "", "pictures"): 3,
        ("ponds", "train", "vqa", "human", "", "bytes"): 350,
        ("ponds", "train", "refer", "template", "geochat", "rows"): 1,
        ("ponds", "train", "refer", "template", "geochat", "turns"): 2,
        ("ponds", "train", "refer", "template", "geochat", "pictures"): 1,
        ("ponds", "train", "refer", "template", "geochat", "regions"): 2,
        ("ponds", "train", "refer", "template", "geochat", "bytes"): 70,
    }


def test_dropped_rows_become_rejects() -> None:
    rows = table(row(1), row(2, dedup=key(1)), row(3, split="val"))
    nothing = np.zeros(0, np.int64)
    found = shards.drop_table(
        rows, Chosen(np.array([0]), np.array([0]), np.array([1]), np.array([0]), np.array([2]))
    )
    told = {
        "dataset": "ponds",
        "file": "questions.json",
        "level": "row",
        "item": None,
        "kind": "policy",
        "detail": "",
        "items": 1,
    }
    assert found.to_pylist() == [
        {
            **told,
            "split": "train",
            "key": "2",
            "reason": "duplicate",
            "id": row_id(2),
            "survivor": row_id(1),
        },
        {
            **told,
            "split": "val",
            "key": "3",
            "reason": "sampled_out",
            "id": row_id(3),
            "survivor": None,
        },
    ]
    assert (
        shards.drop_table(rows, Chosen(nothing, nothing, nothing, nothing, nothing))
        == REJECT.empty_table()
    )
