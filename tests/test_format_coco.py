"""COCO: what one file with all its tables, and one small file a picture, become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from laid_out import found_in
from native import DATA, Native, changed, convert, dataset, read

from converters.catalogue import entry_of
from schemas.sample import Box, Mask, Polygon, Quad, Region, Shape

BOXES = read(entry_of("hrsid"), DATA / "coco/hrsid")
OUTLINES = read(entry_of("hrsid_masks"), DATA / "coco/hrsid")
FILES = read(entry_of("soda_a"), DATA / "coco_files/soda_a")

IMAGE = {"id": 1, "file_name": "a.jpg", "width": 20, "height": 10}
SHIP = {"id": 1, "name": "ship"}
BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
OPTIONS = {"annotations": "{split}.json", "images": "{split}/{name}", "geometry": "bbox"}


def one(root: Path, tables: dict[str, Any] | str, **options: Any) -> Native:
    """What a single file `train.json` gives. tables: those that are not as usual, or its text."""
    usual = {"images": [IMAGE], "annotations": [BOX], "categories": [SHIP]}
    text = tables if isinstance(tables, str) else json.dumps(usual | tables)
    (root / "train.json").write_text(text, encoding="utf-8")
    return read(changed("hrsid", options=OPTIONS | options), root)


def annotated(root: Path, annotation: dict[str, Any], **options: Any) -> Native:
    return one(root, {"annotations": [BOX | annotation]}, **options)


def shapes(found: Native) -> list[Shape]:
    return [region.shape for sample in found.samples for region in sample.regions]


def reasons(found: Native) -> list[tuple[str, str]]:
    return [(reject.key, reject.reason) for reject in found.rejects]


# The fixtures


def test_annotations_join_their_pictures_wherever_they_stand() -> None:
    assert [(sample.key, sample.split) for sample in BOXES.samples] == [
        ("11", "train"),
        ("12", "train"),
        ("13", "train"),
    ]
    assert BOXES.samples[0].regions == (
        Region("1", "ship", Box(10, 20, 40.5, 28)),
        Region("3", "ship", Box(50, 60, 60, 70), ignored=True),
    )
    assert [region.key for region in BOXES.samples[1].regions] == ["2", "7"]
    assert BOXES.samples[2].regions == ()


def test_a_picture_has_its_own_size_and_the_path_of_the_entry() -> None:
    [picture] = BOXES.samples[0].pictures
    assert (picture.width, picture.height) == (100, 80)
    assert picture.path == "HRSID_JPG/JPEGImages/P0001_0_800_0_800.jpg"


def test_what_is_no_region_of_a_picture_is_a_reject() -> None:
    assert [(r.key, r.reason, r.detail) for r in BOXES.rejects] == [
        ("11#4", "bad_box", "nan 60 10 10, where xywh was meant"),
        ("12#6", "dangling_reference", "category 7 is not there"),
        ("12#2", "bad_value", "annotation 2 stands twice in this picture"),
        ("14", "missing_field", "no file_name"),
        ("5", "dangling_reference", "picture 99 is not there"),
    ]


def test_the_class_of_an_object_without_a_region_is_not_forgotten() -> None:
    assert [sample.unplaced for sample in BOXES.samples] == [("ship",), ("ship",), ()]


def test_one_polygon_several_and_run_lengths() -> None:
    assert shapes(OUTLINES) == [
        Polygon((10, 20, 40.5, 20, 40.5, 28, 10, 28)),
        Mask(100, 80, (4060, 10, 70, 10, 3850)),
        Mask(40, 30, (156, 3, 27, 3, 57, 3, 951)),
    ]


def test_a_polygon_of_two_corners_is_a_reject() -> None:
    assert ("12#7", "bad_box") in reasons(OUTLINES)


def test_a_picture_without_annotations_is_counted() -> None:
    found = convert(dataset(entry_of("hrsid"), ["grounding"], DATA / "coco/hrsid"))
    assert found.book["train"]["pictures"] == {"read": 3, "without_items": 1, "rejected": {}}


def test_a_file_a_picture_has_quads_and_polygons() -> None:
    [sample] = FILES.samples
    assert sample.pictures[0].path == "Images/train/00001.jpg"
    assert sample.regions == (
        Region("0", "small-vehicle", Quad((10, 20, 40, 20, 40, 32, 10, 32))),
        Region("1", "airplane", Polygon((100, 100, 120, 100, 130, 110, 120, 120, 100, 120))),
    )


def test_an_empty_file_a_bad_corner_list_and_an_ignored_class_are_rejects() -> None:
    assert [(r.file, r.key, r.reason) for r in FILES.rejects] == [
        ("Annotations/train/00001.json", "1#2", "ignored"),
        ("Annotations/train/00001.json", "1#3", "bad_box"),
        ("Annotations/train/00002.json", "", "unreadable_file"),
    ]


# Boxes


@pytest.mark.parametrize(
    ("convention", "numbers", "shape"),
    [
        ("xywh", [1, 2, 3, 4], Box(1, 2, 4, 6)),
        ("cxcywh", [10, 5, 4, 2], Box(8, 4, 12, 6)),
        ("cxcywha_degrees", [10, 5, 4, 2, 0], Quad((8, 4, 12, 4, 12, 6, 8, 6))),
        ("cxcywha_radians", [10, 5, 4, 2, 0.0], Quad((8, 4, 12, 4, 12, 6, 8, 6))),
    ],
)
def test_the_entry_says_what_the_numbers_of_a_box_are(
    convention: str, numbers: list[float], shape: Shape, tmp_path: Path
) -> None:
    assert shapes(annotated(tmp_path, {"bbox": numbers}, box=convention)) == [shape]


@pytest.mark.parametrize(
    ("convention", "angle"), [("cxcywha_degrees", 90), ("cxcywha_radians", 1.5707963267948966)]
)
def test_angles_are_clockwise_on_screen_and_of_the_width(
    convention: str, angle: float, tmp_path: Path
) -> None:
    [shape] = shapes(annotated(tmp_path, {"bbox": [10, 5, 4, 2, angle]}, box=convention))
    assert isinstance(shape, Quad)
    # What was the top left is the top right now.
    assert shape.points == pytest.approx((11, 3, 11, 7, 9, 7, 9, 3))


def test_a_crowd_stands_for_several_objects_and_its_class_is_not_counted(tmp_path: Path) -> None:
    [sample] = annotated(tmp_path, {"iscrowd": 1}).samples
    assert (len(sample.regions), sample.unplaced) == (1, ("ship",))
    [sample] = annotated(tmp_path, {"difficult": 1}).samples
    assert (len(sample.regions), sample.unplaced) == (1, ())


@pytest.mark.parametrize(
    "numbers",
    [[1, 2, 3], [1, 2, -3, 4], [1, 2, 3, 4, 0.5], [1, 2, 3, "four"], [1, 2, 3, 4, 5, 6], []],
)
def test_numbers_that_are_no_box_are_a_reject(numbers: list[Any], tmp_path: Path) -> None:
    assert reasons(annotated(tmp_path, {"bbox": numbers})) == [("1#1", "bad_box")]


# Outlines


@pytest.mark.parametrize(
    ("outline", "shape"),
    [
        ([[1, 1, 5, 1, 5, 4]], Polygon((1, 1, 5, 1, 5, 4))),
        ([[1, 1, 5, 1, 5, 4, 1, 1]], Polygon((1, 1, 5, 1, 5, 4))),  # closed
        ([1, 1, 5, 1, 5, 4], Polygon((1, 1, 5, 1, 5, 4))),  # not nested
        ([[1, 1], [5, 1], [5, 4]], Polygon((1, 1, 5, 1, 5, 4))),  # points
        ([[[1, 1], [5, 1], [5, 4]]], Polygon((1, 1, 5, 1, 5, 4))),  # nested points
        ({"size": [10, 20], "counts": [0, 10, 190]}, Mask(20, 10, (0, 10, 190))),
        ({"size": [10, 20], "counts": "0:n5"}, Mask(20, 10, (0, 10, 190))),
        (
            [{"size": [10, 20], "counts": [0, 10, 190]}, {"size": [10, 20], "counts": [190, 10]}],
            Mask(20, 10, (0, 10, 180, 10)),
        ),
        ([], Box(1, 2, 4, 6)),
        (None, Box(1, 2, 4, 6)),
    ],
)
def test_the_ways_to_write_an_outline(outline: Any, shape: Shape, tmp_path: Path) -> None:
    found = annotated(tmp_path, {"segmentation": outline}, geometry="segmentation")
    assert shapes(found) == [shape]


def test_each_outline_is_read_for_itself_where_a_file_mixes_them(tmp_path: Path) -> None:
    annotations = [
        BOX | {"id": 1, "segmentation": {"size": [10, 20], "counts": [0, 10, 190]}},
        BOX | {"id": 2},
        BOX | {"id": 3, "segmentation": [[1, 1, 5, 1, 5, 4]]},
    ]
    found = one(tmp_path, {"annotations": annotations}, geometry="segmentation")
    assert shapes(found) == [
        Mask(20, 10, (0, 10, 190)),
        Box(1, 2, 4, 6),
        Polygon((1, 1, 5, 1, 5, 4)),
    ]


def test_corners_of_pixels_are_their_centres_where_the_entry_says_so(tmp_path: Path) -> None:
    outline = {"segmentation": [[1, 1, 5, 1, 5, 4]]}
    found = annotated(tmp_path, outline, geometry="segmentation", pixels=True)
    assert shapes(found) == [Polygon((1.5, 1.5, 5.5, 1.5, 5.5, 4.5))]


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        ({"size": [10, 20], "counts": [0, 10]}, "bad_value"),
        ({"size": [10, 20]}, "bad_value"),
        ({"size": [1 << 20, 1 << 20], "counts": [1 << 40]}, "bad_value"),
        ({"size": [10, 20], "counts": "0:~"}, "bad_value"),
        ([["a", 1, 2, 3, 4, 5]], "bad_box"),
        ("here", "bad_box"),
        ([[1, 1, 5, 1, 5, 4], [0, 0, 1e300, 0, 5, 5]], "bad_box"),
    ],
)
def test_an_outline_that_is_none_is_a_reject(outline: Any, reason: str, tmp_path: Path) -> None:
    found = annotated(tmp_path, {"segmentation": outline}, geometry="segmentation")
    assert reasons(found) == [("1#1", reason)]


def test_several_parts_need_the_size_of_the_picture(tmp_path: Path) -> None:
    parts = {"segmentation": [[1, 1, 5, 1, 5, 4], [8, 1, 9, 1, 9, 4]]}
    tables = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [BOX | parts]}
    assert reasons(one(tmp_path, tables, geometry="segmentation")) == [("1#1", "bad_box")]


# Keys, ids and references


def test_other_spellings_of_the_keys_are_known(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "images": [{"id": "7", "filename": r"train\a.jpg", "width": 20.0, "height": 10}],
            "annotation": [BOX | {"image_id": 7, "id": "x1", "ignore": 1}],
            "category": [SHIP],
        }
    )
    [sample] = one(tmp_path, text).samples
    assert sample.pictures[0].path == "train/a.jpg"
    assert [(region.key, region.ignored) for region in sample.regions] == [("x1", True)]


@pytest.mark.parametrize(
    ("flag", "ignored"),
    [
        ({"iscrowd": 1}, True),
        ({"difficult": True}, True),
        ({"ignore": "1"}, True),
        ({"iscrowd": 0, "ignore": 0, "difficult": False}, False),
        ({"difficult": "0"}, False),
        ({"iscrowd": None}, False),
    ],
)
def test_flags_that_mean_ignored(flag: dict[str, Any], ignored: bool, tmp_path: Path) -> None:
    [sample] = annotated(tmp_path, flag).samples
    assert [region.ignored for region in sample.regions] == [ignored]


def test_ids_may_be_texts(tmp_path: Path) -> None:
    images = [IMAGE | {"id": "harbour_a"}, IMAGE | {"id": "harbour_b", "file_name": "b.jpg"}]
    found = one(tmp_path, {"images": images, "annotations": [BOX | {"image_id": "harbour_b"}]})
    assert [(sample.key, len(sample.regions)) for sample in found.samples] == [
        ("harbour_a", 0),
        ("harbour_b", 1),
    ]


def test_an_id_of_two_files_is_nobodys(tmp_path: Path) -> None:
    found = one(tmp_path, {"images": [IMAGE, IMAGE | {"file_name": "b.jpg"}]})
    assert found.samples == []
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("1", "ambiguous_reference", "its id is that of several: a.jpg, b.jpg"),
        ("1", "ambiguous_reference", "its id is that of several: a.jpg, b.jpg"),
    ]


def test_annotations_of_one_id_that_differ_are_all_rejects(tmp_path: Path) -> None:
    other = BOX | {"bbox": [5, 6, 3, 4]}
    found = one(tmp_path, {"annotations": [BOX, other, BOX, BOX | {"id": 2}]})
    assert [[region.key for region in sample.regions] for sample in found.samples] == [["2"]]
    detail = "annotations of id 1 differ in this picture"
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("1#1", "ambiguous_reference", detail)
    ] * 3


def test_a_file_of_two_ids_is_nobodys(tmp_path: Path) -> None:
    found = one(tmp_path, {"images": [IMAGE, IMAGE | {"id": 2}]})
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("1", "ambiguous_reference", "a.jpg is picture 2 too"),
        ("2", "ambiguous_reference", "a.jpg is picture 1 too"),
    ]


def test_of_the_same_picture_twice_the_first_is_taken(tmp_path: Path) -> None:
    found = one(tmp_path, {"images": [IMAGE, IMAGE]})
    assert [sample.key for sample in found.samples] == ["1"]
    assert [(r.key, r.detail) for r in found.rejects] == [("1", "it stands twice")]


@pytest.mark.parametrize("form", ["coco", "coco_files"])
def test_an_outline_with_a_number_beyond_all_bounds_costs_itself(form: str, tmp_path: Path) -> None:
    outlines = ["[1, 1, 9, 1, 9, 9, 1, 9]", "[1, 1, 1e999, 1, 9, 9, 1, 9]"]
    of_ship = '"image_id": 1, "category_id": 1, "size": 1e999'
    annotations = ", ".join(
        f'{{"id": {i}, {of_ship}, "segmentation": {outline}}}' for i, outline in enumerate(outlines)
    )
    text = (
        '{"images": [{"id": 1, "file_name": "1.png", "width": 20, "height": 20}], '
        f'"categories": [{{"id": 1, "name": "ship"}}], "annotations": [{annotations}]}}'
    )
    options = {"annotations": "a.json", "images": "{name}", "geometry": "quad"}
    found = found_in(tmp_path, form, {**options, "attributes": ["size"]}, {"a.json": text})
    assert [region.key for sample in found.samples for region in sample.regions] == ["0"]
    assert found.samples[0].regions[0].attributes == {"size": "1e999"}
    assert [(one.key, one.reason) for one in found.rejects] == [("1#1", "bad_box")]


def test_a_size_that_no_picture_has_is_not_believed(tmp_path: Path) -> None:
    picture = '{"id": 1, "file_name": "1.png", "width": 1e30, "height": 20}'
    box = '{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}'
    (tmp_path / "train.json").write_text(
        f'{{"images": [{picture}], "categories": [{{"id": 1, "name": "ship"}}], '
        f'"annotations": [{box}]}}'
    )
    entry = changed("ssdd", options={**OPTIONS, "annotations": "{split}.json"}, inside="")
    found = convert(dataset(entry, ["grounding"], tmp_path, fallback="pixel"))
    assert [(row["sizes"], row["dialect"]) for row in found.rows] == [(None, "pixel")]
    assert sum(number for key, number in found.counts.items() if "odd_sizes" in key) == 1
