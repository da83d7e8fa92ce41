"""Lines of text with boxes, expressions or classes: what the readers make of tests/data."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest
from native import DATA, changed, read

from converters.catalogue import catalogue
from converters.read.box_fields import BadLine, fields_of, fitted
from converters.read.files import SourceError
from converters.regions.line_boxes import shape_of
from schemas.sample import Box, Expression, Label, Picture, Quad, Region, Reject, Sample

VISDRONE, RSVG_HR, COWC = (catalogue()[slug] for slug in ("visdrone", "rsvg_hr", "cowc"))
DRONE = DATA / "delimited_boxes/visdrone"
TRAIN = "VisDrone2019-DET-train/annotations"
COLUMNS = ["x1", "y1", "x2", "y2", "class"]


# One line


@pytest.mark.parametrize(
    "line, fields",
    [
        ("1,2,3,4,5", ["1", "2", "3", "4", "5"]),
        ("(563,478),(630,573),1 ", ["563", "478", "630", "573", "1"]),
        ("( 563, 478 ) , ( 630, 573 ) , 1", ["563", "478", "630", "573", "1"]),
        ("1e2\t2\t3.5\t4\t", ["1e2", "2", "3.5", "4"]),
        ('1 2  3 ; "Biker"', ["1", "2", "3", "Biker"]),
        ("1,2,,\r", ["1", "2"]),
    ],
)
def test_separators_brackets_and_quotes_are_no_fields(line: str, fields: list[str]) -> None:
    assert fields_of(line) == fields


def test_a_delimiter_of_the_entry_leaves_blanks_and_quoted_commas_in_fields() -> None:
    assert fields_of('a b.jpg, "x, y",,', ",") == ["a b.jpg", "x, y"]


def test_a_line_without_the_entrys_delimiter_is_taken_apart_at_blanks() -> None:
    assert fields_of("1 2 3", ",") == ["1", "2", "3"]


def test_words_that_hold_the_separator_are_put_together_again() -> None:
    assert fitted(fields_of("1 2 9 8 soccer ball field"), COLUMNS) == {
        "x1": "1",
        "y1": "2",
        "x2": "9",
        "y2": "8",
        "class": "soccer ball field",
    }


@pytest.mark.parametrize(
    "line, columns, detail",
    [
        ("1 2 9 8 7 ship", COLUMNS, "a number too many: 7 is no class"),
        ("1 2 9", COLUMNS, "3 fields where 5 were meant"),
        ("1 2 9", [*COLUMNS[:4], "class?"], "3 fields where 4 to 5 were meant"),
        ("1 2 9 8 7", COLUMNS[:4], "5 fields where 4 were meant"),
    ],
)
def test_too_few_and_too_many_fields_are_named(line: str, columns: list[str], detail: str) -> None:
    with pytest.raises(BadLine) as bad:
        fitted(fields_of(line), columns)
    assert bad.value.args == ("bad_box", detail)


@pytest.mark.parametrize(
    "values, shape",
    [
        ({"x1": "1", "y1": "2", "x2": "9", "y2": "8"}, Box(1, 2, 9, 8)),
        ({"x": "1", "y": "2", "w": "9", "h": "8"}, Box(1, 2, 10, 10)),
        ({"cx": "10", "cy": "20", "w": "4", "h": "8"}, Box(8, 16, 12, 24)),
    ],
)
def test_four_numbers_are_a_box_by_their_columns(values: dict[str, str], shape: Box) -> None:
    assert shape_of(values) == shape


def test_pixels_counted_from_1_lose_1_and_a_last_pixel_belongs_to_its_box() -> None:
    corners = {"x1": "1", "y1": "2", "x2": "9", "y2": "8"}
    sized = {"x": "1", "y": "2", "w": "9", "h": "7"}
    assert (shape_of(corners, first=1), shape_of(sized, first=1)) == (
        Box(0, 1, 9, 8),
        Box(0, 1, 9, 8),
    )


def test_fractions_are_of_the_pictures_sides() -> None:
    values = {"cx": "0.5", "cy": "0.5", "w": "0.25", "h": "0.5"}
    assert shape_of(values, (400, 200)) == Box(150, 50, 250, 150)


@pytest.mark.parametrize(
    "values, size, detail",
    [
        (("0.5", "0.5", "0.2", "0.1"), None, "fractions of the picture where pixels were meant"),
        (("50", "50", "20", "10"), (100, 100), "pixels where fractions of the picture were meant"),
        (("50", "inf", "20", "10"), None, "not a number: 'inf'"),
    ],
)
def test_numbers_that_are_no_box_are_named(
    values: tuple[str, ...], size: tuple[int, int] | None, detail: str
) -> None:
    with pytest.raises(BadLine) as bad:
        shape_of(dict(zip(("cx", "cy", "w", "h"), values, strict=True)), size)
    assert bad.value.args == ("bad_box", detail)


@pytest.mark.parametrize("width, said", [("-20", "-20"), ("0", "0")])
def test_a_box_without_width_is_none(width: str, said: str) -> None:
    with pytest.raises(BadLine) as bad:
        shape_of({"x": "50", "y": "50", "w": width, "h": "10"})
    assert bad.value.args == ("zero_area", f"{said} wide and 10 high")


# Boxes, a file for each picture


def test_visdrone_boxes_are_left_top_width_height_and_keep_their_flags() -> None:
    sample = read(VISDRONE, DRONE).samples[0]
    assert (sample.key, sample.split, sample.pictures) == (
        "0000001_00001_d_0000001",
        "train",
        (Picture("VisDrone2019-DET-train/images/0000001_00001_d_0000001.jpg"),),
    )
    assert sample.regions == (
        Region(
            "line 1",
            "car",
            Box(10, 20, 40, 60),
            attributes={"truncation": "0", "occlusion": "1"},
        ),
        Region(
            "line 5",
            "pedestrian",
            Box(12, 14, 21, 25),
            attributes={"truncation": "1", "occlusion": "2"},
        ),
    )


def test_ignored_rows_are_counted_and_a_picture_with_an_unmarked_area_is_not_countable() -> None:
    found = read(VISDRONE, DRONE)
    assert [(r.key, r.reason, r.detail) for r in found.rejects[:2]] == [
        ("0000001_00001_d_0000001#line 2", "ignored", "others 100 50 60 20 0 11 0 0"),
        ("0000001_00001_d_0000001#line 4", "ignored", "ignored regions 5 6 7 8 0 0 0 0"),
    ]
    assert found.samples[0].unplaced == ("others", "car", "pedestrian")


def test_a_row_of_score_0_is_no_target() -> None:
    entry = changed("visdrone", options={**VISDRONE.options, "ignored_names": []})
    assert read(entry, DRONE).rejects[0].detail == "score 0: others 100 50 60 20 0 11 0 0"


def test_rows_that_cannot_be_read_are_rejected_one_by_one() -> None:
    found = [r for r in read(VISDRONE, DRONE).rejects if "0000002" in r.file]
    assert [(r.key[-6:], r.reason, r.detail) for r in found] == [
        ("line 1", "bad_box", "3 fields where 6 to 8 were meant: 10,20,30"),
        (
            "line 5",
            "bad_box",
            "5 fields where 6 to 8 were meant, as YOLO writes lines: 4 0.4677 0.5722 0.0281 0.0852",
        ),
        ("line 2", "bad_value", "class '12' is none of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"),
        ("line 3", "bad_box", "not a number: 'x'"),
        ("line 4", "zero_area", "-3 wide and 4 high"),
    ]


def test_an_empty_file_is_a_picture_without_objects() -> None:
    sample = read(VISDRONE, DRONE).samples[2]
    assert (sample.split, sample.regions, sample.unplaced) == ("val", (), ())


def test_yolo_text_in_the_place_of_the_authors_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / TRAIN).mkdir(parents=True)
    (tmp_path / TRAIN / "a.txt").write_text("4 0.46 0.57 0.028 0.085\n9 0.5 0.59 0.03 0.08\n")
    with pytest.raises(SourceError, match=r"a\.txt holds YOLO text .*, not x, y, w, h, score"):
        read(VISDRONE, tmp_path)


# Expressions


def test_expressions_of_one_box_share_its_region_and_may_hold_commas() -> None:
    assert read(RSVG_HR, DATA / "expression_lines/rsvg_hr").samples[0] == Sample(
        "a_b_sport_baseball.jpg",
        "rsvg_hr_train.txt",
        "train",
        (Picture("RSVG-HR/images/a_b_sport_baseball.jpg"),),
        regions=(Region("line 1", "", Box(10.5, 20, 30, 40.25)),),
        expressions=(
            Expression("line 1", "the field on the left, beside the road", ("line 1",)),
            Expression("line 2", "the larger field", ("line 1",)),
        ),
    )


def test_a_comma_for_a_decimal_point_makes_a_number_too_many() -> None:
    assert read(RSVG_HR, DATA / "expression_lines/rsvg_hr").rejects == [
        Reject(
            "rsvg_hr_train.txt",
            "line 3",
            "train",
            "bad_box",
            "a number too many: 803.21 is no expression: c_d_sport_swimming.jpg,170.0,774.0,216,00,"
            "803.21,the blue pool",
        ),
        Reject(
            "rsvg_hr_train.txt",
            "line 5",
            "train",
            "bad_box",
            "5 fields where 6 were meant: c_d_sport_swimming.jpg,60,70,40,90",
        ),
    ]


# Classes


def test_the_last_field_of_a_list_is_the_class_and_a_path_may_hold_blanks() -> None:
    found = read(COWC, DATA / "label_lines/cowc")
    assert [(s.pictures[0].path, s.labels) for s in found.samples] == [
        (
            "datasets/patch_sets/detection/Columbus/train/a 1.png",
            (Label("Columbus/train/a 1.png", ("car",)),),
        ),
        (
            "datasets/patch_sets/detection/Columbus/train/b.png",
            (Label("Columbus/train/b.png", ("not car",)),),
        ),
    ]
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("line 3", "missing_field", "not a path and a class: lonely.png"),
        ("Columbus/train/c.png", "bad_value", "class '7' is none of 0, 1"),
    ]


@pytest.mark.parametrize("cut, faults", [(None, []), (-4, ["unreadable_file"])])
def test_a_list_may_be_packed(cut: int | None, faults: list[str], tmp_path: Path) -> None:
    packed = bz2.compress(b"a.png 1\nb.png 0\n")
    (tmp_path / "COWC_test_list_detection.txt.bz2").write_bytes(packed[:cut])
    found = read(COWC, tmp_path)
    assert [sample.labels[0].names for sample in found.samples] == (
        [] if faults else [("car",), ("not car",)]
    )
    assert [reject.reason for reject in found.rejects] == faults


def test_eight_numbers_are_a_quad() -> None:
    names = ["x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4", "..."]
    fields = fitted(fields_of("1\t2\t9\t2\t9\t8\t1\t8\t90\t1\t2\t8\t6\t"), names)
    assert shape_of(fields) == Quad((1, 2, 9, 2, 9, 8, 1, 8))
