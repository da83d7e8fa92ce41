"""Real scene sets, where they are (see test_real_data.py). Counts only."""

from __future__ import annotations

from collections import Counter

import pytest
from native import Result, convert, dataset
from test_real_data import folder, items

from converters.catalogue import catalogue
from schemas.mix import ImageMode


def real(slug: str, task: str, name: str, images: ImageMode = "path") -> Result:
    return convert(dataset(catalogue()[slug], [task], folder(name), images=images))


def test_mlrsnet_has_1934_damaged_rows_and_one_without_a_class_in_five_tables() -> None:
    assert items(real("mlrsnet", "classification", "mlrsnet")) == {
        "read": 11_803,
        "used": 9_868,
        "bad_value": 1_934,
        "no_label": 1,
    }


@pytest.mark.parametrize("slug", ["bigearthnet", "bigearthnet_s1"])
def test_bigearthnet_has_six_example_patches_and_two_without_pictures(slug: str) -> None:
    pytest.importorskip("rasterio")
    assert items(real(slug, "classification", "bigearthnet")) == {"read": 8, "used": 8}
    found = real(slug, "classification", "bigearthnet", "embed")
    assert items(found) == {"read": 8, "used": 6, "missing_image": 2}
    assert Counter(str(row["sizes"]) for row in found.rows) == {
        "[{'width': 120, 'height': 120}]": 6
    }


def test_three_of_twenty_pictures_of_s2_100k_are_there() -> None:
    pytest.importorskip("rasterio")
    found = real("s2_100k", "vqa", "s2_100k", "embed")
    assert items(found) == {"read": 20, "used": 3, "missing_image": 17}
    assert {row["conversations"][1]["value"] for row in found.rows} == {
        "73.82 N, 50.80 W",
        "31.04 N, 19.03 E",
        "65.84 N, 121.87 W",
    }
