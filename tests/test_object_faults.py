"""Objects that cannot be placed: rejected one by one by their key, beside those that can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid_out import faults, found_in
from native import Native, picture

from converters.read.files import SourceError
from schemas.sample import Box, Mask, Polygon, Quad, Region

JSON = {"annotations": "a.json", "images": "{image}"}
SHIP = {"label": " ship ", "bbox": [1, 2, 3, 4]}


def boxes(tmp_path: Path, document: Any, **options: Any) -> Native:
    files = {"a.json": json.dumps(document)}
    return found_in(tmp_path, "boxes_json", JSON | options, files)


@pytest.mark.parametrize(
    ("item", "reason", "detail"),
    [
        (7, "bad_value", "an object is int"),
        ({"bbox": [1, 2, 3, 4]}, "missing_field", "no label"),
        ({"label": "", "bbox": [1, 2, 3, 4]}, "missing_field", "no label"),
        ({"label": 5}, "dangling_reference", "label 5 is no class of the file"),
        ({"label": "a", "bbox": [[1, 2, 3, 4], [5, 6, 7, 8]]}, "bad_box", "2 boxes of one object"),
    ],
)  # fmt: skip
def test_an_object_in_json_that_is_no_box_is_rejected(
    item: Any, reason: str, detail: str, tmp_path: Path
) -> None:
    found = boxes(tmp_path, [{"image": "1.png", "objects": [item, SHIP]}])
    assert faults(found) == [("1.png#objects[0]", reason, detail)]
    [sample] = found.samples
    assert sample.regions == (Region("objects[1]", "ship", Box(1, 2, 3, 4)),)


def test_the_class_of_an_object_that_has_no_place_is_kept(tmp_path: Path) -> None:
    [sample] = boxes(
        tmp_path, [{"image": "1.png", "objects": [{"label": "ship"}, {"bbox": [1, 2, 3, 4]}]}]
    ).samples
    assert sample.unplaced == ("ship",)


@pytest.mark.parametrize(
    ("record", "key", "detail"),
    [
        ({"objects": []}, "byte 1", "no image"),
        ({"image": 5, "objects": []}, "5", "no image"),
        ({"image": "", "objects": []}, "byte 1", "no image"),
        ({"image": "1.png", "objects": {}}, "1.png", "no objects"),
    ],
)
def test_a_record_of_boxes_without_a_picture_or_a_list_is_rejected(
    record: dict[str, Any], key: str, detail: str, tmp_path: Path
) -> None:
    assert faults(boxes(tmp_path, [record])) == [(key, "missing_field", detail)]


def test_fractions_are_of_the_size_in_the_record_or_else_of_the_picture(tmp_path: Path) -> None:
    picture(tmp_path / "1.png", 40, 20)
    objects = [{"label": "ship", "bbox": [0.25, 0.5, 0.5, 1]}]
    records = [
        {"image": "1.png", "objects": objects},
        {"image": "2.png", "objects": objects, "width": 8, "height": 4},
        {"image": "3.png", "objects": objects},
        {"image": "4.png", "objects": objects, "width": 0, "height": 4},
        {"image": "5.png", "objects": objects, "width": 2147483648, "height": 1},
    ]
    found = boxes(tmp_path, records, boxes={"unit": "fraction"})
    assert [[one.shape for one in sample.regions] for sample in found.samples] == [
        [Box(10, 10, 20, 20)],
        [Box(2, 2, 4, 4)],
        [],
        [],
        [],
    ]
    assert [(one.pictures[0].width, one.pictures[0].height) for one in found.samples] == [
        (None, None),
        (8, 4),
        (None, None),
        (None, 4),
        (None, 1),
    ]
    assert [one.reason for one in found.rejects] == ["no_size"] * 3


def test_numbers_of_classes_are_counted_in_the_list_of_the_file(tmp_path: Path) -> None:
    labels: list[Any] = [0, "1", 2, -1, 0.5, "ship"]
    objects = [{"label": label, "bbox": [1, 2, 3, 4]} for label in labels]
    document = {"names": ["car", "bus"], "all": [{"image": "1.png", "objects": objects}]}
    found = boxes(tmp_path, document, class_list="names", records="all")
    [sample] = found.samples
    assert [one.label for one in sample.regions] == ["car", "bus", "ship"]
    assert faults(found) == [
        ("1.png#objects[2]", "dangling_reference", "label 2 is no class of the file"),
        ("1.png#objects[3]", "dangling_reference", "label -1 is no class of the file"),
        ("1.png#objects[4]", "dangling_reference", "label 0.5 is no class of the file"),
    ]


def test_a_list_of_classes_that_are_no_texts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"^dscr: a\.json: no list of class names under 'names': "
    ):
        boxes(tmp_path, {"names": [1], "all": []}, class_list="names", records="all")


def test_classes_in_parquet_may_be_named_by_the_entry(tmp_path: Path) -> None:
    rows = {"image": [b"a"], "objects": [{"bbox": [[1, 2, 3, 4]] * 2, "category": [7, 8]}]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    options = {
        "annotations": "a.parquet",
        "image": "image",
        "objects": "objects",
        "boxes": "bbox",
        "labels": "category",
        "class_names": {"7": "ship"},
    }
    found = found_in(tmp_path, "boxes_parquet", options, {})
    assert [one.label for sample in found.samples for one in sample.regions] == ["ship"]
    assert faults(found) == [("row 1#1", "bad_value", "class 8 of 1 that have a name")]


def described(tmp_path: Path, *objects: dict[str, Any]) -> Native:
    rows = {"image_id": ["1"], "image_path": ["1.png"], "instances": [[*objects]]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    return found_in(tmp_path, "described_instances", {"annotations": "a.parquet"}, {})


def test_masks_of_one_size_tell_that_of_their_picture_and_others_do_not(tmp_path: Path) -> None:
    small, large = ({"size": [2, side], "counts": [1, 1, 2 * side - 2]} for side in (2, 3))
    [one] = described(tmp_path, {"category": "a", "mask": small}).samples
    assert (one.pictures[0].width, one.pictures[0].height) == (2, 2)
    [both] = described(tmp_path, {"mask": small}, {"mask": large}).samples
    assert (both.pictures[0].width, both.pictures[0].height) == (None, None)
    assert [region.shape for region in both.regions] == [
        Mask(2, 2, (1, 1, 2)),
        Mask(3, 2, (1, 1, 4)),
    ]


@pytest.mark.parametrize(
    ("mask", "reason", "detail"),
    [
        (None, "missing_field", "no mask with its size"),
        ({"counts": [4]}, "missing_field", "no mask with its size"),
        ({"size": [2], "counts": [2]}, "missing_field", "no mask with its size"),
        ({"size": ["a", "b"], "counts": [4]}, "bad_value", "mask: invalid literal for int()"),
    ],
)
def test_a_described_object_without_a_mask_is_rejected(
    mask: Any, reason: str, detail: str, tmp_path: Path
) -> None:
    found = described(tmp_path, {"instance_id": 4, "category": "ship", "mask": mask})
    [reject] = found.rejects
    assert (reject.key, reject.reason) == ("1#4", reason)
    assert reject.detail.startswith(detail)
    assert found.samples[0].unplaced == ("ship",)


LINES = {"annotations": "{stem}.txt", "images": "{stem}.png"}


def test_fractions_of_a_picture_of_unknown_size_cost_its_lines(tmp_path: Path) -> None:
    options = LINES | {"columns": ["cx", "cy", "w", "h", "class"], "fractions": True}
    found = found_in(tmp_path, "delimited_boxes", options, {"1.txt": ".5 .5 .2 .2 a\n" * 2})
    assert found.samples == []
    assert [(one.key, one.reason, one.detail, one.items) for one in found.rejects] == [
        ("1", "no_size", "fractions of a picture that is not there: 1.png", 2)
    ]


def test_a_line_without_a_class_is_rejected(tmp_path: Path) -> None:
    options = LINES | {"columns": ["x1", "y1", "x2", "y2"]}
    found = found_in(tmp_path, "delimited_boxes", options, {"1.txt": "1 2 3 4\n"})
    assert faults(found) == [("1#line 1", "missing_field", "no class")]


def test_a_line_without_words_is_rejected_and_another_is_read(tmp_path: Path) -> None:
    options = LINES | {"columns": ["expression", "x1", "y1", "x2", "y2"]}
    found = found_in(tmp_path, "expression_lines", options, {"1.txt": ",1,2,3,4\na dam,1,2,3,4\n"})
    assert faults(found) == [("1#line 1", "missing_field", "no expression")]
    assert [(one.key, one.text) for one in found.samples[0].expressions] == [("line 2", "a dam")]


GEOJSON = {"annotations": "{stem}.json", "images": "{stem}.png", "coordinates": "pixels"}


@pytest.mark.parametrize(
    ("properties", "reason", "detail"),
    [
        ({"kind": 9}, "dangling_reference", "kind 9 is no class that has a name"),
        ({"kind": True}, "dangling_reference", "kind True is no class that has a name"),
        ({"kind": ""}, "missing_field", "no kind"),
        ({}, "missing_field", "no kind"),
        ({"kind": 1.0}, "bad_box", "2 boxes of one object"),
    ],
)
def test_a_feature_without_a_class_or_with_two_boxes_is_rejected(
    properties: dict[str, Any], reason: str, detail: str, tmp_path: Path
) -> None:
    features = [{"properties": properties | {"box": [[1, 2, 3, 4], [5, 6, 7, 8]], "id": "f"}}]
    options = GEOJSON | {"label": "kind", "names": {"1": "dam"}, "box": "box", "id": "id"}
    text = json.dumps({"features": features})
    found = found_in(tmp_path, "geojson_regions", options, {"1.json": text})
    assert faults(found) == [("1#f", reason, detail)]


OUTLINES = [
    ("POLYGON ((0 0, 4 0, 4 4, 0 0))", Polygon((0, 0, 4, 0, 4, 4))),
    ("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))", Polygon((0, 0, 4, 0, 4, 4))),
]


@pytest.mark.parametrize(("text", "shape"), OUTLINES)
def test_an_outline_in_a_table_needs_a_class(text: str, shape: Polygon, tmp_path: Path) -> None:
    options = {"annotations": "a.csv", "images": "{image}.png", "label": "kind"}
    rows = f'ImageId,PolygonWKT_Pix,kind\n1,"{text}",\n1,"{text}",dam\n'
    found = found_in(tmp_path, "wkt_table", options, {"a.csv": rows})
    assert faults(found) == [("1#row 1", "missing_field", "no kind")]
    assert found.samples[0].regions == (Region("row 2", "dam", shape),)


def test_corners_may_be_points_and_a_point_has_two_numbers(tmp_path: Path) -> None:
    corners = [[1, 2], [3, 4], [5, 6], [7, 8]]
    objects = {"a": {"label": "a", "at": corners}, "b": {"label": "b", "at": corners[1:]}, "c": 5}
    options = JSON | {"fields": {"objects": "objects", "corners": "at"}}
    text = json.dumps([{"image": "1.png", "objects": objects}])
    found = found_in(tmp_path, "picture_json", options, {"a.json": text})
    assert found.samples[0].regions == (Region("objects[0]", "a", Quad((1, 2, 3, 4, 5, 6, 7, 8))),)
    assert faults(found) == [
        ("1.png#objects[1]", "bad_box", "no 8 numbers: [[3, 4], [5, 6], [7, 8]]"),
        ("1.png#objects[2]", "unreadable_record", "an object is int"),
    ]
