"""Class folders whose pictures are not there, as split lists name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import laid, shot
from native import read

from converters.catalogue import entry_of
from converters.read.files import SourceError
from schemas.sample import Sample

LIST = ",Filename,Label,ClassName\n0,River/River_1.jpg,8,River\n1,SeaLake/SeaLake_2.jpg,9,SeaLake\n"


def seen(samples: list[Sample]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Split, picture and classes of each sample."""
    return [(one.split, one.pictures[0].path, one.labels[0].names) for one in samples]


def test_lists_that_name_class_folders_are_read_without_the_pictures(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "EuroSAT/train.csv": LIST,
        "EuroSAT/test.csv": ",Filename,Label,ClassName\n7,River/River_3.jpg,8,River\n",
    }
    found = read(entry_of("eurosat"), laid(tmp_path, files))
    assert seen(found.samples) == [
        ("test", "EuroSAT/River/River_3.jpg", ("River",)),
        ("train", "EuroSAT/River/River_1.jpg", ("River",)),
        ("train", "EuroSAT/SeaLake/SeaLake_2.jpg", ("SeaLake",)),
    ]
    assert found.notes == ["no picture is there: the 3 that the split lists name are read"]
    [one] = read(entry_of("eurosat"), tmp_path, ["test"]).samples
    assert one.split == "test"


def test_the_lists_of_aitlas_name_pictures_and_split_those_that_are_there(tmp_path: Path) -> None:
    rows = "idle_land/0148.tif,idle_land\nriver/0028.tif,river\n"
    root = laid(tmp_path, {"splits/siriwhu_val.csv": rows})
    named = seen(read(entry_of("siri_whu"), root).samples)
    assert named == [
        ("val", "idle_land/0148.tif", ("idle_land",)),
        ("val", "river/0028.tif", ("river",)),
    ]
    laid(tmp_path, {path: shot("TIFF") for _, path, _ in named})
    assert seen(read(entry_of("siri_whu"), root).samples) == named


@pytest.mark.parametrize(
    "files",
    [
        {"eurosat-train.txt": "River_1.jpg\n"},  # a name that says no class
        {"EuroSAT/train.csv": LIST, "a/b/c/EuroSAT/river.jpg": b""},
        {"EuroSAT/train.csv": LIST, "EuroSAT.rar": b"Rar!"},
    ],
)
def test_lists_do_not_stand_for_pictures_that_may_be_there(
    files: dict[str, str | bytes], tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="no class folders found"):
        read(entry_of("eurosat"), laid(tmp_path, files))


def test_a_picture_of_two_lists_stays_in_the_first(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"EuroSAT/train.csv": LIST, "EuroSAT/test.csv": LIST}
    found = read(entry_of("eurosat"), laid(tmp_path, files))
    assert [one.split for one in found.samples] == ["train", "train"]
    assert found.notes[1:] == [
        "2 line(s) of EuroSAT/test.csv name pictures of another split's list, whose they stay, "
        "such as River/River_1.jpg"
    ]


def test_lines_that_name_no_class_folder_are_counted(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"EuroSAT/train.csv": f"{LIST}2,River_9.jpg,8,River\n"}
    found = read(entry_of("eurosat"), laid(tmp_path, files))
    assert len(found.samples) == 2
    assert found.notes[1:] == [
        "1 line(s) of EuroSAT/train.csv name no class folder, such as River_9.jpg"
    ]
