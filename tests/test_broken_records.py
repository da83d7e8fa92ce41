"""A record that cannot be read is rejected by its name, and the others around it are read."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid_out import faults, found_in
from native import changed, encoded, picture, read

from converters.read.files import SourceError
from schemas.sample import Polygon, Region

LINES = {"annotations": "{stem}.txt", "images": "{stem}.png"}
JSON = {"annotations": "a.json", "images": "{image}"}
BYTES = b"1,2,3,4,ship \xff\xfe"  # neither UTF-8 nor Chinese in GBK
UTF8 = "'utf-8' codec can't decode byte 0xff in position 13: invalid start byte"

TEXTS: dict[str, dict[str, Any]] = {
    "delimited_boxes": LINES | {"columns": ["x1", "y1", "x2", "y2", "class"]},
    "dota": LINES,
    "expression_lines": LINES | {"columns": ["x1", "y1", "x2", "y2", "expression"]},
    "label_lines": LINES,
    "text_mask": {"annotations": "{split}.txt", "images": "{image}", "masks": "m.png"},
    "vqa_text": LINES,
}


GOOD = {
    "delimited_boxes": "1 2 3 4 ship\n",
    "dota": "0 0 4 0 4 4 0 4 ship 0\n",
    "expression_lines": "1,2,3,4,a ship\n",
    "label_lines": "a.png ship\n",
    "text_mask": "a.png\n",
    "vqa_text": "a.png: Is it a ship? yes\n",
}


@pytest.mark.parametrize("form", TEXTS)
def test_a_file_in_no_known_encoding_is_rejected_and_the_next_is_read(
    form: str, tmp_path: Path
) -> None:
    files = {"1.txt": BYTES, "2.txt": GOOD[form]}
    found = found_in(tmp_path, form, TEXTS[form], files)
    reject = found.rejects[0]
    assert (reject.file, reject.reason, reject.detail) == ("1.txt", "unreadable_file", UTF8)
    assert [one.file for one in found.samples] == ["2.txt"]


def test_a_json_file_of_a_mask_in_no_known_encoding_is_rejected(tmp_path: Path) -> None:
    options = {"annotations": "{stem}.json", "images": "{stem}.png", "masks": "{stem}_m.png"}
    files = {"1.json": BYTES, "2.json": '{"text": 5', "3.json": '{"text": ""}'}
    found = found_in(tmp_path, "text_mask", options, files)
    assert [(one.file, one.key, one.reason) for one in found.rejects] == [
        ("1.json", "", "unreadable_file"),
        ("2.json", "2", "unreadable_record"),
        ("3.json", "3#text", "missing_field"),
    ]
    assert [one.key for one in found.samples] == ["3"]


def test_an_xml_of_coloured_objects_that_is_cut_off_is_rejected(tmp_path: Path) -> None:
    options = {
        "annotations": "{stem}.xml",
        "images": "{stem}.png",
        "masks": "m.png",
        "colour": "c",
        "label": "l",
    }
    found = found_in(tmp_path, "xml_mask_colours", options, {"1.xml": "<annotation><object>"})
    assert [(one.file, one.reason, one.detail) for one in found.rejects] == [
        ("1.xml", "unreadable_file", "no element found: line 1, column 20")
    ]


def test_a_picture_of_boxes_that_is_no_object_is_rejected_by_its_name(tmp_path: Path) -> None:
    text = '[{"image": "1.png", "objects": [1,,]}, {"image": "2.png", "objects": []}]'
    found = found_in(tmp_path, "boxes_json", JSON, {"a.json": text})
    assert [(one.key, one.reason) for one in found.rejects] == [("1.png", "unreadable_record")]
    assert [one.key for one in found.samples] == ["2.png"]


def test_a_feature_of_another_shape_is_rejected(tmp_path: Path) -> None:
    options = {"annotations": "a.json", "images": "{place}", "place": ["id"], "label": ["label"]}
    good = '{"properties": {"id": 7, "label": " dam "}}'
    text = f'{{"features": [{{"properties": 5}}, {good}]}}'
    found = found_in(tmp_path, "geojson_labels", options, {"a.json": text})
    assert faults(found) == [
        ("byte 14", "unreadable_record", "Expected `object`, got `int` - at `$.properties`")
    ]
    assert [(one.key, one.labels[0].names) for one in found.samples] == [("7", ("dam",))]


def test_rows_of_boxes_that_hold_something_else_are_rejected(tmp_path: Path) -> None:
    table = pa.table({"image": [b"", b""], "objects": ["none", "one"], "id": ["a", "b"]})
    pq.write_table(table, tmp_path / "a.parquet")
    options = {
        "annotations": "a.parquet",
        "image": "image",
        "objects": "objects",
        "boxes": "bbox",
        "labels": "category",
        "key": "id",
    }
    assert faults(found_in(tmp_path, "boxes_parquet", options, {})) == [
        ("row 1", "unreadable_record", "Expected `object | array`, got `str` - at `$.objects`"),
        ("row 2", "unreadable_record", "Expected `object | array`, got `str` - at `$.objects`"),
    ]


def test_rows_of_described_objects_that_lack_a_picture_are_rejected(tmp_path: Path) -> None:
    rows = {"image_id": ["1", "2"], "image_path": [None, "2.png"], "instances": [[], []]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    found = found_in(tmp_path, "described_instances", {"annotations": "a.parquet"}, {})
    assert [(one.key, one.reason) for one in found.rejects] == [("1", "missing_field")]
    assert [one.key for one in found.samples] == ["2"]


def test_captions_of_a_class_that_is_cut_off_cost_it_alone(tmp_path: Path) -> None:
    text = json.dumps({"dam": [{"filename": "1.jpg", "raw": "A dam."}, 5], "sea": "none"})
    options = JSON | {"by": "class", "fields": {"captions": ["raw"]}}
    found = found_in(tmp_path, "caption_json", options, {"a.json": text})
    assert [one.key for one in found.samples] == ["1.jpg"]
    assert [(one.key, one.reason) for one in found.rejects] == [
        ("dam[1]", "unreadable_record"),
        ("sea", "unreadable_record"),
    ]


def test_captions_by_class_in_a_file_that_is_no_json_are_an_error(tmp_path: Path) -> None:
    options = JSON | {"by": "class", "fields": {"captions": ["raw"]}}
    with pytest.raises(SourceError, match=r"^dscr: a\.json cannot be read: "):
        found_in(tmp_path, "caption_json", options, {"a.json": "captions"})


@pytest.mark.parametrize("form", ["caption_json", "caption_table"])
def test_a_picture_that_is_no_name_costs_its_record(form: str, tmp_path: Path) -> None:
    rows = [{"image": True, "caption": "A dam."}, {"image": "2.png", "caption": "A sea."}]
    options: dict[str, Any] = {"annotations": "a.json", "images": "{image}"}
    if form == "caption_table":
        options["annotations"] = "a.parquet"
        rows = [{"image": {"path": bool(i)}, "caption": "A dam."} for i in range(2)]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
        options["fields"] = {"image": "image.path", "captions": ["caption"]}
    found = found_in(tmp_path, form, options, {"a.json": json.dumps(rows)})
    expected = {
        "caption_json": [("byte 1", "bad_value", "image is 'True', not text")],
        "caption_table": [
            ("row 1", "bad_value", "image.path is 'False', not text"),
            ("row 2", "bad_value", "image.path is 'True', not text"),
        ],
    }
    assert faults(found) == expected[form]
    assert [one.key for one in found.samples] == (["2.png"] if form == "caption_json" else [])


@pytest.mark.parametrize(
    ("form", "name", "text"),
    [
        (
            "caption_json",
            "a.json",
            '[{"image": "1.png", "caption": "A.", "part": "a"},'
            ' {"image": "2.png", "caption": "A.", "part": "b"}]',
        ),
        ("caption_table", "a.csv", "image,caption,part\n1.png,A.,a\n2.png,A.,b\n"),
    ],
)
def test_captions_of_a_split_that_is_not_wanted_are_left_out(
    form: str, name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    fields = {"image": "image", "captions": ["caption"], "split": "part"}
    options = {"annotations": name, "images": "{image}", "fields": fields}
    found = read(changed("dscr", format=form, options=options), tmp_path, ["b"])
    assert [(one.key, one.split) for one in found.samples] == [("2.png", "b")]
    assert found.rejects == []


COCO = {"annotations": "{stem}.json", "images": "{file}", "geometry": "bbox"}
TABLES = {"images": [{"id": 1, "file_name": "1.png"}], "categories": [{"id": 1, "name": "ship"}]}


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"\xff\xfe\x00", "unreadable_file", None),
        (b" ", "unreadable_file", "the file is empty"),
        (b"[]", "unreadable_file", "Expected `object`, got `array`"),
        (b'{"images": []}', "missing_field", "no annotations; there: images"),
        (
            b'{"images": [], "annotations": {}, "categories": []}',
            "bad_value",
            "annotations is no array",
        ),
    ],
)
def test_a_coco_file_of_one_picture_that_is_none_is_rejected(
    content: bytes, reason: str, detail: str | None, tmp_path: Path
) -> None:
    found = found_in(tmp_path, "coco_files", COCO, {"1.json": content})
    [reject] = found.rejects
    assert (reject.file, reject.key, reject.reason) == ("1.json", "", reason)
    assert detail is None or reject.detail == detail


def test_an_annotation_that_is_no_object_is_rejected_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    box = {"id": 9, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    document = TABLES | {"annotations": [[7], box]}
    found = found_in(tmp_path, "coco_files", COCO, {"1.json": json.dumps(document)})
    assert faults(found) == [("annotations[0]", "unreadable_record", "no object: [7]")]
    [sample] = found.samples
    assert [one.key for one in sample.regions] == ["9"]
    assert sample.pictures[0].path == "1.png"


def test_without_classes_an_entry_names_the_only_one(tmp_path: Path) -> None:
    box = {"id": 9, "bbox": [1, 2, 3, 4]}
    document = {"images": {"id": 1, "file_name": "1.png"}, "annotations": [box]}
    options = COCO | {"label": "building"}
    found = found_in(tmp_path, "coco_files", options, {"1.json": json.dumps(document)})
    assert [one.label for sample in found.samples for one in sample.regions] == ["building"]


def test_a_file_of_one_picture_whose_picture_is_none_is_rejected(tmp_path: Path) -> None:
    document = TABLES | {"images": [{"id": []}], "annotations": []}
    found = found_in(tmp_path, "coco_files", COCO, {"1.json": json.dumps(document)})
    assert [(one.file, one.key, one.reason) for one in found.rejects] == [
        ("1.json", "", "unreadable_record")
    ]


# Vectors of tiles

SATLAS = {"annotations": "l/{tile}.json", "images": "p/{tile}.png", "frame": 10, "side": 20}
SQUARE = [[[0, 0], [2, 0], [2, 3]]]


def test_geometries_of_a_tile_are_scaled_and_others_are_told(tmp_path: Path) -> None:
    picture(tmp_path / "p/3_4.png")
    geometries = [
        {"Type": "Polygon", "Polygon": SQUARE},
        None,
        {"Type": "circle"},
        {"Type": "point"},
        {"Type": "Polyline"},
    ]
    objects = {"dam": [{"Geometry": one} for one in geometries], "sea": []}
    found = found_in(tmp_path, "satlas_vectors", SATLAS, {"l/3_4.json": json.dumps(objects)})
    [sample] = found.samples
    assert sample.regions == (Region("dam[0]", "dam", Polygon((0, 0, 4, 0, 4, 6))),)
    assert (sample.labels[0].names, sample.unplaced) == (("dam",), ("dam",) * 4)
    assert [(one.key, one.reason, one.detail, one.items) for one in found.rejects] == [
        ("3_4#dam[1]", "missing_field", "no Geometry", 1),
        ("3_4#dam[2]", "bad_value", "a geometry of type circle", 1),
        ("3_4#dam", "unselected", "points and lines have no area", 2),
    ]


def test_a_list_of_tiles_that_is_none_is_an_error_and_one_that_lacks_a_note(tmp_path: Path) -> None:
    picture(tmp_path / "p/3_4.png")
    files = {"l/3_4.json": "{}", "train.json": "[[3, 4]]"}
    options = SATLAS | {"lists": {"train": "train.json", "val": "val.json"}}
    found = found_in(tmp_path, "satlas_vectors", options, files)
    assert [(one.key, one.split) for one in found.samples] == [("3_4", "train")]
    assert "val.json is not there, so no tile is of val" in found.notes
    with pytest.raises(SourceError, match=r"^dscr: train\.json: "):
        found_in(tmp_path, "satlas_vectors", options, {"train.json": '[["a"]]'})


# Shards


def test_a_member_of_a_shard_that_cannot_be_read_is_rejected(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in {"1.jpg": encoded("JPEG"), "1.txt": b"A dam \xff\xfe"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    found = found_in(tmp_path, "webdataset", {"annotations": "{n}.tar"}, {"a.tar": out.getvalue()})
    assert [(one.key, one.reason) for one in found.rejects] == [("1", "unreadable_record")]
    files: dict[str, str | bytes] = {"7.json": "{", "7.png": encoded("PNG")}
    loose = found_in(tmp_path / "b", "webdataset", {"annotations": "{n}.json"}, files)
    assert [(one.file, one.key, one.reason) for one in loose.rejects] == [
        ("7.json", "7", "unreadable_record")
    ]
