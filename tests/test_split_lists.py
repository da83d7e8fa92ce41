"""Split lists as people write them: other names, other spellings, other words on a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import laid
from native import Native, changed, read
from xml_cases import voc

from converters.catalogue import catalogue
from converters.read.files import SourceError

DIOR = catalogue()["dior"]
HBB = "Annotations/Horizontal Bounding Boxes"
PAGE = f"<annotation>{voc('ship')}</annotation>"
STEMS = ("00001", "00002", "00003")


def listed(root: Path, lists: dict[str, str], stems: tuple[str, ...] = STEMS) -> Native:
    """What is read of annotation files with these stems and lists with these texts."""
    pages = {f"{HBB}/{stem}.xml": PAGE for stem in stems}
    named = {f"ImageSets/Main/{name}.txt": text for name, text in lists.items()}
    return read(DIOR, laid(root, {**pages, **named}))


def splits(found: Native) -> dict[str, str]:
    return {sample.key: sample.split for sample in found.samples}


def test_a_list_whose_name_spells_its_split_otherwise_is_that_splits(tmp_path: Path) -> None:
    found = listed(tmp_path, {"Train": "00001\n", "valid": "00002\n", "testing": "00003\n"})
    assert splits(found) == {"00001": "train", "00002": "val", "00003": "test"}
    assert found.notes == []


def test_of_two_spellings_the_one_of_the_split_counts(tmp_path: Path) -> None:
    found = listed(tmp_path, {"train": "00001\n", "training": "00002\n", "val": "00003\n"})
    assert splits(found) == {"00001": "train", "00002": "unlisted", "00003": "val"}
    assert "ImageSets/Main/training.txt is the list of no split of this dataset" in found.notes


def test_lists_of_other_splits_alone_are_named(tmp_path: Path) -> None:
    message = (
        r"^dior: ImageSets/Main/trainval\.txt is the list of no split of this dataset, and there "
        r"is no other$"
    )
    with pytest.raises(SourceError, match=message):
        listed(tmp_path, {"trainval": "00001\n"})


@pytest.mark.parametrize(
    "text",
    [
        "00001 1\n00002 -1\n",
        '"D:\\DIOR\\JPEGImages\\00001.jpg"\r\nD:\\DIOR\\My pictures\\00002.JPG\r\n',
        "# made by split.py\n00001\n# and\n00002\n",
        "00001, 00002\n",
        "'00001'\n  00002  \n",
    ],
    ids=["marks", "Windows paths", "remarks", "one line", "quotes"],
)
def test_the_entries_of_a_list_are_read_as_tools_write_them(tmp_path: Path, text: str) -> None:
    found = listed(tmp_path, {"train": text, "val": "00003\n"})
    assert splits(found) == {"00001": "train", "00002": "train", "00003": "val"}
    assert found.notes == []


def test_a_stem_may_hold_blanks(tmp_path: Path) -> None:
    found = listed(tmp_path, {"train": "a (1).jpg\n"}, ("a (1)", "a"))
    assert splits(found) == {"a (1)": "train", "a": "unlisted"}


@pytest.mark.parametrize(
    "stems, text, note",
    [
        (("00001", "00002"), "1\n2\n", "1 for 00001"),
        (("P0001",), "p0001\n", "p0001 for P0001"),
        (("cafe\u0301",), "caf\u00e9\n", "caf\u00e9 for cafe\u0301"),
    ],
)
def test_names_that_are_spelt_otherwise_are_found_and_told(
    tmp_path: Path, stems: tuple[str, ...], text: str, note: str
) -> None:
    found = listed(tmp_path, {"train": text}, stems)
    assert set(splits(found).values()) == {"train"}
    assert found.notes == [
        f"ImageSets/Main/train.txt spells the names of files otherwise, such as {note}"
    ]


@pytest.mark.parametrize(
    "stems, text",
    [(("00001", "01"), "1\n"), (("00001", "00002"), "0\n1\n2\n")],
    ids=["two files", "a file that is not there"],
)
def test_numbers_that_may_be_others_name_no_file(
    tmp_path: Path, stems: tuple[str, ...], text: str
) -> None:
    message = r"^dior: no split list, such as ImageSets/Main/train\.txt \(its first entry is '\d'\)"
    with pytest.raises(SourceError, match=message):
        listed(tmp_path, {"train": text}, stems)


def test_a_split_that_is_spelt_otherwise_by_the_entry_is_found_too(tmp_path: Path) -> None:
    images = {"training": "a/{stem}.jpg", "evaluation": "b/{stem}.jpg"}
    entry = changed("dior", options={**DIOR.options, "images": images})
    files = {f"{HBB}/1.xml": PAGE, "ImageSets/Main/train.txt": "1\n"}
    assert splits(read(entry, laid(tmp_path, files))) == {"1": "training"}


def test_an_empty_list_leaves_its_split_empty_and_is_told(tmp_path: Path) -> None:
    found = listed(tmp_path, {"train": "00001\n00002\n00003\n", "val": "\n"})
    assert set(splits(found).values()) == {"train"}
    assert found.notes == ["ImageSets/Main/val.txt is empty, so nothing is of split val"]
