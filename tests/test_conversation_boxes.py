"""Boxes in ready-made conversations: what cannot be read, marks, lists, phrases; white space."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from given import convert, items, said, sample
from native import repairs, words

from converters.dialects import dialect
from converters.tasks.rewriting import rewritten
from schemas.sample import Conversation, Picture, Polygon, Region

SIZE = (100, 80)
ASKED = ("human", "<image>\nWhere is it?")
# A number is cut off, one is none, and the last box has no width.
BROKEN = "{<10><20><30><40>|<0>}, {<10><20><30>}, {<1><x><3><4>|<0>} or {<5><5><5><9>|<0>}."


def talk(text: str, name: str | None, *, pictures: int = 1, **more: Any) -> Any:
    shown = tuple(Picture(f"{i}.png", *SIZE) for i in range(pictures))
    asked = ("human", "<image>" * pictures + "\nWhere is it?")
    one = Conversation("", (asked, ("gpt", text)), name, **more)
    return sample(pictures=shown, conversations=(one,))


# What cannot be read


def test_boxes_that_cannot_be_read_stay_as_text_and_are_counted() -> None:
    found = convert([talk(BROKEN, "geochat")], ["conversation"], dialect="pixel")
    assert said(found)[0][1] == (
        "[10, 16, 30, 32], {<10><20><30>}, {<1><x><3><4>|<0>} or {<5><5><5><9>|<0>}."
    )
    assert repairs(found) == {"rewritten": 1, "unread": 3}
    assert len(found.rows[0]["regions"]) == 1


def test_a_mix_may_reject_a_conversation_with_a_box_that_cannot_be_read() -> None:
    found = convert([talk(BROKEN, "geochat")], ["conversation"], unread="reject")
    assert items(found) == {"conversation": {"read": 1, "rejected": {"bad_box": 1}}}
    assert repairs(found) == {}


def test_a_minus_sign_that_was_lost_leaves_no_box() -> None:
    found = convert([talk("[[86, 96, 14, 90]]", "earthdial")], ["conversation"])
    assert (said(found)[0][1], repairs(found)) == ("[[86, 96, 14, 90]]", {"unread": 1})


def test_boxes_of_a_series_stay_in_their_dialect_and_are_counted() -> None:
    found = convert([talk("[1, 2, 30, 40]", "teochat", pictures=2)], ["conversation"])
    assert said(found)[0][1] == "[1, 2, 30, 40]"
    assert (found.rows[0]["dialect"], repairs(found)) == ("teochat", {"unsized": 1})


def test_a_mix_may_reject_boxes_of_a_picture_of_unknown_size() -> None:
    record = sample(
        pictures=(Picture("absent.png"),),
        conversations=(Conversation("", (ASKED, ("gpt", "[1, 2, 30, 40]")), "teochat"),),
    )
    kept = convert([record], ["conversation"])
    assert (said(kept)[0][1], repairs(kept)) == ("[1, 2, 30, 40]", {"unsized": 1})
    dropped = convert([record], ["conversation"], unread="reject")
    assert items(dropped) == {"conversation": {"read": 1, "rejected": {"no_size": 1}}}


# Marks, whose regions travel beside the text


def marked(text: str, regions: int) -> Any:
    ring = Polygon((10, 10, 30, 10, 30, 40))
    beside = tuple(Region(str(i), "", ring) for i in range(regions))
    return talk(text, "geopixel", regions=beside)


def test_a_mark_is_the_region_beside_it() -> None:
    found = convert([marked("The <p> pond </p> [SEG] .", 1)], ["conversation"], dialect="teochat")
    # 10 of 80 rows are 12.5 per cent, 40 are 50.
    assert words(found.rows[0])[1] == "The pond [10, 12, 30, 50] ."
    assert [region["bbox"] for region in found.rows[0]["regions"]] == [[10, 10, 30, 40]]
    assert repairs(found) == {"rewritten": 1, "enclosed": 1, "phrases": 1}


@pytest.mark.parametrize("regions", [0, 2])
def test_marks_and_regions_of_different_number_are_a_fault(regions: int) -> None:
    found = convert([marked("The <p> pond </p> [SEG] .", regions)], ["conversation"])
    assert items(found) == {"conversation": {"read": 1, "rejected": {"dangling_reference": 1}}}


# Lists of boxes, and phrases


@pytest.mark.parametrize(
    "native, text, target, expected",
    [
        ("geochat", "<p>two ships</p> {<10><20><30><40>|<0>}<delim>{<1><5><3><10>|<0>}.",
         "earthdial", "<ref>two ships</ref> <box>[[10, 20, 30, 40, 0]][[1, 5, 3, 10, 0]]</box>."),
        ("earthdial", "<ref>a ship</ref> <box>[[[10, 20, 30, 40, 0]]]</box>.",
         "geochat", "<p>a ship</p> {<10><20><30><40>|<0>}."),
        ("earthdial", "[[10, 20, 30, 40, 0], [1, 5, 3, 10, 0]]",
         "teochat", "[10, 20, 30, 40], [1, 5, 3, 10]"),
        ("mmrs", "<p>2 ships</p>[0.10,0.30,0.30,0.50;0.50,0.50,0.70,0.70]",
         "pixel", "<p>2 ships</p>[10, 20, 30, 40], [50, 40, 70, 60]"),
        ("fit_rs", "<rbox>({<50.00><50.00><20.00><25.00>|<90>})</rbox> is it",
         "teochat", "[40, 38, 60, 62] is it"),
        ("rscovlm", '```json\n[\n\t{"bbox_2d": [10, 20, 30, 40], "label": "ship"}\n]\n```',
         "teochat", "ship [10, 25, 30, 50]"),
        ("qwen3_vl", 'Here: [{"bbox_2d": [0, 0, 500, 500], "label": "a \\"red\\" ship"}, '
         '{"label": "dam", "bbox_2d": [500, 500, 900, 900]}, {"bbox_2d": [500, 0, 900, 500], '
         '"label": "dam"}].', "geochat", 'Here: <p>a "red" ship</p> {<0><0><50><50>|<0>}, '
         "<p>dam</p> {<50><50><90><90>|<0>}<delim>{<50><0><90><50>|<0>}."),
        ("qwen3_vl", '[{"bbox_2d": [0, 0, 500, 500], "label": "ship"}, '
         '{"bbox_2d": [500, 500, 900, 900], "label": "dam"}]', "rscovlm",
         '```json\n[\n\t{"bbox_2d": [0, 0, 50, 40], "label": "ship"},\n\t'
         '{"bbox_2d": [50, 40, 90, 72], "label": "dam"}\n]\n```'),
        ("qwen3_vl", '{"bbox_2d": [0, 0, 500, 500]}', "pixel", "[0, 0, 50, 40]"),
        ("qwen3_vl", '"bbox_2d": [0, 0, 500, 500] alone', "pixel", "[0, 0, 50, 40] alone"),
        ("vrsbench", "<p>The dam</p>?", "qwen2_vl",
         "<|object_ref_start|>The dam<|object_ref_end|>?"),
        ("geochat", "{<10><20><30><40>|<0>} and {<1><5><3><10>|<0>}",
         "teochat", "[10, 20, 30, 40] and [1, 5, 3, 10]"),
    ],
)  # fmt: skip
def test_lists_and_phrases_are_written_as_the_other_dialect_has_them(
    native: str, text: str, target: str, expected: str
) -> None:
    found = convert([talk(text, native)], ["conversation"], dialect=target)
    assert said(found)[0][1] == expected


def test_what_encloses_boxes_goes_only_with_both_its_ends() -> None:
    native = dialect("earthdial")
    text = "<box>[[1, 2, 3, 4, 5]]."
    found = native.read(text, SIZE)
    assert rewritten(text, found, ["#"], native, dialect("teochat"), Counter()) == "<box>#."


# White space


def test_line_breaks_written_as_two_signs_become_breaks_where_the_entry_says_so() -> None:
    turns = (("human", "<image> \\n Where? \\n"), ("gpt", "There."))
    told = sample(conversations=(Conversation("", turns, None, escapes=True),))
    found = convert([told], ["conversation"])
    assert said(found) == [["<image> \n Where?", "There."]]
    assert repairs(found) == {"line_breaks": 2, "white_space": 1}
    untold = sample(conversations=(Conversation("", turns),))
    assert [one["reason"] for one in convert([untold], ["conversation"]).rejects] == [
        "literal_escape"
    ]


def test_a_text_in_quotes_loses_them_where_texts_are_written_with_escapes() -> None:
    turns = (("human", '"[refer] Where?\\n" '), ("gpt", 'At the "old" dam, "here"'))
    told = sample(conversations=(Conversation("", turns, None, escapes=True),))
    found = convert([told], ["conversation"])
    assert said(found) == [["<image>\n[refer] Where?", 'At the "old" dam, "here"']]
    assert repairs(found) == {
        **{"quoted_texts": 1, "line_breaks": 1, "white_space": 1},
        "picture_tokens": 1,
    }
    untold = sample(conversations=(Conversation("", (("human", '"Where?"'), ("gpt", '"Here"'))),))
    assert said(convert([untold], ["conversation"])) == [['<image>\n"Where?"', '"Here"']]


def test_carriage_returns_and_tabs_are_put_right_and_counted() -> None:
    turns = (("human", "<image>\r\nWhere?"), ("gpt", "There:\ta\rb "))
    found = convert([sample(conversations=(Conversation("", turns),))], ["conversation"])
    assert said(found) == [["<image>\nWhere?", "There: a\nb"]]
    assert repairs(found) == {"white_space": 2}


def test_a_box_of_a_frame_that_pads_the_picture_is_cut_at_the_pictures_edge() -> None:
    # MMRS-1M's fractions are those of the picture padded to a square: here 100 x 100.
    found = convert(
        [talk("All [0,0,1,1], half [0,0,0.5,1].", "mmrs")], ["conversation"], dialect="pixel"
    )
    assert said(found)[0][1] == "All [0, 0, 100, 80], half [0, 0, 50, 80]."
    assert [region["bbox"] for region in found.rows[0]["regions"]] == [
        [0, 0, 100, 80],
        [0, 0, 50, 80],
    ]
    assert repairs(found) == {"rewritten": 2, "clipped": 2}


def test_a_box_that_begins_in_the_padding_begins_at_the_pictures_edge() -> None:
    # A picture of 80 x 100 stands in the middle of a square of 100 x 100.
    said_of_all = Conversation(
        "", (ASKED, ("gpt", "All [0.00, 0.00, 1.00, 1.00].")), "llava_padded"
    )
    tall = sample(pictures=(Picture("0.png", 80, 100),), conversations=(said_of_all,))
    found = convert([tall], ["conversation"], dialect="pixel")
    assert [region["bbox"] for region in found.rows[0]["regions"]] == [[0, 0, 80, 100]]
    assert said(found)[0][1] == "All [0, 0, 80, 100]."
