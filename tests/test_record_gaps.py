"""Records that lack what their neighbours have: what is read of each, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from laid_out import faults, found_in
from mask_files import COLOURED, put_mask
from native import changed, picture, read

from schemas.sample import Caption, Question

JSON = {"annotations": "a.json", "images": "{image}"}


def test_a_line_without_a_question_is_rejected(tmp_path: Path) -> None:
    options = {"annotations": "a.txt", "images": "{image}"}
    text = "1.png:?yes\n2.png:is it a dam?no\n"
    found = found_in(tmp_path, "vqa_text", options, {"a.txt": text})
    assert faults(found) == [("line 1", "missing_field", "no question")]
    assert [one.questions for one in found.samples] == [(Question("2.png", "is it a dam?", "no"),)]


def test_a_split_whose_questions_are_all_inactive_has_none(tmp_path: Path) -> None:
    asked = {"id": 7, "img_id": 0, "type": "count", "question": "How many?", "answers_ids": [7]}
    tables: dict[str, list[dict[str, Any]]] = {
        "questions": [asked | {"active": False}],
        "answers": [{"id": 7, "question_id": 7, "answer": "2", "active": True}],
        "images": [{"id": 0, "active": True}],
    }
    for table, records in tables.items():
        (tmp_path / f"LR_split_train_{table}.json").write_text(json.dumps({table: records}))
    found = read(changed("rsvqa_lr"), tmp_path)
    assert found.columns == []
    assert faults(found) == [("7", "inactive", "active is false")]


def test_an_object_of_a_coloured_mask_needs_a_class_and_a_colour(tmp_path: Path) -> None:
    picture(tmp_path / "p/1.png", 2, 1)
    put_mask(tmp_path / "m/1.png", [[[9, 0, 0], [0, 0, 0]]])
    objects = [
        "<l> </l><c>9,0,0</c>",
        "<l>dam</l>",
        "<l>dam</l><c>256,0,0</c>",
        "<l>dam</l><c>9,0,0</c>",
    ]
    text = f"<a>{''.join(f'<object>{one}</object>' for one in objects)}</a>"
    found = found_in(tmp_path, "xml_mask_colours", COLOURED, {"x/1.xml": text})
    assert faults(found) == [
        ("1#object[0]", "missing_field", "no l"),
        ("1#object[1]", "bad_value", "c is ''"),
        ("1#object[2]", "bad_value", "c is '256,0,0'"),
    ]
    assert [(one.key, one.label) for one in found.samples[0].regions] == [("object[3]", "dam")]


def test_records_by_their_pictures_need_no_field_that_names_them(tmp_path: Path) -> None:
    options = JSON | {"fields": {"image": "", "caption": "said"}}
    document = {"1.png": {"said": "A dam."}, "2.png": {}}
    found = found_in(tmp_path, "picture_json", options, {"a.json": json.dumps(document)})
    assert [(one.pictures[0].path, one.captions) for one in found.samples] == [
        ("1.png", (Caption("caption", "A dam."),)),
        ("2.png", ()),
    ]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[1, 2,]", "a list where an object should be"),
        ("{'caption': 'a', 'caption': 'b',}", 'Duplicate key "caption" found in object'),
        ("{'caption': ", "<string>:1 Unexpected end of input at column 13"),
    ],
)
def test_a_file_that_is_not_even_nearly_an_object_is_rejected(
    text: str, detail: str, tmp_path: Path
) -> None:
    fields = {"image": "", "caption": "caption"}
    options = {"annotations": "{stem}.json", "images": "{stem}.png", "fields": fields}
    found = found_in(tmp_path, "picture_json", options, {"1.json": text})
    assert [(one.file, one.reason, one.detail) for one in found.rejects] == [
        ("1.json", "unreadable_file", detail)
    ]
