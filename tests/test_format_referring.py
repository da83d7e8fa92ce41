"""Expressions with boxes in JSON, and boxes in JSON by picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from native import DATA, changed, convert, dataset, read

from converters.catalogue import entry_of
from converters.read.files import SourceError
from converters.regions.conventions import BadShape, Convention, boxes_of, shape_of
from schemas.sample import Box, Polygon, Quad, Reject

GEOTEXT = read(entry_of("geotext_1652"), DATA / "referring_json/geotext_1652")
REFGEO = read(entry_of("refgeo"), DATA / "referring_json/refgeo")
UAVVG = read(entry_of("uavvg"), DATA / "referring_json/uavvg")
AU_AIR = read(entry_of("au_air"), DATA / "boxes_json/au_air")


def faults(rejects: list[Reject]) -> list[tuple[str, str, str | None]]:
    return [(reject.key, reject.reason, reject.kind) for reject in rejects]


def test_fractions_become_pixels_of_the_picture() -> None:
    first = GEOTEXT.samples[0]
    assert [(said.text, said.regions) for said in first.expressions] == [
        ("In the middle stands a hall", ("regions[0]",)),
        ("On the left lies a pond", ("regions[1]",)),
    ]
    assert [region.shape for region in first.regions] == [Box(80, 30, 120, 70), Box(0, 50, 40, 100)]


def test_a_caption_is_one_text_or_several() -> None:
    assert [[caption.text for caption in sample.captions] for sample in GEOTEXT.samples] == [
        ["A hall beside a pond."],
        ["A lane.", "A lane with trees."],
        ["A hall."],
    ]


def test_what_says_no_text_or_no_box_is_rejected_and_no_picture_gives_no_size() -> None:
    assert faults(GEOTEXT.rejects) == [
        ("train/0001/image-01.jpeg#sentences[2]", "missing_field", "expression"),
        ("train/0001/image-01.jpeg#sentences[3]", "missing_field", "expression"),
        ("train/0001/image-02.jpeg#sentences[0]", "no_size", "expression"),
        ("train/0001/image-01.jpeg#sentences[0]", "bad_value", "expression"),
        ("train/0001/image-01.jpeg#sentences[1]", "bad_value", "expression"),
    ]


def test_an_expression_has_one_region_or_several_or_none() -> None:
    found = {sample.key: sample for sample in REFGEO.samples if sample.split == "train"}
    assert {key: [r.shape for r in sample.regions] for key, sample in found.items()} == {
        "4": [Box(10, 20, 42.5, 60)],
        "5": [Box(1, 2, 9, 8), Box(20, 2, 29, 8)],
        "6": [],
        "8": [],
    }
    assert [len(found[key].expressions[0].regions) for key in ("4", "5", "6")] == [1, 2, 0]
    assert found["4"].pictures[0].path == "images/dior_rsvg/00011.jpg"


def test_bad_records_of_refgeo_cost_themselves_alone() -> None:
    assert faults(REFGEO.rejects) == [
        ("7", "bad_value", None),
        ("8#question", "bad_box", "expression"),
        ("00013.jpg", "unreadable_record", None),
    ]


def test_the_four_corners_are_read_by_an_entry_of_their_own() -> None:
    [sample] = read(entry_of("aavg_obb"), DATA / "referring_json/refgeo").samples
    assert sample.regions[0].shape == Quad((10, 2, 16, 8, 10, 12, 4, 6))


def test_the_first_region_is_meant_and_the_others_are_regions_only() -> None:
    first = UAVVG.samples[0]
    assert [said.regions for said in first.expressions] == [("regions[0]",)]
    assert [(region.label, region.shape) for region in first.regions] == [
        ("van", Box(100, 200, 140, 260)),
        ("bus", Box(160, 200, 260, 280)),
    ]
    assert (first.pictures[0].width, first.pictures[0].height) == (1360, 765)


def test_a_bad_box_beside_the_one_that_is_meant_is_a_region_lost() -> None:
    assert faults(UAVVG.rejects) == [
        ("0002.jpg#grounding.caption", "bad_box", "region"),
        ("0003.jpg#grounding.caption", "missing_field", "expression"),
    ]
    assert UAVVG.samples[1].expressions[0].regions == ("regions[0]",)


def test_geochat_bench_is_read_in_per_cent_before_turning() -> None:
    found = read(entry_of("geochat_bench_referring"), DATA / "referring_json/geochat_bench")
    upright, turned = found.samples[0].regions
    assert upright.shape == Box(20, 40, 60, 80)
    assert isinstance(turned.shape, Quad)
    assert turned.shape.points == pytest.approx((140, 100, 140, 140, 60, 140, 60, 100))
    assert faults(found.rejects) == [
        ("quay_0_2#question", "zero_area", "expression"),
        ("quay_0_3#question", "bad_box", "expression"),
    ]


def test_an_expression_of_nothing_is_answered_so() -> None:
    rows = convert(
        dataset(entry_of("refgeo"), ["refer"], DATA / "referring_json/refgeo", fallback="pixel")
    ).rows
    [nothing] = [row for row in rows if "windmill" in row["conversations"][0]["value"]]
    assert nothing["conversations"][1]["value"] == "There is no such object in the image."


def test_a_dictionary_may_hold_a_list_of_records_a_picture(tmp_path: Path) -> None:
    (tmp_path / "said.json").write_text(
        '{"a.jpg": [{"question": "a dam", "bbox": "1,2,30,40"}],\n "b.jpg": 3}'
    )
    fields = {"image": "", "text": "question"}
    options = {"annotations": "said.json", "images": "{image}", "fields": fields}
    found = read(changed("rsvg", options=options), tmp_path)
    assert [sample.pictures[0].path for sample in found.samples] == ["a.jpg"]
    assert [sample.regions[0].shape for sample in found.samples] == [Box(1, 2, 30, 40)]
    assert [(reject.key, reject.reason) for reject in found.rejects] == [
        ("b.jpg", "unreadable_record")
    ]


def test_a_pickle_is_named_and_refused(tmp_path: Path) -> None:
    (tmp_path / "rsvg").mkdir()
    (tmp_path / "rsvg/rsvg_train.pth").write_bytes(b"\x80")
    with pytest.raises(
        SourceError, match=r"there is: rsvg/; rsvg/rsvg_train.pth is a Python pickle"
    ):
        read(entry_of("rsvg"), tmp_path)


def test_objects_name_their_class_by_its_place_in_the_list() -> None:
    first = AU_AIR.samples[0]
    assert [(region.label, region.shape) for region in first.regions] == [
        ("Car", Box(1098, 163, 1518, 348)),
        ("Human", Box(1703, 927, 1886, 1080)),
    ]
    assert first.unplaced == ("Truck",)
    assert len(AU_AIR.samples) == 2


def test_bad_objects_of_au_air_are_rejected_by_name() -> None:
    assert [(reject.key, reject.reason) for reject in AU_AIR.rejects] == [
        ("frame_1.jpg#bbox[2]", "dangling_reference"),
        ("frame_1.jpg#bbox[3]", "bad_box"),
        ("frame_3.jpg", "missing_field"),
    ]


@pytest.mark.parametrize(
    ("value", "layout", "boxes"),
    [
        ([1, 2, 3, 4], "xyxy", [[1, 2, 3, 4]]),
        (["1", "2", "3", "4"], "xyxy", [[1, 2, 3, 4]]),
        ([[1, 2, 3, 4], [5, 6, 7, 8]], "xyxy", [[1, 2, 3, 4], [5, 6, 7, 8]]),
        ([[1, 2], [3, 4]], "xyxy", [[1, 2, 3, 4]]),
        ({"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}, "xyxy", [[1, 2, 3, 4]]),
        ([{"x": 1, "y": 2, "width": 3, "height": 4}], "xywh", [[1, 2, 3, 4]]),
        ("[1, 2, 3, 4]", "xyxy", [[1, 2, 3, 4]]),
        ("1 2 3 4", "xyxy", [[1, 2, 3, 4]]),
        ("[[-1, 2, 3, 4, 5]][[6, 7, 8, 9, 0]]", "turned", [[-1, 2, 3, 4, 5], [6, 7, 8, 9, 0]]),
        ("[refer] at {<1><2><3><4>|<-5>}", "turned", [[1, 2, 3, 4, -5]]),
        ([[[1, 2], [3, 2], [3, 4], [1, 4]]], "corners", [[1, 2, 3, 2, 3, 4, 1, 4]]),
        ([], "xyxy", []),
    ],
)
def test_boxes_are_found_in_whatever_holds_them(
    value: Any, layout: Any, boxes: list[list[float]]
) -> None:
    assert boxes_of(value, layout) == boxes


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "missing_field"),
        ("nowhere", "bad_box"),
        ([1, True, 3, 4], "bad_box"),
        ({"left": 1}, "bad_box"),
        (7, "bad_box"),
        ([[[[[[1, 2, 3, 4]]]]]], "bad_box"),
    ],
)
def test_what_is_no_box_is_a_bad_one(value: Any, reason: str) -> None:
    with pytest.raises(BadShape) as fault:
        boxes_of(value, "xyxy")
    assert fault.value.args[0] == reason


@pytest.mark.parametrize(
    ("convention", "numbers", "shape"),
    [
        (Convention("xywh"), [10, 20, 30, 40], Box(10, 20, 40, 60)),
        (Convention("cxcywh", "per_mille"), [500, 500, 200, 100], Box(80, 45, 120, 55)),
        (Convention("xyxy", "percent"), [0, 50, 25, 100], Box(0, 50, 50, 100)),
        (Convention("rotated"), [50, 40, 20, 10, 0], Box(40, 35, 60, 45)),
        (Convention("polygon"), [0, 0, 4, 0, 4, 4, 0, 0], Polygon((0, 0, 4, 0, 4, 4))),
    ],
)
def test_conventions_become_pixels(
    convention: Convention, numbers: list[float], shape: Any
) -> None:
    assert shape_of(numbers, convention, (200, 100)) == shape


def test_radians_turn_clockwise_on_screen() -> None:
    quarter = shape_of(
        [50, 40, 20, 10, 1.5707963267948966], Convention("rotated", angle="radians"), None
    )
    assert isinstance(quarter, Quad)
    assert quarter.points == pytest.approx((55, 30, 55, 50, 45, 50, 45, 30))
