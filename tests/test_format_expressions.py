"""Referring expressions in detection XML: what the reader makes of the files in tests/data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from native import DATA, convert, dataset, read, words

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Box, Expression, Picture, Region, Sample

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
    with pytest.raises(SourceError, match=r"no split list train\.txt or val\.txt or test\.txt"):
        read(ENTRY, copy)


def test_a_row_asks_the_words_and_answers_the_box() -> None:
    rows = convert(dataset(ENTRY, ["refer"], ROOT, splits=["test"], dialect="pixel")).rows
    assert [words(row)[1] for row in rows] == ["[100, 200, 300, 240]"]
    assert "The bridge over the river" in words(rows[0])[0]
