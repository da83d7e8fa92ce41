"""What a field of a record may be: turns, pictures, dates, texts, numbers and attributes."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from converters.read.attributes import attributes_of
from converters.read.captions import captions_at, text_at
from converters.read.json_elements import BadRecord
from converters.read.nested import objects_of
from converters.read.questions import picture_names
from converters.read.turns import (
    Marks,
    TurnFields,
    dated,
    field_names,
    images_of,
    in_time,
    key_of,
    turns_of,
    without_beginning,
)
from converters.read.xml_values import first_text, is_flag, metres, pixels
from schemas.sample import Caption, Picture

FIELDS = TurnFields()


def bad(call: Any, *arguments: Any) -> tuple[str, str]:
    with pytest.raises(BadRecord) as error:
        call(*arguments)
    reason, detail = error.value.args
    return reason, detail


# Turns

ASKED = [{"from": "human", "value": "A?"}, {"role": "assistant", "content": "yes"}]
TURNS = (("human", "A?"), ("gpt", "yes"))


@pytest.mark.parametrize(
    "value",
    [
        ASKED,
        '[{"from": "human", "value": "A?"}, {"from": "gpt", "value": "yes"}]',
        [["A?", "yes"]],
        [{"question": "A?", "answer": "yes"}],
        {"question": "A?", "answer": "yes"},
        {"from": ["human", "gpt"], "value": ["A?", "yes"]},
    ],
)
def test_turns_are_a_list_a_text_of_one_an_exchange_or_columns(value: Any) -> None:
    fields = TurnFields(question="question", answer="answer")
    assert turns_of({"conversations": value}, fields, {}) == TURNS


def test_the_words_of_the_system_and_exchanges_of_before_come_first() -> None:
    fields = TurnFields(question="q", answer="a", input="more", history="before", system="rules")
    record = {"q": "B?", "a": 2, "more": "Look.", "before": [["A?", "yes"]], "rules": "Be brief."}
    assert turns_of(record, fields, {}) == (
        ("system", "Be brief."),
        *TURNS,
        ("human", "B?\nLook."),
        ("gpt", "2"),
    )


def test_typed_parts_of_a_turn_are_one_text() -> None:
    parts = [
        {"type": "image_url"},
        {"type": "image"},
        {"type": "video"},
        {"type": "text", "text": " A"},
        "?",
    ]
    record = {"conversations": [{"from": "human", "value": parts}]}
    assert turns_of(record, FIELDS, {}) == (("human", "<image><image><video> A?"),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], ("missing_field", "no conversations")),
        (None, ("missing_field", "no conversations")),
        ("[", ("bad_value", "conversations is a text that is no JSON: Input data was truncated")),
        ([5], ("bad_value", "a turn is '5'")),
        ([["A?"]], ("bad_value", "a turn is \"['A?']\"")),
        ([{"value": "A?"}], ("bad_roles", "no from of turn 0")),
        ([{"role": None}], ("bad_roles", "no role of turn 0")),
        ([*ASKED, {"from": "me"}], ("bad_roles", "the unknown role 'me' in from of turn 2")),
        ([{"from": "human", "value": {}}], ("bad_value", "value is dict, not a text")),
        ([{"from": "human", "value": [{}]}], ("bad_value", "a part of value is '{}'")),
    ],
)
def test_what_is_no_turn_is_told(value: Any, expected: tuple[str, str]) -> None:
    assert bad(turns_of, {"conversations": value}, FIELDS, {}) == expected


def test_an_entry_may_add_roles() -> None:
    record = {"conversations": [{"from": "asker", "value": "A?"}]}
    assert turns_of(record, FIELDS, {"asker": "human"}) == (("human", "A?"),)


def test_a_mark_in_the_first_question_says_whose_a_record_is() -> None:
    marks = Marks(["[a]", "[b]"], ["[a]", ""], ["train"])
    said = ["x [a] y", "[b]", "none"]
    assert [marks.ours((("human", one),), "train") for one in said] == [True, False, True]
    assert marks.ours((("system", "[a]"), ("human", "[b]")), "train") is False
    assert marks.ours((("human", "[b]"),), "val") is True


# Pictures


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ({"image": "./a/1.png"}, ["1.png"]),
        ({"image": ["a/1.png", {"path": " b/2.png "}]}, ["1.png", "b/2.png"]),
        ({"images": ["1.png"], "image": None}, ["1.png"]),
        ({"image": "", "images": [], "video": "1.mp4"}, ["1.mp4"]),
        ({}, []),
    ],
)
def test_pictures_are_in_the_first_field_that_has_any(record: Any, names: list[str]) -> None:
    assert images_of(record, FIELDS, ["a/"]) == names


@pytest.mark.parametrize("image", [5, ["1.png", ""], [None, "1.png"], {"path": 5}, 0])
def test_a_picture_that_is_no_path_costs_its_record(image: Any) -> None:
    reason, detail = bad(images_of, {"image": image}, FIELDS, [])
    assert (reason, detail.split(":")[0]) == ("bad_value", "a picture is no path")


def test_two_fields_may_hold_a_pair() -> None:
    fields = TurnFields(image=(("before", "after"), "image"))
    assert images_of({"before": "1.png", "after": "2.png"}, fields, []) == ["1.png", "2.png"]
    assert images_of({"image": "3.png"}, fields, []) == ["3.png"]
    assert field_names(fields)[:3] == ("before", "after", "image")


def test_the_first_beginning_that_a_path_has_is_taken_away() -> None:
    assert without_beginning("./a/b/1.png", ["x/", "a/", "a/b/"]) == "b/1.png"
    assert without_beginning("b/1.png", ["a/"]) == "b/1.png"


@pytest.mark.parametrize(
    ("record", "images", "key"),
    [
        ({"id": 7}, ["1.png", "2.png"], "1.png 7"),
        ({"id": "a"}, [], "a"),
        ({"id": ""}, ["1.png"], "1.png"),
        ({"id": True}, ["1.png"], "1.png"),
        ({"conversations": ["A?"]}, [], "text 2b64318efd114981"),
    ],
)
def test_a_record_is_known_by_its_picture_its_id_or_its_words(
    record: Any, images: list[str], key: str
) -> None:
    assert key_of(record, FIELDS, images) == key


def test_dates_are_of_as_many_pictures_and_put_them_in_order() -> None:
    pictures = (Picture("1.png"), Picture("2.png"))
    both = dated(pictures, ["2020-05-01 10:00:00", "2019-01-02"])
    assert [one.time for one in both] == ["2020-05-01T10:00:00", "2019-01-02"]
    assert [one.path for one in in_time(both)] == ["2.png", "1.png"]
    half = dated(pictures, ["2020-05-01", "summer"])
    assert [one.time for one in half] == ["2020-05-01", None]
    assert in_time(half) == half
    assert dated(pictures, ["2020-05-01"]) == dated(pictures, 7) == pictures
    assert dated(pictures[:1], "2020-05-01")[0].time == "2020-05-01"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("a\\1.png", ["a/1.png"]),
        (7, ["7"]),
        ({"path": "1.png"}, ["1.png"]),
        (["1", None, ""], ["1"]),
    ],
)
def test_pictures_of_a_question_are_texts_numbers_or_files(value: Any, names: list[str]) -> None:
    assert picture_names(value) == names


@pytest.mark.parametrize("value", [True, 1.5, ["1.png", []], {"path": [1]}])
def test_a_questions_picture_that_is_none_is_told(value: Any) -> None:
    assert bad(picture_names, value) == ("bad_value", f"a picture is no path: {value}")


# Texts


def test_a_text_is_the_first_that_a_record_has_and_a_list_is_a_path() -> None:
    record = {"a": "", "b": {"c": ["x", 2.0]}, "d": 7}
    assert [text_at(record, names) for names in ("b.c", ("a", "d"), ("a", "z"))] == ["x/2", "7", ""]
    assert bad(text_at, {"a": True}, "a") == ("bad_value", "a is 'True', not text")
    assert bad(text_at, {"a": 1.5}, "a") == ("bad_value", "a is '1.5', not text")


def test_captions_are_texts_lists_and_lists_in_a_text() -> None:
    record = {"raw": ["A.", None, 5, "nan"], "more": "['B.', 'C.']"}
    said = captions_at(record, ["raw", "more", "none"])
    assert said.captions == [
        Caption("raw[0]", "A."),
        Caption("raw[1]", ""),
        Caption("more[0]", "B."),
        Caption("more[1]", "C."),
    ]
    assert said.faults == [
        ("raw[2]", "bad_value", "raw is int, not text"),
        ("raw[3]", "missing_field", "raw is 'nan'"),
    ]
    assert (said.number, captions_at({}, ["raw"]).number) == (6, 1)


@pytest.mark.parametrize("word", ["nan", "NaN", " None ", "none", "null", "NULL", "n/a", "<NA>"])
def test_what_programs_write_for_no_text_is_no_caption(word: str) -> None:
    said = captions_at({"raw": word}, ["raw"])
    assert said.captions == []
    assert said.faults == [("raw", "missing_field", f"raw is {word.strip()!r}")]


@pytest.mark.parametrize("text", ["na", "none.", "nothing", "null island"])
def test_a_caption_that_only_begins_like_no_text_is_a_caption(text: str) -> None:
    assert captions_at({"raw": text}, ["raw"]).captions == [Caption("raw", text)]


def test_objects_of_a_column_are_a_list_or_lists_side_by_side() -> None:
    assert objects_of(None, "o") == []
    assert objects_of([{"a": 1}], "o") == [{"a": 1}]
    assert objects_of({"a": [1, 2], "b": [3, 4]}, "o") == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]
    for value in ({"a": [1], "b": [3, 4]}, {"a": [1], "b": 2}, {}):
        assert bad(objects_of, value, "o") == ("bad_value", f"o is {value}, no list")
    assert bad(objects_of, 5, "o") == ("bad_value", "o is int, not a list")


# Attributes and XML


def test_attributes_are_what_is_said_of_an_object() -> None:
    said = {
        "colour": ["red", None, "white"],
        "deck": {"crane": 2, "Confidence": 0.5, "mast": "Unknown"},
        "confidence": 1,
        "name": "",
        "state": None,
        "flag": "none",
        "kind": "Null",
    }
    assert attributes_of(said) == {"colour": "red, white", "deck.crane": "2"}


def test_the_texts_and_numbers_of_an_element() -> None:
    root = fromstring("<a><b> </b><c> x </c><w>9</w><z>0</z><n>-1</n><m>0.5</m><i>inf</i></a>")
    assert (first_text(root, ["b", "c", "w"]), first_text(root, ["b", "q"])) == ("x", "")
    assert [pixels(root, tag) for tag in "wzncmq"] == [9, None, None, None, None, None]
    assert [metres(root, tag) for tag in "mzniqc"] == [0.5, None, None, None, None, None]
    long = fromstring("<a><w>123456789</w><x>1234567890</x></a>")
    assert (pixels(long, "w"), pixels(long, "x")) == (123456789, None)


@pytest.mark.parametrize(
    ("text", "flag"),
    [("1", True), ("1.0", True), ("0", False), ("TRUE", True), (" yes ", True), ("no", False)],
)
def test_a_flag_is_1_true_or_yes(text: str, flag: bool) -> None:
    assert is_flag(text) is flag
