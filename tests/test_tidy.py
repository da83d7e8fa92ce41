"""Native text made tidy."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.rows.tidy import has_letter, tidy, tidy_captions, tidy_questions

# White space

TIDY = [
    ("a road", "a road"),
    ("a  road", "a road"),
    ("a    long   road", "a long road"),
    (" a road ", "a road"),
    ("\ta road\r\n", "a road"),
    ("a\troad", "a road"),
    ("a\r\nroad", "a road"),
    ("a \n road", "a road"),
    ("a\vroad\fside", "a road side"),
    ("a\u00a0road", "a road"),
    ("a \u00a0 road", "a road"),
    ("\u00a0a road\u00a0", "a road"),
    ("a\u2003road", "a road"),
    ("a\u202froad", "a road"),
    ("道\u3000路", "道 路"),
    ("a\u2028road\u2029side", "a road side"),
    ("a\x85road", "a road"),
    ("a\u200broad", "a\u200broad"),  # a zero-width space is no space
    ("Rue de la  Gare, été", "Rue de la Gare, été"),
    ("it\u2019s  a road", "it\u2019s a road"),
    ("", ""),
    (" \n\u00a0", ""),
    (None, ""),
]


@pytest.mark.parametrize("text, expected", TIDY)
def test_white_space_is_one_blank_and_none_at_the_ends(text: str | None, expected: str) -> None:
    assert tidy(pa.array([text], pa.string())).to_pylist() == [expected]


def test_a_column_is_tidied_text_by_text() -> None:
    assert tidy(pa.array([text for text, _ in TIDY], pa.string())).to_pylist() == [
        expected for _, expected in TIDY
    ]


def test_a_blank_at_the_end_and_one_at_the_next_beginning_are_not_two() -> None:
    assert tidy(pa.array(["a ", " b", "", " c"])).to_pylist() == ["a", "b", "", "c"]


def test_one_untidy_text_among_plain_ones_is_found() -> None:
    texts = ["", "a road", "", "a  lake", "", "", "un été", "a road\t", *["a road"] * 9]
    assert tidy(pa.array(texts)).to_pylist() == [
        *["", "a road", "", "a lake", "", "", "un été", "a road"],
        *["a road"] * 9,
    ]


def test_a_slice_is_tidied_as_it_stands() -> None:
    assert tidy(pa.array(["x  y", " a  b ", "c", "d  e"]).slice(1, 2)).to_pylist() == ["a b", "c"]


@given(
    st.lists(
        st.one_of(st.text(alphabet="ab é道 \u00a0\t\n\u2003.", max_size=8), st.none()), max_size=6
    ),
    st.integers(0, 3),
)
def test_tidy_splits_and_joins(texts: list[str | None], start: int) -> None:
    found = tidy(pa.array(texts, pa.string()).slice(start)).to_pylist()
    assert found == [" ".join((text or "").split()) for text in texts[start:]]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("many planes are parked .", "many planes are parked."),
        ("many planes are parked.", "many planes are parked."),
        ("plants scattered on the ground. .", "plants scattered on the ground."),
        ("plants scattered . .", "plants scattered."),
        (" a road appears in the forest .", "a road appears in the forest."),
        ("a bridge crosses the canal", "a bridge crosses the canal"),
        ("a . b .", "a . b."),
        ("wait ...", "wait ..."),
        (".", "."),
        (" . ", "."),
        ("1 .", "1."),
        ("a  road  .", "a road."),
        ("", ""),
    ],
)
def test_captions_lose_the_blank_before_their_last_stop(text: str, expected: str) -> None:
    assert tidy_captions(pa.array([text])).to_pylist() == [expected]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Is it a rural or an urban area", "Is it a rural or an urban area?"),
        ("Is there a road?", "Is there a road?"),
        ("Is there a road ?", "Is there a road ?"),
        ("Is a road next to a  river present", "Is a road next to a river present?"),
        ("Name the class:", "Name the class:"),
        ("Describe it.", "Describe it."),
        ("How many (about)", "How many (about)?"),
        ("What is 'it'", "What is 'it'?"),
        ("How many in 2020", "How many in 2020?"),
        ("多少\uff1f", "多少\uff1f"),
        ("", ""),
    ],
)
def test_questions_get_the_mark_that_was_forgotten(text: str, expected: str) -> None:
    assert tidy_questions(pa.array([text])).to_pylist() == [expected]


@pytest.mark.parametrize("end", list("09azAZ)\"'"))
def test_a_letter_digit_or_closing_sign_at_the_end_wants_a_mark(end: str) -> None:
    assert tidy_questions(pa.array([f"x{end}"])).to_pylist() == [f"x{end}?"]


@pytest.mark.parametrize("end", list("/:@[`{?!.,;-é"))
def test_any_other_sign_at_the_end_wants_none(end: str) -> None:
    assert tidy_questions(pa.array([f"x{end}"])).to_pylist() == [f"x{end}"]


def test_questions_of_a_slice_get_their_own_marks() -> None:
    assert tidy_questions(pa.array(["a?", "b", "", "c?", "d"]).slice(1, 3)).to_pylist() == [
        "b?",
        "",
        "c?",
    ]


@pytest.mark.parametrize(
    "text, found",
    [
        ("a", True),
        ("1 .", False),
        (".", False),
        ("", False),
        ("道", True),
        ("é", True),
        ("3 m²", True),
        ("_ 5 %", False),
    ],
)
def test_a_letter_of_any_alphabet_makes_words(text: str, found: bool) -> None:
    assert has_letter(pa.array([text])).tolist() == [found]
