"""DOTA's label files and detection XML: what their readers make of the files in tests/data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from native import DATA, ROOTS, changed, read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Box, Picture, Quad, Region, Reject, Sample

DOTA, DIOR, DIOR_R, FAIR1M = (catalogue()[slug] for slug in ("dota_v1", "dior", "dior_r", "fair1m"))
HBB = "Annotations/Horizontal Bounding Boxes"
OBB = "Annotations/Oriented Bounding Boxes"


# DOTA


def test_a_label_file_becomes_a_sample_with_corners_as_they_stand() -> None:
    assert read(DOTA, splits=["train"]).samples[0] == Sample(
        "P0001",
        "train/labelTxt/P0001.txt",
        "train",
        (Picture("train/images/P0001.png", gsd=0.25),),
        regions=(
            Region("line 3", "small-vehicle", Quad((10, 20, 50, 20, 50, 40, 10, 40))),
            Region("line 4", "ship", Quad((60, 10, 80, 30, 70, 40, 50, 20)), ignored=True),
        ),
    )


def test_an_empty_label_file_is_a_picture_without_objects() -> None:
    assert read(DOTA).samples[1] == Sample(
        "P0002", "train/labelTxt/P0002.txt", "train", (Picture("train/images/P0002.png"),)
    )


def test_nine_fields_are_enough_and_a_gsd_may_be_null() -> None:
    found = read(DOTA).samples[2]
    assert (found.pictures[0].gsd, found.regions) == (
        None,
        (Region("line 2", "baseball-diamond", Quad((1.5, 2, 9, 2, 9, 8, 1.5, 8))),),
    )


def test_difficult_2_is_ignored_too() -> None:
    assert read(DOTA, splits=["val"]).samples[0].regions[0].ignored is True


def test_lines_that_cannot_be_read_are_rejected_one_by_one() -> None:
    assert read(DOTA).rejects == [
        Reject(
            "train/labelTxt/P0003.txt",
            "P0003#line 3",
            "train",
            "bad_box",
            "not eight numbers and a class: 1 2 nan 2 9 8 1 8 plane 0",
        ),
        Reject(
            "train/labelTxt/P0003.txt",
            "P0003#line 4",
            "train",
            "bad_box",
            "not eight numbers and a class: 1 2 9 2 9 8 plane 0",
        ),
        Reject(
            "train/labelTxt/P0003.txt",
            "P0003#line 5",
            "train",
            "bad_box",
            "not eight numbers and a class: 1 2 nine 2 9 8 1 8 plane 0",
        ),
        Reject(
            "train/labelTxt/P0004.txt",
            "",
            "train",
            "unreadable_file",
            "'utf-8' codec can't decode byte 0xe4 in position 17: invalid continuation byte",
        ),
    ]


@pytest.mark.parametrize(
    "line, rejects",
    [
        ("imagesource:GoogleEarth", 0),
        ("gsd:null", 0),
        ("one two three four five six seven eight", 1),
        ("one two three four five six seven eight nine", 1),
    ],
)
def test_a_line_that_is_no_header_and_no_object_is_a_reject(
    tmp_path: Path, line: str, rejects: int
) -> None:
    (tmp_path / "val/labelTxt").mkdir(parents=True)
    (tmp_path / "val/labelTxt/P1.txt").write_text(f"{line}\n")
    assert len(read(DOTA, tmp_path).rejects) == rejects


@pytest.mark.parametrize(
    "line, label, ignored",
    [
        ("1,2,9,2,9,8,1,8,small-vehicle,1", "small-vehicle", True),
        ("1 2 9 2 9 8 1 8 Dry Cargo Ship 0", "Dry Cargo Ship", False),
        ("1 2 9 2 9 8 1 8 soccer ball-field", "soccer ball-field", False),
    ],
)
def test_dota_fields_may_have_commas_and_names_blanks(
    tmp_path: Path, line: str, label: str, ignored: bool
) -> None:
    (tmp_path / "val/labelTxt").mkdir(parents=True)
    (tmp_path / "val/labelTxt/P1.txt").write_text(f"{line}\n")
    [sample] = read(DOTA, tmp_path).samples
    assert [(region.label, region.ignored) for region in sample.regions] == [(label, ignored)]


def test_the_other_name_of_the_label_folder_is_known(tmp_path: Path) -> None:
    shutil.copytree(DATA / "dota/dota_v1/val/labelTxt", tmp_path / "val/labelTxt-v1.0")
    assert [found.file for found in read(DOTA, tmp_path).samples] == ["val/labelTxt-v1.0/P0007.txt"]


def test_a_pointer_and_a_link_to_nowhere_cost_their_own_file(tmp_path: Path) -> None:
    labels = tmp_path / "val/labelTxt"
    labels.mkdir(parents=True)
    (labels / "P1.txt").write_text("version https://git-lfs.github.com/spec/v1\n")
    (labels / "P2.txt").symlink_to(tmp_path / "gone.txt")
    (labels / "P3.txt").write_text("1 2 9 2 9 8 1 8 plane 0\n")
    found = read(DOTA, tmp_path)
    assert ([s.key for s in found.samples], [(r.file, r.reason) for r in found.rejects]) == (
        ["P3"],
        [("val/labelTxt/P1.txt", "unreadable_file"), ("val/labelTxt/P2.txt", "unreadable_file")],
    )


def test_labels_without_a_split_in_their_path_have_the_split_all(tmp_path: Path) -> None:
    shutil.copytree(DATA / "dota/dota_v1/val/labelTxt", tmp_path / "labelTxt")
    entry = changed(
        "dota_v1", options={"annotations": "labelTxt/{stem}.txt", "images": "images/{stem}.png"}
    )
    assert [found.split for found in read(entry, tmp_path).samples] == ["all"]


# VOC: upright boxes


def test_voc_boxes_are_one_based_and_inclusive() -> None:
    assert read(DIOR, splits=["train"]).samples[0] == Sample(
        "00001",
        f"{HBB}/00001.xml",
        "train",
        (Picture("JPEGImages-trainval/00001.jpg", 800, 800),),
        regions=(
            Region("object[0]", "golffield", Box(132, 236, 684, 672)),
            Region("object[1]", "dam", Box(0, 0, 800, 800)),
        ),
    )


def test_boxes_beyond_the_picture_inverted_or_difficult_are_left_to_later_steps() -> None:
    assert read(DIOR, splits=["train"]).samples[1].regions == (
        Region("object[0]", "ship", Box(789, 9, 802, 30)),
        Region("object[2]", "bridge", Box(300, 89, 199, 120)),  # 199 to 300, still inverted
        Region("object[3]", "ship", Box(789, 9, 802, 30)),
        Region("object[7]", "stadium", Box(-1, 100, 100, 200), ignored=True),
    )


def test_objects_that_cannot_be_read_are_rejected_one_by_one() -> None:
    found = read(DIOR, splits=["train"]).rejects
    assert [(reject.file, reject.key, reject.reason, reject.detail) for reject in found] == [
        (f"{HBB}/00002.xml", "00002#object[1]", "zero_area", "corners coincide: 40 50 40 60"),
        (f"{HBB}/00002.xml", "00002#object[4]", "bad_box", "not a number: '9x'"),
        (f"{HBB}/00002.xml", "00002#object[5]", "missing_field", "object without a name"),
        (
            f"{HBB}/00002.xml",
            "00002#object[6]",
            "bad_box",
            "no bndbox; the object has name",
        ),
        (f"{HBB}/00003.xml", "", "unreadable_file", "no element found: line 1, column 44"),
    ]


def test_a_picture_is_named_by_its_files_stem_and_its_size_read_where_it_is_one() -> None:
    assert read(DIOR, splits=["train"]).samples[1].pictures == (
        Picture("JPEGImages-trainval/00002.jpg", 801, None),
    )


def test_each_split_has_its_own_picture_folder() -> None:
    assert read(DIOR, splits=["test"]).samples[0].pictures[0].path == "JPEGImages-test/11726.jpg"


def test_splits_come_from_the_lists_and_the_first_to_name_a_picture_has_it() -> None:
    assert [(found.key, found.split) for found in read(DIOR).samples] == [
        ("11726", "test"),
        ("00001", "train"),
        ("00002", "train"),
        ("20000", "unlisted"),
    ]


def test_what_is_odd_about_the_lists_is_noted() -> None:
    assert read(DIOR).notes == [
        "ImageSets/Main/train.txt names 1 of 4 annotation files that are not there, such as 00009",
        "1 of the annotation files of ImageSets/Main/val.txt are in the list of train too and stay "
        f"in train, such as {HBB}/00002.xml",
        f"1 annotation files are in no split list, such as {HBB}/20000.xml",
        "ImageSets/Main/trainval.txt is the list of no split of this dataset",
    ]


def test_unlisted_pictures_are_no_part_of_a_wanted_split() -> None:
    assert [found.key for found in read(DIOR, splits=["test"]).samples] == ["11726"]


def test_lists_that_name_nothing_there_are_an_error(tmp_path: Path) -> None:
    shutil.copytree(DATA / ROOTS["dior"], tmp_path, dirs_exist_ok=True)
    for file in (tmp_path / "ImageSets/Main").iterdir():
        file.write_text("99999\n")
    with pytest.raises(
        SourceError,
        match=r"dior: no split list, such as ImageSets/Main/test\.txt \(its first entry is "
        r"'99999'\), names a file that is there; the names of files that are there are such as "
        r"'00001'",
    ):
        read(DIOR, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00\x01",
        b'<?xml version="1.0" encoding="nonsense"?><annotation>\xff</annotation>',
        b'<!DOCTYPE a [<!ENTITY b "bb">]><annotation>&b;</annotation>',
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
    ids=["empty", "binary", "unknown encoding", "entities", "LFS pointer"],
)
def test_a_file_that_is_no_xml_costs_itself_alone(tmp_path: Path, text: bytes) -> None:
    shutil.copytree(DATA / ROOTS["dior"], tmp_path, dirs_exist_ok=True)
    (tmp_path / HBB / "11726.xml").write_bytes(text)
    found = read(DIOR, tmp_path, ["test"])
    assert (found.samples, [reject.reason for reject in found.rejects]) == ([], ["unreadable_file"])


@pytest.mark.parametrize(
    "names, told",
    [("<name>ship</name><name> ship </name>", ""), ("<name>ship</name><name>car</name>", "car")],
)
def test_an_object_of_two_classes_is_of_neither(tmp_path: Path, names: str, told: str) -> None:
    shutil.copytree(DATA / ROOTS["dior"], tmp_path, dirs_exist_ok=True)
    sides = "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
    text = f"<annotation><object>{names}<bndbox>{sides}</bndbox></object></annotation>"
    (tmp_path / HBB / "11726.xml").write_text(text)
    found = read(DIOR, tmp_path, ["test"])
    assert [one.label for one in found.samples[0].regions] == ([] if told else ["ship"])
    assert [(r.reason, r.detail) for r in found.rejects] == (
        [("bad_value", f"two names that differ: ship, {told}")] if told else []
    )


@pytest.mark.parametrize("angle, count", [("0.0", 1), ("-21.4", 0), ("x", 0)])
def test_an_upright_box_has_no_angle(tmp_path: Path, angle: str, count: int) -> None:
    shutil.copytree(DATA / ROOTS["dior"], tmp_path, dirs_exist_ok=True)
    sides = "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
    box = f"<name>ship</name><bndbox>{sides}<angle>{angle}</angle></bndbox>"
    text = f"<annotation><object>{box}</object></annotation>"
    (tmp_path / HBB / "11726.xml").write_text(text)
    found = read(DIOR, tmp_path, ["test"])
    assert [len(one.regions) for one in found.samples] == [count]
    assert [r.reason for r in found.rejects] == ["bad_box"] * (1 - count)


# DIOR-R


def test_dior_r_corners_are_one_based_and_inclusive() -> None:
    assert read(DIOR_R).samples[0].regions == (
        Region("object[0]", "golffield", Quad((100, 200, 300, 200, 300, 260, 100, 260))),
    )


def test_dior_r_boxes_whose_corners_coincide_or_lack_are_rejected() -> None:
    assert [(reject.key, reject.reason, reject.detail) for reject in read(DIOR_R).rejects] == [
        ("00001#object[1]", "zero_area", "corners coincide: -0 5 0 5 9 9 2 9"),
        (
            "00001#object[2]",
            "bad_box",
            "robndbox lacks x_right_top, y_right_top, x_right_bottom, y_right_bottom, "
            "x_left_bottom, y_left_bottom; it has x_left_top, y_left_top",
        ),
    ]


# FAIR1M


def test_points_are_taken_as_they_stand_and_the_repeated_first_left_out() -> None:
    assert read(FAIR1M, splits=["train"]).samples == [
        Sample(
            "7",
            "train/part1/labelXml/7.xml",
            "train",
            (Picture("train/part1/images/7.tif", 1000, 1000),),
            regions=(
                Region(
                    "object[0]", "Dry Cargo Ship", Quad((800, 900, 820, 900, 820, 940, 800, 940))
                ),
                Region("object[1]", "Van", Quad((436, 1000, 436, 1000, 436, 1000, 436, 1000))),
            ),
            unplaced=("Bus", "Bus"),
        )
    ]


def test_points_that_are_no_four_corners_are_rejected() -> None:
    assert [(reject.key, reject.reason, reject.detail) for reject in read(FAIR1M).rejects] == [
        ("7#object[2]", "bad_box", "3 points where four corners were meant"),
        ("7#object[3]", "bad_box", "a point is not x,y"),
    ]


def test_files_of_one_name_in_two_splits_keep_apart() -> None:
    assert [(found.key, found.split, found.pictures[0].path) for found in read(FAIR1M).samples] == [
        ("7", "train", "train/part1/images/7.tif"),
        ("7", "val", "validation/images/7.tif"),
    ]
