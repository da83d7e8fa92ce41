"""Items have kinds and tasks take a kind: nothing that a record holds is lost without a word."""

from __future__ import annotations

from typing import Any

import pytest
from given import convert, items, said, sample
from native import picture, words
from records_of_kinds import rich

from schemas.mix import Filter
from schemas.sample import (
    Box,
    Caption,
    Label,
    Picture,
    Question,
    Region,
    Reject,
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


def test_a_class_that_is_a_number_is_rejected_unless_the_catalogue_has_words_for_it() -> None:
    records = [
        sample("a", labels=(Label("a", ("7",)),)),
        sample("b", labels=(Label("b", ("B2",)),)),
    ]
    found = convert(records, ["classification"])
    assert items(found) == {"label": {"read": 2, "used": 1, "rejected": {"bad_value": 1}}}
    assert [one["detail"] for one in found.rejects] == ["7: a class has no name in words"]
    told = convert(records, ["classification"], values={"spoken": {"7": "dam"}})
    assert items(told) == {"label": {"read": 2, "used": 2}}


def test_a_question_without_text_says_so() -> None:
    found = convert([sample(questions=(Question("0", " ", "yes"),))], ["vqa"])
    assert [(r["reason"], r["detail"]) for r in found.rejects] == [("missing_field", "no question")]


def test_a_filter_of_classes_keeps_pictures_that_have_one_of_them() -> None:
    records = [
        sample(key, labels=(Label(key, names),))
        for key, names in {"a": ("Port", "Sea"), "b": ("Sea",), "c": ("Port",)}.items()
    ]
    found = convert(records, ["classification"], sources={"filter": Filter(labels=["Port"])})
    assert [row["origin"]["key"] for row in found.rows] == ["a", "c"]
    assert items(found)["label"] == {"read": 3, "used": 2, "filtered": {"unselected": 1}}
