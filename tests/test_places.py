"""Folders that are written otherwise than in a pattern, and folders left packed."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from converters.read import files, places
from converters.read.folder import open_folder
from converters.read.picture_paths import PicturePaths


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")


def packed(root: Path, archive: str, *members: str) -> None:
    (root / archive).parent.mkdir(parents=True, exist_ok=True)
    if archive.lower().endswith(".zip"):
        with zipfile.ZipFile(root / archive, "w") as zipped:
            for member in members:
                zipped.writestr(member, "x")
        return
    put(root, "member")
    with tarfile.open(root / archive, "w:gz" if archive.endswith("gz") else "w") as tar:
        for member in members:
            tar.add(root / "member", member)


def found(root: Path, pattern: str) -> list[tuple[str, dict[str, str]]]:
    return [(file.path, file.values) for file in files.find(str(root), pattern)]


def test_a_folder_in_another_case_or_with_other_separators_stands_for_that_of_the_pattern(
    tmp_path: Path,
) -> None:
    put(tmp_path, "annotations/Oriented_Bounding_Boxes/7.xml")
    pattern = "Annotations/Oriented Bounding Boxes/{stem}.xml"
    path = "annotations/Oriented_Bounding_Boxes/7.xml"
    assert found(tmp_path, pattern) == [(path, {"stem": "7"})]
    assert files.bind(pattern, path) == {"stem": "7"}


def test_a_folder_as_written_comes_before_one_in_another_case(tmp_path: Path) -> None:
    put(tmp_path, "images/1.png", "Images/2.png")
    assert found(tmp_path, "images/{stem}.png") == [("images/1.png", {"stem": "1"})]


def test_of_two_folders_in_other_cases_none_is_taken(tmp_path: Path) -> None:
    put(tmp_path, "IMAGES/1.png", "Images/2.png")
    assert found(tmp_path, "images/{stem}.png") == []


def test_a_file_in_another_case_is_found_where_none_is_as_written(tmp_path: Path) -> None:
    put(tmp_path, "a/1.XML", "b/1.XML", "b/2.xml")
    assert found(tmp_path, "a/{stem}.xml") == [("a/1.XML", {"stem": "1"})]
    assert found(tmp_path, "b/{stem}.xml") == [("b/2.xml", {"stem": "2"})]


@pytest.mark.parametrize("archive", ["labels.zip", "labels.tar", "labels.tar.gz", "Labels.ZIP"])
@pytest.mark.parametrize("top", ["labels/", "Labels/", ""])
def test_an_archive_stands_for_the_folder_of_its_name(
    archive: str, top: str, tmp_path: Path
) -> None:
    packed(tmp_path, f"train/{archive}", f"{top}7.txt")
    pattern = "{split}/labels/{stem}.txt"
    path = f"train/{archive}!{top}7.txt"
    values = {"split": "train", "stem": "7"}
    assert found(tmp_path, pattern) == [(path, values)]
    assert files.bind(pattern, path) == values


def test_a_large_compressed_tar_is_not_unpacked_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(tmp_path, "labels.tar.gz", "7.txt")
    monkeypatch.setattr(places, "MAX_COMPRESSED", 1)
    assert found(tmp_path, "labels/{stem}.txt") == []
    assert found(tmp_path, "labels.tar.gz!{stem}.txt") == [("labels.tar.gz!7.txt", {"stem": "7"})]


def test_pictures_in_an_archive_or_another_folder_are_those_of_the_template(tmp_path: Path) -> None:
    packed(tmp_path, "JPEGImages.zip", "JPEGImages/1.jpg", "JPEGImages/2.png")
    put(tmp_path, "MASKS/1.png")
    folder = open_folder("s", "s", str(tmp_path))
    images, masks = (
        PicturePaths(folder, "JPEGImages/{stem}.jpg"),
        PicturePaths(folder, "masks/{stem}.png"),
    )
    assert images.path({"stem": "1"}) == "JPEGImages.zip!JPEGImages/1.jpg"
    assert images.path({"stem": "2"}) == "JPEGImages.zip!JPEGImages/2.png"
    assert images.path({"stem": "3"}) == "JPEGImages/3.jpg"
    assert masks.path({"stem": "1"}) == "MASKS/1.png"


def test_the_top_folder_of_a_dataset_may_be_left_packed(tmp_path: Path) -> None:
    packed(tmp_path, "Harbours.zip", "Harbours/labels/1.txt")
    folder = open_folder("s", "s", str(tmp_path), "Harbours")
    assert folder.inside == "Harbours.zip!Harbours"
    assert found(Path(folder.base), "labels/{stem}.txt") == [("labels/1.txt", {"stem": "1"})]
