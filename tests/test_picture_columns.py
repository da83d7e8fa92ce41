"""Paths of many pictures at once: those that each has by itself."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from laid import tree

from converters.read import picture_paths
from converters.read.files import SourceError, local_names
from converters.read.folder import Folder, open_folder
from converters.read.picture_paths import PicturePaths

TEMPLATES = (
    "{image}",
    "{a/|b/|c.zip!|d/}{image}",
    "{a/|b/}{stem}.{png|jpg}",
    "{nowhere/|elsewhere/}{image}",
    "{split}/{image}",
    "{image}/{image}.png",
)
NAMES = (
    *("1.png", "2.png", "3.png", "4.tif", "gone.png", "sub/5.png", "./1.png", "a//1.png", ".6.png"),
    *("x\\7.png", "7.png", "a!8.png", "dir.png", "Zürich.png", "9.PNG"),
)


def folder(root: Path) -> Folder:
    (root / "a/dir.png").mkdir(parents=True)
    names = "a/1.png", "b/2.png", "a/3.jpg", "d/4.tif", "a/sub/5.png", "a/.6.png", "a/Zürich.png"
    more = "1.png", "x/7.png", "sub/5.png", "train/3.png", "a/a!8.png", "a/9.png", "x.txt"
    return open_folder("s", "s", tree(root, *names, *more))


def alone(paths: PicturePaths, name: str) -> str:
    return paths.path({"image": name, "stem": name.rpartition("/")[2].rsplit(".", 1)[0], **FIXED})


FIXED = {"split": "train"}


@pytest.mark.parametrize("most", [0, 1 << 20])
@pytest.mark.parametrize("template", TEMPLATES)
def test_many_paths_are_those_of_each(
    template: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_paths, "_MORE_FILES", 0)
    monkeypatch.setattr(picture_paths, "_MANY_FILES", most)
    place = folder(tmp_path)
    expected = [alone(PicturePaths(place, template), name) for name in NAMES]
    plain = [name for name in NAMES if picture_paths.is_plain(pa.array([name]))]
    for names in (list(NAMES), plain, [*map(str, plain[:3])]):
        found = PicturePaths(place, template).paths("image", pa.array(names), FIXED, stems=True)
        assert found.to_pylist() == [expected[NAMES.index(name)] for name in names]


def test_a_path_out_of_the_folder_is_refused_among_many(tmp_path: Path) -> None:
    paths = PicturePaths(folder(tmp_path), "a/{image}")
    with pytest.raises(SourceError, match="leaves its folder"):
        paths.paths("image", pa.array(["1.png", "../../x.png"]), FIXED, stems=True)


def test_a_value_that_records_lack_is_named(tmp_path: Path) -> None:
    paths = PicturePaths(folder(tmp_path), "a/{stem}.png")
    with pytest.raises(SourceError, match="needs 'stem'"):
        paths.paths("image", pa.array(["1.png"]), FIXED, stems=False)


def test_a_folder_that_was_too_large_is_not_listed_again(tmp_path: Path) -> None:
    place = tree(tmp_path, "a.png", "b.png", "c.png")
    assert local_names(place, 2) is None
    (tmp_path / "c.png").unlink()
    assert local_names(place, 2) is None
    assert sorted(local_names(place, 3) or ()) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    "name", ["/a", "..", "../a", "a/../b", "a/./b", "a//b", ".a", "a\\b", "a!b", "a\0b", "x" * 1025]
)
def test_a_name_that_has_to_be_cleaned_is_not_plain(name: str) -> None:
    assert not picture_paths.is_plain(pa.array(["b.png", name]))
    assert picture_paths.is_plain(pa.array(["b.png", name]).slice(0, 1))
