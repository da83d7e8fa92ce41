"""Native text made tidy, and words for what annotations say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.regions import attributes
from converters.rows.tidy import has_letter, tidy, tidy_captions, tidy_questions
from converters.tasks import wordings
from schemas.toml import ConfigError

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


# Words for annotations


@pytest.mark.parametrize(
    "label, expected",
    [
        ("small-vehicle", "small vehicle"),
        ("DenseResidential", "dense residential"),
        ("baseball_diamond", "baseball diamond"),
        ("Expressway-Service-area", "expressway service area"),
        ("Dry Cargo Ship", "dry cargo ship"),
        ("airplane", "airplane"),
        ("A220", "a220"),
        (" Railway Station ", "railway station"),
    ],
)
def test_class_names_are_spoken(label: str, expected: str) -> None:
    assert attributes.spoken(label) == expected


@pytest.mark.parametrize(
    "label, expected",
    [("golffield", "golf field"), ("GolfField", "golf field"), ("A220", "A220 airplane")],
)
def test_the_catalogue_has_the_first_word_on_what_a_class_is_called(
    label: str, expected: str
) -> None:
    assert (
        attributes.spoken(label, {"golffield": "golf field", "A220": "A220 airplane"}) == expected
    )


@pytest.mark.parametrize(
    "noun, count, expected",
    [
        ("ship", 1, "1 ship"),
        ("ship", 2, "2 ships"),
        ("bus", 2, "2 buses"),
        ("church", 3, "3 churches"),
        ("ferry", 2, "2 ferries"),
        ("railway", 2, "2 railways"),
        ("tax", 2, "2 taxes"),
        ("bush", 2, "2 bushes"),
    ],
)
def test_nouns_agree_with_their_number(noun: str, count: int, expected: str) -> None:
    assert attributes.counted(noun, count) == expected


@pytest.mark.parametrize(
    "box, place",
    [
        ((0, 0, 10, 10), "top left"),
        ((140, 0, 160, 20), "top"),
        ((280, 0, 300, 20), "top right"),
        ((0, 40, 20, 50), "left"),
        ((100, 30, 200, 60), "center"),
        ((290, 40, 300, 50), "right"),
        ((0, 80, 20, 90), "bottom left"),
        ((100, 61, 200, 90), "bottom"),
        ((290, 80, 300, 90), "bottom right"),
        ((0, 0, 300, 90), "center"),
        ((90, 0, 110, 2), "top"),  # a centre on the line belongs to the next third
    ],
)
def test_places_are_thirds_of_the_picture(box: tuple[int, ...], place: str) -> None:
    assert attributes.positions(np.array([box], float), np.array([[300, 90]], float)) == [place]


@pytest.mark.parametrize("area, word", [(9.9, "small "), (10, ""), (500, ""), (501, "large ")])
def test_sizes_are_shares_of_the_picture(area: float, word: str) -> None:
    assert attributes.magnitudes(np.array([area]), np.array([[100.0, 100.0]])) == [word]


# Templates


def pool_faults(task: str, pool: object) -> list[str]:
    return wordings._faults(f"t.toml [{task}]", task, pool)


@pytest.mark.parametrize(
    "name",
    sorted(path.stem for path in (Path(wordings.__file__).parent / "prompts").glob("*.toml")),
)
def test_templates_of_the_package_have_no_fault(name: str) -> None:
    assert set(wordings.pools(name)) == set(wordings.SLOTS)


@pytest.mark.parametrize(
    "task, pool, expected",
    [
        ("vqq", {}, ['t.toml [vqq] unknown key "vqq"; known: ' + ", ".join(wordings.SLOTS)]),
        ("vqa", {"count": ["{question}"]}, ['t.toml [vqa] key "any" is missing: a list of wordings']),
        ("vqa", {"any": []}, ["t.toml [vqa] any: not a list of wordings"]),
        ("caption", {"any": "Describe it."}, ["t.toml [caption] any: not a list of wordings"]),
        ("vqa", {"any": ["{question}", "Answer!"], "count": ["{question} {question}"]},
         ['t.toml [vqa] any: "Answer!" does not hold {question} once', 't.toml [vqa] count: "{question} {question}" does not hold {question} once']),
        ("classification", {"any": ["What is it?"]}, []),
    ],
)  # fmt: skip
def test_faults_of_templates_are_named(task: str, pool: object, expected: list[str]) -> None:
    assert pool_faults(task, pool) == expected


def test_a_question_type_has_its_own_wording_or_that_of_any() -> None:
    assert wordings.wordings("geochat", "vqa", "Yes_No") == [
        "{question} Answer in one word or a short phrase."
    ]
    assert wordings.wordings("geochat", "vqa", "presence") == [
        "{question}\nAnswer the question using a single word or phrase."
    ]


def test_unknown_templates_are_named_with_those_known() -> None:
    with pytest.raises(ConfigError, match='unknown templates "geo"; known: geochat, plain'):
        wordings.wordings("geo", "vqa")
