"""Boxes in MATLAB's and NumPy's files: what is wrong with one, and what is read all the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from laid_out import faults, found_in
from native import Native

from converters.read import mat_files
from converters.read.files import SourceError
from converters.read.mat_files import mat_variables, texts_of
from schemas.sample import Box, Region

MATRIX = {
    "annotations": "{stem}.mat",
    "images": "{stem}.png",
    "variable": "x{stem}",
    "layout": "matrix",
    "columns": ["x1", "y1", "x2", "y2"],
    "label": "ship",
}
STRUCT = MATRIX | {"variable": "list", "layout": "struct", "label": None, "images": "{name}"}
ROWS = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], float)
ADVICE = "It is no struct array of path, boxes and classes; a table is to be saved as one in MATLAB"


def saved(**variables: Any) -> bytes:
    out = io.BytesIO()
    scipy.io.savemat(out, variables)
    return out.getvalue()


def cell(value: Any) -> Any:
    out = np.empty((1, 1), object)
    out[0, 0] = value
    return out


def matrix(tmp_path: Path, data: bytes, **options: Any) -> Native:
    return found_in(tmp_path, "mat_boxes", MATRIX | options, {"1.mat": data})


@pytest.mark.parametrize("name", ["x1", "other"])
def test_the_only_variable_is_read_whatever_its_name(name: str, tmp_path: Path) -> None:
    [sample] = matrix(tmp_path, saved(**{name: ROWS})).samples
    assert [(one.key, one.label, one.shape) for one in sample.regions] == [
        ("row 1", "ship", Box(1, 2, 3, 4)),
        ("row 2", "ship", Box(5, 6, 7, 8)),
    ]


def test_of_several_variables_the_one_of_the_files_name_is_read(tmp_path: Path) -> None:
    [sample] = matrix(tmp_path, saved(a=ROWS, x1=ROWS[:1])).samples
    assert len(sample.regions) == 1


def test_of_several_variables_with_other_names_none_is_read(tmp_path: Path) -> None:
    files = {"1.mat": saved(a=ROWS, b=ROWS), "2.mat": saved(a=ROWS)}
    found = found_in(tmp_path, "mat_boxes", MATRIX, files)
    assert faults(found) == [("1", "unreadable_file", "no variable x1; there: a, b")]
    assert [one.key for one in found.samples] == ["2"]


def test_a_file_without_variables_says_how_to_save_one(tmp_path: Path) -> None:
    [(key, reason, detail)] = faults(matrix(tmp_path, saved()))
    assert (key, reason) == ("1", "unreadable_file")
    assert detail.startswith(f"no variable that can be read. {ADVICE}")


def test_a_matrix_in_a_cell_is_read(tmp_path: Path) -> None:
    [sample] = matrix(tmp_path, saved(x1=cell(ROWS))).samples
    assert len(sample.regions) == 2


@pytest.mark.parametrize("value", ["text", np.zeros((2, 2, 2)), np.zeros((2, 2), complex)])
def test_boxes_that_are_no_matrix_of_numbers_are_rejected(value: Any, tmp_path: Path) -> None:
    assert faults(matrix(tmp_path, saved(x1=value))) == [
        ("1", "bad_box", "boxes are no matrix of numbers")
    ]


def test_an_empty_matrix_is_a_picture_without_boxes(tmp_path: Path) -> None:
    [sample] = matrix(tmp_path, saved(x1=np.zeros((0, 4)))).samples
    assert sample.regions == ()


def test_a_row_that_is_no_box_is_rejected_and_its_class_kept(tmp_path: Path) -> None:
    found = matrix(tmp_path, saved(x1=np.array([[1, 2, np.nan, 4], [1, 2, 3, 4]])))
    assert [(one.key, one.reason) for one in found.rejects] == [("1#row 1", "bad_box")]
    [sample] = found.samples
    assert (len(sample.regions), sample.unplaced) == (1, ("ship",))


def test_pixels_may_be_counted_from_1(tmp_path: Path) -> None:
    [sample] = matrix(tmp_path, saved(x1=ROWS[:1]), one_based=True).samples
    assert sample.regions == (Region("row 1", "ship", Box(0, 1, 3, 4)),)


def listed(*records: tuple[str, Any, Any]) -> bytes:
    rows = np.zeros((len(records),), [("path", object), ("boxes", object), ("kinds", object)])
    for i, record in enumerate(records):
        rows[i] = record
    return saved(list=rows)


def test_a_struct_names_the_pictures_by_their_paths_and_gives_each_box_a_class(
    tmp_path: Path,
) -> None:
    kinds = np.array(["ferry", "tug"], object)
    data = listed(("D:\\ships\\1.png", ROWS, kinds), ("", ROWS, kinds[:1]))
    found = found_in(tmp_path, "mat_boxes", STRUCT, {"a.mat": data})
    [sample] = found.samples
    assert (sample.key, sample.pictures[0].path) == ("1.png", "1.png")
    assert [one.label for one in sample.regions] == ["ferry", "tug"]
    assert [(one.key, one.reason, one.detail, one.items) for one in found.rejects] == [
        ("element 2", "missing_field", "2 boxes and 1 classes", 2)
    ]


@pytest.mark.parametrize("value", [ROWS, np.zeros((1,), [("path", object), ("boxes", object)])])
def test_a_table_that_is_no_struct_of_three_fields_is_an_error(value: Any, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        found_in(tmp_path, "mat_boxes", STRUCT, {"a.mat": saved(list=value)})
    assert str(error.value).startswith(f"dscr: a.mat: {ADVICE}")


def test_texts_of_cells_come_in_order_without_blanks_and_numbers_are_none() -> None:
    cells = np.empty(3, object)
    cells[:] = [" a ", np.array(["b", "c"]), 5]
    assert texts_of(cells) == ["a", "b", "c"]
    assert texts_of(7) == []


def test_a_variable_too_large_is_refused_by_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mat_files, "_MAX_ELEMENTS", 8)
    assert list(mat_variables(saved(a=ROWS), "a.mat")) == ["a"]
    with pytest.raises(ValueError, match=r"^a has 10 elements$"):
        mat_variables(saved(a=np.zeros((2, 5))), "a.mat")


def test_of_a_file_of_version_7_3_matrices_of_numbers_are_read_rows_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mat_files, "_MAX_ELEMENTS", 8)
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["boxes"], file["words"] = ROWS.T, [b"a"]
        file["large"] = np.zeros((3, 3))
        file.create_group("group")
    found = mat_variables(out.getvalue(), "a.mat")
    assert {name: value.tolist() for name, value in found.items()} == {
        "boxes": [[1, 2, 3, 4], [5, 6, 7, 8]]
    }


def test_a_file_of_version_7_3_that_is_cut_off_is_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["boxes"] = ROWS
    found = matrix(tmp_path, out.getvalue()[:600])
    assert [(one.key, one.reason) for one in found.rejects] == [("1", "unreadable_file")]


# NumPy

ARRAYS = {"annotations": "{stem}.npy", "images": "{stem}.png", "names": {"3": "ship"}}


def numpy_file(array: Any, version: tuple[int, int] | None = None) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asarray(array), version)
    return out.getvalue()


def boxes(tmp_path: Path, data: bytes) -> Native:
    return found_in(tmp_path, "npy_boxes", ARRAYS, {"1.npy": data})


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_rows_of_an_array_are_boxes_with_the_number_of_a_class(
    version: tuple[int, int], tmp_path: Path
) -> None:
    rows = [[1, 2, 3, 4, 3], [1, 2, 3, 4, 7], [1, np.inf, 3, 4, 3]]
    found = boxes(tmp_path, numpy_file(np.array(rows, float), version))
    [sample] = found.samples
    assert sample.regions == (Region("[0]", "ship", Box(1, 2, 3, 4)),)
    assert sample.unplaced == ("ship",)
    assert faults(found) == [
        ("1#[1]", "dangling_reference", "class 7 has no name"),
        ("1#[2]", "bad_box", "not numbers: [1.0, inf, 3.0, 4.0]"),
    ]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (numpy_file([["a"]]), "an array of <U1, not of numbers"),
        (numpy_file(np.zeros((2, 4))), "an array of (2, 4), not of rows of 5"),
        (numpy_file(np.zeros(5)), "an array of (5,), not of rows of 5"),
        (numpy_file(np.zeros((40, 5)))[:-8], None),
        (numpy_file(np.zeros((2, 5)), (3, 0)), "version 3.0 of NumPy's format"),
        (
            numpy_file(np.zeros((2, 5))).replace(b"'descr'", b"'descx'"),
            "the head of NumPy's format is damaged",
        ),
        (
            numpy_file(np.zeros((2, 5))).replace(b"(2, 5)", b"(9, 5)"),
            "an array of (9, 5) in a file of 208 bytes",
        ),
    ],
)
def test_an_array_of_something_else_is_rejected(
    data: bytes, detail: str | None, tmp_path: Path
) -> None:
    files = {"1.npy": data, "2.npy": numpy_file([[1, 2, 3, 4, 3]])}
    found = found_in(tmp_path, "npy_boxes", ARRAYS, files)
    [reject] = found.rejects
    assert (reject.key, reject.reason) == ("1", "unreadable_file")
    assert detail is None or reject.detail == detail
    assert [(one.key, len(one.regions)) for one in found.samples] == [("2", 1)]


def test_an_array_without_rows_is_a_picture_without_boxes(tmp_path: Path) -> None:
    [sample] = boxes(tmp_path, numpy_file(np.zeros((0,)))).samples
    assert (sample.regions, sample.unplaced) == ((), ())
