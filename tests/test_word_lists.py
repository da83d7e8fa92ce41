"""Words that files and authors write in several ways: each way is known, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laid_out import faults, found_in

from converters.read.box_fields import is_marked
from converters.read.captions import split_name
from converters.read.encodings import xml_of
from converters.read.endings import picture_ending, picture_stem
from converters.read.entries import is_litter
from converters.read.files import SourceError


@pytest.mark.parametrize(
    ("written", "split"),
    [
        *((" Train ", "train"), ("training", "train"), ("val", "val"), ("valid", "val")),
        *(("Validation", "val"), ("dev", "val"), ("TEST", "test"), ("testing", "test")),
        *(("test_phili", "test_phili"), ("Extra ", "Extra"), ("", ""), (None, "")),
    ],
)
def test_a_split_has_one_name_however_it_is_spelled(written: str | None, split: str) -> None:
    assert split_name(written) == split


@pytest.mark.parametrize(
    "ending",
    [
        *(".png", ".tif", ".tiff", ".bmp", ".ppm", ".jp2"),
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif"),
    ],
)
def test_a_picture_is_known_by_its_ending_in_any_case(ending: str) -> None:
    assert (picture_ending(f"a.b{ending}"), picture_ending(f"a{ending.upper()}")) == (ending,) * 2
    assert (picture_stem(f"a.b{ending}"), picture_stem(f"a{ending.upper()}")) == ("a.b", "a")


@pytest.mark.parametrize("name", ["png", "a.svg", "a.png.txt", "a", "a.", ""])
def test_another_ending_is_no_pictures(name: str) -> None:
    assert (picture_ending(name), picture_stem(name)) == ("", name)


@pytest.mark.parametrize(
    "name", ["__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "@eaDir", "._a.png", ".a.json"]
)
def test_what_tools_leave_is_litter(name: str) -> None:
    assert is_litter(name)


@pytest.mark.parametrize("name", ["a.png", ".a.png", "thumbs.png", "MACOSX", "desktop"])
def test_what_may_be_data_is_no_litter(name: str) -> None:
    assert not is_litter(name)


@pytest.mark.parametrize(
    ("text", "is_set"),
    [
        *(("1", True), ("2.0", True), ("-1", True), ("true", True), (" Yes ", True)),
        *(("hard", True), ("Difficult", True), ("0", False), ("0.0", False), ("", False)),
        *(("false", False), ("no", False), ("easy", False)),
    ],
)
def test_a_flag_of_a_line_is_a_number_or_a_word(text: str, is_set: bool) -> None:
    assert is_marked(text) is is_set


@pytest.mark.parametrize(
    ("cell", "is_class"),
    [
        *(("1", True), ("1.0", True), ("TRUE", True), ("True ", True)),
        *(("0", False), ("0.0", False), ("false", False), ("", False)),
    ],
)
def test_a_column_of_a_class_is_marked_in_several_ways(
    cell: str, is_class: bool, tmp_path: Path
) -> None:
    options = {"annotations": "a.csv", "images": "{image}", "image": "image"}
    found = found_in(
        tmp_path, "label_table", options, {"a.csv": f"image,dam,sea\n1.png,{cell},1\n"}
    )
    assert faults(found) == []
    assert found.samples[0].labels[0].names == (("dam", "sea") if is_class else ("sea",))


@pytest.mark.parametrize(
    ("encoding", "codec", "text"),
    [
        *(("GB2312", "gb2312", "\u6c34"), ("gbk", "gbk", "\u6c34"), ("big5", "big5", "\u6c34")),
        *(("GB18030", "gb18030", "\u6c34"), ("Shift_JIS", "shift_jis", "\u6c34\u7530")),
        *(("EUC-JP", "euc_jp", "\u6c34\u7530"), ("euc-kr", "euc_kr", "\ubb3c")),
        *(("utf-8", "utf-8", "\u6c34"), ("iso-8859-1", "latin-1", "\xe4")),
    ],
)
def test_an_xml_may_declare_any_of_these_encodings(encoding: str, codec: str, text: str) -> None:
    written = f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'
    assert xml_of(written.encode(codec)).text == text


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *(("train", "train"), ("Training", "train"), ("val", "val"), ("valid", "val")),
        *(("validation", "val"), ("Test", "test"), ("testing", "test")),
    ],
)
def test_a_folder_of_a_split_is_known_by_its_name(name: str, split: str, tmp_path: Path) -> None:
    other = "train" if split == "test" else "test"
    files: dict[str, str | bytes] = {f"{name}/Port/a.jpg": "", f"{other}/River/b.jpg": ""}
    found = found_in(tmp_path, "class_folder", {"images": "{label}/{file}"}, files)
    assert {one.pictures[0].path: one.split for one in found.samples} == {
        f"{name}/Port/a.jpg": split,
        f"{other}/River/b.jpg": other,
    }


@pytest.mark.parametrize("ending", [".rar", ".7z", ".zst", ".001", ".z01", ".aa", ".part1"])
def test_an_archive_that_is_not_read_in_place_is_told_by_its_ending(
    ending: str, tmp_path: Path
) -> None:
    said = rf"1 archive\(s\) to be unpacked first, such as a{ending};"
    with pytest.raises(SourceError, match=said):
        found_in(tmp_path, "class_folder", {"images": "{label}/{file}"}, {f"a{ending}": ""})


@pytest.mark.parametrize("ending", [".pth", ".pt", ".pkl", ".pickle", ".p", ".PKL"])
def test_a_python_pickle_is_named_and_not_read(ending: str, tmp_path: Path) -> None:
    options = {"annotations": "a.json", "images": "{image}"}
    said = rf"a/b{ending} is a Python pickle, which could run code and is not read$"
    with pytest.raises(SourceError, match=said):
        found_in(tmp_path, "vqa_json", options, {f"a/b{ending}": ""})


@pytest.mark.parametrize(
    ("role", "known"),
    [
        *(("human", "human"), ("user", "human"), ("gpt", "gpt"), ("assistant", "gpt")),
        *(("bot", "gpt"), ("Human", "human"), ("tool", None)),
    ],
)
def test_roles_have_usual_names(role: str, known: str | None, tmp_path: Path) -> None:
    other = "gpt" if known == "human" else "human"
    turns = [{"from": role, "value": "a"}, {"from": other, "value": "b"}]
    record = {"id": "7", "image": "1.png", "conversations": turns}
    options = {"annotations": "a.json", "images": "{image}"}
    found = found_in(tmp_path, "llava_json", options, {"a.json": json.dumps([record])})
    assert [[turn[0] for turn in one.conversations[0].turns] for one in found.samples] == (
        [[known, other]] if known else []
    )
