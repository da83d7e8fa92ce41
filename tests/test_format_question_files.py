"""Questions in text lines and tables, of pairs, with prompts and options: what is read of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import DATA, Native, changed, convert, dataset, encoded, opened, read, words

from converters.catalogue import catalogue
from converters.read import files
from converters.read.files import SourceError
from schemas.sample import Caption, Picture, Question, Reject


def found(slug: str, place: str, splits: list[str] | None = None) -> Native:
    return read(catalogue()[slug], DATA / place, splits)


def faults(native: Native) -> list[tuple[str, str, str]]:
    return [(one.key, one.reason, one.detail) for one in native.rejects]


# Text


def test_a_line_is_cut_at_the_first_colon_and_the_first_question_mark() -> None:
    samples = found("rsivqa", "vqa_text/rsivqa", ["dota_train"]).samples
    assert [(one.pictures[0].path, one.questions[0]) for one in samples] == [
        (
            "DOTA_train/images/P0000.png",
            Question("P0000", "how many planes are there in this picture?", "21"),
        ),
        ("DOTA_train/images/P0000.png", Question("P0000", "is the area 12:30?", "no")),
    ]


def test_lines_that_are_no_triple_or_lead_out_of_the_folder_are_rejected() -> None:
    assert faults(found("rsivqa", "vqa_text/rsivqa", ["aid"])) == [
        (
            "line 2",
            "unreadable_record",
            "no triple: 00434.jpg what is the theme of this picture?airport",
        ),
        ("line 4", "bad_value", "'AID/images/../1.jpg' leaves its folder"),
    ]


def test_two_files_that_answer_otherwise_are_both_rejected_and_gaps_are_named() -> None:
    native = found("rsivqa", "vqa_text/rsivqa", ["ucm"])
    both = "asked twice with different answers: 'airplane', 'airport'"
    assert [
        (one.file, *fault) for one, fault in zip(native.rejects, faults(native), strict=True)
    ] == [
        ("UCM/ucm_res.txt", "1.tif", "bad_value", both),
        ("UCM/ucm_res.txt", "line 2", "bad_value", "a noun is missing: How many  in the picture"),
        ("UCM/ucm_vqa.txt", "1.tif", "bad_value", both),
    ]
    assert [(one.key, one.questions[0].answer) for one in native.samples] == [
        ("2.tif", ""),
        ("2.tif", "beach"),
    ]


def test_lines_of_a_pictures_file_are_questions_and_answers_in_turn() -> None:
    native = found("crsvqa", "vqa_text/crsvqa")
    folder = "MQVQA_dataset/image"
    asked = [(one.pictures[0].path, *one.questions) for one in native.samples]
    assert asked == [
        (f"{folder}/airport_1.png", Question("airport_1", "How many cars are there?", "two")),
        (f"{folder}/airport_1.png", Question("airport_1", "Is it a farm?", "yes")),
        (f"{folder}/bridge_2.png", Question("bridge_2", "What is it?", "")),
        (f"{folder}/bridge_2.png", Question("bridge_2", "Where is it?", "left")),
    ]
    assert faults(native) == [
        ("bridge_2 line 5", "missing_field", "no line follows with the answer")
    ]


# Pairs


def test_a_pair_is_shown_before_and_after_and_told_by_its_name() -> None:
    [columns] = found("cdvqa", "rsvqa/cdvqa").columns
    assert [(row["pictures"], row["answer"]) for row in columns.table.to_pylist()] == [
        (["im1/02180.png", "im2/02180.png"], "yes"),
        (["im1/02180.png", "im2/02180.png"], "0_to_10"),
        (["im1/02180.png", "im2/02180.png"], "NVG_surface"),
    ]


def test_names_that_cannot_be_and_answers_that_differ_are_rejected() -> None:
    assert faults(found("cdvqa", "rsvqa/cdvqa")) == [
        (
            "3",
            "bad_value",
            "question 3, answer [3], picture 3: '../02182.png' leaves its folder",
        ),
        ("4", "bad_value", "question 4, answer [4], picture 4: no file_name"),
        (
            "5",
            "bad_value",
            "question 5, answer [5], picture 2: answers of one id that differ",
        ),
    ]


def test_splits_without_tables_are_noted() -> None:
    assert found("cdvqa", "rsvqa/cdvqa").notes == [
        "Train_questions.json is not there, so split train is not read",
        "Test_questions.json is not there, so split test is not read",
        "Test2_questions.json is not there, so split test2 is not read",
    ]


def test_records_below_a_key_show_pairs_as_columns() -> None:
    native = found("qag_360k", "vqa_json/qag_360k")
    rows = [row for columns in native.columns for row in columns.table.to_pylist()]
    assert [(row["key"], row["pictures"], row["answer"]) for row in rows] == [
        ("3", ["image/im1/00003.png", "image/im2/00003.png"], "yes"),
        ("4", ["image/im1/00003.png", "image/im2/00003.png"], "0"),
    ]
    assert faults(native) == [
        ("6", "missing_field", "no img_id or no question"),
        ("7", "bad_value", "asked twice with different answers, one is '0'"),
        ("7", "bad_value", "asked twice with different answers, one is '0_to_10'"),
        ("5", "bad_value", "'image/im1/../00004.png' leaves its folder"),
    ]


# Prompts and options


def test_a_prompt_behind_every_question_is_taken_away() -> None:
    native = found("lrs_vqa", "vqa_json/lrs_vqa")
    assert [
        (one.key, one.questions[0].question, one.questions[0].answer) for one in native.samples
    ] == [
        ("FAIR_1", "How many ships are there?", "3"),
        ("FAIR_4", "How much?", ""),
    ]
    assert [(key, reason) for key, reason, _ in faults(native)] == [
        ("FAIR_2", "bad_value"),
        ("FAIR_2", "bad_value"),
        ("FAIR_3", "missing_field"),
        ("byte 881", "unreadable_record"),
    ]


def test_options_behind_the_question_are_taken_apart() -> None:
    native = found("choice", "vqa_json/choice")
    assert [one.questions[0] for one in native.samples] == [
        Question("8c", "What is it?", "Yes", choices=("No", "can't judge", "Yes"))
    ]
    assert faults(native) == [
        ("8d", "bad_choices", "0 choices"),
        ("8e", "bad_choices", "'D' is none of ['No', 'Yes']"),
        ("byte 1", "unselected", "task is not what the entry reads"),
    ]


# Tables


def test_a_caption_stands_in_a_row() -> None:
    native = found("sarlang_1m_captions", "vqa_table/sarlang_1m")
    [sample] = native.samples
    assert (sample.key, sample.split, sample.captions, sample.pictures) == (
        "SARimages/a_0001.png",
        "train",
        (Caption("caption[0]", "A harbor, with two ships."),),
        (Picture("SARimages/a_0001.png"),),
    )
    assert faults(native) == [
        ("SARimages/a_0001.png", "missing_field", "no answer"),
        ("row 3", "missing_field", "no image"),
        (
            "SARimages/../../a_0002.png",
            "bad_value",
            "'SARimages/../../a_0002.png' leaves its folder",
        ),
        ("row 5", "unreadable_record", "3 cells under 2 columns"),
    ]
    assert {one.kind for one in native.rejects} == {"caption"}


PNG = encoded("PNG")
ROWS: list[dict[str, Any]] = [
    {
        "index": 7,
        "question": "What colour is it?",
        "multi-choice options": ["(A) Red", "(B) White"],
        "answer": "B",
        "category": "Object properties/Object color",
        "image": [{"bytes": PNG, "path": "a.png"}],
    },
    {
        "index": 8,
        "question": "Which are there?",
        "multi-choice options": ["(A) Farm", "(B) Road, paved", "(C) Lake"],
        "answer": "AB",
        "category": "Land use",
        "image": [{"bytes": PNG, "path": "a.png"}, {"bytes": PNG, "path": None}],
    },
    {
        "index": 9,
        "question": "Which is it?",
        "multi-choice options": ["(A) Farm", "(B) Road"],
        "answer": "A",
        "category": "Land use",
        "image": [],
    },
]


def written(root: Path, ending: str) -> None:
    """The rows as a table whose pictures lie in its cells."""
    table = pa.Table.from_pylist(ROWS)
    (root / "data").mkdir()
    path = root / f"data/data-00000-of-00001.{ending}"
    if ending == "parquet":
        pq.write_table(table, path, row_group_size=2)
        return
    with pa.ipc.new_stream(path, table.schema) as out:  # as `datasets` writes it
        out.write_table(table, max_chunksize=2)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_pictures_in_the_cells_of_a_table_are_files(tmp_path: Path, ending: str) -> None:
    written(tmp_path, ending)
    native = read(catalogue()["xlrs_bench"], tmp_path)
    table = f"data/data-00000-of-00001.{ending}"
    assert [[picture.path for picture in one.pictures] for one in native.samples] == [
        [f"{table}!image/000000000/0"],
        [f"{table}!image/000000001/0", f"{table}!image/000000001/1"],
    ]
    assert faults(native) == [("9", "missing_field", "no image")]
    folder = opened(catalogue()["xlrs_bench"], tmp_path)
    for path in (f"{table}!image/000000001/1", f"{table}!image/000000000/0"):
        place = folder.absolute(path)
        assert files.exists(place)
        assert files.store(place).read(place) == PNG
        assert files.store(place).size(place) == len(PNG)


@pytest.mark.parametrize("cell", ["image/000000001/2", "image/000000003", "label/000000000", "x"])
def test_a_cell_without_a_picture_is_a_missing_file(tmp_path: Path, cell: str) -> None:
    written(tmp_path, "parquet")
    place = f"{tmp_path}/data/data-00000-of-00001.parquet!{cell}"
    assert not files.exists(place)
    with pytest.raises(FileNotFoundError):
        files.store(place).read(place)


def test_pictures_in_cells_are_embedded(tmp_path: Path) -> None:
    written(tmp_path, "parquet")
    made = convert(dataset(catalogue()["xlrs_bench"], ["choice"], tmp_path, images="embed"))
    assert [(words(row), row["sizes"]) for row in made.rows] == [
        (
            ["<image>\nWhat colour is it?\nA. Red\nB. White", "B"],
            [{"width": 8, "height": 6}],
        )
    ]


def test_a_question_of_which_several_options_are_right_is_an_open_one(tmp_path: Path) -> None:
    written(tmp_path, "parquet")
    assert read(catalogue()["xlrs_bench"], tmp_path).samples[1].questions == (
        Question(
            "8",
            "Which are there? A. Farm; B. Road, paved; C. Lake.",
            "Farm; Road, paved",
            "Land use",
        ),
    )


def test_a_table_without_a_column_that_is_needed_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"ask": ["a?"]}), tmp_path / "data/data-0.parquet")
    with pytest.raises(
        SourceError, match=r"data/data-0\.parquet has no column 'question'; it has: ask"
    ):
        read(catalogue()["xlrs_bench"], tmp_path)


def test_rows_that_an_entry_leaves_out_are_counted(tmp_path: Path) -> None:
    row = {"id": "1", "question": "Which <image 1> is it?", "choices": "['a', 'b']", "answer": "B"}
    shown = {f"image_{i}": {"bytes": PNG, "path": None} if i < 3 else None for i in range(1, 7)}
    kinds = [
        {"metric": "multiple-choice", "view_type": "Satellite"},
        {"metric": "multiple-choice", "view_type": "Street"},
        {"metric": "open-ended", "view_type": "cross-view"},
        {"metric": "mIoU", "view_type": "cross-view"},
    ]
    (tmp_path / "counting").mkdir()
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [(name, pa.string()) for name in (*row, *kinds[0])] + [(name, kind) for name in shown]
    )
    table = pa.Table.from_pylist([{**row, **one, **shown} for one in kinds], schema)
    pq.write_table(table, tmp_path / "counting/test-00000-of-00001.parquet")
    native = read(catalogue()["urbench"], tmp_path)
    [sample] = native.samples
    assert sample.questions == (Question("1", "Which image 1 is it?", "b", choices=("a", "b")),)
    assert [one.path.rpartition("!")[2] for one in sample.pictures] == [
        "image_1/000000000",
        "image_2/000000000",
    ]
    file = "counting/test-00000-of-00001.parquet"
    assert native.rejects == [
        Reject(file, "", "test", "unselected", f"{name} is not what the entry reads", n, "question")
        for name, n in (("metric", 2), ("view_type", 1))
    ]


def test_a_csv_holds_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer\na?,b\n")
    entry = changed("xlrs_bench", options={"annotations": {"vqa": "a.csv"}, "pictures": ["image"]})
    with pytest.raises(SourceError, match=r"a\.csv holds no pictures; Parquet and Arrow tables do"):
        read(entry, tmp_path)


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/data-0.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(SourceError, match=r"xlrs_bench: data/data-0\.parquet cannot be read"):
        read(catalogue()["xlrs_bench"], tmp_path)
    place = f"{tmp_path}/data/data-0.parquet!image/000000000"
    with pytest.raises(OSError, match="damaged in its table"):
        files.store(place).read(place)
