"""Run lengths in tables, boxes in MATLAB's files, attributes behind DOTA's lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from native import DATA, read
from scipy.io import savemat

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.entry import Entry
from schemas.sample import Box, Mask, Picture, Quad, Region, Sample

ASD = catalogue()["asd"]
ITCVD, VHRSHIPS = catalogue()["itcvd"], catalogue()["vhrships"]
SHIPS = DATA / "run_length_table/asd"


# Run lengths


def test_runs_are_counted_from_1_down_the_columns() -> None:
    # Pixel 769 is the first of the second column of 768 rows.
    assert read(ASD, SHIPS).samples[0] == Sample(
        "b.jpg",
        "train_ship_segmentations_v2.csv",
        "train",
        (Picture("train_v2/b.jpg", 768, 768),),
        regions=(Region("row 1", "ship", Mask(768, 768, (768, 2, 766, 3, 588_285))),),
    )


def test_a_row_without_runs_is_a_picture_without_ships() -> None:
    sample = read(ASD, SHIPS).samples[1]
    assert (sample.key, sample.regions, sample.unplaced) == ("c.jpg", (), ())


def test_runs_that_touch_are_one() -> None:
    assert [region.shape for region in read(ASD, SHIPS).samples[2].regions] == [
        Mask(768, 768, (0, 1, 589_823)),
        Mask(768, 768, (1, 4, 589_819)),
    ]


def test_runs_that_cannot_be_read_are_rejected_one_by_one() -> None:
    assert [(r.key, r.reason, r.detail) for r in read(ASD, SHIPS).rejects] == [
        ("row 9", "missing_field", "Object missing required field `image`"),
        ("a.jpg#row 5", "bad_value", "runs overlap or go backwards"),
        ("a.jpg#row 6", "bad_value", "runs leave the picture of 768 x 768"),
        ("a.jpg#row 7", "bad_value", "run lengths are no whole numbers: 5 x"),
        ("a.jpg#row 8", "bad_value", "1 numbers where starts and lengths were meant"),
    ]


# MATLAB


def saved(folder: Path, name: str, variables: Mapping[str, Any]) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    savemat(folder / name, variables)
    return folder


VEHICLES = np.array([[10, 20, 30, 40, 7], [5, 6, np.nan, 8, 7]], float)


def test_a_matrix_has_a_row_for_each_vehicle(tmp_path: Path) -> None:
    found = read(ITCVD, saved(tmp_path, "Training/GT/00001.mat", {"x00001": VEHICLES}))
    assert found.samples == [
        Sample(
            "00001",
            "Training/GT/00001.mat",
            "training",
            (Picture("ITCVD/Training/Image/00001.jpg"),),
            regions=(Region("row 1", "vehicle", Box(10, 20, 30, 40)),),
            unplaced=("vehicle",),
        )
    ]
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("00001#row 2", "bad_box", "not a number: 'nan'")
    ]


def test_a_matrix_of_version_7_3_is_read_the_right_way_round(tmp_path: Path) -> None:
    (tmp_path / "Training/GT").mkdir(parents=True)
    with h5py.File(tmp_path / "Training/GT/00001.mat", "w") as file:
        file["x00001"] = VEHICLES[:1].T
    [sample] = read(ITCVD, tmp_path).samples
    assert [region.shape for region in sample.regions] == [Box(10, 20, 30, 40)]


@pytest.mark.parametrize(
    "data, detail",
    [
        (b"", "Mat file appears to be truncated"),
        (b"no matlab at all" * 20, "Unknown mat file type"),
    ],
)
def test_a_damaged_file_costs_itself_alone(data: bytes, detail: str, tmp_path: Path) -> None:
    saved(tmp_path, "Training/GT/00001.mat", {"x00001": VEHICLES[:1]})
    (tmp_path / "Training/GT/00002.mat").write_bytes(data)
    found = read(ITCVD, tmp_path)
    assert [sample.key for sample in found.samples] == ["00001"]
    assert [(r.key, r.reason) for r in found.rejects] == [("00002", "unreadable_file")]
    assert detail in found.rejects[0].detail


def ships(*records: tuple[str, Any, list[str]]) -> dict[str, Any]:
    kinds = [("path", object), ("boxes", object), ("labels", object)]
    array = np.empty(len(records), dtype=kinds)
    for place, (path, boxes, labels) in enumerate(records):
        array[place] = (path, np.array(boxes, float), np.array(labels, object))
    return {"testList": array}


def test_a_struct_gives_pictures_by_name_with_boxes_counted_from_1(tmp_path: Path) -> None:
    records = ships(
        ("D:\\ships\\test\\0001.png", [[311, 200, 60, 22], [1, 1, 16, 9]], ["ferry_2", "tug_5"]),
        ("D:\\ships\\test\\0002.png", np.empty((0, 4)), []),
        ("D:\\ships\\test\\0003.png", [[1, 1, 16, 9]], []),
    )
    found = read(VHRSHIPS, saved(tmp_path, "testList.mat", records))
    assert [(s.pictures[0].path, s.regions) for s in found.samples] == [
        (
            "test_c34/0001.png",
            (
                Region("row 1", "ferry_2", Box(310, 199, 370, 221)),
                Region("row 2", "tug_5", Box(0, 0, 16, 9)),
            ),
        ),
        ("test_c34/0002.png", ()),
    ]
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("0003.png", "missing_field", "1 boxes and 0 classes")
    ]


def test_what_is_no_struct_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"testList\.mat: It is no struct .* table2struct"):
        read(VHRSHIPS, saved(tmp_path, "testList.mat", {"testList": VEHICLES}))


# DOTA's lines with more than a class


def line_of(folder: Path, text: str, slug: str = "evattrs_95k") -> Sample:
    entry: Entry = catalogue()[slug]
    path = folder / "MAR20/train/annfiles/7.txt"
    path.parent.mkdir(parents=True)
    path.write_text(f"{text}\n")
    [sample] = read(entry, folder).samples
    return sample


def test_a_class_between_marks_and_attributes_behind_a_line_are_read(tmp_path: Path) -> None:
    text = (
        "1 2 9 2 9 8 1 8 </cls_name>Dry Cargo Ship</cls_name> 1 "
        '{"deck": {"colour": "red", "confidence": 0.9}, "mast": "unknown", "cranes": [1, 2]}'
    )
    assert line_of(tmp_path, text).regions == (
        Region(
            "line 1",
            "Dry Cargo Ship",
            Quad((1, 2, 9, 2, 9, 8, 1, 8)),
            ignored=True,
            attributes={"deck.colour": "red", "cranes": "1, 2"},
        ),
    )


def test_attributes_that_are_cut_off_cost_their_line(tmp_path: Path) -> None:
    sample = line_of(tmp_path, '1 2 9 2 9 8 1 8 </cls_name>Van</cls_name> 0 {"deck": {"col')
    assert (sample.regions, sample.unplaced) == ((), ("Van",))


@pytest.mark.parametrize(
    "words, label, ignored",
    [
        ("plane 2.0", "plane", True),
        ("plane;0;", "plane", False),
        ("plane\tTrue", "plane", True),
        ("Boeing 737 0", "Boeing 737", False),
        ("Boeing 737", "Boeing 737", False),
    ],
)
def test_difficult_is_written_in_several_ways(
    words: str, label: str, ignored: bool, tmp_path: Path
) -> None:
    [region] = line_of(tmp_path, f"1 2 9 2 9 8 1 8 {words}").regions
    assert (region.label, region.ignored) == (label, ignored)


# Attributes over XML

EVATTRS = read(
    catalogue()["evattrs_fair1m"], DATA / "object_attributes/evattrs_fair1m", splits=["train"]
)


def test_attributes_go_to_the_object_in_their_place_and_others_stay_without() -> None:
    assert EVATTRS.samples == [
        Sample(
            "7",
            "FAIR1M/EVAttrs-95K-FAIR1M-train.json",
            "train",
            (Picture("FAIR1M/train/images/7.png", 1000, 900),),
            regions=(
                Region(
                    "object[0]",
                    "Dry Cargo Ship",
                    Quad((10, 20, 50, 20, 50, 40, 10, 40)),
                    attributes={"deck color": "red"},
                ),
                Region("object[1]", "Van", Quad((1, 2, 9, 2, 9, 8, 1, 8))),
            ),
            unplaced=("Boeing737",),
        )
    ]


def test_attributes_of_another_object_or_of_no_xml_are_rejected() -> None:
    assert [(r.key, r.reason, r.detail) for r in EVATTRS.rejects] == [
        ("7#2", "dangling_reference", "Motorboat is Van in the XML"),
        ("7#9", "dangling_reference", "Van is no object in the XML"),
        ("7#object[2]", "bad_box", "1 points where four corners were meant"),
        ("8", "dangling_reference", "no XML FAIR1M/train/labelXml/8.xml"),
        ("9", "missing_field", "Object missing required field `objs`"),
    ]
