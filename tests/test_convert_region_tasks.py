"""What each task says of regions: exact turns."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import convert, dataset
from region_rows import DIOR, DOTA, GROUNDING, TASKS, TRAIN, items, said

from converters.catalogue import catalogue
from schemas.conversation import faults


def test_grounding_lists_every_class_with_the_boxes_behind_it() -> None:
    assert said(convert(dataset(DIOR, ["grounding"], **TRAIN))) == [
        [
            GROUNDING,
            "The image shows <p>1 golf field</p> {<16><30><86><84>|<0>} and <p>1 dam</p> "
            "{<0><0><100><100>|<0>}.",
        ],
        [
            GROUNDING,
            "The image shows <p>1 ship</p> {<99><1><100><4>|<0>}, <p>1 bridge</p> "
            "{<25><11><38><15>|<0>} and <p>1 stadium</p> {<0><12><12><25>|<0>}.",
        ],
    ]


def test_boxes_of_one_class_stand_behind_one_phrase(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n50 40 70 40 70 48 50 48 plane 0\n"
    )
    assert said(convert(dataset(DOTA, ["grounding"], dota, splits=["val"]))) == [
        [
            GROUNDING,
            "The image shows <p>2 planes</p> {<0><0><20><10>|<0>}<delim>{<50><50><70><60>|<0>}.",
        ]
    ]


def test_identify_asks_for_a_box_and_answers_with_name_and_place(dota: Path) -> None:
    assert said(convert(dataset(DOTA, ["identify"], dota, **TRAIN))) == [
        [
            "<image>\n[identify] What is the object at {<10><25><50><50>|<0>}?",
            "<p>1 small vehicle at the left</p>",
        ],
        [
            "<image>\n[identify] What is the object at {<51><22><79><40>|<45>}?",
            "<p>1 ship at the top</p>",
        ],
    ]


def test_refer_asks_for_a_phrase_and_answers_with_the_box() -> None:
    assert said(convert(dataset(DIOR, ["refer"], **TRAIN)))[2:4] == [
        ["<image>\n[refer] Where is the <p>ship at the top right</p>?", "{<99><1><100><4>|<0>}"],
        ["<image>\n[refer] Where is the <p>bridge at the top left</p>?", "{<25><11><38><15>|<0>}"],
    ]


def test_refer_leaves_out_regions_that_no_phrase_tells_apart(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n0 10 20 10 20 18 0 18 plane 0\n80 70 90 70 90 78 80 78 plane "
        "0\n"
    )
    found = convert(dataset(DOTA, ["refer"], dota, splits=["val"]))
    assert (len(found.rows), items(found, "val")) == (
        1,
        {"read": 3, "used": 1, "rejected": {}, "filtered": {"ambiguous": 2}},
    )


def test_a_description_says_what_how_many_and_where() -> None:
    assert said(convert(dataset(DIOR, ["description"], **TRAIN)))[1] == [
        "<image>\nDescribe the image in detail.",
        "The image shows 1 ship, 1 bridge and 1 stadium. The ship is at the top right. The "
        "bridge is at the top left. The stadium is at the top left.",
    ]


def test_rounds_are_two_for_each_class(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n80 70 90 70 90 78 80 78 plane 0\n"
    )
    assert said(convert(dataset(DOTA, ["rounds"], dota, splits=["val"]))) == [
        [
            "<image>\nWhich objects does the image show?",
            "The image shows 2 planes.",
            "How many planes are there?",
            "2",
            "Where in the image do you see the planes?",
            "At the top left and at the bottom right.",
        ]
    ]


def test_rounds_ask_about_three_classes_at_most(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "".join(f"0 0 20 0 20 8 0 8 {label} 0\n" for label in ("plane", "ship", "harbor", "bridge"))
    )
    [turns] = said(convert(dataset(DOTA, ["rounds"], dota, splits=["val"])))
    assert [turn for turn in turns if turn.startswith("How many")] == [
        "How many planes are there?",
        "How many ships are there?",
        "How many harbors are there?",
    ]


@pytest.mark.parametrize("task", TASKS)
def test_what_a_template_says_is_marked_as_its(task: str) -> None:
    assert {(row["task"], row["text_origin"]) for row in convert(dataset(DIOR, [task])).rows} == {
        (task, "template")
    }


@pytest.mark.parametrize("slug", ["dior", "dior_r", "fair1m"])
@pytest.mark.parametrize("task", TASKS)
def test_every_row_keeps_the_rules_of_a_conversation(slug: str, task: str) -> None:
    rows = convert(dataset(catalogue()[slug], [task], templates="geochat")).rows
    assert rows and not [faults(row) for row in rows if faults(row)]
