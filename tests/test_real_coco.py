"""The real COCO file, where it is (see test_real_data). Counts of the format documents."""

from __future__ import annotations

from collections import Counter

import pytest
from native import convert, dataset, read
from test_real_data import folder, items

from converters.catalogue import catalogue


@pytest.mark.parametrize("slug", ["ssdd", "ssdd_masks"])
def test_ssdd_has_2586_ships_in_1160_pictures(slug: str) -> None:
    found = convert(dataset(catalogue()[slug], ["grounding"], folder("ssdd")))
    assert items(found) == {"read": 2586, "used": 2586}
    assert found.book["all"]["pictures"] == {"read": 1160, "without_items": 0, "rejected": {}}


def test_one_ship_of_ssdd_has_two_parts() -> None:
    samples = read(catalogue()["ssdd_masks"], folder("ssdd")).samples
    shapes = [region.shape for sample in samples for region in sample.regions]
    assert Counter(type(shape).__name__ for shape in shapes) == {"Polygon": 2585, "Mask": 1}
