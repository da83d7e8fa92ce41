"""Captions, questions and class names as rows: exact turns, and counts that balance."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from native import DATA, ROOTS, Result, changed, convert, dataset, picture, words

from converters.catalogue import catalogue
from schemas.mix import Filter

RSICD, LEVIR, LR, FLOODNET, AID = (
    catalogue()[slug] for slug in ("rsicd", "levir_cc", "rsvqa_lr", "floodnet_vqa", "aid")
)
CAPTION = "<image>\nDescribe the image in one sentence."
SCENE = "<image>\nWhich class does the image belong to? Answer in one word or a short phrase."


def said(result: Result, split: str) -> list[list[str]]:
    return [words(row) for row in result.rows if row["split"] == split]


def rejected(result: Result) -> list[tuple[str, str, str]]:
    return sorted((reject["key"], reject["reason"], reject["kind"]) for reject in result.rejects)


def page(
    kind: str,
    read: int,
    used: int,
    rejects: dict[str, int],
    filtered: dict[str, int],
    pictures: int,
    faulty: dict[str, int] | None = None,
) -> dict[str, Any]:
    """A page of one kind of item, each used one a row. faulty: pictures by what is wrong."""
    rows = {
        "built": used,
        "written": used,
        "repeated": 0,
        "duplicate": 0,
        "sampled_out": 0,
        "rejected": {},
        "filtered": {},
    }
    return {
        "items": {kind: {"read": read, "used": used, "rejected": rejects, "filtered": filtered}},
        "rows": rows,
        "pictures": {"read": pictures, "without_items": 0, "rejected": faulty or {}},
    }


@pytest.fixture
def rsicd(tmp_path: Path) -> Iterator[Path]:
    """RSICD's fixture with pictures: one is missing and one is cut off."""
    shutil.copytree(DATA / ROOTS["rsicd"], tmp_path, dirs_exist_ok=True)
    for name in ("airport_1", "bridge_59", "school_4"):
        picture(tmp_path / f"RSICD_images/{name}.jpg")
    cut = tmp_path / "RSICD_images/bridge_59.jpg"
    cut.write_bytes(cut.read_bytes()[:-20])
    yield tmp_path


# Captions


def test_a_caption_is_one_row_with_the_blank_before_its_stop_gone() -> None:
    assert said(convert(dataset(RSICD, ["caption"])), "train") == [
        [CAPTION, "two planes wait beside a hall."],
        [CAPTION, "a runway and grass."],
        [CAPTION, "two planes wait beside a hall."],
    ]


def test_captions_that_cannot_become_rows_are_rejected_with_their_reasons() -> None:
    assert rejected(convert(dataset(RSICD, ["caption"]))) == [
        ("../park_3.jpg", "bad_value", "fault"),
        ("7", "unreadable_record", "fault"),
        ("bridge_59.jpg#sentences[0]", "no_words", "fault"),
        ("farm_2.jpg", "missing_field", "fault"),
        ("pond_1.jpg#sentences[1]", "no_words", "fault"),
    ]


def test_every_caption_ends_in_one_bucket() -> None:
    assert convert(dataset(RSICD, ["caption"])).book == {
        "test": page("caption", 2, 1, {"no_words": 1}, {}, 1),
        "train": page("caption", 6, 3, {"bad_value": 2, "missing_field": 1}, {}, 1),
        "unknown": page("caption", 2, 1, {"unreadable_record": 1}, {}, 1),
        "val": page("caption", 2, 1, {"no_words": 1}, {}, 1),
    }


def test_a_change_caption_has_both_pictures_in_time_order() -> None:
    row = convert(dataset(LEVIR, ["change_caption"], splits=["test"])).rows[0]
    assert ([image["path"] for image in row["images"]], words(row)) == (
        ["levir_cc/images/test/A/test_000002.png", "levir_cc/images/test/B/test_000002.png"],
        [
            "<image>\n<image>\nThe two images show the same place at two dates, the earlier "
            "first. Describe what has changed in one sentence.",
            "the scene is the same as before.",
        ],
    )


def test_captions_of_one_picture_can_be_one_row() -> None:
    assert said(convert(dataset(RSICD, ["caption"], group="image")), "train") == [
        [
            CAPTION,
            "two planes wait beside a hall.",
            "Describe the image in one sentence.",
            "a runway and grass.",
        ]
    ]


