"""Referring expressions in detection XML: what the reader makes of the files in tests/data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from native import DATA, convert, dataset, read, words

from converters.catalogue import catalogue
from converters.formats import voc_expressions
from converters.read.files import SourceError
from converters.read.folder import open_folder
from converters.regions.coco import mask_of_segmentation
from schemas.sample import Box, Expression, Mask, Picture, Region, Sample

ROOT = DATA / "voc_expressions/dior_rsvg"
ENTRY = catalogue()["dior_rsvg"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The fixture, to be changed."""
    shutil.copytree(ROOT, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_objects_go_to_the_split_that_lists_their_number() -> None:
    found = read(ENTRY, ROOT).samples
    assert [
        (sample.key, sample.split, [item.text for item in sample.expressions]) for sample in found
    ] == [
        ("00256", "test", ["The bridge over the river"]),
        ("00256", "train", ["A vehicle on the left of the bridge", "The white vehicle"]),
        ("00257", "train", []),
        ("00257", "val", []),
        ("00301", "train", ["The airplane at the gate"]),
    ]


def test_pictures_that_several_splits_share_are_told() -> None:
    # 00256.xml, 00257.xml; the objects of the damaged 00300.xml are all in one.
    assert read(ENTRY, ROOT).notes == [
        "the split lists number objects; files were counted in the order of their names",
        "2 of 4 pictures have objects in several splits",
    ]


def test_one_object_said_twice_is_one_region_with_two_expressions() -> None:
    assert read(ENTRY, ROOT, ["train"]).samples[0] == Sample(
        "00256",
        "DIOR_RSVG/Annotations/00256.xml",
        "train",
        (Picture("DIOR_RSVG/JPEGImages/00256.jpg", 800, 800),),
        regions=(Region("object[0]", "vehicle", Box(10, 20, 30, 40)),),
        expressions=(
            Expression("object[0]", "A vehicle on the left of the bridge", ("object[0]",)),
            Expression("object[2]", "The white vehicle", ("object[0]",)),
        ),
    )


def test_bad_objects_and_files_are_rejects() -> None:
    found = [(one.key, one.split, one.reason, one.detail) for one in read(ENTRY, ROOT).rejects]
    assert found[:2] == [
        ("00257#object[0]", "train", "missing_field", "object without a description"),
        ("00257#object[1]", "val", "zero_area", "corners coincide: 60 70 60 90"),
    ]
    assert [one[:3] for one in found[2:]] == [("", "unknown", "unreadable_file")]


def test_objects_of_a_damaged_file_are_counted_too() -> None:
    # 00300.xml holds the numbers 5 and 6, so that the airplane of 00301.xml is number 7.
    assert read(ENTRY, ROOT, ["train"]).samples[-1].key == "00301"


def test_objects_in_comments_are_not_counted(copy: Path) -> None:
    place = copy / "DIOR_RSVG/Annotations/00256.xml"
    place.write_text(place.read_text().replace("<size>", "<!-- <object> --><size>"))
    assert read(ENTRY, copy, ["train"]).samples[-1].key == "00301"


def test_a_split_that_is_asked_for_is_read_alone() -> None:
    found = read(ENTRY, ROOT, ["test"])
    assert [(sample.key, sample.split) for sample in found.samples] == [("00256", "test")]


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("test.txt", "1\n5\n6\n8\n", "the split lists count 9 objects, and 8 are there"),
        ("test.txt", "1\n5\n6\n8\n99\n", "the split lists count 100 objects, and 8 are there"),
        ("train.txt", "0\n2\n3\n", "the split lists count 7 objects, and 8 are there"),
    ],
    ids=["one more", "many more", "all but the last"],
)
def test_where_the_lists_fit_another_number_of_objects_all_are_unlisted(
    copy: Path, name: str, text: str, message: str
) -> None:
    (copy / "DIOR_RSVG" / name).write_text(text)
    found = read(ENTRY, copy)
    assert {sample.split for sample in found.samples} == {"unlisted"}
    assert f"{message}: which is which is unknown, so all are of split unlisted" in found.notes
    with pytest.raises(SourceError, match=f"no objects of split train; {message}; there: unlisted"):
        read(ENTRY, copy, ["train"])


def test_without_one_of_the_lists_its_objects_are_unlisted(copy: Path) -> None:
    (copy / "DIOR_RSVG/test.txt").unlink()
    splits = [sample.split for sample in read(ENTRY, copy).samples]
    assert splits == ["train", "unlisted", "train", "val", "train"]


def test_a_number_in_two_lists_stays_in_the_first(copy: Path) -> None:
    (copy / "DIOR_RSVG/val.txt").write_text("4\n7\n")
    found = read(ENTRY, copy)
    assert found.samples[-1].split == "train"
    assert "1 numbers are in two split lists and stay in the first" in found.notes


@pytest.mark.parametrize(
    "text, message",
    [
        ("00256.xml\n", "holds '00256.xml'; it should list counters of objects"),
        ("\x80", "cannot be read"),
    ],
)
def test_a_list_of_something_else_is_an_error(copy: Path, text: str, message: str) -> None:
    (copy / "DIOR_RSVG/val.txt").write_bytes(text.encode("latin-1"))
    with pytest.raises(SourceError, match=f"dior_rsvg: DIOR_RSVG/val.txt {message}"):
        read(ENTRY, copy)


def test_lists_alone_are_an_error(copy: Path) -> None:
    shutil.rmtree(copy / "DIOR_RSVG/Annotations")
    with pytest.raises(SourceError, match="annotations not found"):
        read(ENTRY, copy)


def test_files_alone_are_an_error(copy: Path) -> None:
    for name in ("train", "val", "test"):
        (copy / f"DIOR_RSVG/{name}.txt").unlink()
    with pytest.raises(
        SourceError, match=r"no split list train\.txt \(or one of 4 other places\) or val\.txt"
    ):
        read(ENTRY, copy)


