"""Forms of one dataset: the first that is there is read, and what is said where none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.read.files import SourceError
from converters.read.folder import open_folder
from converters.read.forms import bound_in, first_form

FORMS: list[str] = ["{split}/part_{n}.csv", "{split}.parquet"]


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_of_two_forms_the_first_in_the_entry_is_read_and_the_other_is_told(tmp_path: Path) -> None:
    put(tmp_path, "train/part_1.csv", "train.parquet", "val.parquet")
    assert first_form(open_folder("a", "a", str(tmp_path)), FORMS) == (
        "{split}/part_{n}.csv",
        ["2 file(s) are another form of the same records and are not read, such as train.parquet"],
    )


def test_the_second_form_is_read_where_the_first_is_not_there(tmp_path: Path) -> None:
    put(tmp_path, "train.parquet")
    assert first_form(open_folder("a", "a", str(tmp_path)), FORMS) == ("{split}.parquet", [])


def test_a_file_that_two_forms_match_is_no_other_form(tmp_path: Path) -> None:
    put(tmp_path, "train.csv")
    folder = open_folder("a", "a", str(tmp_path))
    assert first_form(folder, ["train.csv", "{split}.csv"]) == ("train.csv", [])


def test_where_no_form_is_there_all_are_named_and_the_splits_of_any(tmp_path: Path) -> None:
    put(tmp_path, "train.parquet", "val.parquet")
    folder = open_folder("a", "a", str(tmp_path), splits=frozenset({"test"}))
    with pytest.raises(SourceError) as error:
        first_form(folder, FORMS)
    assert str(error.value) == (
        f"annotations not found: {tmp_path}/{{split}}/part_{{n}}.csv or "
        f"{tmp_path}/{{split}}.parquet; there: train, val"
    )


def test_where_nothing_is_there_no_splits_are_named(tmp_path: Path) -> None:
    put(tmp_path, "readme.txt")
    with pytest.raises(SourceError) as error:
        first_form(open_folder("a", "a", str(tmp_path)), ["a.csv", "b.csv"])
    assert str(error.value) == f"annotations not found: {tmp_path}/a.csv or {tmp_path}/b.csv"


def test_a_file_binds_the_names_of_the_form_that_it_is_of() -> None:
    assert bound_in(FORMS, "train/part_7.csv") == {"split": "train", "n": "7"}
    assert bound_in(FORMS, "val.parquet") == {"split": "val"}
    assert bound_in(FORMS, "val.txt") == {}
