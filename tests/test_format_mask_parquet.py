"""Masks in Parquet: pairs and pictures in the cells of a row."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import changed, convert, dataset, read
from PIL import Image

from converters.catalogue import entry_of
from converters.dataset import open_dataset
from converters.read.files import SourceError, store
from schemas.sample import Mask

FILE = "data/train-00000-of-00001.parquet"
PAIR = {"imageA": [[1, 2]], "imageB": [[3, 4]], "label": [[0, 255]]}


def cell(pixels: object) -> dict[str, Any] | None:
    if pixels is None:
        return None
    data = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)).save(data, "PNG")
    return {"bytes": data.getvalue(), "path": None}


def put(root: Path, *rows: Mapping[str, object], name: str = FILE) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    cells = [{column: cell(pixels) for column, pixels in row.items()} for row in rows]
    pq.write_table(pa.Table.from_pylist(cells), root / name)


def test_a_pair_shows_its_change_in_the_later_picture(tmp_path: Path) -> None:
    put(tmp_path, PAIR)
    [sample] = read(entry_of("sysu_cd_parquet"), tmp_path).samples
    assert (sample.key, sample.split, sample.file) == ("row 0", "train", FILE)
    assert [picture.path for picture in sample.pictures] == [
        f"{FILE}!imageA/000000000",
        f"{FILE}!imageB/000000000",
    ]
    [region] = sample.regions
    assert (region.label, region.image, region.shape) == ("change", 1, Mask(2, 1, (1, 1)))
    assert [said.text for said in sample.expressions] == ["the change between the two images"]
    assert sample.labels == ()


def test_a_split_goes_by_either_of_its_names(tmp_path: Path) -> None:
    put(tmp_path, PAIR, name="data/validation-00000-of-00001.parquet")
    put(tmp_path, PAIR, name="default/test/0000.parquet")
    found = read(entry_of("levir_cd_parquet"), tmp_path).samples
    assert sorted(sample.split for sample in found) == ["test", "val"]


def test_one_picture_has_its_classes_as_a_label(tmp_path: Path) -> None:
    put(tmp_path, {"image": [[1, 2, 3]], "mask": [[0, 1, 1]]})
    entry = changed(
        "sysu_cd_parquet",
        options={
            "annotations": {"train": "data/train-{part}.parquet"},
            "images": ["image"],
            "mask": "mask",
            "values": {"road": 1},
            "blank": {"none": 0},
        },
    )
    [sample] = read(entry, tmp_path).samples
    assert (sample.labels[0].names, sample.regions[0].image) == (("road",), 0)


def test_a_row_without_a_picture_and_one_of_another_size_are_rejects(tmp_path: Path) -> None:
    put(tmp_path, PAIR, {**PAIR, "imageB": None}, {**PAIR, "imageA": [[1, 2, 3]]})
    found = read(entry_of("sysu_cd_parquet"), tmp_path)
    assert [(reject.key, reject.reason, reject.detail) for reject in found.rejects] == [
        ("row 1", "missing_field", "no imageB"),
        (
            f"{FILE}!label/000000002",
            "size_conflict",
            f"mask of 2 x 1, {FILE}!imageA/000000002 of 3 x 1",
        ),
    ]
    assert len(found.samples) == 1


def test_a_file_without_the_columns_is_named_with_those_it_has(tmp_path: Path) -> None:
    put(tmp_path, {"image": [[1, 2]], "label": [[0, 255]]})
    with pytest.raises(SourceError, match=rf"{FILE} has no column imageA; it has: image, label"):
        open_dataset(entry_of("sysu_cd_parquet"), str(tmp_path))


def test_where_no_table_is_the_error_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    with pytest.raises(SourceError, match=r"annotations not found: .*; there is: train/"):
        open_dataset(entry_of("sysu_cd_parquet"), str(tmp_path))


def test_rows_hold_both_pictures_and_a_box_around_the_change(tmp_path: Path) -> None:
    put(tmp_path, PAIR)
    out = convert(dataset(entry_of("sysu_cd_parquet"), ["refer"], tmp_path, images="embed"))
    [row] = out.rows
    assert len(row["images"]) == 2
    assert row["conversations"][1]["value"] == "{<50><0><100><100>|<0>}"


def test_columns_that_are_read_in_turn_keep_their_places(tmp_path: Path) -> None:
    rows = [{**PAIR, "imageA": [[number]], "imageB": [[100 + number]]} for number in range(20)]
    put(tmp_path, *rows)
    seen = []
    for row in (0, 1, 9, 19, 3):
        for column in ("imageA", "imageB"):
            path = f"{tmp_path}/{FILE}!{column}/{row:09d}"
            with Image.open(io.BytesIO(store(path).read(path))) as image:
                seen.append(image.getpixel((0, 0)))
    assert seen == [0, 100, 1, 101, 9, 109, 19, 119, 3, 103]
