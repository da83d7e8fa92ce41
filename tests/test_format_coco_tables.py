"""COCO: classes, attributes, files that lack something, and files that are cut into spans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from native import changed, opened, read
from test_format_coco import BOX, IMAGE, OPTIONS, SHIP, annotated, one, reasons

from converters.dataset import plan_of
from converters.formats import coco
from converters.read.files import SourceError
from converters.read.json_document import value_ranges
from converters.read.json_spans import element_spans
from schemas.sample import Box, Region

# Classes and attributes


@pytest.mark.parametrize(
    ("categories", "fault"),
    [
        ([SHIP, SHIP], None),
        (
            [SHIP, {"id": 1, "name": "boat"}],
            ("ambiguous_reference", "category 1 is both 'ship' and 'boat'"),
        ),
        ([{"id": 1}], ("bad_value", "category 1 has no name")),
        ([{"id": 2, "name": "boat"}], ("dangling_reference", "category 1 is not there")),
    ],
)
def test_an_annotation_needs_the_one_name_of_its_class(
    categories: list[Any], fault: tuple[str, str] | None, tmp_path: Path
) -> None:
    found = one(tmp_path, {"categories": categories})
    assert [(r.reason, r.detail) for r in found.rejects] == ([fault] if fault else [])


@pytest.mark.parametrize("key", ["image_id", "category_id"])
def test_an_annotation_without_a_reference_is_a_reject(key: str, tmp_path: Path) -> None:
    found = annotated(tmp_path, {key: None})
    assert [(r.reason, r.detail) for r in found.rejects] == [("missing_field", f"no {key}")]


def test_classes_that_mean_ignore_are_no_regions_and_not_listed(tmp_path: Path) -> None:
    categories = [SHIP, {"id": 2, "name": "DontCare"}]
    tables = {"categories": categories, "annotations": [BOX | {"category_id": 2}]}
    found = one(tmp_path, tables, ignored_names=["DontCare"])
    assert [(sample.regions, sample.unplaced) for sample in found.samples] == [((), ())]
    assert [reject.reason for reject in found.rejects] == ["ignored"]
    entry = changed("hrsid", options=OPTIONS | {"ignored_names": ["DontCare"]})
    assert plan_of(entry, opened(entry, tmp_path)).classes == ("ship",)


def test_a_label_of_the_entry_needs_no_categories(tmp_path: Path) -> None:
    text = json.dumps({"images": [IMAGE], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]})
    [sample] = one(tmp_path, text, label="aircraft").samples
    assert sample.regions == (Region("[0]", "aircraft", Box(1, 2, 4, 6)),)


def test_attributes_that_the_entry_names_are_kept_as_text(tmp_path: Path) -> None:
    said = {"role": "Civil", "num_engines": 2, "canards": None, "attributes": {"occluded": False}}
    names = ["role", "num_engines", "canards", "attributes", "absent"]
    [sample] = annotated(tmp_path, said, attributes=names).samples
    assert dict(sample.regions[0].attributes) == {
        "role": "Civil",
        "num_engines": "2",
        "occluded": "false",
    }


# Files


def test_a_broken_record_costs_itself_alone(tmp_path: Path) -> None:
    text = (
        '{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "ship"}],'
        ' "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},'
        ' {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, x]},'
        ' {"id": 3, "image_id": 1, "category_id": 1, "bbox": [5, 2, 3, 4]}]}'
    )
    found = one(tmp_path, text)
    assert [region.key for region in found.samples[0].regions] == ["1", "3"]
    assert reasons(found) == [("2", "unreadable_record")]


def test_a_broken_picture_costs_its_annotations(tmp_path: Path) -> None:
    images = [IMAGE, {"id": 2, "file_name": 7}]
    found = one(tmp_path, {"images": images, "annotations": [BOX, BOX | {"image_id": 2, "id": 5}]})
    assert [sample.key for sample in found.samples] == ["1"]
    assert reasons(found) == [("2 7", "unreadable_record"), ("5", "dangling_reference")]


def test_a_file_without_a_table_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no annotations; there: images, info$"):
        one(tmp_path, '{"images": [], "info": null}')


def test_of_several_files_one_without_a_table_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "test.json").write_text('{"images": [], "categories": []}')
    found = one(tmp_path, {})
    assert [sample.split for sample in found.samples] == ["train"]
    [note] = found.notes
    assert note.endswith("test.json has no annotations; there: images, categories: not read")


def test_a_file_of_pictures_alone_is_a_note(tmp_path: Path) -> None:
    found = one(tmp_path, {"annotations": []})
    assert [sample.regions for sample in found.samples] == [()]
    assert found.notes == ["train.json has pictures and not one annotation"]


def test_blanks_in_a_list_are_no_annotation(tmp_path: Path) -> None:
    blanks = " " * 99
    text = f'{{"images": [], "annotations": [{blanks}], "categories": []}}'
    assert one(tmp_path, text).notes == ["train.json has pictures and not one annotation"]


def test_a_table_that_is_no_array_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="images is no array"):
        one(tmp_path, {"images": {"1": IMAGE}})


def test_a_picture_path_stays_in_the_folder(tmp_path: Path) -> None:
    found = one(tmp_path, {"images": [IMAGE | {"file_name": "../../a.jpg"}]}, images="{file}")
    assert reasons(found) == [("1", "bad_value")]


# Spans


def test_a_file_in_many_spans_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [IMAGE | {"id": k, "file_name": f"{k}.jpg"} for k in range(40)]
    # Each picture's annotations stand far apart: 0, 40, 80 are all of picture 0.
    boxes = [BOX | {"id": k, "image_id": k % 40, "bbox": [k % 9, 0, 2, 2]} for k in range(120)]
    whole = one(tmp_path, {"images": images, "annotations": boxes})

    def small(path: str, start: int, end: int, keys: set[str], _: int = 0) -> list[tuple[int, int]]:
        return element_spans(path, start, end, keys, 500)

    monkeypatch.setattr(coco, "element_spans", small)
    entry = changed("hrsid", options=OPTIONS)
    plan = plan_of(entry, opened(entry, tmp_path))
    assert len(plan.spans) > 4
    assert len(plan.sides) > 8
    cut = read(entry, tmp_path)
    assert cut.samples == whole.samples
    assert [region.key for region in cut.samples[0].regions] == ["0", "40", "80"]
    assert not cut.rejects


def test_an_annotation_of_no_picture_is_one_reject_whatever_the_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [IMAGE | {"id": k, "file_name": f"{k}.jpg"} for k in range(40)]
    boxes = [BOX | {"id": k, "image_id": k} for k in range(41)]

    def small(path: str, start: int, end: int, keys: set[str], _: int = 0) -> list[tuple[int, int]]:
        return element_spans(path, start, end, keys, 500)

    monkeypatch.setattr(coco, "element_spans", small)
    found = one(tmp_path, {"images": images, "annotations": boxes})
    assert reasons(found) == [("40", "dangling_reference")]


# Where the tables stand


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("value", ["[1, 2]", "[1, NaN]", '"a\\"}b"', "{}", "-1.5", "null"])
def test_the_range_of_a_value_is_the_value(value: str, mark: str, tmp_path: Path) -> None:
    text = f'{mark} {{"first": {value} , "a\\u00e9": {value}}}\n'
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    body = path.read_bytes()
    ranges = value_ranges(str(path))
    assert {key: body[begin:end].decode() for key, (begin, end) in ranges.items()} == {
        "first": value,
        "aé": value,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1], "a": [2]}', "the key 'a' stands twice"),
        ('{"a": [NaN], "a": [2]}', "the key 'a' stands twice"),
        ('{"a": [1', "is cut off: its brackets are not closed"),
        ("[1]", "is not a JSON object"),
        (" ", "is empty"),
        ("version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    ],
)
def test_what_is_no_file_of_tables_is_an_error(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SourceError, match=message):
        value_ranges(str(tmp_path / "a.json"))
