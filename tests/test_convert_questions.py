"""Questions and class names as rows: exact turns, and counts that balance."""

from __future__ import annotations

import json
from pathlib import Path

from native import DATA, ROOTS, changed, convert, dataset, words
from text_rows import page, said

from converters.catalogue import catalogue
from schemas.mix import Filter

LR, FLOODNET, AID = (catalogue()[slug] for slug in ("rsvqa_lr", "floodnet_vqa", "aid"))
SCENE = "<image>\nWhich class does the image belong to? Answer in one word or a short phrase."


# Questions


def test_a_question_is_one_row_with_its_mark_and_single_blanks() -> None:
    assert said(convert(dataset(LR, ["vqa"])), "train") == [
        ["<image>\nIs it a rural or an urban area?", "rural"],
        ["<image>\nIs a road next to a river present?", "yes"],
        ["<image>\nHow many roads are there?", "27"],
    ]


def test_every_question_of_the_tables_ends_in_one_bucket() -> None:
    rejects = {"dangling_reference": 2, "missing_field": 1, "unreadable_record": 1}
    assert convert(dataset(LR, ["vqa"])).book == {
        "train": page("question", 8, 3, rejects, {"inactive": 1}, 2)
    }


def test_questions_without_an_answer_are_filtered_and_not_lost() -> None:
    assert convert(dataset(FLOODNET, ["vqa"])).book == {
        "train": page(
            "question", 8, 3, {"bad_value": 3, "missing_field": 1, "unreadable_record": 1}, {}, 2
        ),
        "val": page("question", 2, 0, {}, {"no_answer": 2}, 2),
    }


def test_a_question_that_lacks_the_id_of_the_others_has_an_empty_key(tmp_path: Path) -> None:
    records = [
        {"id": "7", "image": "1.png", "question": "a ship?", "answer": "yes"},
        {"image": "1.png", "question": "a car?", "answer": "no"},
        {"image": "1.png", "question": "a bus?", "answer": ""},
    ]
    (tmp_path / "questions.json").write_text(json.dumps(records))
    options = {"annotations": "questions.json", "images": "{image}", "fields": {"id": "id"}}
    found = convert(dataset(changed("floodnet_vqa", options=options), ["vqa"], tmp_path))
    assert [row["origin"]["key"] for row in found.rows] == ["7", ""]
    assert [(one["key"], one["reason"]) for one in found.rejects] == [("", "no_answer")]


def test_a_question_type_has_its_own_wording() -> None:
    found = convert(dataset(FLOODNET, ["vqa"], templates="geochat"))
    assert [(words(row)[0], row["template"]) for row in found.rows] == [
        (
            "<image>\nHow many buildings are flooded? Answer in one word or a short phrase.",
            "geochat/vqa/Complex_Counting/0",
        ),
        (
            "<image>\nWhat is the overall condition of the given image? flooded or non flooded. "
            "Answer in one word or a short phrase.",
            "geochat/vqa/Condition_Recognition/0",
        ),
        (
            "<image>\nIs the entire road flooded? Answer in one word or a short phrase.",
            "geochat/vqa/Yes_No/0",
        ),
    ]


def test_a_type_without_a_wording_of_its_own_has_that_of_any() -> None:
    found = convert(dataset(LR, ["vqa"], templates="geochat"))
    assert [(words(row)[0], row["template"]) for row in found.rows] == [
        (
            "<image>\nIs it a rural or an urban area? Answer in one word or a short phrase.",
            "geochat/vqa/rural_urban/0",
        ),
        (
            "<image>\nIs a road next to a river present?\nAnswer the question using a single "
            "word or phrase.",
            "geochat/vqa/0",
        ),
        (
            "<image>\nHow many roads are there?\nAnswer the question using a single word or "
            "phrase.",
            "geochat/vqa/0",
        ),
    ]


def test_a_question_without_a_type_has_the_wording_of_any(tmp_path: Path) -> None:
    records = [
        {"Image_ID": "1.JPG", "Question": f"{i}?", "Ground_Truth": "a", "Question_Type": kind}
        for i, kind in enumerate(["Yes_No", None])
    ]
    (tmp_path / "Train_Question.json").write_text(json.dumps(records))
    found = convert(dataset(FLOODNET, ["vqa"], tmp_path, templates="geochat"))
    assert [row["template"] for row in found.rows] == ["geochat/vqa/Yes_No/0", "geochat/vqa/0"]


