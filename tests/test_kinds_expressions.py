"""The authors' words that pick out regions, as rows."""

from __future__ import annotations

from typing import Any

import pytest
from given import convert, items, said, sample
from native import words
from records_of_kinds import DAM, SHIP, rich

from schemas.mix import Filter
from schemas.sample import (
    Box,
    Expression,
    Region,
)


def referred(*expressions: Expression, **settings: Any) -> Any:
    far = Region("far", "ship", Box(500, 500, 600, 600))
    return convert(
        [sample(regions=(SHIP, DAM, far), expressions=expressions)], ["refer"], **settings
    )


def test_the_authors_words_pick_out_their_region() -> None:
    found = referred(Expression("0", "the small  ship by the dam ", ("0",)))
    assert said(found) == [
        [
            "<image>\n[refer] Locate in the image: <p>the small ship by the dam</p>",
            "{<10><10><30><30>|<0>}",
        ]
    ]
    [row] = found.rows
    assert (row["text_origin"], row["origin"]["key"], row["dialect"]) == ("human", "a#0", "geochat")
    assert [(r["label"], r["phrase"]) for r in row["regions"]] == [
        ("ship", "the small ship by the dam")
    ]


def test_several_expressions_may_pick_out_one_region_and_one_several() -> None:
    found = referred(
        Expression("0", "the ship", ("0",)),
        Expression("1", "the boat", ("0",)),
        Expression("2", "all that was built", ("0", "1")),
    )
    assert [turns[1] for turns in said(found)] == [
        "{<10><10><30><30>|<0>}",
        "{<10><10><30><30>|<0>}",
        "{<10><10><30><30>|<0>}<delim>{<50><50><100><100>|<0>}",
    ]
    assert items(found) == {
        "region": {"read": 3, "filtered": {"unselected": 3}},
        "expression": {"read": 3, "used": 3},
    }


@pytest.mark.parametrize("tasks", [["refer"], ["grounding"], ["refer", "grounding"]])
def test_what_is_repaired_of_regions_is_counted_once_whatever_asks_for_them(
    tasks: list[str],
) -> None:
    turned = Region("0", "ship", Box(30, 30, 10, 10))
    found = convert(
        [sample(regions=(turned,), expressions=(Expression("0", "the ship", ("0",)),))], tasks
    )
    assert {k.bucket: n for k, n in found.counts.items() if k.level == "repairs"} == {"swapped": 1}


def test_an_expression_of_no_region_is_answered_by_saying_so() -> None:
    found = referred(Expression("0", "the bridge", ()))
    [row] = found.rows
    assert (words(row)[1], row["regions"], row["dialect"]) == (
        "There is no such object in the image.",
        [],
        None,
    )


@pytest.mark.parametrize(
    "expression, bucket, reason",
    [
        (Expression("0", "the tree", ("9",)), "rejected", "dangling_reference"),
        (Expression("0", "the far ship", ("0", "far")), "rejected", "outside_image"),
        (Expression("0", " \n", ("0",)), "rejected", "missing_field"),
        (Expression("0", "the dam", ("1",)), "filtered", "unselected"),
    ],
)
def test_an_expression_that_cannot_become_a_row_has_its_reason(
    expression: Expression, bucket: str, reason: str
) -> None:
    found = referred(expression, sources={"filter": Filter(labels=["ship"])})
    assert items(found)["expression"] == {"read": 1, bucket: {reason: 1}}


def test_an_expressions_reject_shows_its_words_and_the_region_at_fault() -> None:
    found = referred(Expression("0", "the far ship", ("0", "far")))
    [reject] = [r for r in found.rejects if r["item"] == "expression"]
    assert (reject["key"], reject["detail"]) == ("a#0", "the far ship; far: outside_image")


def test_phrases_of_ours_name_regions_where_the_authors_have_none() -> None:
    found = convert([rich()], ["refer"])
    assert {row["text_origin"] for row in found.rows} == {"template"}
    assert [turns[1] for turns in said(found)] == [
        "{<10><10><30><30>|<0>}",
        "{<50><50><100><100>|<0>}",
    ]
