"""Records as conversations: every form that turns and pictures are written in."""

from __future__ import annotations

from typing import Any

import pytest

from converters.read.json_elements import BadRecord
from converters.read.turns import TurnFields, dated, images_of, in_time, key_of, turns_of
from schemas.sample import Picture

TALK = (("human", "<image>\nWhat is it?"), ("gpt", "A dam."))
PAIRS = TurnFields(
    conversations="conv", question=("Question", "question"), answer=("Answer", "value", "answer")
)
QUERY = TurnFields(question="query", answer="response", history="history", system="system")


ASKED, ANSWERED = TALK[0][1], TALK[1][1]
FORMS: dict[str, Any] = {
    "llava": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWERED}],
    "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}],
    "json in a text": (
        '[{"from": "human", "value": "<image>\\nWhat is it?"}, {"from": "bot", "value": "A dam."}]'
    ),
    "other case": [{"from": "Human", "value": ASKED}, {"from": "GPT", "value": ANSWERED}],
    "lists side by side": {"from": ["human", "gpt"], "value": [ASKED, ANSWERED]},
    "a list of two": [[ASKED, ANSWERED]],
    "typed parts": [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": ASKED[7:]}]},
        {"role": "assistant", "content": [{"type": "text", "text": ANSWERED}]},
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_turns_are_the_same_in_every_form(form: str) -> None:
    assert turns_of({"conversations": FORMS[form]}, TurnFields(), {}) == TALK


def test_exchanges_are_two_turns_each() -> None:
    record = {"conv": [{"Question": "a", "Answer": "b"}, {"Question": "c", "value": "d"}]}
    assert turns_of(record, PAIRS, {}) == (
        ("human", "a"),
        ("gpt", "b"),
        ("human", "c"),
        ("gpt", "d"),
    )


def test_a_lone_exchange_need_not_stand_in_a_list() -> None:
    record = {"conv": {"Question": "a", "Answer": "b"}}
    assert turns_of(record, PAIRS, {}) == (("human", "a"), ("gpt", "b"))


def test_a_record_may_be_one_exchange() -> None:
    assert turns_of({"question": "Is it?", "answer": 4}, PAIRS, {}) == (
        ("human", "Is it?"),
        ("gpt", "4"),
    )


def test_history_and_system_stand_before_a_query() -> None:
    record = {"query": "And now?", "response": "No.", "history": [["Is it?", "Yes."]]}
    assert turns_of({**record, "system": "Be short."}, QUERY, {}) == (
        ("system", "Be short."),
        ("human", "Is it?"),
        ("gpt", "Yes."),
        ("human", "And now?"),
        ("gpt", "No."),
    )


def test_the_input_of_an_instruction_stands_below_it() -> None:
    fields = TurnFields(question="instruction", answer="output", input="input")
    record = {"instruction": "Translate.", "input": "Teich", "output": "pond"}
    assert turns_of(record, fields, {}) == (("human", "Translate.\nTeich"), ("gpt", "pond"))


@pytest.mark.parametrize(
    "record, reason, detail",
    [
        ({}, "missing_field", "no conversations"),
        ({"conversations": []}, "missing_field", "no conversations"),
        ({"conversations": 7}, "bad_value", "conversations is int, not a list"),
        ({"conversations": [{"value": "a"}]}, "bad_roles", "no from of turn 0"),
        ({"conversations": [{"value": "a"}, {"value": "b"}]}, "bad_roles", "no from of turn 0"),
        ({"conversations": [{"value": "a"}, {"from": "human", "value": "b"}]}, "bad_roles",
         "no from of turn 0"),
        ({"conversations": [{"from": "human", "value": "a"}, {"role": "judge"}]}, "bad_roles",
         "the unknown role 'judge' in role of turn 1"),
        ({"conversations": [{"from": 3, "value": "a"}]}, "bad_roles",
         "the unknown role 3 in from of turn 0"),
        ({"conversations": ["a"]}, "bad_value", "a turn is 'a'"),
        ({"conversations": [{"from": "human", "value": {"a": 1}}]}, "bad_value",
         "value is dict, not a text"),
        ({"conversations": [{"from": "human", "value": [{"type": "audio"}]}]}, "bad_value",
         "a part of value is \"{'type': 'audio'}\""),
        ({"conversations": {"from": ["human"], "value": []}}, "bad_value",
         "conversations is {'from': ['human'], 'value': []}, no list"),
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_named(record: dict[str, Any], reason: str, detail: str) -> None:
    with pytest.raises(BadRecord) as bad:
        turns_of(record, TurnFields(), {})
    assert bad.value.args == (reason, detail)


@pytest.mark.parametrize(
    "record, paths",
    [
        ({"image": "a.png"}, ["a.png"]),
        ({"image": ["a.png", "b.png"]}, ["a.png", "b.png"]),
        ({"image": None, "images": [{"path": " ./c.png", "bytes": None}]}, ["c.png"]),
        ({"image": ""}, []),
        ({}, []),
        ({"image": "data/sets/a.png"}, ["sets/a.png"]),
    ],
)
def test_pictures_are_a_path_a_list_or_absent(record: dict[str, Any], paths: list[str]) -> None:
    assert images_of(record, TurnFields(), ["data/"]) == paths


def test_pictures_may_have_a_field_each() -> None:
    fields = TurnFields(image=("image", ("image_A", "image_B")))
    assert images_of({"image_A": "a.png", "image_B": "b.png"}, fields, []) == ["a.png", "b.png"]


def test_an_absent_picture_of_a_pair_is_a_fault() -> None:
    fields = TurnFields(image=("image", ("image_A", "image_B")))
    with pytest.raises(BadRecord, match="a picture is no path"):
        images_of({"image_A": "a.png"}, fields, [])


def test_records_are_told_apart_by_all_their_words() -> None:
    fields = TurnFields(question="query", answer="response")
    keys = {key_of({"query": "a", "response": answer}, fields, []) for answer in "bc"}
    assert len(keys) == 2


def test_dates_put_a_series_in_order() -> None:
    pictures = (Picture("b.png"), Picture("a.png"), Picture("c.png"))
    times = ["2018-05-06T10:00", "2016-03-02", "2018-05-06 09:59:59.500"]
    assert [one.path for one in in_time(dated(pictures, times))] == ["a.png", "c.png", "b.png"]


def test_a_series_without_one_of_its_dates_stays_as_it_is_listed() -> None:
    pictures = (Picture("b.png"), Picture("a.png"))
    assert [one.path for one in in_time(dated(pictures, ["2018-05-06", "soon"]))] == [
        "b.png",
        "a.png",
    ]
