"""Weights and caps: which rows of a source are kept, and how often."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from chosen import ALL, SEED, kept, many, named
from shard_files import rule_of
from tables import row, table

from pipelines import shards
from schemas.mix import SourceSpec

# Weights


def test_weight_one_keeps_every_row_once() -> None:
    assert set(kept(table(*many(50))).values()) == {1} and len(kept(table(*many(50)))) == 50


def test_a_whole_weight_repeats_every_row() -> None:
    assert set(kept(table(*many(50)), [rule_of("ponds", 3, None)]).values()) == {3}


def test_a_fraction_keeps_about_so_many() -> None:
    # 1,000 draws of 0.3: 300, with a deviation of 14.5
    assert 250 < len(kept(table(*many(1000)), [rule_of("ponds", 0.3, None)])) < 350


def test_a_mixed_weight_repeats_some_once_more() -> None:
    found = Counter(kept(table(*many(1000)), [rule_of("ponds", 2.25, None)]).values())
    assert set(found) == {2, 3} and 200 < found[3] < 300


def test_each_source_has_its_own_weight() -> None:
    rows = table(*many(20), *many(20, source=1, start=20))
    found = kept(rows, [rule_of("ponds", 2, None), rule_of("lakes", 1, None)])
    assert Counter(found.values()) == {2: 20, 1: 20}


def test_a_choice_by_weight_does_not_depend_on_the_other_rows() -> None:
    rows = many(200)
    rule = [rule_of("ponds", 0.5, None)]
    assert kept(table(*rows[::-2]), rule) == Counter(
        {
            name: n
            for name, n in kept(table(*rows), rule).items()
            if name in {r["id"] for r in rows[::-2]}
        }
    )


def test_a_larger_weight_keeps_what_a_smaller_one_kept() -> None:
    rows = table(*many(200))
    assert (
        kept(rows, [rule_of("ponds", 0.3, None)]).keys()
        < kept(rows, [rule_of("ponds", 0.6, None)]).keys()
    )


@pytest.mark.parametrize(
    "rule", [rule_of("ponds", 0.5, None), rule_of("ponds", 1, 100)], ids=["weight", "take"]
)
def test_another_seed_chooses_otherwise(rule: SourceSpec) -> None:
    rows = table(*many(200))
    assert kept(rows, [rule], seed=1) != kept(rows, [rule], seed=2)


@pytest.mark.parametrize("weight, take", [(0.5, None), (1, 100)], ids=["weight", "take"])
def test_the_choice_is_salted_by_the_name_of_the_source(weight: float, take: int | None) -> None:
    rows = table(*many(200))
    assert kept(rows, [rule_of("ponds", weight, take)]) != kept(
        rows, [rule_of("lakes", weight, take)]
    )


# The first 64 bits of an id, xor the first 8 bytes of sha256("7", U+001F, "take" or "weight",
# U+001F, "ponds"), through SplitMix64's finaliser, worked out apart from the code: for the words 1
# to 8 the ranks are in the order 7 3 5 4 2 8 6 1, and all but 6 and 8 lie in the lower half.


@pytest.mark.parametrize(
    "rule, words",
    [(rule_of("ponds", 1, 3), [3, 5, 7]), (rule_of("ponds", 0.5, None), [1, 2, 3, 4, 5, 7])],
    ids=["take", "weight"],
)
def test_the_choice_of_a_seed_is_for_good(rule: SourceSpec, words: list[int]) -> None:
    rows = table(*(row(n, id=f"{n:016x}00000000") for n in range(1, 9)))
    assert sorted(int(name[:16], 16) for name in kept(rows, [rule])) == words


# Caps


def test_a_cap_takes_so_many() -> None:
    assert len(kept(table(*many(50)), [rule_of("ponds", 1, 20)])) == 20


def test_a_cap_beyond_the_rows_takes_all() -> None:
    assert len(kept(table(*many(50)), [rule_of("ponds", 1, 51)])) == 50


def test_a_larger_cap_keeps_what_a_smaller_one_kept() -> None:
    rows = table(*many(50))
    assert (
        kept(rows, [rule_of("ponds", 1, 10)]).keys() < kept(rows, [rule_of("ponds", 1, 20)]).keys()
    )


def test_a_cap_counts_survivors_alone() -> None:
    rows = [*many(20), *({**r, "id": r["id"][::-1], "source": 1} for r in many(20))]
    assert len(kept(table(*rows), [rule_of("ponds", 1, 15), rule_of("again", 1, None)])) == 15


def test_each_source_has_its_own_cap() -> None:
    rows = table(*many(20), *many(20, source=1, start=20))
    assert len(kept(rows, [rule_of("ponds", 1, 5), rule_of("lakes", 1, None)])) == 25


def test_two_shards_queue_as_one() -> None:
    rows, rule = many(60), [rule_of("ponds", 1, 20)]
    queues = [shards.queue(table(*part), rule, SEED)[0] for part in (rows[:25], rows[25:])]
    limit = {0: int(np.sort(np.concatenate(queues))[:20][-1])}
    parts = [table(*part) for part in (rows[:25], rows[25:])]
    assert {
        name for part in parts for name in named(part, shards.choose(part, rule, SEED, limit).kept)
    } == kept(table(*rows), rule).keys()


def test_a_queue_is_no_longer_than_the_cap() -> None:
    assert len(shards.queue(table(*many(60)), [rule_of("ponds", 1, 20)], SEED)[0]) == 20


def test_a_source_without_a_cap_does_not_queue() -> None:
    assert shards.queue(table(*many(60)), ALL, SEED) == {}


def test_rows_that_the_weight_leaves_out_do_not_queue() -> None:
    rows = table(*many(60))
    assert len(kept(rows, [rule_of("ponds", 0.5, 20)])) == 20
