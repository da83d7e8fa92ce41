"""Layouts that differ from the published one: what is read from where, and what is told of it.

Boxes that differ from the published ones are here too."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from native import Native, changed, read

from converters.catalogue import catalogue
from converters.read.files import SourceError, expand
from converters.read.folder import Folder
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from schemas.entry import Entry
from schemas.sample import Box, Quad, Region

AID, DIOR, DIOR_R = (catalogue()[slug] for slug in ("aid", "dior", "dior_r"))
DOTA = changed(
    "dota_v1",
    options={
        "annotations": "{split}/labelTxt{|-v1.0}/{stem}.txt",
        "images": "{split}/images/{stem}.png",
    },
)


def labels(tmp_path: Path, *paths: str) -> Path:
    """A folder with label files of one plane each, one x further in each file."""
    for at, path in enumerate(paths):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"{at} 2 9 2 9 8 1 8 plane 0\n")
    return tmp_path


def test_of_two_label_folders_the_first_named_is_read_and_the_other_told(tmp_path: Path) -> None:
    names = [
        "labelTxt-v1.0/P1.txt",
        "labelTxt-v1.0/P2.txt",
        "labelTxt/P1.txt",
        "labelTxt-v1.0/P3.txt",
    ]
    found = read(DOTA, labels(tmp_path, *(f"train/{name}" for name in names)))
    assert [sample.file for sample in found.samples] == [
        "train/labelTxt/P1.txt",
        "train/labelTxt-v1.0/P2.txt",
        "train/labelTxt-v1.0/P3.txt",
    ]
    assert found.notes == [
        "1 annotation file(s) are left out, such as train/labelTxt-v1.0/P1.txt: "
        "train/labelTxt/P1.txt is read in its place"
    ]


def test_label_files_one_folder_deeper_are_read_where_a_split_has_no_others(
    tmp_path: Path,
) -> None:
    root = labels(tmp_path, "train/labelTxt-v1.0/labelTxt/P1.txt", "val/labelTxt/P2.txt")
    found = read(DOTA, root)
    assert [(sample.file, sample.pictures[0].path) for sample in found.samples] == [
        ("train/labelTxt-v1.0/labelTxt/P1.txt", "train/images/P1.png"),
        ("val/labelTxt/P2.txt", "val/images/P2.png"),
    ]
    assert found.notes == [
        "1 annotation file(s) lie one folder deeper than expected and are read from there, such "
        "as train/labelTxt-v1.0/labelTxt/P1.txt"
    ]


def test_label_files_one_folder_deeper_are_told_and_left_beside_others(tmp_path: Path) -> None:
    root = labels(tmp_path, "val/labelTxt/P1.txt", "val/labelTxt/old/P1.txt")
    found = read(DOTA, root)
    assert [sample.file for sample in found.samples] == ["val/labelTxt/P1.txt"]
    assert found.notes == [
        "1 annotation file(s) lie one folder deeper than expected and are not read, such as "
        "val/labelTxt/old/P1.txt"
    ]


def test_label_files_far_from_where_they_are_expected_are_named(tmp_path: Path) -> None:
    root = labels(tmp_path, "val/labelTxt-v1.0/Val_gt/labelTxt/P1.txt")
    with pytest.raises(SourceError) as error:
        read(DOTA, root)
    lies = "val/labelTxt-v1.0/Val_gt/labelTxt"
    assert str(error.value).endswith(f"there is: val/; files of that kind lie in {lies}")


def test_of_two_deeper_folders_the_one_named_as_expected_is_read(tmp_path: Path) -> None:
    root = labels(tmp_path, "val/labelTxt-v1.0/Task2/P1.txt", "val/labelTxt-v1.0/labelTxt/P1.txt")
    found = read(DOTA, root)
    assert [sample.file for sample in found.samples] == ["val/labelTxt-v1.0/labelTxt/P1.txt"]
    assert (
        "1 annotation file(s) are left out, such as val/labelTxt-v1.0/Task2/P1.txt: "
        in (found.notes[1])
    )


@pytest.mark.parametrize(
    "line, unplaced",
    [
        ("1 2 9 2 9 8 plane 0", ("plane",)),
        ("1 2 9 2 9 8 1 plane 0", ("plane",)),
        ("1 2 nine 2 9 8 1 8 dry cargo ship 1", ("dry cargo ship",)),
        ("1 2 nine 2 9 8 1 8 Boeing 737 0", ("Boeing 737",)),
        ("1 2 9 2 9 8 1 8", ()),
    ],
)
def test_the_class_of_a_line_without_eight_numbers_is_known_as_unplaced(
    tmp_path: Path, line: str, unplaced: tuple[str, ...]
) -> None:
    root = labels(tmp_path, "val/labelTxt/P1.txt")
    (root / "val/labelTxt/P1.txt").write_text(f"{line}\n")
    found = read(DOTA, root)
    assert (len(found.rejects), found.samples[0].unplaced) == (1, unplaced)


def picture_files(tmp_path: Path, *names: str) -> Path:
    """Label files for P1 to P3 of val, and empty files in the place of pictures."""
    root = labels(tmp_path, *(f"val/labelTxt/P{i}.txt" for i in (1, 2, 3)))
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def pictures(found: Native) -> list[str]:
    return [sample.pictures[0].path for sample in found.samples]


def test_a_picture_with_another_ending_is_taken_and_told(tmp_path: Path) -> None:
    names = ["val/images/P1.png", "val/images/P1.jpg", "val/images/P2.TIF", "val/images/P3.txt"]
    found = read(DOTA, picture_files(tmp_path, *names))
    assert pictures(found) == ["val/images/P1.png", "val/images/P2.TIF", "val/images/P3.png"]
    assert found.notes == [
        "1 picture(s) have another ending than {split}/images/{stem}.png says and are taken, "
        "such as val/images/P2.TIF"
    ]


def test_a_split_that_is_read_one_folder_deeper_is_not_called_unread(tmp_path: Path) -> None:
    patterns = {split: f"{split}/labelTxt/{{stem}}.txt" for split in ("train", "val")}
    (tmp_path / "train/labelTxt/part1").mkdir(parents=True)
    (tmp_path / "train/labelTxt/part1/P1.txt").touch()
    place = Folder("dataset", "dataset", str(tmp_path))
    notes = files_plan(place, patterns, "images/{stem}.png", files_a_span=1).notes
    assert [note.partition(" ")[0] for note in notes] == ["1", "val/labelTxt/{stem}.txt"]


def test_of_a_pictures_two_endings_the_note_names_the_one_that_is_taken(tmp_path: Path) -> None:
    found = read(DOTA, picture_files(tmp_path, "val/images/P1.jpg", "val/images/P1.tif"))
    assert pictures(found)[0] == "val/images/P1.tif"
    assert found.notes[0].endswith("such as val/images/P1.tif")


def test_a_picture_one_folder_deeper_is_taken_and_told(tmp_path: Path) -> None:
    names = ["val/images/P1.png", "val/images/images/P2.png", "val/images/part2/P3.jpg"]
    found = read(DOTA, picture_files(tmp_path, *names))
    assert pictures(found) == names
    assert found.notes == [
        "2 picture(s) lie deeper than {split}/images/{stem}.png says and are taken, such as "
        "val/images/images/P2.png"
    ]


def test_pictures_of_another_split_are_not_told(tmp_path: Path) -> None:
    root = picture_files(tmp_path, "val/images/P1.png", "train/images/P9.jpg")
    assert read(DOTA, root, splits=["val"]).notes == []


@pytest.mark.parametrize(
    "names, taken",
    [
        (["P1.jpg", "P1.png"], "P1.png"),
        (["P1.jpg", "P1.webp"], "P1.jpg"),
        (["P1.txt"], "P1"),
        (["P10.jpg"], "P1"),
    ],
)
def test_a_name_without_an_ending_is_looked_up(
    tmp_path: Path, names: list[str], taken: str
) -> None:
    for name in names:
        (tmp_path / name).touch()
    place = Folder("dataset", "dataset", str(tmp_path))
    assert PicturePaths(place, "{filename}").path({"filename": "P1"}) == taken


# Class folders


def scenes(tmp_path: Path, *names: str) -> Path:
    """Empty files in the class folders of AID."""
    for name in names:
        (tmp_path / "AID" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "AID" / name).touch()
    return tmp_path


def test_class_folders_may_hold_pictures_of_any_ending_that_is_read(tmp_path: Path) -> None:
    names = ["Airport/a.JPG", "Airport/b.webp", "Airport/c.jfif", "Port/d.gif"]
    found = read(AID, scenes(tmp_path, *names, "Port/Thumbs.db"))
    assert pictures(found) == [f"AID/{name}" for name in names]
    assert found.notes == []


def test_what_class_folders_hold_besides_is_counted_and_one_named(tmp_path: Path) -> None:
    names = ["Airport/a.jpg", "Airport/b", "Port/c.svg", "Bridge/old/d.jpg", "Bridge/old/e.jpg"]
    names.append("Airport/old/notes.txt")
    found = read(AID, scenes(tmp_path, *names))
    assert pictures(found) == ["AID/Airport/a.jpg"]
    assert found.notes == [
        "2 file(s) in class folders have no picture's ending and are not read, such as "
        "AID/Airport/b",
        "2 picture(s) lie one folder below their class folder and are not read, such as "
        "AID/Bridge/old/d.jpg",
        "no picture is read of the class folder(s) Bridge, Port",
    ]


# Boxes


def objects(tmp_path: Path, entry: Entry, text: str) -> Native:
    """What is read of one XML file of the training split."""
    place = tmp_path / expand(str(entry.options["annotations"]))[0].replace("{stem}", "00001")
    place.parent.mkdir(parents=True)
    place.write_text(f"<annotation>{text}</annotation>")
    (tmp_path / "ImageSets/Main").mkdir(parents=True)
    (tmp_path / "ImageSets/Main/train.txt").write_text("00001\n")
    return read(entry, tmp_path)


BNDBOX = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>9</ymax></bndbox>"


@pytest.mark.parametrize(
    "one_based, shape",
    [(True, Box(0, 1, 5, 9)), (False, Box(1, 2, 5, 9))],
    ids=["from 1", "from 0"],
)
def test_an_entry_says_whether_boxes_count_from_1(
    tmp_path: Path, one_based: bool, shape: Box
) -> None:
    entry = changed("dior", options={**DIOR.options, "one_based": one_based})
    found = objects(tmp_path, entry, f"<object><name>ship</name>{BNDBOX}</object>")
    assert found.samples[0].regions == (Region("object[0]", "ship", shape),)


def test_objects_of_classes_that_an_entry_calls_ignored_are_rejects(tmp_path: Path) -> None:
    entry = changed("dior", options={**DIOR.options, "ignored_names": ["DontCare"]})
    names = ("DontCare", "ship")
    text = "".join(f"<object><name>{name}</name>{BNDBOX}</object>" for name in names)
    found = objects(tmp_path, entry, text)
    assert [region.label for region in found.samples[0].regions] == ["ship"]
    assert found.samples[0].unplaced == ()
    assert [(reject.key, reject.reason) for reject in found.rejects] == [
        ("00001#object[0]", "ignored")
    ]


def test_boxes_of_rolabelimg_turn_clockwise_about_their_centre(tmp_path: Path) -> None:
    numbers = {"cx": 50, "cy": 40, "w": 20, "h": 10, "angle": math.pi / 2}
    leaf = "".join(f"<{tag}>{number}</{tag}>" for tag, number in numbers.items())
    text = f"<object><name>ship</name><robndbox>{leaf}</robndbox></object>"
    [region] = objects(tmp_path, DIOR_R, text).samples[0].regions
    assert isinstance(region.shape, Quad)
    assert region.shape.points == pytest.approx((55, 30, 55, 50, 45, 50, 45, 30))


@pytest.mark.parametrize(
    "leaf, reason, detail",
    [
        (BNDBOX, "bad_box", "no robndbox; the object has name, bndbox"),
        ("<robndbox/>", "bad_box", "robndbox lacks x_left_top, y_left_top, x_right_top, "),
        ("<robndbox><cx>1</cx></robndbox>", "bad_box", "robndbox lacks cy, w, h, angle; it has cx"),
        (
            "<robndbox><cx>1</cx><cy>1</cy><w>0</w><h>2</h><angle>0</angle></robndbox>",
            "zero_area",
            "0 wide and 2 high",
        ),
    ],
)
def test_a_box_of_other_tags_names_those_expected_and_found(
    tmp_path: Path, leaf: str, reason: str, detail: str
) -> None:
    found = objects(tmp_path, DIOR_R, f"<object><name>ship</name>{leaf}</object>")
    [reject] = found.rejects
    assert (reject.key, reject.reason) == ("00001#object[0]", reason)
    assert reject.detail.startswith(detail)
    assert found.samples[0].unplaced == ("ship",)


def test_a_split_whose_pictures_all_went_to_another_is_an_error_that_says_so(
    tmp_path: Path,
) -> None:
    text = f"<object><name>ship</name>{BNDBOX}</object>"
    assert len(objects(tmp_path, DIOR, text).samples) == 1
    (tmp_path / "ImageSets/Main/val.txt").write_text("00001\n")
    message = (
        "dior: no pictures of split val. 1 of the annotation files of ImageSets/Main/val.txt are "
        "in the list of train too and stay in train, such as "
        "Annotations/Horizontal Bounding Boxes/00001.xml"
    )
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        read(DIOR, tmp_path, splits=["val"])