def test_a_row_asks_the_words_and_answers_the_box() -> None:
    rows = convert(dataset(ENTRY, ["refer"], ROOT, splits=["test"], dialect="pixel")).rows
    assert [words(row)[1] for row in rows] == ["[100, 200, 300, 240]"]
    assert "The bridge over the river" in words(rows[0])[0]


def test_a_command_is_asked_as_it_stands_in_any_case(copy: Path) -> None:
    for path in (copy / "DIOR_RSVG/Annotations").glob("*.xml"):
        text = path.read_text()
        path.write_text(text.replace("The bridge over the river", "locate the bridge"))
    rows = convert(dataset(ENTRY, ["refer"], copy, splits=["test"], dialect="pixel")).rows
    assert [words(row)[0] for row in rows] == ["<image>\n[refer] locate the bridge"]


# RRSIS-D

RRSIS = DATA / "voc_expressions/rrsis_d"
BOXED, MASKED = catalogue()["rrsis_d"], catalogue()["rrsis_d_masks"]


def test_a_file_of_rrsis_d_tells_its_split_and_its_picture() -> None:
    found = read(BOXED, RRSIS)
    assert [(one.key, one.split, one.pictures[0].path) for one in found.samples] == [
        ("00001", "train", "images/rrsisd/JPEGImages/00001.jpg"),
        ("00002", "val", "images/rrsisd/JPEGImages/00002.jpg"),
        ("00003", "train", "images/rrsisd/JPEGImages/00003.jpg"),
        ("00004", "test", "images/rrsisd/JPEGImages/00004.jpg"),
        ("00005", "test", "images/rrsisd/JPEGImages/00005.jpg"),
    ]
    assert found.samples[0].regions == (Region("object[0]", "ship", Box(1, 4, 3, 6)),)
    assert [one.key for one in read(BOXED, RRSIS, ["val"]).samples] == ["00002"]


def test_masks_of_rrsis_d_are_joined_by_the_name_of_the_picture() -> None:
    found = read(MASKED, RRSIS, ["train", "val"]).samples
    assert [(one.key, [region.shape for region in one.regions]) for one in found] == [
        ("00001", [Mask(8, 6, (10, 5, 33))]),
        ("00002", [Mask(8, 6, (7, 3, 3, 3, 32))]),
        ("00003", []),
    ]
    assert found[0].expressions == (
        Expression("object[0]", "The ship on the left", ("object[0]",)),
    )


def test_a_mask_that_is_not_there_or_cannot_be_read_is_a_reject() -> None:
    assert [(one.key, one.reason, one.detail) for one in read(MASKED, RRSIS).rejects] == [
        (
            "00003#object[0]",
            "dangling_reference",
            "rrsisd/instances.json has no mask of 00003.jpg",
        ),
        (
            "00004#object[0]",
            "bad_value",
            "mask of 00004.jpg: run lengths of 45 pixels for a mask of 8 x 6",
        ),
        ("00005#object[0]", "bad_value", "1 objects and 2 masks of 00005.jpg"),
    ]


def test_a_picture_of_a_size_beyond_all_numbers_has_no_mask(tmp_path: Path) -> None:
    shutil.copytree(RRSIS, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "rrsisd/instances.json"
    said = json.loads(file.read_text())
    next(one for one in said["images"] if one["file_name"] == "00001.jpg")["width"] = 10**30
    file.write_text(json.dumps(said))
    first, *_ = read(MASKED, tmp_path, ["train"]).rejects
    assert (first.key, first.reason, first.detail) == (
        "00001#object[0]",
        "dangling_reference",
        "rrsisd/instances.json has no mask of 00001.jpg",
    )


def test_without_the_file_of_masks_nothing_is_read(tmp_path: Path) -> None:
    shutil.copytree(RRSIS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "rrsisd/instances.json").unlink()
    with pytest.raises(SourceError, match=r"masks not found: .*/rrsisd/instances\.json"):
        read(MASKED, tmp_path)


@pytest.mark.parametrize(
    "segmentation, counts",
    [
        ({"size": [6, 8], "counts": ":5Q1"}, (10, 5, 33)),
        (
            [{"size": [6, 8], "counts": [0, 2, 46]}, {"size": [6, 8], "counts": [1, 3, 44]}],
            (0, 4, 44),
        ),
    ],
    ids=["one, compressed", "two that overlap"],
)
def test_run_lengths_come_alone_or_in_parts(segmentation: object, counts: tuple[int, ...]) -> None:
    assert mask_of_segmentation(segmentation, 8, 6) == Mask(8, 6, counts)


@pytest.mark.parametrize(
    "segmentation, message",
    [
        (None, "there is no segmentation"),
        ([], "there is no segmentation"),
        ([{"size": [8, 6], "counts": [48]}], "run lengths of 6 x 8 in a picture of 8 x 6 pixels"),
        ([3], "a polygon of 1 numbers"),
        ([[1, 2, 3, 4]], "a polygon of 4 numbers"),
        ([["a", "b", "c", "d", "e", "f"]], "a polygon is no list of numbers"),
    ],
)
def test_what_is_no_mask_is_an_error(segmentation: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mask_of_segmentation(segmentation, 8, 6)


def test_256_files_are_a_span(tmp_path: Path) -> None:
    for number in range(257):
        (tmp_path / f"{number:03}.xml").touch()
    options = voc_expressions.Options("{stem}.xml", "{stem}.png", "tag", one_based=False)
    found = voc_expressions.plan(open_folder("s", "s", str(tmp_path)), options)
    assert [len(span.names) for span in found.spans] == [256, 1]
