"""Items have kinds and tasks take a kind.

Nothing that a record holds is lost, measured by another's size, or written in another's mark-up.
"""

from __future__ import annotations

from typing import Any

import pytest
from given import convert, items, said, sample
from native import picture, words

from converters.dialects import dialect
from schemas.mix import Filter
from schemas.sample import (
    Box,
    Caption,
    Expression,
    Label,
    Mask,
    Picture,
    Polygon,
    Question,
    Region,
    Reject,
    Sample,
)
from schemas.toml import ConfigError

SHIP = Region("0", "ship", Box(10, 8, 30, 24))
DAM = Region("1", "dam", Box(50, 40, 100, 80))
RING = (10.0, 10.0, 40.0, 10.0, 50.0, 40.0, 30.0, 60.0, 10.0, 40.0)


def rich() -> Sample:
    """A record with a caption, two questions and two boxes."""
    return sample(
        captions=(Caption("0", "a dam and a ship."),),
        questions=(Question("0", "Is there a dam?", "yes"), Question("1", "How many?", "2")),
        regions=(SHIP, DAM),
    )


# A record of several kinds


def test_a_record_of_three_kinds_gives_rows_of_the_kind_asked_for() -> None:
    found = convert([rich()], ["grounding"])
    assert [row["task"] for row in found.rows] == ["grounding"]
    assert items(found) == {
        "caption": {"read": 1, "filtered": {"unselected": 1}},
        "question": {"read": 2, "filtered": {"unselected": 2}},
        "region": {"read": 2, "used": 2},
    }


def test_kinds_that_no_source_asks_for_are_rejects_that_say_so() -> None:
    found = convert([rich()], ["grounding"])
    assert [
        (r["item"], r["items"], r["reason"], r["kind"], r["detail"]) for r in found.rejects
    ] == [
        (
            "caption",
            1,
            "unselected",
            "policy",
            "no source of the mix is made of items of kind caption",
        ),
        (
            "question",
            2,
            "unselected",
            "policy",
            "no source of the mix is made of items of kind question",
        ),
    ]


def test_every_kind_that_a_source_asks_for_becomes_rows() -> None:
    found = convert([rich()], ["grounding", "vqa", "caption"])
    assert sorted((row["task"], words(row)[1]) for row in found.rows) == [
        ("caption", "a dam and a ship."),
        (
            "grounding",
            "The image shows <p>1 ship</p> {<10><10><30><30>|<0>} "
            "and <p>1 dam</p> {<50><50><100><100>|<0>}.",
        ),
        ("vqa", "2"),
        ("vqa", "yes"),
    ]
    assert items(found) == {
        "caption": {"read": 1, "used": 1},
        "question": {"read": 2, "used": 2},
        "region": {"read": 2, "used": 2},
    }


def test_a_record_without_items_is_counted_among_the_pictures() -> None:
    found = convert([rich(), sample("b")], ["caption"])
    assert found.book["train"]["pictures"] == {"read": 2, "without_items": 1, "rejected": {}}


def test_a_record_that_cannot_be_read_counts_as_what_the_format_yields_first() -> None:
    found = convert(
        [Reject("records.json", "x", "train", "unreadable_record")],
        ["vqa"],
        yields=("question", "region"),
    )
    assert items(found) == {"question": {"read": 1, "rejected": {"unreadable_record": 1}}}


def test_a_source_of_another_split_takes_nothing() -> None:
    records = [sample("a", captions=(Caption("0", "a dam."),), split=s) for s in ("train", "val")]
    found = convert(records, ["caption"], sources={"split": ["val"]})
    assert ([row["split"] for row in found.rows], items(found)) == (
        ["val"],
        {"caption": {"read": 1, "filtered": {"unselected": 1}}},
    )


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


# Several pictures


def pair(**items: Any) -> Sample:
    return sample(pictures=(Picture("1.png", 100, 100), Picture("2.png", 1000, 1000)), **items)


