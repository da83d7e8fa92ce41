"""Multiple choice: options in the prompt, and an answer that is one of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from given import convert, items, said, sample

from converters.tasks.questions import shuffled
from schemas.sample import Picture, Question

OPTIONS = ("farmland", "forest", "harbor", "lake")


def asked(*choices: str, answer: str, key: str = "0", question: str = "What is it?") -> Any:
    """A record of one question. Its key is the question's too."""
    return sample(key, questions=(Question(key, question, answer, None, choices),))


def options(turns: list[str]) -> list[str]:
    """The options of a prompt, in its order."""
    return [line.partition(". ")[2] for line in turns[0].splitlines()[2:]]


def test_the_prompt_lists_the_options_and_the_answer_is_a_letter() -> None:
    assert said(convert([asked(*OPTIONS, answer="harbor")], ["choice"])) == [
        ["<image>\nWhat is it?\nA. farmland\nB. forest\nC. harbor\nD. lake", "C"]
    ]


def test_the_answer_may_be_the_options_words() -> None:
    found = convert([asked(*OPTIONS, answer="harbor")], ["choice"], sources={"answers": "text"})
    assert said(found)[0][1] == "harbor"


@pytest.mark.parametrize(
    "answers, ask, template",
    [
        ("letter", "letter", "geochat/choice/"),
        ("text", "words", "geochat/choice/text/"),
    ],
)
def test_the_prompt_asks_for_what_the_answer_gives(answers: str, ask: str, template: str) -> None:
    records = [asked(*OPTIONS, answer="lake", key=str(i)) for i in range(8)]
    found = convert(records, ["choice"], templates="geochat", sources={"answers": answers})
    assert {row["template"] for row in found.rows} == {f"{template}0", f"{template}1"}
    assert all(ask in turns[0].splitlines()[-1] for turns in said(found))


@pytest.mark.parametrize(
    "pictures, dates, lead, kind",
    [
        (2, True, "The two images show the same place at two dates, the earlier first. ", "pair"),
        (
            3,
            True,
            "The images show the same place at several dates, the earliest first. ",
            "series",
        ),
        (2, False, "", ""),
    ],
)
@pytest.mark.parametrize("templates, answers", [("plain", "text"), ("geochat", "text")])
def test_options_about_several_dates_say_their_order(
    pictures: int, dates: bool, lead: str, kind: str, templates: str, answers: str
) -> None:
    shown = tuple(Picture(f"{i}.png", 100, 80) for i in range(pictures))
    record = msgspec.structs.replace(asked(*OPTIONS, answer="lake"), pictures=shown)
    [row] = convert(
        [record],
        ["choice"],
        templates=templates,
        values={"dates": dates},
        sources={"answers": answers},
    ).rows
    first, last = (turn["value"] for turn in row["conversations"])
    assert first.replace("<image>\n", "").startswith(f"{lead}What is it?\nA. farmland\n")
    assert (last, kind in row["template"].split("/")[2]) == ("lake", True)


def test_a_row_of_a_choice_is_its_authors_and_keeps_its_key() -> None:
    [row] = convert([asked(*OPTIONS, answer="lake")], ["choice"]).rows
    assert (row["task"], row["text_origin"], row["origin"]["key"], row["template"]) == (
        "choice",
        "human",
        "0",
        "plain/choice/0",
    )


def test_options_keep_their_native_order_unless_the_source_shuffles_them() -> None:
    records = [asked(*OPTIONS, answer="lake", key=str(i)) for i in range(12)]
    plain = convert(records, ["choice"])
    mixed = convert(records, ["choice"], sources={"shuffle": True})
    assert {tuple(options(turns)) for turns in said(plain)} == {OPTIONS}
    orders = {tuple(options(turns)) for turns in said(mixed)}
    assert len(orders) > 3
    assert {tuple(sorted(order)) for order in orders} == {OPTIONS}


