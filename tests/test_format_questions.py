"""RSVQA's joined tables and question files: what their readers make of those in tests/data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from native import DATA, ROOTS, changed, opened, read

from converters.catalogue import catalogue, reader
from converters.dataset import plan_of, read_sides
from converters.read.files import SourceError
from schemas.sample import Picture, Question, Reject, Sample
from schemas.table import QUESTIONS

LR = catalogue()["rsvqa_lr"]
FLOODNET = catalogue()["floodnet_vqa"]
ARRAY = changed(
    "floodnet_vqa",
    options={
        "annotations": "questions.json",
        "images": "images/{image}",
        "fields": {
            "image": "picture",
            "question": "ask",
            "answer": "reply",
            "type": "kind",
            "id": "uid",
        },
    },
)
ARRAY_ROOT = DATA / "vqa_json/array"
Row = tuple[str, str, str, str | None, str | None]


def rows(found: Any) -> list[Row]:
    """key, pictures, question, answer, type of every question."""
    return [
        (row["key"], " ".join(row["pictures"]), row["question"], row["answer"], row["type"])
        for columns in found.columns
        for row in columns.table.to_pylist()
    ]


# RSVQA


def test_questions_are_joined_to_their_answers_and_pictures_by_id() -> None:
    assert rows(read(LR)) == [
        ("0", "Images_LR/3.tif", "Is it a rural or an urban area", "rural", "rural_urban"),
        ("2", "Images_LR/3.tif", "Is a road next to a  river present?", "yes", "presence"),
        (
            "3",
            "Images_LR/4.tif",
            "How many roads are there?",
            "27",
            "count",
        ),  # by the answer's question_id
    ]


def test_questions_are_columns_of_one_schema() -> None:
    assert read(LR).columns[0].table.schema == QUESTIONS


def test_questions_that_lead_nowhere_are_rejected_one_by_one() -> None:
    assert sorted(read(LR).rejects, key=lambda reject: reject.key) == [
        Reject(
            "LR_split_train_questions.json",
            "4",
            "train",
            "dangling_reference",
            "answer [99] of question 4 is not there or not active",
        ),
        Reject(
            "LR_split_train_questions.json",
            "5",
            "train",
            "dangling_reference",
            "picture 8 of question 5 is not there or not active",
        ),
        Reject("LR_split_train_questions.json", "6", "train", "inactive", "active is false"),
        Reject(
            "LR_split_train_questions.json", "7", "train", "missing_field", "no id or no question"
        ),
        Reject(
            "LR_split_train_questions.json",
            "byte 1166",
            "train",
            "unreadable_record",
            "id is 'eight', not int64",
        ),
    ]


def test_the_byte_of_an_unreadable_record_is_where_it_stands() -> None:
    assert (
        (DATA / ROOTS["rsvqa_lr"] / "LR_split_train_questions.json")
        .read_bytes()[1166:]
        .startswith(b'{"id": "eight"')
    )


def test_rows_of_other_splits_are_no_items_of_this_one() -> None:
    assert "1" not in [reject.key for reject in read(LR).rejects]


def test_side_tables_hold_the_active_rows_only() -> None:
    folder = opened(LR)
    sides = read_sides(LR, folder, plan_of(LR, folder))["train"]
    assert (sides["answers"]["id"].to_pylist(), sides["images"]["id"].to_pylist()) == (
        [10, 12, 13, 15, 16],
        [3, 4],
    )


def test_the_split_is_in_the_files_name(tmp_path: Path) -> None:
    for file in (DATA / ROOTS["rsvqa_lr"]).iterdir():
        for split in ("train", "test_phili"):
            shutil.copy(file, tmp_path / file.name.replace("LR_split_train", f"USGS_split_{split}"))
    found = read(catalogue()["rsvqa_hr"], tmp_path, ["test_phili"]).columns
    assert [(columns.split, columns.table.num_rows) for columns in found] == [("test_phili", 3)]


@pytest.mark.parametrize("table", ["questions", "answers", "images"])
def test_a_table_that_is_missing_is_named(tmp_path: Path, table: str) -> None:
    shutil.copytree(DATA / ROOTS["rsvqa_lr"], tmp_path, dirs_exist_ok=True)
    (tmp_path / f"LR_split_train_{table}.json").unlink()
    with pytest.raises(
        SourceError,
        match=rf"annotations not found: {tmp_path}/LR_split_(train|{{split}})_{table}.json",
    ):
        read(LR, tmp_path)


def test_a_table_that_one_split_lacks_leaves_that_split_out(tmp_path: Path) -> None:
    shutil.copytree(DATA / ROOTS["rsvqa_lr"], tmp_path, dirs_exist_ok=True)
    shutil.copy(
        tmp_path / "LR_split_train_questions.json", tmp_path / "LR_split_val_questions.json"
    )
    shutil.copy(tmp_path / "LR_split_train_images.json", tmp_path / "LR_split_val_images.json")
    folder = opened(LR, tmp_path)
    module, options = reader(LR)
    plan = module.plan(folder, options)
    assert {span.split for span in [*plan.spans, *plan.sides]} == {"train"}
    assert plan.notes == ["LR_split_val_answers.json is not there, so split val is not read"]
    with pytest.raises(SourceError) as error:
        module.plan(opened(LR, tmp_path, ["val"]), options)
    assert str(error.value) == f"annotations not found: {tmp_path}/LR_split_val_answers.json"


def test_a_table_that_is_cut_off_is_named(tmp_path: Path) -> None:
    shutil.copytree(DATA / ROOTS["rsvqa_lr"], tmp_path, dirs_exist_ok=True)
    path = tmp_path / "LR_split_train_questions.json"
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(SourceError, match=r"LR_split_train_questions\.json is cut off"):
        read(LR, tmp_path)


# One JSON object keyed by strings


def test_a_record_of_an_object_becomes_one_question() -> None:
    first = read(FLOODNET, splits=["train"]).samples[0]
    assert first == Sample(
        "0",
        "Train_Question.json",
        "train",
        (Picture("Images/Train_Image/10165.JPG"),),
        questions=(Question("0", "How many buildings are flooded?", "4", "Complex_Counting"),),
    )


def test_answers_are_text_whatever_they_were() -> None:
    assert [found.questions[0].answer for found in read(FLOODNET, splits=["train"]).samples] == [
        "4",
        "flooded,non flooded",
        "No",
    ]


def test_a_held_out_split_has_questions_without_answers() -> None:
    found = read(FLOODNET, splits=["val"]).samples
    assert [(s.pictures[0].path, s.questions[0].answer) for s in found] == [
        ("Images/Valid_Image/6280.JPG", ""),
        ("Images/Valid_Image/6281.JPG", ""),
    ]


def test_records_of_an_object_that_cannot_be_used_are_rejected_one_by_one() -> None:
    assert read(FLOODNET, splits=["train"]).rejects == [
        Reject("Train_Question.json", "3", "train", "missing_field", "no Image_ID or no Question"),
        Reject(
            "Train_Question.json",
            "4",
            "train",
            "unreadable_record",
            "Expected `object`, got `array`",
        ),
        Reject("Train_Question.json", "5", "train", "bad_value", "Ground_Truth is list"),
        Reject(
            "Train_Question.json",
            "6",
            "train",
            "bad_value",
            "'Images/Train_Image/../10167.JPG' leaves its folder",
        ),
        Reject("Train_Question.json", "7", "train", "bad_value", "Ground_Truth is bool"),
    ]


@pytest.mark.parametrize(
    "text", ['{"0": {"Image_ID": "1.JPG", "Quest', '{"0": {}} {"1": {}}', '"text"']
)
def test_an_object_that_is_no_whole_json_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "Train_Question.json").write_text(text)
    with pytest.raises(SourceError, match=r"floodnet_vqa: Train_Question\.json cannot be read: "):
        read(FLOODNET, tmp_path)


# A JSON array


def test_records_of_an_array_become_columns() -> None:
    assert rows(read(ARRAY, ARRAY_ROOT)) == [
        ("a-1", "images/P0001.png", "is there a ship", "yes", "presence"),
        ("a-2", "images/P0001.png", "how many ships are there?", "3", "count"),
        ("a-3", "images/P0002.png", "which sign follows }, { here?", '"}, {"', None),
        ("a-8", "images/P0002.png", "is there an answer?", None, None),
    ]


def test_records_of_an_array_that_cannot_be_used_are_rejected_one_by_one() -> None:
    found = read(ARRAY, ARRAY_ROOT).rejects
    assert sorted((reject.key, reject.reason, reject.detail) for reject in found) == [
        ("a-4", "missing_field", "no picture or no ask"),
        ("a-5", "missing_field", "no picture or no ask"),
        ("a-6", "bad_value", "'images/../P0003.png' leaves its folder"),
        ("byte 551", "unreadable_record", "JSON is malformed: invalid character (byte 74)"),
        ("byte 703", "unreadable_record", "reply is 'True', not string"),
    ]


def test_an_array_has_the_split_all_where_its_name_tells_none() -> None:
    assert {columns.split for columns in read(ARRAY, ARRAY_ROOT).columns} == {"all"}


def test_without_an_id_a_question_goes_by_its_picture(tmp_path: Path) -> None:
    (tmp_path / "questions.json").write_text(
        json.dumps([{"image": "P0001.png", "question": "a?", "answer": "b"}])
    )
    entry = changed(
        "floodnet_vqa", options={"annotations": "questions.json", "images": "{stem}.jpg"}
    )
    assert rows(read(entry, tmp_path)) == [("P0001.png", "P0001.jpg", "a?", "b", None)]


def test_a_byte_order_mark_does_not_hide_an_array(tmp_path: Path) -> None:
    (tmp_path / "questions.json").write_bytes(
        b'\xef\xbb\xbf \n[{"image": "P0001.png", "question": "a?", "answer": "b"}]'
    )
    entry = changed("floodnet_vqa", options={"annotations": "questions.json", "images": "{image}"})
    assert rows(read(entry, tmp_path)) == [("P0001.png", "P0001.png", "a?", "b", None)]


# Multiple choice

CHOICES = {"image": "img", "question": "ask", "answer": "reply", "id": "uid"}


def choice(tmp_path: Path, record: dict[str, Any], choices: Any, answers: str = "text") -> Any:
    """What becomes of one record of a JSON array: its question, or its Reject."""
    record = {"uid": "q-1", "img": "a.png", "ask": "What is it?", **record}
    (tmp_path / "questions.json").write_text(json.dumps([record]))
    options = {
        "annotations": "questions.json",
        "images": "{image}",
        "fields": {**CHOICES, "choices": choices},
        "answers": answers,
    }
    found = read(changed("floodnet_vqa", options=options), tmp_path)
    [item] = [*found.samples, *found.rejects]
    return item.questions[0] if isinstance(item, Sample) else item


@pytest.mark.parametrize(
    "answers, reply",
    [
        ("text", "a dam"),
        ("text", " a dam "),
        ("letter", "B"),
        ("letter", "(b)"),
        ("letter", "B."),
        ("index", 1),
        ("index", "1"),
        ("index_from_1", 2),
    ],
)
def test_the_answer_of_a_choice_is_the_options_text(
    tmp_path: Path, answers: str, reply: str | int
) -> None:
    record = {"options": ["a ship", "a dam", "a pond"], "reply": reply}
    assert choice(tmp_path, record, "options", answers) == Question(
        "q-1", "What is it?", "a dam", choices=("a ship", "a dam", "a pond")
    )


def test_choices_may_stand_in_fields_of_their_own_and_one_be_empty(tmp_path: Path) -> None:
    record = {"A": "a ship", "B": "", "C": "a dam", "D": None, "reply": "C"}
    found = choice(tmp_path, record, ["A", "B", "C", "D"], "letter")
    assert (found.choices, found.answer) == (("a ship", "a dam"), "a dam")


def test_choices_may_stand_in_an_object_by_their_letters(tmp_path: Path) -> None:
    found = choice(tmp_path, {"o": {"B": "a dam", "a": 4}, "reply": "A"}, "o", "letter")
    assert (found.choices, found.answer) == (("a dam", "4"), "4")


def test_a_choice_without_an_answer_keeps_its_options(tmp_path: Path) -> None:
    found = choice(tmp_path, {"o": ["a ship", "a dam"]}, "o", "letter")
    assert (found.choices, found.answer) == (("a ship", "a dam"), "")


@pytest.mark.parametrize(
    "record, answers, detail",
    [
        ({"o": ["a", "b"], "reply": "c"}, "text", "'c' is none of ['a', 'b']"),
        ({"o": ["a", "b"], "reply": "C"}, "letter", "'C' is none of ['a', 'b']"),
        ({"o": ["a", None], "reply": "B"}, "letter", "1 choices"),
        ({"o": ["a", "b"], "reply": 2}, "index", "'2' is none of ['a', 'b']"),
        ({"o": ["a", "b"], "reply": 0}, "index_from_1", "'0' is none of ['a', 'b']"),
        ({"o": ["a", "b"], "reply": "-1"}, "index", "'-1' is none of ['a', 'b']"),
        ({"o": ["a"], "reply": "a"}, "text", "1 choices"),
        ({"o": ["a", ["b"]], "reply": "a"}, "text", "a choice is list"),
        ({"o": "a, b", "reply": "a"}, "text", "no options in o: 'a, b'"),
        ({"reply": "a"}, "text", "o is NoneType"),
        ({"o": {"A": "x", "a": "y"}, "reply": "a"}, "letter", "two choices of one letter: A, a"),
    ],
)
def test_choices_that_cannot_be_used_are_rejected(
    tmp_path: Path, record: dict[str, Any], answers: str, detail: str
) -> None:
    assert choice(tmp_path, record, "o", answers) == Reject(
        "questions.json", "q-1", "all", "bad_choices", detail
    )