def test_a_region_is_measured_by_its_own_picture() -> None:
    found = convert(
        [pair(regions=(Region("0", "ship", Box(500, 500, 900, 700), 1),))], ["grounding"]
    )
    assert said(found) == [
        [
            "<image>\n<image>\n[grounding] List every object in the second image with its "
            "location.",
            "The second image shows <p>1 ship</p> {<50><50><90><70>|<0>}.",
        ]
    ]
    assert found.rows[0]["regions"][0]["image"] == 1


def test_a_box_beyond_its_own_picture_is_outside_though_another_is_larger() -> None:
    found = convert(
        [pair(regions=(Region("0", "ship", Box(500, 500, 900, 700), 0),))], ["grounding"]
    )
    assert items(found) == {"region": {"read": 1, "rejected": {"outside_image": 1}}}
    assert found.rejects[0]["detail"] == "ship 500 500 900 700 in 100 x 100"


def test_the_same_box_on_another_picture_is_no_repeat() -> None:
    box = Box(10, 10, 50, 50)
    regions = tuple(Region(str(i), "ship", box, image) for i, image in enumerate([0, 1, 1]))
    found = convert([pair(regions=regions)], ["grounding"])
    assert [(r["key"], r["reason"]) for r in found.rejects] == [("a#2", "duplicate_region")]


def test_the_same_box_of_another_class_or_record_is_no_repeat() -> None:
    box = Box(10, 10, 50, 50)
    regions = (Region("0", "ship", box), Region("1", "boat", box))
    found = convert([sample("a", regions=regions), sample("b", regions=regions)], ["grounding"])
    assert items(found) == {"region": {"read": 4, "used": 4}}


def test_a_region_of_a_picture_that_is_not_there_is_a_dangling_reference() -> None:
    found = convert([pair(regions=(Region("0", "ship", Box(1, 1, 9, 9), 2),))], ["grounding"])
    assert items(found) == {"region": {"read": 1, "rejected": {"dangling_reference": 1}}}


def series(key: str, length: int) -> Sample:
    shown = tuple(Picture(f"{key}{i}.png", 8, 8, f"201{i}-05-01") for i in range(length))
    return sample(key, pictures=shown, captions=(Caption("0", f"{length} dates."),))


def test_a_pair_and_a_series_of_four_in_one_batch_both_give_rows() -> None:
    found = convert([series("p", 2), series("s", 4), series("t", 3)], ["change_caption"])
    assert [(words(row)[0].count("<image>"), words(row)[1]) for row in found.rows] == [
        (2, "2 dates."),
        (4, "4 dates."),
        (3, "3 dates."),
    ]
    assert [len(row["images"]) for row in found.rows] == [2, 4, 3]
    assert found.rows[0]["times"] == ["2010-05-01", "2011-05-01"]
    assert [row["template"] for row in found.rows] == [
        "plain/change_caption/0",
        "plain/change_caption/series/0",
        "plain/change_caption/series/0",
    ]


def test_series_of_uneven_length_can_be_one_row_each() -> None:
    records = [series("p", 2), series("s", 4), series("p", 2)]
    records[2] = sample("q", pictures=records[0].pictures, captions=(Caption("0", "a road."),))
    found = convert(records, ["change_caption"], group="image")
    ask = (
        "The two images show the same place at two dates, the earlier first. "
        "Describe what has changed in one sentence."
    )
    assert said(found) == [
        [f"<image>\n<image>\n{ask}", "2 dates.", ask, "a road."],
        [
            "<image>\n<image>\n<image>\n<image>\nThe images show the same place at several dates, "
            "the earliest first. Describe what has changed in one sentence.",
            "4 dates.",
        ],
    ]


def test_a_record_without_pictures_gives_a_row_without_tokens() -> None:
    found = convert(
        [sample(pictures=(), questions=(Question("0", "What is SAR?", "radar"),)), rich()], ["vqa"]
    )
    assert [(len(row["images"]), words(row)[0]) for row in found.rows] == [
        (0, "What is SAR?"),
        (1, "<image>\nIs there a dam?"),
        (1, "<image>\nHow many?"),
    ]


# Two sources of one dataset


