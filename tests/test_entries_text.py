"""Entries of text files with boxes: one line or file in each one's documented layout."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from native import picture, read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Box, Quad, Shape


class Case(NamedTuple):
    """One native file, and what its one object becomes."""

    slug: str
    path: str
    text: str
    split: str
    key: str
    picture: str
    label: str
    shape: Shape


QUAD = Quad((1.5, 2, 9, 2, 9, 8, 1.5, 8))
LINE = "1.5 2 9 2 9 8 1.5 8"
UCAS = "1.500000e+00\t2\t9\t2\t9\t8\t1.5\t8\t9.0e+01\t1.5\t2\t7.5\t6\t"
CASES = [
    Case(
        "visdrone",
        "VisDrone2019-DET-test-dev/annotations/a.txt",
        "795,5,336,58,1,4,0,0,",
        "test-dev",
        "a",
        "VisDrone2019-DET-test-dev/images/a.jpg",
        "car",
        Box(795, 5, 1131, 63),
    ),
    Case(
        "carpk",
        "CARPK_devkit/data/Annotations/20160331_NTU_00001.txt",
        "1019 521 1129 571 1",
        "unlisted",
        "20160331_NTU_00001",
        "CARPK_devkit/data/Images/20160331_NTU_00001.png",
        "car",
        Box(1019, 521, 1129, 571),
    ),
    Case(
        "ucas_aod",
        "UCAS_AOD/CAR/P0001.txt",
        UCAS,
        "all",
        "CAR/P0001",
        "UCAS_AOD/CAR/P0001.png",
        "CAR",
        QUAD,
    ),
    Case(
        "ucas_aod_benchmark",
        "UCAS_AOD/Annotations/P0511.txt",
        f"airplane  {UCAS}",
        "unlisted",
        "P0511",
        "UCAS_AOD/AllImages/P0511.png",
        "airplane",
        QUAD,
    ),
    Case(
        "nwpu_vhr_10_txt",
        "NWPU VHR-10 dataset/ground truth/001.txt",
        "(563,478),( 630, 573),1 ",
        "positive",
        "001",
        "NWPU VHR-10 dataset/positive image set/001.jpg",
        "airplane",
        Box(563, 478, 630, 573),
    ),
    Case(
        "levir",
        "LEVIR/imageWithLabel/00003.txt",
        "3 10 20 30 40",
        "all",
        "00003",
        "LEVIR/imageWithLabel/00003.jpg",
        "oilpot",
        Box(10, 20, 30, 40),
    ),
    Case(
        "levir_ship",
        "test/labels/a.txt",
        "0 0.5 0.25 0.125 0.0625",
        "test",
        "a",
        "test/images/a.png",
        "ship",
        Box(224, 112, 288, 144),
    ),
    Case(
        "s_drone",
        "annotations/quad/video3/annotations.txt",
        '7 10 20 30 40 600 0 1 0 "Biker"',
        "all",
        "quad/video3/annotations/600",
        "videos/quad/video3/frames/600.jpg",
        "Biker",
        Box(10, 20, 30, 40),
    ),
    Case(
        "rsod_txt",
        "oiltank/Annotation/labels/oiltank_1.txt",
        "oiltank_1.jpg\toiltank\t10\t20\t30\t40",
        "oiltank",
        "oiltank_1",
        "oiltank/JPEGImages/oiltank_1.jpg",
        "oiltank",
        Box(10, 20, 30, 40),
    ),
    Case(
        "aerialanimal",
        "annotations_val.csv",
        '"a, b/0417.JPG",10,20,30,40,Elephant',
        "val",
        "a, b/0417.JPG",
        "a, b/0417.JPG",
        "Elephant",
        Box(10, 20, 30, 40),
    ),
    *[
        Case(slug, path, f"{LINE} {label} 0", split, "7", shown, label, QUAD)
        for slug, path, split, shown, label in [
            ("dota_v1_5", "val/labelTxt-v1.5/7.txt", "val", "val/images/7.png", "container-crane"),
            ("dota_v2", "train/labelTxt-v2.0/7.txt", "train", "train/images/7.png", "helipad"),
            (
                "dota_patches",
                "trainval/annfiles/7.txt",
                "trainval",
                "trainval/images/7.png",
                "ship",
            ),
            ("srsdd", "test/labels/7.txt", "test", "test/images/7.png", "ore-oil"),
            ("rsar", "val/annfiles/7.txt", "val", "val/images/7.jpg", "tank"),
            ("star", "train/annfiles/7.txt", "train", "train/img/7.png", "goods_yard"),
            ("glh_bridge", "val_label/labelTxt/7.txt", "val", "val_image/7.png", "bridge"),
            (
                "evattrs_95k",
                "FAIR1M/train/annfiles/7.txt",
                "train",
                "FAIR1M/train/images/7.png",
                "Van",
            ),
        ]
    ],
]


def put(root: Path, path: str, text: str) -> Path:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_the_documented_layout_becomes_one_region(case: Case, tmp_path: Path) -> None:
    found = read(catalogue()[case.slug], put(tmp_path, case.path, f"{case.text}\n"))
    assert not found.rejects
    [sample] = found.samples
    [region] = sample.regions
    assert (
        sample.key,
        sample.split,
        sample.pictures[0].path,
        region.label,
        region.shape,
        sample.unplaced,
    ) == (case.key, case.split, case.picture, case.label, case.shape, ())


def test_carpk_splits_come_from_its_lists(tmp_path: Path) -> None:
    data = "CARPK_devkit/data"
    put(tmp_path, f"{data}/Annotations/a_1.txt", "1 2 9 8 1\n")
    put(tmp_path, f"{data}/Annotations/b_2.txt", "1 2 9 8 1\n")
    put(tmp_path, f"{data}/ImageSets/train.txt", "b_2\n")
    put(tmp_path, f"{data}/ImageSets/test.txt", "a_1")
    assert [(s.key, s.split) for s in read(catalogue()["carpk"], tmp_path).samples] == [
        ("a_1", "test"),
        ("b_2", "train"),
    ]


def test_ucas_numbers_that_repeat_in_two_classes_keep_apart(tmp_path: Path) -> None:
    put(tmp_path, "UCAS_AOD/CAR/P0001.txt", f"{UCAS}\n")
    put(tmp_path, "UCAS_AOD/PLANE/P0001.txt", f"{UCAS}\n")
    picture(tmp_path / "UCAS_AOD/Neg/P0001.png")
    assert [
        (sample.key, sample.pictures[0].path, [region.label for region in sample.regions])
        for sample in read(catalogue()["ucas_aod"], tmp_path).samples
    ] == [
        ("CAR/P0001", "UCAS_AOD/CAR/P0001.png", ["CAR"]),
        ("PLANE/P0001", "UCAS_AOD/PLANE/P0001.png", ["PLANE"]),
        ("UCAS_AOD/Neg/P0001", "UCAS_AOD/Neg/P0001.png", []),
    ]


def test_ucas_label_files_in_another_folder_are_of_no_class(tmp_path: Path) -> None:
    found = read(catalogue()["ucas_aod"], put(tmp_path, "UCAS_AOD/lists/P1.txt", f"{UCAS}\n"))
    assert [(r.reason, r.detail) for r in found.rejects] == [
        ("unselected", "in the folder lists, which is none of a class")
    ]


def test_nwpu_pictures_of_the_negative_set_show_nothing(tmp_path: Path) -> None:
    root = "NWPU VHR-10 dataset"
    put(tmp_path, f"{root}/ground truth/001.txt", "(5,4),(6,5),10\n")
    picture(tmp_path / f"{root}/negative image set/001.jpg")
    found = read(catalogue()["nwpu_vhr_10_txt"], tmp_path, ["negative"])
    assert [(s.key, s.split, s.regions) for s in found.samples] == [
        (f"{root}/negative image set/001", "negative", ())
    ]


def test_a_fraction_is_of_the_picture_itself_where_it_is_there(tmp_path: Path) -> None:
    put(tmp_path, "train/labels/a.txt", "0 0.5 0.5 0.5 0.5\n")
    picture(tmp_path / "train/images/a.png", 8, 6)
    [sample] = read(catalogue()["levir_ship"], tmp_path).samples
    assert (sample.pictures[0].width, sample.regions[0].shape) == (8, Box(2, 1.5, 6, 4.5))


def test_tracks_give_every_300th_frame_and_what_is_lost_is_counted(tmp_path: Path) -> None:
    lines = [
        '0 10 20 30 40 0 0 0 0 "Biker"',
        '0 10 20 30 40 1 0 0 0 "Biker"',
        '0 10 20 30 40 2 1 0 0 "Biker"',
        '0 11 21 31 41 300 0 1 1 "Biker"',
        '1 50 60 70 80 0 0 0 0 "Cart"',
        '1 50 60 70 80 300 1 0 0 "Cart"',
        '1 50 60 70 80 x 0 0 0 "Cart"',
    ]
    put(tmp_path, "annotations/quad/video3/annotations.txt", "\n".join(lines))
    found = read(catalogue()["s_drone"], tmp_path)
    assert [
        (sample.key, [(region.label, region.shape) for region in sample.regions])
        for sample in found.samples
    ] == [
        (
            "quad/video3/annotations/0",
            [("Biker", Box(10, 20, 30, 40)), ("Cart", Box(50, 60, 70, 80))],
        ),
        ("quad/video3/annotations/300", [("Biker", Box(11, 21, 31, 41))]),
    ]
    assert [(r.key, r.reason, r.items) for r in found.rejects] == [
        ("line 7", "bad_value", 1),
        ("quad/video3/annotations", "inactive", 1),
        ("quad/video3/annotations", "unselected", 2),
    ]


def test_a_table_names_pictures_without_animals_too(tmp_path: Path) -> None:
    put(tmp_path, "annotations_test.csv", "a.JPG,,,,,\nb.JPG,1,2,9,8,Zebra\nb.JPG,1,2,9,8\n")
    found = read(catalogue()["aerialanimal"], tmp_path)
    assert [(s.key, len(s.regions)) for s in found.samples] == [("a.JPG", 0), ("b.JPG", 1)]
    assert [(r.key, r.reason) for r in found.rejects] == [("line 3", "bad_box")]


def test_levir_files_in_yolos_form_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path, "LEVIR/imageWithLabel/a.txt", "1 0.5 0.5 0.25 0.25\n")
    with pytest.raises(SourceError, match="holds YOLO text"):
        read(catalogue()["levir"], tmp_path)
