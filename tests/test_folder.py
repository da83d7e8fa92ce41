"""A dataset's folder: what is missing is named, and pictures are found by pattern."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import tree

from converters.read.files import SourceError
from converters.read.folder import annotation_files, batched, bound, open_folder, stem
from converters.read.picture_paths import PicturePaths


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        open_folder("rsicd", "rsicd", str(tmp_path / "rsicd"))
    assert str(error.value) == f"rsicd: no folder {tmp_path}/rsicd, or nothing in it"


@pytest.mark.parametrize(
    "inside, names, base",
    [
        ("AID", ["AID/Beach/a.jpg"], "/AID"),
        ("AID", ["Beach/a.jpg"], ""),
        ("{Aid|AID}", ["AID/Beach/a.jpg"], "/AID"),
        ("{Aid|AID}", ["Beach/a.jpg"], ""),
    ],
)
def test_the_archives_own_folder_is_looked_in_where_it_is_there(
    tmp_path: Path, inside: str, names: list[str], base: str
) -> None:
    folder = open_folder("aid", "aid", tree(tmp_path, *names), inside=inside)
    assert folder.base == f"{tmp_path}{base}"


def test_missing_annotations_name_every_pattern(tmp_path: Path) -> None:
    folder = open_folder("s", "s", tree(tmp_path, "readme"))
    with pytest.raises(SourceError) as error:
        annotation_files(folder, {"train": "train.json", "val": "val.json"})
    assert (
        str(error.value) == f"annotations not found: {tmp_path}/train.json or {tmp_path}/val.json"
    )


def test_a_split_that_is_missing_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    folder = open_folder(
        "s", "s", tree(tmp_path, "train.json", "val.json"), splits=frozenset(["test"])
    )
    with pytest.raises(SourceError) as error:
        annotation_files(folder, "{split}.json")
    assert (
        str(error.value)
        == f"annotations not found: {tmp_path}/{{split}}.json for split test; there: train, val"
    )


def test_only_the_wanted_splits_are_read(tmp_path: Path) -> None:
    folder = open_folder(
        "s", "s", tree(tmp_path, "train.json", "val.json"), splits=frozenset(["val"])
    )
    assert [(split, found.path) for split, found in annotation_files(folder, "{split}.json")] == [
        ("val", "val.json")
    ]


def test_a_picture_is_the_first_alternative_that_exists(tmp_path: Path) -> None:
    folder = open_folder("s", "s", tree(tmp_path, "Data/7.png"))
    assert PicturePaths(folder, "Data/{id}.{tif|png}").path({"id": "7"}) == "Data/7.png"


def test_a_picture_that_is_not_there_goes_by_the_first_alternative(tmp_path: Path) -> None:
    folder = open_folder("s", "s", tree(tmp_path, "readme"))
    assert PicturePaths(folder, "Data/{id}.{tif|png}").path({"id": "7"}) == "Data/7.tif"


def test_a_picture_path_may_differ_by_split(tmp_path: Path) -> None:
    folder = open_folder("s", "s", tree(tmp_path, "readme"))
    paths = PicturePaths(folder, {"train": "trainval/{stem}.jpg", "test": "test/{stem}.jpg"})
    assert [paths.path({"stem": "1", "split": split}) for split in ("train", "test")] == [
        "trainval/1.jpg",
        "test/1.jpg",
    ]


def test_a_picture_path_is_relative_to_the_datasets_folder(tmp_path: Path) -> None:
    folder = open_folder("s", "s", tree(tmp_path, "UCM/imgs/1.tif"), inside="UCM")
    assert PicturePaths(folder, "imgs/{filename}").path({"filename": "1.tif"}) == "UCM/imgs/1.tif"


def test_a_picture_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder = open_folder("s", "s", tree(tmp_path, "readme"))
    with pytest.raises(SourceError, match=r"'imgs/\.\./\.\./x\.tif' leaves its folder"):
        PicturePaths(folder, "imgs/{filename}").path({"filename": "../../x.tif"})


def test_files_are_read_some_at_a_time_in_spans_of_their_own_numbers() -> None:
    assert [
        (span.index, span.names, span.records)
        for span in batched("s", "train", ["a", "b", "c"], 2, 5)
    ] == [(5, ("a", "b"), 2), (6, ("c",), 1)]


@pytest.mark.parametrize(
    "name, expected", [("a/b/P0001.png", "P0001"), ("x.tar.gz", "x.tar"), ("plain", "plain")]
)
def test_a_stem_is_the_name_without_folder_and_last_ending(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_a_file_is_bound_by_the_pattern_of_its_split() -> None:
    patterns = {
        "train": "train/{part}/labelXml{|s}/{stem}.xml",
        "val": "validation/labelXml{|s}/{stem}.xml",
    }
    assert bound(patterns, "validation/labelXmls/7.xml") == {"stem": "7"}
