"""Which wording asks for a text: by how many pictures it is about, and how long it is."""

from __future__ import annotations

import pytest
from given import convert, sample

from schemas.sample import Caption, Picture, Question

ONE, SEVERAL = "A field.", "A field. It is a pond now."


def template(count: int, task: str, templates: str, *, dates: bool = False, **items: object) -> str:
    """The template of the only row, without the number of the wording."""
    pictures = tuple(Picture(f"{i}.png", 100, 80) for i in range(count))
    record = sample(pictures=pictures, **items)
    [row] = convert([record], [task], templates=templates, values={"dates": dates}).rows
    name: str = row["template"]
    return name.rpartition("/")[0]


@pytest.mark.parametrize("templates", ["plain", "geochat"])
@pytest.mark.parametrize(
    ("count", "text", "kind"),
    [
        *((1, ONE, ""), (1, SEVERAL, "/sentences"), (1, "many " * 41, "/long")),
        *((2, ONE, "/pair"), (2, SEVERAL, "/sentences_pair"), (2, "many " * 41, "/long_pair")),
        *((3, ONE, "/series"), (3, SEVERAL, "/sentences_series")),
        *((4, "many " * 41, "/long_series"), (1, "many " * 40, "")),
    ],
)
def test_a_caption_is_asked_for_by_its_length_and_pictures(
    count: int, text: str, kind: str, templates: str
) -> None:
    captions = (Caption("0", text),)
    assert template(count, "caption", templates, captions=captions) == f"{templates}/caption{kind}"


@pytest.mark.parametrize(
    ("count", "dates", "words", "kind"),
    [
        *((1, True, 8, ""), (1, False, 9, "/long"), (2, True, 8, "/pair"), (2, False, 8, "/views")),
        *((2, True, 9, "/pair_long"), (2, False, 9, "/views_long"), (3, True, 8, "/series")),
        *((4, True, 9, "/series_long"), (3, False, 8, "/views"), (3, False, 9, "/views_long")),
    ],
)
def test_a_question_is_asked_by_its_pictures_and_the_length_of_its_answer(
    count: int, dates: bool, words: int, kind: str
) -> None:
    questions = (Question("0", "What is there?", "many " * words),)
    found = template(count, "vqa", "geochat", dates=dates, questions=questions)
    assert found == f"geochat/vqa{kind}"


@pytest.mark.parametrize(
    ("count", "dates", "kind"),
    [(1, True, ""), (2, True, "/pair"), (3, True, "/series"), (2, False, "/views")],
)
def test_where_long_answers_have_no_wording_the_pictures_alone_count(
    count: int, dates: bool, kind: str
) -> None:
    questions = (Question("0", "What is there?", "many " * 9),)
    found = template(count, "vqa", "plain", dates=dates, questions=questions)
    assert found == f"plain/vqa{kind}"
