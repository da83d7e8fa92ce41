"""RSVQA's tables: what becomes of a question whose answer or picture record cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from native import read

from converters.catalogue import catalogue
from schemas.sample import Reject

LR = catalogue()["rsvqa_lr"]
QUESTIONS = "LR_split_train_questions.json"


def tables(tmp_path: Path, answer: str, image: str = '{"id": 0, "active": true}') -> Path:
    """The three tables of a split with one question, 7, of picture 0. answer, image: records."""
    question: dict[str, Any] = {"id": 7, "img_id": 0, "question": "how many?", "type": "count"}
    question |= {"answers_ids": [7], "active": True}
    sound = '{"id": 8, "question_id": 8, "answer": "yes", "active": true}'
    for table, text in (
        ("questions", json.dumps(question)),
        ("answers", f"{sound}, {answer}"),
        ("images", image),
    ):
        path = tmp_path / f"LR_split_train_{table}.json"
        path.write_text(f'{{"{table}": [{text}]}}')
    return tmp_path


@pytest.mark.parametrize(
    "answer, what",
    [
        ("true", "answer is 'True', not string"),
        ('["yes"]', "answer is \"['yes']\", not string"),
        ("{}", "answer is '{}', not string"),
    ],
)
def test_an_answer_of_a_wrong_type_is_named_with_its_table(
    tmp_path: Path, answer: str, what: str
) -> None:
    record = f'{{"id": 7, "question_id": 7, "active": true, "answer": {answer}}}'
    detail = f"question 7, answer [7], picture 0: LR_split_train_answers.json: {what}"
    assert read(LR, tables(tmp_path, record)).rejects == [
        Reject(QUESTIONS, "7", "train", "bad_value", detail)
    ]


def test_a_picture_record_of_a_wrong_type_is_named_with_its_table(tmp_path: Path) -> None:
    answer = '{"id": 7, "question_id": 7, "answer": "2", "active": true}'
    [reject] = read(LR, tables(tmp_path, answer, '{"id": 0, "active": "yes"}')).rejects
    assert (reject.reason, reject.detail) == (
        "bad_value",
        "question 7, answer [7], picture 0: LR_split_train_images.json: active is 'yes', not bool",
    )


@pytest.mark.parametrize(
    "answer",
    [
        '{"id": 9, "question_id": 9, "answer": true, "active": true}',
        '{"id": 7, "question_id": 7, "answer": true, "active": false}',
        '{"id": true, "question_id": 7, "answer": "2", "active": true}',
    ],
    ids=["another answer", "switched off", "without an id"],
)
def test_an_answer_that_is_not_there_stays_a_dangling_reference(
    tmp_path: Path, answer: str
) -> None:
    [reject] = read(LR, tables(tmp_path, answer)).rejects
    assert (reject.reason, reject.detail) == (
        "dangling_reference",
        "answer [7] of question 7 is not there or not active",
    )
