"""Classes in tables: what a row that is wrong is told, and which rows tell all classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from native import Native, changed, read

from converters.catalogue import entry_of

TABLE = {"annotations": "a.csv", "images": "{image}.png", "image": "id", "labels": ["kind"]}
MARKS = TABLE | {"labels": [], "names": {"a": "airport", "b": "beach"}, "max_labels": 2}


def table(tmp_path: Path, text: str, **options: Any) -> Native:
    (tmp_path / "a.csv").write_text(text)
    return read(changed("dscr", options=TABLE | options), tmp_path)


def details(found: Native) -> list[tuple[str, str, str]]:
    return [(one.key, one.reason, one.detail) for one in found.rejects]


def test_the_first_class_that_is_not_known_is_named(tmp_path: Path) -> None:
    found = table(tmp_path, "id,kind\n1,a;x;y\n", names={"a": "airport"}, separator=";")
    assert details(found) == [("1", "bad_value", "no class is called 'x'")]


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ("1,0,0,0", "no_label", "no class is marked"),
        ("1,1,1,1", "bad_value", "3 labels, more than 2"),
        ("1,1,maybe,0", "bad_value", "b: 'maybe' is neither 0 nor 1"),
        (",1,0,0", "missing_field", "no id"),
    ],
)
def test_marks_that_tell_no_class_say_why(
    tmp_path: Path, row: str, reason: str, detail: str
) -> None:
    found = table(tmp_path, f"id,a,b,c\n{row}\n", **MARKS)
    assert [(reject.reason, reject.detail) for reject in found.rejects] == [(reason, detail)]


def test_marks_are_the_classes_of_their_columns_and_all_that_a_picture_shows(
    tmp_path: Path,
) -> None:
    found = table(tmp_path, "id,a,b,c\n1,1,0,True\n2,0,1.0,\n", **MARKS)
    assert [(one.labels[0].names, one.labels[0].several) for one in found.samples] == [
        (("airport", "c"), True),
        (("beach",), True),
    ]


@pytest.mark.parametrize(
    ("cell", "options", "expected"),
    [
        ("airport", {}, (("airport",), False)),
        ("airport", {"separator": ";"}, (("airport",), True)),
        ("['airport']", {}, (("airport",), True)),
        ("1;1;2", {"separator": ";", "names": {"1": "airport", "2": "beach"}}, None),
    ],
)
def test_a_list_and_a_separated_cell_tell_all_classes_and_one_class_does_not(
    tmp_path: Path, cell: str, options: dict[str, Any], expected: tuple[Any, bool] | None
) -> None:
    [sample] = table(tmp_path, f"id,kind\n1,{cell}\n", **options).samples
    told = (sample.labels[0].names, sample.labels[0].several)
    assert told == (expected or (("airport", "beach"), True))


def test_an_empty_cell_says_so(tmp_path: Path) -> None:
    assert details(table(tmp_path, "id,kind\n1,\n")) == [("1", "no_label", "the cell is empty")]


def test_a_row_without_a_split_is_told_under_the_unknown_one(tmp_path: Path) -> None:
    found = table(tmp_path, "id,kind,part\n1,airport,\n2,beach,val\n", split="part")
    assert [(one.key, one.split, one.detail) for one in found.rejects] == [
        ("1", "unknown", "no part")
    ]
    assert [(one.key, one.split) for one in found.samples] == [("2", "val")]


def test_pictures_without_a_name_are_numbered_as_their_rows(tmp_path: Path) -> None:
    found = table(tmp_path, "kind,split\ndam,train\n,train\nport,seq\n", image=None, split="split")
    assert [(one.key, one.split, one.pictures[0].path) for one in found.samples] == [
        ("0", "train", "0.png"),
        ("2", "seq", "2.png"),
    ]
    assert details(found) == [("1", "no_label", "the cell is empty")]


def test_fmow_of_wilds_is_read_from_its_table(tmp_path: Path) -> None:
    (tmp_path / "fmow_v1.1/images").mkdir(parents=True)
    (tmp_path / "fmow_v1.1/images/rgb_img_1.png").write_bytes(b"")
    rows = "img_filename,category,split\na.jpg,airport,train\nb.jpg,barn,val\n"
    (tmp_path / "fmow_v1.1/rgb_metadata.csv").write_text(rows)
    found = read(entry_of("fmow_wilds"), tmp_path)
    assert [(one.split, one.labels[0].names) for one in found.samples] == [
        ("train", ("airport",)),
        ("val", ("barn",)),
    ]
    assert found.samples[1].pictures[0].path == "fmow_v1.1/images/rgb_img_1.png"
