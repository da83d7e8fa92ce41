"""Ready-made conversations keep their words; picture tokens and boxes are put right and counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from given import convert, items, said, sample
from native import picture, repairs, words

from converters.tasks.conversations import place_tokens
from schemas.conversation import faults
from schemas.sample import Conversation, Picture

Turns = tuple[tuple[str, str], ...]
ASKED: Turns = (("human", "<image>\nWhat is it?"), ("gpt", "A dam."))
BOXED: Turns = (
    ("human", "<image>\nWhere is the ship? Not at {<0><0><5><5>}."),
    ("gpt", "At {<10><20><30><40>|<0>}, north of {<50><50><100><100>|<90>}."),
)


def talk(*turns: tuple[str, str], pictures: int = 1, dialect: str | None = None) -> Any:
    shown = tuple(Picture(f"{i}.png", 100, 80) for i in range(pictures))
    return sample(pictures=shown, conversations=(Conversation("", turns, dialect),))


# Words


def test_turns_keep_their_words() -> None:
    found = convert(
        [talk(*ASKED, ("human", "Is it  old?"), ("gpt", "No.\nNew."))], ["conversation"]
    )
    assert said(found) == [["<image>\nWhat is it?", "A dam.", "Is it  old?", "No.\nNew."]]
    [row] = found.rows
    assert (row["task"], row["template"], row["text_origin"], row["dialect"], row["regions"]) == (
        "conversation",
        None,
        "human",
        None,
        [],
    )
    assert (row["origin"]["key"], repairs(found)) == ("a", {})


def test_white_space_at_the_edges_of_a_turn_goes() -> None:
    found = convert([talk(("human", " <image>\nWhat? \n"), ("gpt", "\tA dam. "))], ["conversation"])
    assert said(found) == [["<image>\nWhat?", "A dam."]]


def test_who_wrote_the_turns_is_what_the_catalogue_says() -> None:
    found = convert([talk(*ASKED)], ["conversation"], values={"text_origin": "model"})
    assert found.rows[0]["text_origin"] == "model"


def test_several_conversations_of_one_record_have_keys_of_their_own() -> None:
    talks = tuple(Conversation(key, ASKED) for key in ("x", "y"))
    found = convert([sample(conversations=talks)], ["conversation"])
    assert [row["origin"]["key"] for row in found.rows] == ["a#x", "a#y"]


@pytest.mark.parametrize(
    "turns",
    [
        (("human", "<image>\nWhat?"), ("human", "Well?"), ("gpt", "A dam.")),
        (("human", "<image>\nWhat?"), ("gpt", "A dam."), ("human", "And?")),
        (("gpt", "A dam."), ("human", "<image>\nWhat?")),
    ],
    ids=["two humans", "human last", "gpt first"],
)
def test_turns_that_do_not_alternate_cost_their_row(turns: Turns) -> None:
    found = convert([talk(*turns)], ["conversation"])
    assert [(r["level"], r["key"], r["reason"]) for r in found.rejects] == [
        ("row", "a", "bad_roles")
    ]


def test_a_conversation_of_the_model_alone_cannot_show_a_picture() -> None:
    found = convert([talk(("gpt", "A dam."))], ["conversation"])
    assert [(r["level"], r["item"], r["reason"]) for r in found.rejects] == [
        ("item", "conversation", "bad_roles")
    ]


def test_a_system_turn_may_come_first() -> None:
    turns = (("system", "You see a picture."), *ASKED)
    [row] = convert([talk(*turns)], ["conversation"]).rows
    assert [turn["from"] for turn in row["conversations"]] == ["system", "human", "gpt"]
    assert (words(row), faults(row)) == (
        ["You see a picture.", "<image>\nWhat is it?", "A dam."],
        set(),
    )


def test_a_missing_token_goes_behind_the_system_turn() -> None:
    turns = (("system", "You see a picture."), ("human", "What is it?"), ("gpt", "A dam."))
    assert said(convert([talk(*turns)], ["conversation"])) == [
        ["You see a picture.", "<image>\nWhat is it?", "A dam."]
    ]


def test_roles_of_several_rows_are_not_mixed_up() -> None:
    turns: list[Turns] = [
        ASKED,
        (("system", "Be brief."), *ASKED),
        (*ASKED, ("human", "?"), ("gpt", "!")),
    ]
    records = [
        sample(str(i), conversations=(Conversation("", some),)) for i, some in enumerate(turns)
    ]
    found = convert(records, ["conversation"])
    assert [[turn["from"] for turn in row["conversations"]] for row in found.rows] == [
        ["human", "gpt"],
        ["system", "human", "gpt"],
        ["human", "gpt", "human", "gpt"],
    ]


# Picture tokens


@pytest.mark.parametrize(
    "texts, pictures, expected, counted",
    [
        (["What? <image>", "A"], 1, ["What? <image>", "A"], {}),
        (["What?", "A"], 0, ["What?", "A"], {}),
        (["What?", "A"], 1, ["<image>\nWhat?", "A"], {"picture_tokens": 1}),
        (["What?", "A"], 3, ["<image>\n<image>\n<image>\nWhat?", "A"], {"picture_tokens": 1}),
        (["<video>\nWhat?", "A"], 2, ["<image>\n<image>\nWhat?", "A"], {"video_tokens": 1}),
        (["<Image>\nWhat?", "A"], 1, ["<image>\nWhat?", "A"], {"picture_tokens": 1}),
        (
            ["<image_1> and <IMAGE 2>, What?", "an <image_1>"],
            2,
            ["<image> and <image>, What?", "an <image_1>"],
            {"picture_tokens": 1},
        ),
        (
            ["<ImageHere><image>\nWhat?", "A"],
            2,
            ["<image><image>\nWhat?", "A"],
            {"picture_tokens": 1},
        ),
        (["Hi", "A", "<image> <image>", "B"], 2, ["Hi", "A", "<image> <image>", "B"], {}),
    ],
    ids=[
        *("right", "no picture", "missing", "missing of three", "video"),
        *("other case", "numbered", "named otherwise", "later"),
    ],
)
def test_there_is_one_token_for_each_picture(
    texts: list[str], pictures: int, expected: list[str], counted: dict[str, int]
) -> None:
    turns = [("human" if i % 2 == 0 else "gpt", text) for i, text in enumerate(texts)]
    repaired: Counter[str] = Counter()
    found, reason = place_tokens(turns, pictures, repaired)
    assert ([text for _, text in found], reason, repaired) == (expected, "", counted)


@pytest.mark.parametrize(
    "text, pictures",
    [
        ("<image>\nWhat?", 2),
        ("<image><image>\nWhat?", 1),
        ("<image>\nWhat?", 0),
        ("<video><image>\nWhat?", 1),
        ("<video><video>\nWhat?", 2),
        ("<video>\nWhat?", 0),
        ("<image>\n<image_1>\nWhat?", 1),
        ("<Image>\nWhat?", 0),
    ],
)
def test_tokens_that_do_not_fit_the_pictures_are_a_fault(text: str, pictures: int) -> None:
    found = convert([talk(("human", text), ("gpt", "A dam."), pictures=pictures)], ["conversation"])
    assert items(found) == {"conversation": {"read": 1, "rejected": {"image_tokens": 1}}}
    assert found.rejects[0]["detail"].startswith(text.split("\n")[0])


def test_a_token_in_an_answer_costs_its_row() -> None:
    found = convert([talk(*ASKED[:1], ("gpt", "<image> is a dam."))], ["conversation"])
    assert [(r["level"], r["reason"]) for r in found.rejects] == [("row", "image_tokens")]


# Boxes in the text


def test_boxes_in_the_text_become_regions_in_pixels() -> None:
    found = convert([talk(*BOXED, dialect="geochat")], ["conversation"])
    [row] = found.rows
    assert (row["dialect"], words(row), repairs(found)) == (
        "geochat",
        [text for _, text in BOXED],
        {},
    )
    assert [(r["shape"], r["bbox"], r["label"]) for r in row["regions"]] == [
        ("hbb", [0, 0, 5, 4], ""),
        ("hbb", [10, 16, 30, 32], ""),
        ("obb", row["regions"][2]["bbox"], ""),
    ]


def test_boxes_are_written_anew_in_the_mixs_dialect() -> None:
    found = convert([talk(*BOXED[:1], ("gpt", "At {<10><20><30><40>|<0>} and {<50><50><60><60>}.")
                          , dialect="geochat")], ["conversation"], dialect="pixel")  # fmt: skip
    assert said(found) == [
        [
            "<image>\nWhere is the ship? Not at [0, 0, 5, 4].",
            "At [10, 16, 30, 32] and [50, 40, 60, 48].",
        ]
    ]
    assert (found.rows[0]["dialect"], repairs(found)) == ("pixel", {"rewritten": 3})


def test_an_id_does_not_depend_on_the_dialect_that_boxes_are_written_in() -> None:
    ids = {
        row["id"]
        for name in ("geochat", "pixel", "qwen3_vl")
        for row in convert([talk(*BOXED, dialect="geochat")], ["conversation"], dialect=name).rows
    }
    assert len(ids) == 1


def test_a_text_without_boxes_has_no_dialect() -> None:
    [row] = convert([talk(*ASKED, dialect="geochat")], ["conversation"], dialect="pixel").rows
    assert (row["dialect"], row["regions"]) == (None, [])


def test_numbers_are_no_boxes_where_no_dialect_is_declared() -> None:
    [row] = convert([talk(*BOXED)], ["conversation"], dialect="pixel").rows
    assert (row["dialect"], row["regions"], words(row)[1]) == (None, [], BOXED[1][1])


def test_boxes_stay_as_they_are_where_several_pictures_are_shown() -> None:
    turns = (("human", "<image><image>\nWhat?"), BOXED[1])
    [row] = convert(
        [talk(*turns, pictures=2, dialect="geochat")], ["conversation"], dialect="pixel"
    ).rows
    assert (row["dialect"], row["regions"], words(row)[1]) == ("geochat", [], BOXED[1][1])


def test_a_shape_that_the_mix_does_not_let_be_enclosed_is_rejected() -> None:
    record = talk(*BOXED, dialect="geochat")
    kept = convert([record], ["conversation"], dialect="qwen3_vl")
    dropped = convert([record], ["conversation"], dialect="qwen3_vl", unsayable="reject")
    assert repairs(kept) == {"rewritten": 3, "enclosed": 1}
    assert items(dropped) == {"conversation": {"read": 1, "filtered": {"not_sayable": 1}}}


@pytest.mark.parametrize(
    "spoken, dialect, opened",
    [("geochat", "geochat", True), ("geochat", "pixel", True), ("pixel", "geochat", True),
     ("pixel", "pixel", False), (None, "geochat", False)],
)  # fmt: skip
def test_pictures_are_opened_for_the_size_that_boxes_need(
    tmp_path: Path, spoken: str | None, dialect: str, opened: bool
) -> None:
    picture(tmp_path / "p.png", 100, 80)
    turns = (ASKED[0], ("gpt", "At {<10><20><30><40>|<0>} or [10, 16, 30, 32]."))
    record = sample(pictures=(Picture("p.png"),), conversations=(Conversation("", turns, spoken),))
    [row] = convert([record], ["conversation"], root=tmp_path, dialect=dialect).rows
    assert row["sizes"] == ([{"width": 100, "height": 80}] if opened else None)


def test_a_picture_that_cannot_be_read_costs_its_conversation(tmp_path: Path) -> None:
    picture(tmp_path / "other.png")
    found = convert([talk(*ASKED)], ["conversation"], root=tmp_path, images="embed")
    assert items(found) == {"conversation": {"read": 1, "rejected": {"missing_image": 1}}}
