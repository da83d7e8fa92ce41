"""Entries of tables with boxes or outlines: a tiny one in each one's documented layout."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from native import read
from test_entries import put

from converters.catalogue import catalogue
from schemas.sample import Box, Mask, Polygon, Region


def test_rows_of_the_hub_hold_their_picture_and_lists_of_boxes(tmp_path: Path) -> None:
    rows = [
        ("a.JPG", [[10, 20, 30, 40], [1, 2, 9]], ["Elephant", "Zebra"]),
        ("b.JPG", [], []),
        ("c.JPG", [[1, 2, 9, 8]], []),
    ]
    (tmp_path / "data").mkdir()
    table = {
        "image": [{"bytes": b"", "path": None}] * 3,
        "path": [name for name, _, _ in rows],
        "objects": [{"bbox": boxes, "categories": classes} for _, boxes, classes in rows],
    }
    pq.write_table(pa.table(table), tmp_path / "data/validation-00000-of-00001.parquet")
    found = read(catalogue()["aerialanimal_hub"], tmp_path)
    file = "data/validation-00000-of-00001.parquet"
    assert [(s.key, s.split, s.pictures[0].path, s.regions) for s in found.samples] == [
        (
            "a.JPG",
            "val",
            f"{file}!image/000000000",
            (Region("0", "Elephant", Box(10, 20, 30, 40)),),
        ),
        ("b.JPG", "val", f"{file}!image/000000001", ()),
    ]
    assert found.samples[0].unplaced == ("Zebra",)
    assert [(r.key, r.reason, r.detail) for r in found.rejects] == [
        ("a.JPG#1", "bad_box", "3 numbers where 4 were meant"),
        ("c.JPG", "missing_field", "1 boxes and 0 classes"),
    ]


def test_deepglobe_buildings_are_rings_in_pixels(tmp_path: Path) -> None:
    put(
        tmp_path,
        "AOI_2_Vegas_Train/summaryData/AOI_2_Vegas_Train_Building_Solutions.csv",
        "ImageId,BuildingId,PolygonWKT_Pix,PolygonWKT_Geo\n"
        'AOI_2_Vegas_img1,0,"POLYGON ((12 40 0, 60.5 40 0, 60.5 90 0, 12 40 0))",x\n'
        "AOI_2_Vegas_img7,-1,POLYGON EMPTY,POLYGON EMPTY\n",
    )
    found = read(catalogue()["deepglobe_detection"], tmp_path)
    folder = "AOI_2_Vegas_Train/RGB-PanSharpen/RGB-PanSharpen_AOI_2_Vegas"
    assert [(s.split, s.pictures[0].path, s.regions) for s in found.samples] == [
        (
            "train",
            f"{folder}_img1.tif",
            (Region("row 1", "building", Polygon((12, 40, 60.5, 40, 60.5, 90))),),
        ),
        ("train", f"{folder}_img7.tif", ()),
    ]


def test_a_building_with_a_yard_is_a_mask_where_its_picture_is_not_there(tmp_path: Path) -> None:
    put(
        tmp_path,
        "AOI_2_Vegas_Train/summaryData/AOI_2_Vegas_Train_Building_Solutions.csv",
        "ImageId,BuildingId,PolygonWKT_Pix,PolygonWKT_Geo\n"
        'AOI_2_Vegas_img1,0,"POLYGON ((0 0 0, 9 0 0, 9 9 0, 0 9 0, 0 0 0), '
        '(3 3 0, 6 3 0, 6 6 0, 3 6 0, 3 3 0))",x\n',
    )
    found = read(catalogue()["deepglobe_detection"], tmp_path)
    [region] = found.samples[0].regions
    assert isinstance(region.shape, Mask)
    assert (region.shape.width, region.shape.height) == (650, 650)
    assert sum(region.shape.counts[1::2]) == 9 * 9 - 3 * 3
    assert found.rejects == []
