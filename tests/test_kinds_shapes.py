"""Shapes of regions as rows, in a dialect that can write them or cannot."""

from __future__ import annotations

import pytest
from given import convert, items, said, sample
from records_of_kinds import RING, SHIP, rich

from converters.dialects import dialect
from schemas.sample import (
    Box,
    Mask,
    Polygon,
    Region,
)
from schemas.toml import ConfigError

# Shapes


def test_a_polygon_becomes_a_row_with_its_points() -> None:
    found = convert(
        [sample(regions=(Region("0", "pool", Polygon(RING)),))],
        ["grounding"],
        dialect="pixel",
    )
    [region] = found.rows[0]["regions"]
    assert (region["shape"], region["points"], region["bbox"]) == (
        "polygon",
        list(RING),
        [10, 10, 50, 60],
    )
    assert said(found)[0][1] == ("The image shows 1 pool [10, 10, 40, 10, 50, 40, 30, 60, 10, 40].")


def test_a_polygon_is_enclosed_and_counted_where_the_dialect_cannot_write_it() -> None:
    square = (10.0, 8.0, 30.0, 8.0, 30.0, 16.0, 30.0, 24.0, 10.0, 24.0)
    found = convert([sample(regions=(Region("0", "pool", Polygon(square)),))], ["grounding"])
    assert said(found)[0][1] == "The image shows <p>1 pool</p> {<10><10><30><30>|<0>}."
    assert found.rows[0]["regions"][0]["shape"] == "polygon"
    assert {k.bucket: n for k, n in found.counts.items() if k.level == "repairs"} == {"enclosed": 1}


def test_a_shape_that_cannot_be_written_is_rejected_where_the_mix_says_so() -> None:
    ring = Region("0", "pool", Polygon(RING))
    records = [sample(regions=(ring, SHIP.__class__("1", "ship", SHIP.shape)))]
    found = convert(records, ["grounding"], unsayable="reject")
    assert items(found) == {"region": {"read": 2, "used": 1, "filtered": {"not_sayable": 1}}}


def test_a_polygon_outside_its_picture_is_rejected() -> None:
    away = Polygon((200.0, 200.0, 230.0, 200.0, 230.0, 240.0))
    found = convert([sample(regions=(Region("0", "pool", away), SHIP))], ["grounding"])
    assert items(found) == {"region": {"read": 2, "used": 1, "rejected": {"outside_image": 1}}}


def test_a_polygon_is_cut_at_the_edge_of_its_picture() -> None:
    over = Polygon((80.0, 10.0, 120.0, 10.0, 120.0, 30.0, 80.0, 30.0))
    found = convert([sample(regions=(Region("0", "pool", over),))], ["grounding"], dialect="pixel")
    [region] = found.rows[0]["regions"]
    assert region["bbox"] == [80, 10, 100, 30]
    assert {k.bucket: n for k, n in found.counts.items() if k.level == "repairs"} == {"clipped": 1}


def test_a_mask_becomes_a_row_with_its_run_lengths() -> None:
    # The first two columns of 80 rows are empty, then pixels 10 to 19 of the third.
    mask = Mask(100, 80, (170, 10, 7820))
    found = convert([sample(regions=(Region("0", "pool", mask),))], ["grounding"])
    [region] = found.rows[0]["regions"]
    assert (region["shape"], region["counts"], region["bbox"]) == (
        "mask",
        [170, 10, 7820],
        [2, 10, 3, 20],
    )


# Dialects


def test_an_unknown_dialect_is_an_error_that_names_those_like_it() -> None:
    with pytest.raises(ConfigError, match=r'^unknown dialect "gochat"; did you mean geochat'):
        dialect("gochat")
    with pytest.raises(ConfigError, match='unknown dialect "gochat"'):
        convert([rich()], ["grounding"], dialect="gochat")


@pytest.mark.parametrize("task", ["grounding", "identify", "refer", "description", "rounds"])
def test_rows_in_pixels_carry_no_mark_up_of_geochats(task: str) -> None:
    records = [rich(), sample("b", regions=(SHIP, Region("2", "ship", Box(60, 60, 90, 70))))]
    texts = [text for row in said(convert(records, [task], dialect="pixel")) for text in row]
    assert texts and not [
        t for t in texts for mark in ("<p>", "</p>", "<delim>", "{<") if mark in t
    ]


def test_boxes_of_one_phrase_are_joined_as_the_dialect_joins_them() -> None:
    record = sample("b", regions=(SHIP, Region("2", "ship", Box(60, 60, 90, 70))))
    answers = [
        said(convert([record], ["grounding"], dialect=name))[0][1] for name in ("geochat", "pixel")
    ]
    assert answers == [
        "The image shows <p>2 ships</p> {<10><10><30><30>|<0>}<delim>{<60><75><90><88>|<0>}.",
        "The image shows 2 ships [10, 8, 30, 24], [60, 60, 90, 70].",
    ]
