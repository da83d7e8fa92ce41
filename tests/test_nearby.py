"""Pictures that are not there: what lies near them is named, and names are met in all forms."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import laid, shot

from converters.read.files import SourceError
from converters.read.folder import open_folder
from converters.read.nearby import Nearby
from converters.read.picture_paths import PicturePaths


@pytest.mark.parametrize(
    "path, said",
    [
        (
            "JPEGImages-test/1.jpg",
            "there is no folder JPEGImages-test; a file of that name lies in JPEGImages-trainval",
        ),
        ("JPEGImages-trainval/2.jpg", "2.jpg"),
        ("val/images/3.png", "a file of that name lies in train/images"),
        (
            "other/images/3.png",
            "there is no folder other/images; a file of that name lies in train/images",
        ),
        ("nowhere/7.png", "there is no folder nowhere"),
        (
            "imgs/1.jpg",
            "there is no folder imgs; a file of that name lies in JPEGImages-trainval",
        ),
        ("train/masks/3.png", "there is no folder train/masks"),
        (
            "train/images/train/images/3.png",
            "there is no folder train/images/train/images; a file of that name lies in "
            "train/images",
        ),
        (
            "train/home/me/images/3.png",
            "there is no folder train/home/me/images; a file of that name lies in train/images",
        ),
        ("val/images/04.PNG", "there is val/images/4.jpg"),
        ("a.parquet!image/000000007", "its cell in the table holds no picture"),
        ("a.zip!images/1.png", "1.png"),
        ("../1.jpg", "1.jpg"),
    ],
)
def test_a_missing_picture_says_what_is_there_instead(tmp_path: Path, path: str, said: str) -> None:
    files = ("JPEGImages-trainval/1.jpg", "train/images/3.jpg", "val/images/4.jpg")
    laid(tmp_path, dict.fromkeys(files, "x"))
    assert Nearby(str(tmp_path)).instead_of(path) == said


@pytest.mark.parametrize(
    "written, on_disk", [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9")]
)
def test_an_accent_may_be_written_in_two_forms(tmp_path: Path, written: str, on_disk: str) -> None:
    laid(tmp_path, {f"{on_disk}/{on_disk}.png": shot()})
    paths = PicturePaths(open_folder("a", "a", str(tmp_path)), f"{written}/{{stem}}.jpg")
    assert paths.path({"stem": written}) == f"{on_disk}/{on_disk}.png"


def test_a_name_in_another_case_is_met_where_it_is_the_only_one(tmp_path: Path) -> None:
    laid(tmp_path, {f"a/{name}.png": shot() for name in ("Plane_1", "b", "B", "C")})
    paths = PicturePaths(open_folder("a", "a", str(tmp_path)), "a/{stem}.png")
    written = ("plane_1", "b", "B", "c")
    found = ["a/Plane_1.png", "a/b.png", "a/B.png", "a/C.png"]
    assert [paths.path({"stem": stem}) for stem in written] == found
    (tmp_path / "a/c.PNG").write_bytes(shot())
    paths = PicturePaths(open_folder("a", "a", str(tmp_path)), "a/{stem}.jpg")
    assert paths.path({"stem": "c"}) == "a/c.PNG"
    (tmp_path / "a/PLANE_1.png").write_bytes(shot())
    paths = PicturePaths(open_folder("a", "a", str(tmp_path)), "a/{stem}.jpg")
    assert paths.path({"stem": "plane_1"}) == "a/plane_1.jpg"


def test_a_link_to_nothing_is_called_so(tmp_path: Path) -> None:
    laid(tmp_path, {"a/1.jpg": "x"})
    (tmp_path / "a/2.jpg").symlink_to(tmp_path / "gone.jpg")
    assert Nearby(str(tmp_path)).instead_of("a/2.jpg") == "2.jpg is a link to what is not there"


def test_a_folder_of_nearly_that_name_is_named(tmp_path: Path) -> None:
    laid(tmp_path, {"DIOR-R/a.txt": "x", "dior_s/a.txt": "x"})
    with pytest.raises(SourceError) as error:
        open_folder("dior_r", "dior_r", f"{tmp_path}/dior_r")
    assert str(error.value) == (
        f"dior_r: no folder {tmp_path}/dior_r, or nothing in it; if {tmp_path}/DIOR-R is it: "
        f"--path dior_r={tmp_path}/DIOR-R"
    )
    with pytest.raises(SourceError, match=r"nothing in it$"):
        open_folder("a", "a", f"{tmp_path}/aid")


@pytest.mark.parametrize(
    "written, found",
    [
        ("images/1.png", "train/images/1.png"),
        ("/home/me/set/images/b/2.png", "train/images/b/2.png"),
        ("C:\\set\\Images\\1.jpg", "train/images/1.png"),
        (" 1.png ", "train/images/1.png"),
        ("other/1.png", "none/images/other/1.png"),
    ],
)
def test_a_record_may_name_a_picture_from_a_folder_above(
    tmp_path: Path, written: str, found: str
) -> None:
    laid(tmp_path, {f"train/images/{name}": shot() for name in ("1.png", "b/2.png")})
    paths = PicturePaths(open_folder("a", "a", str(tmp_path)), "{none|train}/images/{image}")
    assert paths.path({"image": written}) == found
