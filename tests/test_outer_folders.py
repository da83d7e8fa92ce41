"""Folders and archives around a dataset's files that no entry names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from laid import laid
from mask_files import put_mask
from native import read

from converters.catalogue import entry_of
from converters.dataset import open_dataset
from converters.read.files import SourceError
from converters.read.folder import deeper, open_folder
from schemas.sample import Sample

CHANGED = [[0, 255]]


def pair(root: Path, folder: str = "") -> None:
    for name in ("A", "B", "label"):
        put_mask(root / folder / "train" / name / "train_1.png", CHANGED)


def only_pair(root: Path) -> tuple[Sample, list[str]]:
    found = read(entry_of("levir_cd"), root)
    [sample] = found.samples
    return sample, found.notes


def packed(source: Path, archive: Path, top: str = "") -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(source.rglob("*.png")):
            file.write(path, f"{top}{path.relative_to(source)}")


def test_the_only_folder_is_looked_into(tmp_path: Path) -> None:
    pair(tmp_path, "LEVIR CD")
    (tmp_path / "readme.txt").write_text("?")
    (tmp_path / "__MACOSX").mkdir()
    sample, notes = only_pair(tmp_path)
    assert sample.pictures[0].path == "LEVIR CD/train/A/train_1.png"
    assert "its files lie in LEVIR CD" in notes


def test_a_folder_in_a_folder_of_its_name_is_looked_into(tmp_path: Path) -> None:
    pair(tmp_path, "LEVIR-CD/LEVIR-CD")
    sample, _ = only_pair(tmp_path)
    assert sample.file == "LEVIR-CD/LEVIR-CD/train/label/train_1.png"


def test_the_only_archive_is_read_where_it_lies(tmp_path: Path) -> None:
    pair(tmp_path / "source")
    packed(tmp_path / "source", tmp_path / "root/LEVIR-CD.zip")
    sample, notes = only_pair(tmp_path / "root")
    assert sample.pictures[1].path == "LEVIR-CD.zip!train/B/train_1.png"
    assert sample.regions[0].label == "change"
    assert "its files lie in LEVIR-CD.zip!" in notes


def test_the_top_folder_of_an_archive_is_looked_into(tmp_path: Path) -> None:
    pair(tmp_path / "source")
    packed(tmp_path / "source", tmp_path / "root/LEVIR-CD.zip", "LEVIR CD/")
    sample, _ = only_pair(tmp_path / "root")
    assert sample.pictures[0].path == "LEVIR-CD.zip!LEVIR CD/train/A/train_1.png"


def test_the_folder_of_a_split_is_no_outer_folder(tmp_path: Path) -> None:
    pair(tmp_path)
    with pytest.raises(SourceError, match="no masks"):
        open_dataset(entry_of("levir_cd_256"), str(tmp_path))


def test_of_several_folders_the_only_one_that_holds_the_dataset_is_taken(tmp_path: Path) -> None:
    pair(tmp_path, "data/LEVIR-CD")
    (tmp_path / "data/figures").mkdir()
    (tmp_path / "data/figures/overview.png").write_bytes(b"?")
    sample, notes = only_pair(tmp_path)
    assert sample.pictures[0].path == "data/LEVIR-CD/train/A/train_1.png"
    assert "its files lie in data/LEVIR-CD" in notes


def test_of_several_folders_one_that_holds_the_dataset_in_its_only_folder_is_taken(
    tmp_path: Path,
) -> None:
    pair(tmp_path, "LEVIR-CD/LEVIR-CD")
    (tmp_path / "S2Looking/S2Looking/train/Image1").mkdir(parents=True)
    sample, notes = only_pair(tmp_path)
    assert sample.pictures[0].path == "LEVIR-CD/LEVIR-CD/train/A/train_1.png"
    assert "its files lie in LEVIR-CD/LEVIR-CD" in notes


def test_of_several_folders_that_hold_the_dataset_none_is_taken(tmp_path: Path) -> None:
    pair(tmp_path, "one")
    pair(tmp_path, "two")
    with pytest.raises(SourceError, match=r"no masks: .*; there: one, two"):
        open_dataset(entry_of("levir_cd"), str(tmp_path))


def test_an_archive_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "LEVIR-CD.zip").write_bytes(b"PK, and nothing more")
    with pytest.raises(SourceError, match=r"no masks: .*LEVIR-CD.zip is no archive that can be"):
        open_dataset(entry_of("levir_cd"), str(tmp_path))


def test_of_two_folders_that_hold_the_dataset_the_error_names_both(tmp_path: Path) -> None:
    pair(tmp_path, "new")
    pair(tmp_path, "old")
    said = r"; its files lie in new and in old: name one by --path$"
    with pytest.raises(SourceError, match=said):
        open_dataset(entry_of("levir_cd"), str(tmp_path))


def test_what_is_wrong_in_the_only_folder_is_said(tmp_path: Path) -> None:
    laid(tmp_path, {"carpk/data/Annotations/a.txt": "0 0.5 0.5 0.1 0.1\n"})
    said = r"annotations not found: .*; carpk/data was looked into: carpk: .* holds YOLO text"
    with pytest.raises(SourceError, match=said):
        open_dataset(entry_of("carpk"), str(tmp_path))


def test_a_folder_that_lacks_the_same_is_not_named_twice(tmp_path: Path) -> None:
    laid(tmp_path, {"carpk/pictures/a.png": b"?"})
    with pytest.raises(SourceError, match="annotations not found") as raised:
        open_dataset(entry_of("carpk"), str(tmp_path))
    assert "looked into" not in str(raised.value)


def test_archives_in_an_archive_are_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with zipfile.ZipFile(tmp_path / "root/all.zip", "w") as file:
        file.writestr("LEVIR/train.zip", b"PK")
    with pytest.raises(SourceError, match=r"all.zip!LEVIR/train.zip: an archive in an archive"):
        open_dataset(entry_of("levir_cd"), str(tmp_path / "root"))


def test_an_archive_cut_off_beside_what_was_unpacked_of_it_is_passed_over(tmp_path: Path) -> None:
    pair(tmp_path)
    (tmp_path / "train.zip").write_bytes(b"PK, and nothing more")
    sample, _ = only_pair(tmp_path)
    assert sample.pictures[0].path == "train/A/train_1.png"


def test_an_entry_may_name_several_top_folders(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    (tmp_path / "second/a.txt").write_text("a")
    folder = open_folder("s", "s", str(tmp_path), "{first|second}")
    assert folder.inside == "second"


@pytest.mark.parametrize(
    ("pattern", "below"),
    [
        ("a.txt", "{deeper}/a.txt"),
        ("b/{stem}.txt", "b/{deeper}/{stem}.txt"),
        ("b.zip!{stem}.txt", "b.zip!{deeper}/{stem}.txt"),
        ("{b/|c/d/|}{stem}.{txt|csv}", "{b/|c/d/|}{deeper}/{stem}.{txt|csv}"),
        ("{|b.zip!}{stem}.txt", "{|b.zip!}{deeper}/{stem}.txt"),
        ("{b|c/d}/{stem}{_x|}.txt", "{b|c/d}/{deeper}/{stem}{_x|}.txt"),
    ],
)
def test_a_folder_deeper_stands_behind_the_last_folder_of_a_pattern(
    pattern: str, below: str
) -> None:
    assert deeper(pattern) == below
