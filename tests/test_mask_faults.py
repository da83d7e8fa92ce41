"""Masks that cannot be used: what their Rejects say, and what is kept beside them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid_out import faults, found_in
from mask_files import put_mask
from native import Native, changed, picture, read
from PIL import Image

from converters.read.files import SourceError
from schemas.sample import Mask, Region

# Run lengths in tables

RUNS = {
    "annotations": "a.csv",
    "images": "{image}",
    "image": "id",
    "runs": "runs",
    "label": "ship",
}


def runs(tmp_path: Path, *texts: str, size: tuple[int, int] | None = (3, 2)) -> Native:
    """size: of the pictures by the catalogue; columns of two pixels."""
    rows = "".join(f"1.png,{text}\n" for text in texts)
    files = {"a.csv": f"id,runs\n{rows}"}
    return found_in(tmp_path, "run_length_table", RUNS, files, size=size)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("1 6", (0, 6)),
        ("1 1", (0, 1, 5)),
        ("2 1", (1, 1, 4)),
        ("6 1", (5, 1)),
        ("1 1 2 1", (0, 2, 4)),
        ("1 1 3 1", (0, 1, 1, 1, 3)),
        ("2 2 6 1", (1, 2, 2, 1)),
    ],
)
def test_runs_are_starts_from_1_and_lengths_down_the_columns(
    text: str, counts: tuple[int, ...], tmp_path: Path
) -> None:
    [sample] = runs(tmp_path, text).samples
    assert sample.regions == (Region("row 1", "ship", Mask(3, 2, counts)),)
    assert (sample.pictures[0].width, sample.pictures[0].height) == (3, 2)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("1 x", "run lengths are no whole numbers: 1 x"),
        ("1 2 3", "3 numbers where starts and lengths were meant"),
        ("1 0", "a run of no pixel, or of more than the picture has"),
        ("1 7", "a run of no pixel, or of more than the picture has"),
        ("0 1", "runs leave the picture of 3 x 2"),
        ("6 2", "runs leave the picture of 3 x 2"),
        ("1 2 2 1", "runs overlap or go backwards"),
        ("3 1 1 1", "runs overlap or go backwards"),
    ],
)
def test_runs_that_are_no_mask_are_rejected(text: str, detail: str, tmp_path: Path) -> None:
    found = runs(tmp_path, text, "1 1")
    assert faults(found) == [("1.png#row 1", "bad_value", detail)]
    assert [len(one.regions) for one in found.samples] == [1]
    assert found.samples[0].unplaced == ("ship",)


def test_runs_are_measured_by_their_picture_or_else_rejected(tmp_path: Path) -> None:
    found = runs(tmp_path, "1 6", size=None)
    assert faults(found) == [
        ("1.png#row 1", "no_size", "run lengths need the size of their picture")
    ]
    picture(tmp_path / "1.png", 3, 2)
    [sample] = runs(tmp_path, "1 6", size=None).samples
    assert sample.regions[0].shape == Mask(3, 2, (0, 6))


def test_a_row_without_runs_is_a_picture_without_objects(tmp_path: Path) -> None:
    [sample] = runs(tmp_path, "").samples
    assert (sample.regions, sample.unplaced) == ((), ())


# Pictures of masks

MASKS = {"masks": "m/{stem}.png", "images": "i/{stem}.png", "values": {"water": 1}}
OBJECTS = MASKS | {"objects": "o/{stem}.png"}


@pytest.mark.parametrize("form", ["mask_raster", "mask_instances"])
def test_a_mask_without_a_picture_or_that_is_none_is_rejected(form: str, tmp_path: Path) -> None:
    put_mask(tmp_path / "m/1.png", [[1, 0]])
    (tmp_path / "m/2.png").write_bytes(b"no picture")
    picture(tmp_path / "i/3.png", 2, 1)
    put_mask(tmp_path / "m/3.png", [[1], [0]])
    options = MASKS | {"images": "i/{stem}_{date}.png"}
    picture(tmp_path / "i/2_a.png", 2, 1)
    picture(tmp_path / "i/3_a.png", 2, 1)
    found = found_in(tmp_path, form, options, {})
    assert [(one.key, one.reason) for one in found.rejects] == [
        ("m/1.png", "missing_image"),
        ("m/2.png", "unreadable_file"),
        ("m/3.png", "size_conflict"),
    ]
    assert found.rejects[0].detail == "no picture has the names of this mask"
    assert found.rejects[2].detail == "mask of 1 x 2, i/3_a.png of 2 x 1"
    assert found.samples == []


@pytest.mark.parametrize("form", ["mask_raster", "mask_instances"])
def test_values_that_an_entry_does_not_name_are_counted(form: str, tmp_path: Path) -> None:
    put_mask(tmp_path / "m/1.png", [[1, 7, 7, 9]])
    found = found_in(tmp_path, form, MASKS, {})
    detail = "2 pixel(s) of value 7, which the entry does not name"
    assert [(one.key, one.reason) for one in found.rejects] == [("m/1.png", "bad_value")]
    assert found.rejects[0].detail.startswith(detail)
    assert [one.label for one in found.samples[0].regions] == ["water"]


def test_objects_whose_own_mask_is_not_there_are_rejected(tmp_path: Path) -> None:
    put_mask(tmp_path / "m/1.png", [[1, 1]])
    found = found_in(tmp_path, "mask_instances", OBJECTS, {})
    assert faults(found) == [("o/1.png", "unreadable_file", "the mask is not there")]
    assert [one.regions for one in found.samples] == [()]


def test_a_change_whose_value_is_unknown_or_whose_mask_does_not_fit_is_rejected(
    tmp_path: Path,
) -> None:
    put_mask(tmp_path / "m/1.png", [[1, 7]])
    put_mask(tmp_path / "n/1.png", [[1, 0, 0]])
    layers = [
        {"masks": f"{name}/{{stem}}.png", "shown": shown, "values": {"water": 1}, "blank": {"b": 0}}
        for name, shown in (("m", "before"), ("n", "after"))
    ]
    picture(tmp_path / "a/1.png", 2, 1)
    options = {"before": "a/{stem}.png", "after": "b/{stem}.png", "layers": layers}
    found = found_in(tmp_path, "change_masks", options, {})
    assert [(one.file, one.reason) for one in found.rejects] == [
        ("m/1.png", "bad_value"),
        ("m/1.png", "size_conflict"),
    ]
    [sample] = found.samples
    assert [(one.key, one.label) for one in sample.regions] == [("before water", "water")]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"values": {}}, "`values` and `blank` need a class, and values that are all of one kind"),
        (
            {"values": {"a": 1, "b": [0, 0, 1]}},
            "`values` and `blank` need a class, and values that are all of one kind",
        ),
        (
            {"values": {"a": "nonzero", "b": "nonzero"}},
            '"nonzero" is one class, and nothing else stands beside it',
        ),
        ({"values": {"a": 1, "b": 2}, "blank": {"c": 2}}, "`values` and `blank` name 2 twice"),
        (
            {"values": {"a": [1, 2, 3], "b": [1, 2, 3]}},
            "`values` and `blank` name [1, 2, 3] twice",
        ),
        (
            {"values": {"a": 1}, "phrases": {"c": "x", "b": "y"}},
            "`phrases` names a class that `values` lacks: b",
        ),
    ],
)
def test_a_table_of_values_that_means_nothing_is_an_error(
    table: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    put_mask(tmp_path / "m/1.png", [[1]])
    with pytest.raises(SourceError) as error:
        found_in(tmp_path, "mask_raster", MASKS | table, {})
    assert str(error.value) == fault


def test_a_picture_of_another_split_has_no_mask(tmp_path: Path) -> None:
    put_mask(tmp_path / "a/m/1.png", [[1]])
    for name in ("a/i/1", "b/i/1"):
        picture(tmp_path / f"{name}.png", 1, 1)
    masks, images = ({s: f"{s}/{kind}/{{stem}}.png" for s in "ab"} for kind in "mi")
    options = MASKS | {"masks": masks, "images": images}
    notes = found_in(tmp_path, "mask_raster", options, {}).notes
    assert "1 picture(s) have no mask and are not read, such as b/i/1.png" in notes


def test_a_name_in_a_list_may_hold_blanks_and_a_line_may_name_several_files(
    tmp_path: Path,
) -> None:
    for stem in ("scene 1", "2", "3"):
        put_mask(tmp_path / f"m/{stem}.png", [[1]])
    (tmp_path / "val.txt").write_text("scene 1\nA/2.png B/2.png\n3,7\n")
    options = MASKS | {"listed": {"files": "{split}.txt"}}
    found = found_in(tmp_path, "mask_raster", options, {})
    assert {one.key: one.split for one in found.samples} == {
        "m/2.png": "val",
        "m/3.png": "val",
        "m/scene 1.png": "val",
    }


@pytest.mark.parametrize(
    "line",
    [
        *("1", "1.png", " 1.png ", "a/1.png", "a\\1.jpg", "1.png 0", "a/1.png b/2.png"),
        *("1.png,2.png", "1,0,0"),
    ],
)
def test_a_line_of_a_list_names_the_mask_of_its_first_file(line: str, tmp_path: Path) -> None:
    for name in ("1", "2"):
        put_mask(tmp_path / f"m/{name}.png", [[1]])
    (tmp_path / "val.txt").write_text(f"{line}\n")
    options = MASKS | {"listed": {"files": "{split}.txt", "unlisted": "train"}}
    found = found_in(tmp_path, "mask_raster", options, {})
    assert {one.key: one.split for one in found.samples} == {"m/1.png": "val", "m/2.png": "train"}


def test_masks_of_other_splits_alone_are_an_error(tmp_path: Path) -> None:
    put_mask(tmp_path / "m/1.png", [[1]])
    (tmp_path / "m/readme.txt").touch()
    (tmp_path / "train.txt").write_text("1.png\n")
    (tmp_path / "val.txt").write_text("1.png\n")
    listed = {"files": "{split}.txt"}
    options = MASKS | {"listed": listed, "masks": "m/{stem}.{ending}"}
    found = found_in(tmp_path, "mask_raster", options, {})
    assert [(one.key, one.split) for one in found.samples] == [("m/1.png", "train")]
    assert "1 file(s) beside the masks are no picture" in found.notes
    assert "1 name(s) stand in several lists; the first counts" in found.notes
    with pytest.raises(SourceError) as error:
        read(changed("dscr", format="mask_raster", options=options), tmp_path, ["val"])
    assert str(error.value) == "no mask of val is there: 1 mask(s) of other splits"


def test_rows_of_masks_that_are_none_or_of_unknown_values_are_rejected(tmp_path: Path) -> None:
    masks = [b"no picture", mask_bytes([[1, 7]]), mask_bytes([[1, 0]])]
    rows = {"image": [mask_bytes([[0, 0]])] * 3, "mask": masks}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    options = {"annotations": "a.parquet", "images": ["image"], "mask": "mask"}
    values = {"values": {"water": 1}, "blank": {"none": 0}}
    found = found_in(tmp_path, "mask_parquet", options | values, {})
    assert [(one.key, one.reason) for one in found.rejects] == [
        ("a.parquet!mask/000000000", "unreadable_file"),
        ("row 1", "bad_value"),
    ]
    assert [(one.key, len(one.labels), len(one.regions)) for one in found.samples] == [
        ("row 1", 0, 1),
        ("row 2", 1, 1),
    ]


def mask_bytes(pixels: list[list[int]]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)).save(out, "PNG")
    return out.getvalue()