def test_in_path_mode_a_row_holds_what_the_annotations_say_and_no_more() -> None:
    row = convert(dataset(RSICD, ["caption"], splits=["val"])).rows[0]
    known = [
        "dataset",
        "split",
        "task",
        "text_origin",
        "dialect",
        "template",
        "regions",
        "sizes",
        "gsd",
        "lon",
        "lat",
        "sensor",
        "times",
        "license_images",
        "image_sha256",
        "origin",
    ]
    assert {name: row[name] for name in known} == {
        "dataset": "rsicd",
        "split": "val",
        "task": "caption",
        "text_origin": "human",
        "dialect": None,
        "template": "plain/caption/0",
        "regions": [],
        "sizes": None,
        "gsd": None,
        "lon": None,
        "lat": None,
        "sensor": None,
        "times": None,
        "license_images": "unstated",
        "image_sha256": None,
        "origin": {"file": "dataset_rsicd.json", "key": "bridge_59.jpg#sentences[1]"},
    }


def test_where_pictures_are_read_a_row_holds_their_size_and_hash(rsicd: Path) -> None:
    row = convert(dataset(RSICD, ["caption"], rsicd, images="embed", splits=["train"])).rows[0]
    digest = hashlib.sha256((rsicd / "RSICD_images/airport_1.jpg").read_bytes()).hexdigest()
    assert (row["sizes"], row["image_sha256"], row["image_bytes"]) == (
        [{"width": 8, "height": 6}],
        [digest],
        (rsicd / "RSICD_images/airport_1.jpg").stat().st_size,
    )


def test_each_rows_bytes_are_those_of_its_own_pictures(rsicd: Path) -> None:
    for number, path in enumerate(sorted((rsicd / "RSICD_images").glob("*.jpg"))):
        path.write_bytes(path.read_bytes() + bytes(1000 * number))
    rows = convert(dataset(RSICD, ["caption"], rsicd, images="embed")).rows
    weights = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path.stat().st_size
        for path in (rsicd / "RSICD_images").glob("*.jpg")
    }
    assert len({row["image_bytes"] for row in rows}) == 2
    assert [row["image_bytes"] for row in rows] == [weights[row["image_sha256"][0]] for row in rows]


def test_verifying_in_path_mode_reads_pictures_but_writes_no_bytes(rsicd: Path) -> None:
    row = convert(dataset(RSICD, ["caption"], rsicd, splits=["train"], verify=True)).rows[0]
    assert (row["sizes"], row["image_bytes"]) == ([{"width": 8, "height": 6}], 0)


def test_pictures_that_cannot_be_used_cost_all_their_captions(rsicd: Path) -> None:
    found = convert(dataset(RSICD, ["caption"], rsicd, images="embed"))
    assert [
        (r["key"], r["reason"], r["items"], r["detail"])
        for r in found.rejects
        if "image" in r["reason"]
    ] == [
        ("pond_1.jpg", "missing_image", 2, "RSICD_images/pond_1.jpg: pond_1.jpg"),
        (
            "bridge_59.jpg",
            "truncated_image",
            2,
            "RSICD_images/bridge_59.jpg: the file's end is missing",
        ),
    ]


def test_the_hash_of_the_bytes_tells_duplicates_where_pictures_are_read(rsicd: Path) -> None:
    shutil.copy(rsicd / "RSICD_images/airport_1.jpg", rsicd / "RSICD_images/copy.jpg")
    records = [
        {"filename": name, "split": "train", "sentences": [{"raw": "a hall."}]}
        for name in ("airport_1.jpg", "copy.jpg")
    ]
    (rsicd / "dataset_rsicd.json").write_text(json.dumps({"images": records}))
    read, unread = (
        len({row["dedup"] for row in convert(dataset(RSICD, ["caption"], rsicd, images=mode)).rows})
        for mode in ("embed", "path")
    )
    assert (read, unread) == (1, 2)


def test_a_picture_token_in_a_native_text_costs_its_row(tmp_path: Path) -> None:
    records = [
        {
            "filename": "a.jpg",
            "split": "train",
            "sentences": [
                {"raw": "an <image> of a hall ."},
                {"raw": "a\\nhall ."},
                {"raw": "a \x01 hall ."},
            ],
        }
    ]
    (tmp_path / "dataset_rsicd.json").write_text(json.dumps({"images": records}))
    found = convert(dataset(RSICD, ["caption"], tmp_path))
    assert [(r["level"], r["key"], r["reason"]) for r in found.rejects] == [
        ("row", "a.jpg#sentences[0]", "image_tokens"),
        ("row", "a.jpg#sentences[1]", "literal_escape"),
        ("row", "a.jpg#sentences[2]", "control_characters"),
    ]


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