def test_a_shuffled_answer_is_the_letter_of_the_right_option() -> None:
    records = [asked(*OPTIONS, answer="lake", key=str(i)) for i in range(12)]
    for turns in said(convert(records, ["choice"], sources={"shuffle": True})):
        assert options(turns)["ABCD".index(turns[1])] == "lake"


def test_the_order_follows_from_the_seed_and_the_id_and_nothing_beside_it() -> None:
    records = [asked(*OPTIONS, answer="lake", key=str(i)) for i in range(6)]
    first, second, other = (
        {row["id"]: row["conversations"] for row in found.rows}
        for found in (
            convert(records, ["choice"], sources={"shuffle": True}, seed=1),
            convert(records[2:4][::-1], ["choice"], sources={"shuffle": True}, seed=1),
            convert(records, ["choice"], sources={"shuffle": True}, seed=2),
        )
    )
    assert {key: first[key] for key in second} == second
    assert first.keys() == other.keys()
    assert first != other


@pytest.mark.parametrize(
    "choices, answer",
    [
        (OPTIONS, "desert"),
        (("lake",), "lake"),
        (("lake", "forest", "lake"), "lake"),
        (tuple(str(i) for i in range(27)), "3"),
    ],
    ids=["none of the options", "one option", "the answer twice", "more options than letters"],
)
def test_a_choice_that_cannot_be_asked_is_bad(choices: tuple[str, ...], answer: str) -> None:
    found = convert([asked(*choices, answer=answer)], ["choice"])
    assert items(found) == {"question": {"read": 1, "rejected": {"bad_choices": 1}}}


@pytest.mark.parametrize("number, last", [(2, "B"), (26, "Z")])
def test_there_are_as_many_options_as_letters(number: int, last: str) -> None:
    choices = tuple(f"class {i}" for i in range(number))
    assert said(convert([asked(*choices, answer=choices[-1])], ["choice"]))[0][1] == last


def test_a_question_without_options_is_none_that_the_source_asks_for() -> None:
    records = [asked(answer="yes", key="a"), asked(*OPTIONS, answer="lake", key="b")]
    found = convert(records, ["choice"])
    assert items(found) == {"question": {"read": 2, "used": 1, "filtered": {"unselected": 1}}}


def test_a_question_without_an_answer_stays_a_policy() -> None:
    found = convert([asked(*OPTIONS, answer="")], ["choice"])
    assert items(found) == {"question": {"read": 1, "filtered": {"no_answer": 1}}}


def test_a_question_with_options_can_be_asked_openly_too() -> None:
    found = convert([asked(*OPTIONS, answer="lake")], ["vqa", "choice"])
    assert said(found) == [
        ["<image>\nWhat is it?", "lake"],
        ["<image>\nWhat is it?\nA. farmland\nB. forest\nC. harbor\nD. lake", "D"],
    ]
    assert items(found) == {"question": {"read": 1, "used": 1}}


def test_options_and_answer_are_tidied_alike() -> None:
    found = convert([asked(" a  lake ", "a\tforest", answer="a lake")], ["choice"])
    assert said(found) == [["<image>\nWhat is it?\nA. a lake\nB. a forest", "A"]]


def test_braces_in_the_data_fill_nothing() -> None:
    record = asked("{question}", "{choices}", answer="{choices}", question="What is {choices}?")
    assert said(convert([record], ["choice"])) == [
        ["<image>\nWhat is {choices}?\nA. {question}\nB. {choices}", "B"]
    ]


def test_other_options_make_another_question() -> None:
    ids = {
        row["id"]
        for choices in (OPTIONS, OPTIONS[1:])
        for row in convert([asked(*choices, answer="lake")], ["choice"]).rows
    }
    assert len(ids) == 2


@pytest.mark.parametrize(
    "salt, order",
    [(0, "abc"), (1, "bac"), (2, "cab"), (3, "acb"), (4, "bca"), (5, "cba"), (6, "abc")],
)
def test_a_salt_names_one_order(salt: int, order: str) -> None:
    assert "".join(shuffled("abc", salt)) == order
