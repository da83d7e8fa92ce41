"""Real text files with boxes, where they are (see test_real_data.py). Counts only."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from native import read
from test_real_data import folder, items, real

from converters.catalogue import catalogue
from converters.read.files import SourceError
from converters.regions.masks import mask_strips
from schemas.sample import Mask, Quad


def test_visdrone_has_380_rows_of_which_5_are_ignored_regions() -> None:
    assert items(real("visdrone", "grounding")) == {"read": 380, "used": 375, "ignored": 5}


def test_visdrone_has_150_cars_and_87_motors() -> None:
    found = read(catalogue()["visdrone"], folder("visdrone"))
    classes = Counter(region.label for sample in found.samples for region in sample.regions)
    assert classes == {
        "car": 150,
        "motor": 87,
        "people": 57,
        "pedestrian": 23,
        "awning-tricycle": 21,
        "van": 17,
        "tricycle": 8,
        "bicycle": 7,
        "truck": 5,
    }


def test_yolo_text_under_visdrones_names_is_no_visdrone() -> None:
    with pytest.raises(SourceError, match="holds YOLO text"):
        read(catalogue()["visdrone"], folder("visdrone_trap_yolo_text"))


def test_carpk_has_35_cars_in_2_pictures() -> None:
    assert items(real("carpk", "grounding")) == {"read": 35, "used": 35}


def test_two_rows_of_ucas_aod_are_quads(tmp_path: Path) -> None:
    (tmp_path / "Annotations").mkdir()
    rows = folder("ucas_aod") / "excerpt_car_rows.txt"
    shutil.copy(rows, tmp_path / "Annotations/P0001.txt")
    [sample] = read(catalogue()["ucas_aod_benchmark"], tmp_path).samples
    assert [(region.label, region.shape) for region in sample.regions] == [
        (
            "car",
            Quad((276.3971, 91.25021, 291.1375, 38.23406, 330.8891, 49.28647, 316.1486, 102.3026)),
        ),
        (
            "car",
            Quad((300.2141, 100.3123, 320.9637, 46.6547, 356.6901, 60.47021, 335.9405, 114.1279)),
        ),
    ]


def test_asd_has_25_ships_in_10_pictures_of_which_4_show_none() -> None:
    found = read(catalogue()["asd"], folder("asd"))
    ships = [len(sample.regions) for sample in found.samples]
    assert (len(ships), ships.count(0), sum(ships), found.rejects) == (10, 4, 25, [])


def test_the_first_run_of_asd_begins_in_column_455() -> None:
    # 349796 - 1 = 455 * 768 + 355: row 355 of column 455.
    shape = read(catalogue()["asd"], folder("asd")).samples[0].regions[0].shape
    assert isinstance(shape, Mask)
    strips = mask_strips(shape)
    assert (strips.x[0], strips.low[0], strips.high[0]) == (455, 355, 357)
