"""Options of multiple choices in the encodings that authors use, and the answers among them."""

from __future__ import annotations

from typing import Any

import pytest

from converters.read.choices import Answers, choices_of, chosen, split_question
from converters.read.json_elements import BadRecord
from converters.read.questions import QuestionFields, question_of
from schemas.sample import Question

SHIP_DAM = {"A": "ship", "B": "dam"}


@pytest.mark.parametrize(
    ("native", "found"),
    [
        (["ship", "dam"], SHIP_DAM),
        (["(A) ship", "(B) dam"], SHIP_DAM),
        (["A. ship", "B. dam"], SHIP_DAM),
        (["A ship", "B-52"], {"A": "A ship", "B": "B-52"}),
        (["B. ship", "A. dam"], {"A": "B. ship", "B": "A. dam"}),
        ({"A": "ship", "b": "dam"}, SHIP_DAM),
        ("A. ship; B. dam.", SHIP_DAM),
        ("A. ship B. dam approx. C. St. John", {**SHIP_DAM, "B": "dam approx.", "C": "St. John"}),
        ("(A) ship\n(B) dam", SHIP_DAM),
        ("['ship', 'dam']", SHIP_DAM),
        ('["ship", "dam"]', SHIP_DAM),
        ("{'A': 'ship', 'B': 'dam'}", SHIP_DAM),
        ([0, 1.5], {"A": "0", "B": "1.5"}),
        (["ship", None, "dam"], {"A": "ship", "B": "", "C": "dam"}),
    ],
)
def test_options_are_known_by_their_letters(native: Any, found: dict[str, str]) -> None:
    assert choices_of(native, "options") == found


@pytest.mark.parametrize(
    ("native", "detail"),
    [
        ("ship or dam", "no options in options: 'ship or dam'"),
        ("['ship', __import__('os')]", "no options in options: \"['ship', __import__('os')]\""),
        ("[" * 5000, "no options in options: '" + "[" * 80 + "'"),
        ([["ship"], "dam"], "a choice is list"),
        ([True, False], "a choice is bool"),
        (["x"] * 27, "27 choices"),
        (3, "options is int"),
    ],
)
def test_what_holds_no_options_is_said(native: Any, detail: str) -> None:
    with pytest.raises(BadRecord) as error:
        choices_of(native, "options")
    assert error.value.args == ("bad_choices", detail)


@pytest.mark.parametrize(
    ("text", "question", "options"),
    [
        ("What is it?\nA.ship\nB.dam", "What is it?", SHIP_DAM),
        ("What is it?\n(A) ship\n(B) dam", "What is it?", SHIP_DAM),
        ("What is it? A. ship B. dam", "What is it?", SHIP_DAM),
        ("Is area A. or B. larger?\nA.ship\nB.dam", "Is area A. or B. larger?", SHIP_DAM),
        ("What is it?", "What is it?", {}),
        ("Which plane is a B-52?", "Which plane is a B-52?", {}),
    ],
)
def test_options_behind_a_question_are_taken_off(
    text: str, question: str, options: dict[str, str]
) -> None:
    assert split_question(text) == (question, options)


THREE = {"A": "a ship", "B": "a dam", "C": "Road, paved"}


@pytest.mark.parametrize(
    ("answers", "answer", "found"),
    [
        ("letter", "B", ("a dam",)),
        ("letter", "b", ("a dam",)),
        ("letter", "(B)", ("a dam",)),
        ("letter", "B.", ("a dam",)),
        ("letter", "B. a dam", ("a dam",)),
        ("letter", "a dam", ("a dam",)),
        ("letter", "AC", ("a ship", "Road, paved")),
        ("letter", "A, C", ("a ship", "Road, paved")),
        ("letter", "A and C", ("a ship", "Road, paved")),
        ("letter", ["A", "C"], ("a ship", "Road, paved")),
        ("text", "road, paved.", ("Road, paved",)),
        ("text", ["a ship", "a dam"], ("a ship", "a dam")),
        ("index", 0, ("a ship",)),
        ("index_from_1", "3", ("Road, paved",)),
    ],
)
def test_an_answer_names_options(answers: Answers, answer: Any, found: tuple[str, ...]) -> None:
    assert chosen(answer, THREE, answers) == found


@pytest.mark.parametrize(
    ("answers", "answer", "reason"),
    [
        ("letter", "D", "bad_choices"),
        ("letter", "AD", "bad_choices"),
        ("letter", "AA", "bad_choices"),
        ("letter", "C. a dam", "bad_choices"),
        ("text", "B", "bad_choices"),
        ("index", 3, "bad_choices"),
        ("index_from_1", 0, "bad_choices"),
        ("letter", {"A": 1}, "bad_value"),
    ],
)
def test_an_answer_that_is_none_of_the_options_is_said(
    answers: Answers, answer: Any, reason: str
) -> None:
    with pytest.raises(BadRecord) as error:
        chosen(answer, THREE, answers)
    assert error.value.args[0] == reason


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        ({"Question": "Is it?", "ANSWER": "None"}, Question("k", "Is it?", "None")),
        ({"question": ["Is it?", "Is it so?"], "answer": 4}, Question("k", "Is it?", "4")),
        ({"question": "Is it?", "answer": 0.5}, Question("k", "Is it?", "0.5")),
        ({"question": "<image>\nIs it?", "answer": None}, Question("k", "Is it?", "")),
        ({"question": "Is it? ANSWER  briefly.", "answer": ""}, Question("k", "Is it?", "")),
    ],
)
def test_a_record_becomes_a_question(record: dict[str, Any], asked: Question) -> None:
    assert question_of(record, "k", QuestionFields(), prompts=["Answer briefly."]) == asked


def test_a_prompt_behind_the_last_option_is_no_part_of_it() -> None:
    record = {"question": "What is it?\n(A) ship\n(B) dam\nAnswer with a letter.", "answer": "B"}
    fields = QuestionFields(choices="question")
    found = question_of(record, "k", fields, "letter", ["Answer with a letter."])
    assert found == Question("k", "What is it?", "dam", choices=("ship", "dam"))


@pytest.mark.parametrize(
    ("record", "args"),
    [
        ({"answer": "yes"}, ("missing_field", "no question")),
        ({"question": " ", "answer": "yes"}, ("missing_field", "no question")),
        ({"question": "a?", "answer": True}, ("bad_value", "answer is bool")),
        ({"question": "a?", "answer": ["yes"]}, ("bad_value", "answer is list")),
    ],
)
def test_a_record_that_is_no_question_is_said(
    record: dict[str, Any], args: tuple[str, str]
) -> None:
    with pytest.raises(BadRecord) as error:
        question_of(record, "k", QuestionFields())
    assert error.value.args == args
