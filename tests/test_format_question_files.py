"""Questions in text lines, of pairs, with prompts and options: what is read of each."""

from __future__ import annotations

from native import DATA, Native, read

from converters.catalogue import catalogue
from schemas.sample import Question


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
        ("line 4", "bad_value", "'AID/../1.jpg' leaves its folder"),
    ]


def test_two_files_that_answer_otherwise_are_both_rejected_and_gaps_are_named() -> None:
    native = found("rsivqa", "vqa_text/rsivqa", ["ucm"])
    both = "asked twice with different answers: 'airplane', 'airport'"
    assert [
        (one.file, *fault) for one, fault in zip(native.rejects, faults(native), strict=True)
    ] == [
        ("UCM/ucm_res.txt", "1.tif", "ambiguous_reference", both),
        ("UCM/ucm_res.txt", "line 2", "bad_value", "a noun is missing: How many  in the picture"),
        ("UCM/ucm_vqa.txt", "1.tif", "ambiguous_reference", both),
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
            "ambiguous_reference",
            "question 5, answer [5], picture 2: answers of one id that differ",
        ),
    ]


def test_splits_without_tables_are_noted() -> None:
    assert found("cdvqa", "rsvqa/cdvqa").notes == [
        "{|annotations/}Train_questions.json is not there, so split train is not read",
        "{|annotations/}Test_questions.json is not there, so split test is not read",
        "{|annotations/}Test2_questions.json is not there, so split test2 is not read",
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
        ("7", "ambiguous_reference", "asked twice with different answers, one is '0'"),
        ("7", "ambiguous_reference", "asked twice with different answers, one is '0_to_10'"),
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
        ("FAIR_2", "ambiguous_reference"),
        ("FAIR_2", "ambiguous_reference"),
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