def test_an_item_that_one_source_drops_and_another_uses_is_used() -> None:
    sources = [{"filter": Filter(labels=["dam"])}, {"filter": Filter(labels=["ship"])}]
    found = convert([rich()], ["grounding", "description"], sources=sources)
    assert items(found)["region"] == {"read": 2, "used": 2}


@pytest.mark.parametrize("order, reason", [([0, 1], "unselected"), ([1, 0], "too_small")])
def test_an_item_that_all_sources_drop_has_the_reason_of_the_first(
    order: list[int], reason: str
) -> None:
    rules = [{"filter": Filter(labels=["dam"])}, {"filter": Filter(min_side=40.0)}]
    found = convert(
        [rich()], ["grounding", "description"], sources=[rules[place] for place in order]
    )
    assert items(found)["region"] == {"read": 2, "used": 1, "filtered": {reason: 1}}


def test_a_filter_of_sides_looks_at_the_picture_where_nothing_else_needs_it(tmp_path: Any) -> None:
    picture(tmp_path / "p.png", 100, 80)
    boxes = (Region("0", "ship", Box(0, 0, 1.5, 1.5)), Region("1", "dam", Box(0, 0, 50, 40)))
    record = sample(pictures=(Picture("p.png"),), regions=boxes)
    for side, used in ((0.0, 2), (0.5, 2), (2.0, 1)):
        sources = {"filter": Filter(min_side=side)}
        found = convert([record], ["grounding"], root=tmp_path, dialect="pixel", sources=sources)
        assert items(found)["region"]["used"] == used
        assert found.rows[0]["sizes"] == ([{"width": 100, "height": 80}] if side else None)


# Held-out questions


def test_a_held_out_question_of_a_bad_picture_stays_a_policy(tmp_path: Any) -> None:
    picture(tmp_path / "good.png")
    bad = [
        sample("bad", questions=(Question("0", "Is there a dam?", " "),)),
        sample("gone", questions=(Question("0", "Is there a dam?", "yes"),)),
    ]
    found = convert(bad, ["vqa"], root=tmp_path, images="embed")
    assert items(found)["question"] == {
        "read": 2,
        "rejected": {"missing_image": 1},
        "filtered": {"no_answer": 1},
    }


def test_other_items_of_a_record_with_a_bad_picture_are_faults(tmp_path: Any) -> None:
    picture(tmp_path / "good.png")
    record = sample(
        captions=(Caption("0", "a dam."), Caption("1", "a ship.")),
        questions=(Question("0", "Is there a dam?", ""),),
    )
    found = convert([record], ["vqa", "caption"], root=tmp_path, images="embed")
    assert items(found) == {
        "caption": {"read": 2, "rejected": {"missing_image": 2}},
        "question": {"read": 1, "filtered": {"no_answer": 1}},
    }
    assert found.book["train"]["pictures"] == {
        "read": 1,
        "without_items": 0,
        "rejected": {"missing_image": 1},
    }


# Labels


def test_several_classes_of_one_picture_are_one_answer() -> None:
    label = Label("0", ("Bare-Land", "water_body"))
    found = convert([sample(labels=(label,))], ["classification"], values={"spoken": {"x": "y"}})
    assert (said(found)[0][1], found.rows[0]["origin"]["key"]) == ("bare land, water body", "0")


def test_a_picture_without_any_class_is_rejected() -> None:
    found = convert([sample(labels=(Label("0", ()),))], ["classification"])
    assert items(found) == {"label": {"read": 1, "rejected": {"no_label": 1}}}


def test_a_filter_of_classes_keeps_pictures_that_have_one_of_them() -> None:
    records = [
        sample(key, labels=(Label(key, names),))
        for key, names in {"a": ("Port", "Sea"), "b": ("Sea",), "c": ("Port",)}.items()
    ]
    found = convert(records, ["classification"], sources={"filter": Filter(labels=["Port"])})
    assert [row["origin"]["key"] for row in found.rows] == ["a", "c"]
    assert items(found)["label"] == {"read": 3, "used": 2, "filtered": {"unselected": 1}}


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


# Expressions


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
