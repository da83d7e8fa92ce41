"""Records that tell no class: what their Rejects say, in every format of scene classes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
from laid_out import faults, found_in
from native import Native, changed, read

from converters.formats import label_arrays
from converters.read.files import SourceError
from schemas.sample import Box, Label, Region

# JSON

JSON = {"annotations": "{stem}.json", "images": "{stem}.png"}
BOXED = JSON | {"labels": "boxes.kind", "boxes": "box", "ignored": ["none"]}


def in_json(tmp_path: Path, record: Any, **options: Any) -> Native:
    return found_in(tmp_path, "label_json", JSON | options, {"1.json": json.dumps(record)})


@pytest.mark.parametrize(
    ("box", "reason", "detail"),
    [
        ({"kind": "", "box": [1, 2, 3, 4]}, "missing_field", "a box of 0 classes"),
        ({"kind": ["a", "b"], "box": [1, 2, 3, 4]}, "missing_field", "a box of 2 classes"),
        ({"kind": "a", "box": [1, 2, 3]}, "bad_box", "[1, 2, 3] is not x, y, width, height"),
        ({"kind": "a", "box": [1, 2, 0, 4]}, "zero_area", "0 wide and 4 high"),
        ({"kind": "a", "box": [1, 2, 3, 0]}, "zero_area", "3 wide and 0 high"),
        ({"kind": "a", "box": [1, 2, 3, -4]}, "zero_area", "3 wide and -4 high"),
        ({"kind": "none", "box": [1, 2, 3, 4]}, "ignored", "its class is none"),
    ],
)
def test_a_picture_whose_box_is_none_is_rejected(
    box: dict[str, Any], reason: str, detail: str, tmp_path: Path
) -> None:
    assert faults(in_json(tmp_path, {"boxes": [box]}, **BOXED)) == [("1", reason, detail)]


def test_a_box_of_an_ignored_class_is_passed_over_beside_others(tmp_path: Path) -> None:
    boxes = [{"kind": kind, "box": [1, 2, 3, 4]} for kind in ("none", "a", "a")]
    found = in_json(tmp_path, {"boxes": boxes}, **BOXED)
    assert faults(found) == [("1#box[0]", "ignored", "its class is none")]
    [sample] = found.samples
    assert sample.labels == (Label("1", ("a",)),)
    assert sample.regions == tuple(Region(f"box[{i}]", "a", Box(1, 2, 4, 6)) for i in (1, 2))


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        ("c", "bad_value", "no class is called 'c'"),
        (["a", ["b"]], "bad_value", "['b'] is no class with its share"),
        ([["a", "0.9"]], "bad_value", "['a', '0.9'] is no class with its share"),
        ([["a", 0.4]], "no_label", "no kind"),
        (True, "no_label", "no kind"),
        (None, "no_label", "no kind"),
    ],
)
def test_a_record_without_a_known_class_is_rejected(
    value: Any, reason: str, detail: str, tmp_path: Path
) -> None:
    options = {"labels": "kind", "names": {"a": "airport", "b": "beach"}, "min_share": 0.5}
    assert faults(in_json(tmp_path, {"kind": value}, **options)) == [("1", reason, detail)]


def test_a_class_of_just_enough_area_is_said_of_a_picture(tmp_path: Path) -> None:
    record = {"kind": [["a", 0.5], ["b", 0.49]]}
    [sample] = in_json(tmp_path, record, labels="kind", min_share=0.5).samples
    assert sample.labels == (Label("1", ("a",), several=True),)


def test_without_a_split_list_all_pictures_are_of_one_split(tmp_path: Path) -> None:
    lists = {"train": "train.txt", "val": "val.txt"}
    found = in_json(tmp_path, {"kind": "a"}, labels="kind", lists=lists)
    assert [one.split for one in found.samples] == ["all"]
    assert found.notes[-1] == (
        "no split list (train.txt, val.txt) is there, so all pictures are of the split all"
    )
    options = JSON | {"labels": "kind", "lists": lists}
    with pytest.raises(SourceError, match=r"no split list is there: train\.txt, val\.txt"):
        read(changed("dscr", format="label_json", options=options), tmp_path, ["train"])


# Parquet


def in_parquet(tmp_path: Path, *labels: Any, name: str = "a", **options: Any) -> Native:
    table = pa.table({"image": [b"x"] * len(labels), "label": [*labels]})
    pq.write_table(table, tmp_path / f"{name}.parquet")
    given = {"annotations": "a.parquet", "image": "image", "labels": ["label"]} | options
    return found_in(tmp_path, "label_parquet", given, {})


@pytest.mark.parametrize(
    ("cell", "reason", "detail"),
    [
        (2, "bad_value", "class 2 of 2 that have a name"),
        (-1, "bad_value", "class -1 of 2 that have a name"),
        (None, "no_label", "the cell is empty"),
        (0.5, "bad_value", "0.5 is no class"),
        (" ", "bad_value", "' ' is no class"),
        ([0, 1, 0], None, None),
        ([], "no_label", "the cell is empty"),
    ],
)
def test_a_cell_of_no_class_is_rejected(
    cell: Any, reason: str | None, detail: str | None, tmp_path: Path
) -> None:
    found = in_parquet(tmp_path, cell, names=["airport", "beach"], max_labels=2)
    assert faults(found) == ([("row 1", reason, detail)] if reason else [])
    assert [one.labels for one in found.samples] == (
        [] if reason else [(Label("row 1", ("airport", "beach"), several=True),)]
    )


def test_tables_of_labels_may_have_a_pattern_for_each_split(tmp_path: Path) -> None:
    in_parquet(tmp_path, "airport")
    patterns = {"train": "a.parquet", "val": "b.parquet"}
    found = in_parquet(tmp_path, "beach", name="b", annotations=patterns)
    assert [(one.split, one.labels) for one in found.samples] == [
        ("train", (Label("row 1", ("airport",)),)),
        ("val", (Label("row 1", ("beach",)),)),
    ]
    assert found.notes == []


def test_tables_of_labels_are_found_where_the_hub_has_them(tmp_path: Path) -> None:
    patterns = {"train": "t.parquet", "val": "v.parquet"}
    (tmp_path / "data").mkdir()
    found = in_parquet(tmp_path, "beach", name="data/val-00000-of-00001", annotations=patterns)
    assert [one.split for one in found.samples] == ["val"]
    assert found.notes == [
        "the files lie as the hub has them: data/val-00000-of-00001.parquet",
    ]


def test_a_row_of_more_classes_than_there_can_be_is_rejected(tmp_path: Path) -> None:
    found = in_parquet(tmp_path, [0, 1], [0], names=["airport", "beach"], max_labels=1)
    assert faults(found) == [("row 1", "bad_value", "2 labels, more than 1")]
    assert [one.pictures[0].path for one in found.samples] == ["a.parquet!image/000000001"]


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({"labels": ["kind", "class"]}, "kind or class (class)"),
        ({"image": "picture"}, "picture (picture)"),
    ],
)
def test_a_table_without_a_column_names_it_and_those_it_has(
    options: dict[str, Any], lacking: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as error:
        in_parquet(tmp_path, 1, **options)
    assert str(error.value) == (f"dscr: a.parquet has no column {lacking}; it has: image, label")


# Arrays


def hdf5(tmp_path: Path, **arrays: Any) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array


ARRAYS = {
    "annotations": "a.h5",
    "pictures": "x",
    "labels": "y",
    "axes": "nhwc",
    "label_axes": "n",
    "names": ["airport", "beach"],
}
PICTURES = np.zeros((3, 2, 2, 1), np.uint8)


def test_numbers_of_classes_may_stand_in_a_column(tmp_path: Path) -> None:
    hdf5(tmp_path, x=PICTURES, y=np.array([[1], [0], [2]]))
    found = found_in(tmp_path, "label_arrays", ARRAYS, {})
    assert [(one.labels[0].names, one.labels[0].several) for one in found.samples] == [
        (("beach",), False),
        (("airport",), False),
    ]
    assert faults(found) == [("x[2]", "bad_value", "class 2 of 2")]


def test_a_number_of_a_class_is_whole_and_not_below_0(tmp_path: Path) -> None:
    hdf5(tmp_path, x=PICTURES, y=np.array([-1.0, 0.5, 1.0]))
    found = found_in(tmp_path, "label_arrays", ARRAYS, {})
    assert [one.key for one in found.samples] == ["x[2]"]
    assert [one.detail for one in found.rejects] == ["class -1.0 of 2", "class 0.5 of 2"]


def test_columns_of_classes_hold_0_and_1(tmp_path: Path) -> None:
    hdf5(tmp_path, x=PICTURES, y=np.array([[1, 1], [0, 2], [0, 0]]))
    found = found_in(tmp_path, "label_arrays", ARRAYS | {"label_axes": "nc"}, {})
    assert [one.labels[0] for one in found.samples] == [
        Label("x[0]", ("airport", "beach"), several=True)
    ]
    assert faults(found) == [
        ("x[1]", "bad_value", "[0, 2] are not all 0 or 1"),
        ("x[2]", "no_label", "no class is marked"),
    ]


@pytest.mark.parametrize(
    ("arrays", "fault"),
    [
        ({"x": PICTURES}, "a.h5 has no array y; it has: x"),
        ({"y": [0, 1, 1]}, "a.h5 has no array x; it has: y"),
        ({"x": PICTURES, "y": [b"a"] * 3}, "a.h5: y is no array of labels: (3,) object"),
        (
            {"x": PICTURES, "y": [0, 1]},
            "a.h5: x of (3, 2, 2, 1) and y of (2,) are not nhwc and n of 2 classes",
        ),
        (
            {"x": PICTURES[..., 0], "y": [0, 1, 1]},
            "a.h5: x of (3, 2, 2) and y of (3,) are not nhwc and n of 2 classes",
        ),
    ],
)
def test_arrays_of_another_shape_than_the_entry_says_are_an_error(
    arrays: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    hdf5(tmp_path, **arrays)
    with pytest.raises(SourceError) as error:
        found_in(tmp_path, "label_arrays", ARRAYS, {})
    assert str(error.value) == f"dscr: {fault}"


@pytest.mark.parametrize(("most", "is_read"), [(24, True), (23, False)])
def test_an_array_of_labels_has_a_most_of_bytes(
    most: int, is_read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_arrays, "MAX_ARRAY", most)
    hdf5(tmp_path, x=PICTURES, y=np.array([0, 1, 1], np.int64))
    if is_read:
        assert len(found_in(tmp_path, "label_arrays", ARRAYS, {}).samples) == 3
        return
    with pytest.raises(SourceError, match=r"a\.h5: y is no array of labels: \(3,\) int64$"):
        found_in(tmp_path, "label_arrays", ARRAYS, {})


EVENTS = {"annotations": "a.h5", "split": "part", "pairs": {"quake": ["pre", "post"]}}


def events(tmp_path: Path, fill: Callable[[h5py.File], None]) -> Native:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file)
    return found_in(tmp_path, "event_arrays", EVENTS, {})


def test_an_event_without_a_split_or_a_pair_is_rejected(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["about"] = 5
        file["e0/p/pre"] = file["e1/p/pre"] = file["e2/p/pre"] = PICTURES[0]
        file["e2/p/post"] = PICTURES[0]
        file["e1"].attrs["part"] = b"val"
        file["e2"].attrs["part"] = "train"

    found = events(tmp_path, fill)
    assert [(one.key, one.split) for one in found.samples] == [("e2/p pre post", "train")]
    assert [(one.key, one.split, one.detail) for one in found.rejects] == [
        ("e0", "unknown", "no part"),
        ("e1/p", "val", "dates pre make no pair"),
    ]


def test_events_in_a_file_that_is_no_hdf5_are_an_error(tmp_path: Path) -> None:
    out = io.BytesIO()
    scipy.io.savemat(out, {"a": np.zeros((2, 2))})
    options = EVENTS | {"annotations": "a.mat"}
    with pytest.raises(SourceError, match=r"^dscr: a\.mat is no HDF5$"):
        found_in(tmp_path, "event_arrays", options, {"a.mat": out.getvalue()})