def test_gsd_and_sensor_are_the_catalogues_where_no_annotation_has_them() -> None:
    assert {(row["gsd"], row["sensor"]) for row in convert(dataset(LR, ["vqa"])).rows} == {
        (10.0, "Sentinel-2")
    }


def test_types_that_a_source_does_not_ask_for_are_unselected() -> None:
    found = convert(dataset(FLOODNET, ["vqa"], splits=["train"], keep=Filter(types=["Yes_No"])))
    assert len(found.rows) == 1
    assert found.book["train"]["items"]["question"]["filtered"] == {"unselected": 2}


def test_questions_of_one_picture_can_be_one_row() -> None:
    assert said(convert(dataset(FLOODNET, ["vqa"], group="image")), "train") == [
        [
            "<image>\nHow many buildings are flooded?",
            "4",
            "What is the overall condition of the given image?",
            "flooded,non flooded",
        ],
        ["<image>\nIs the entire road flooded?", "No"],
    ]


def test_one_row_of_several_questions_has_the_key_and_the_wording_of_the_first() -> None:
    found = convert(dataset(FLOODNET, ["vqa"], group="image", templates="geochat"))
    assert [(row["origin"]["key"], row["template"]) for row in found.rows] == [
        ("0", "geochat/vqa/Complex_Counting/0"),
        ("2", "geochat/vqa/Yes_No/0"),
    ]


def test_who_wrote_the_text_is_what_the_catalogue_says() -> None:
    assert [
        convert(dataset(entry, ["vqa"])).rows[0]["text_origin"] for entry in (LR, FLOODNET)
    ] == ["template", "human"]


def test_an_array_makes_the_same_rows_as_an_object(tmp_path: Path) -> None:
    records = json.loads((DATA / ROOTS["floodnet_vqa"] / "Train_Question.json").read_text())
    (tmp_path / "Train_Question.json").write_text(
        json.dumps(
            [{"Key": key, **record} for key, record in records.items() if isinstance(record, dict)]
        )
    )
    entry = changed(
        "floodnet_vqa",
        options=FLOODNET.options | {"fields": {**FLOODNET.options["fields"], "id": "Key"}},
    )
    rows = {
        row["id"]: words(row) for row in convert(dataset(FLOODNET, ["vqa"], splits=["train"])).rows
    }
    assert {
        row["id"]: words(row) for row in convert(dataset(entry, ["vqa"], tmp_path)).rows
    } == rows


# Class names


def test_a_class_name_is_spoken_and_a_templates() -> None:
    found = convert(dataset(AID, ["classification"]))
    assert [(words(row), row["text_origin"]) for row in found.rows] == [
        ([SCENE, "airport"], "template"),
        ([SCENE, "airport"], "template"),
        ([SCENE, "bare land"], "template"),
        ([SCENE, "bare land"], "template"),
    ]


def test_a_prompt_may_list_the_classes() -> None:
    found = convert(
        dataset(AID, ["classification"], templates="geochat", classes=["airport", "bare land"])
    )
    assert words(found.rows[0])[0] == (
        "<image>\nClassify the given image in one of the following classes. Classes: airport, "
        "bare land.\nAnswer in one word or a short phrase."
    )


def test_every_picture_of_the_folders_ends_in_one_bucket() -> None:
    found = convert(dataset(AID, ["classification"], images="embed"))
    rejects = {"no_label": 1, "unreadable_image": 1}
    assert found.book == {"all": page("label", 5, 3, rejects, {}, 4, {"unreadable_image": 1})}


def test_a_filter_takes_questions_with_or_without_options(tmp_path: Path) -> None:
    record = {"question_id": "1", "image_path": "a.png", "task": "x", "level": "y"}
    asked = "What is it?\nA. a dam\nB. a road\nC. a pond"
    records = [
        {**record, "question": asked, "answer": "B"},
        {**record, "question_id": "2", "question": asked, "answer": "AC"},
    ]
    (tmp_path / "l").mkdir()
    (tmp_path / "l/q.json").write_text(json.dumps(records))
    options = {"annotations": "{level}/q.json", "images": "{image}", "answers": "letter"}
    options["fields"] = {"image": "image_path", "id": "question_id", "choices": "question"}
    entry = changed("choice", options=options, inside="", splits={"all": 2})
    answers = {
        wanted: [
            row["conversations"][1]["value"]
            for row in convert(dataset(entry, ["vqa"], tmp_path, keep=Filter(choices=wanted))).rows
        ]
        for wanted in (None, True, False)
    }
    assert answers == {
        None: ["a road", "a dam; a pond"],
        True: ["a road"],
        False: ["a dam; a pond"],
    }
