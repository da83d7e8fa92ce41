"""Regions as rows: clipped, without repeats, filtered, and counts that balance."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import convert, dataset
from region_rows import DIOR, DOTA, FAIR1M, TASKS, TRAIN, items

from schemas.mix import Filter

# Regions


def test_an_upright_region_has_its_box_in_pixels_and_no_points() -> None:
    assert convert(dataset(DIOR, ["grounding"], **TRAIN)).rows[1]["regions"] == [
        {
            "image": 0,
            "label": "ship",
            "shape": "hbb",
            "bbox": [789, 9, 800, 30],
            "points": None,
            "counts": None,
            "phrase": None,
        },
        {
            "image": 0,
            "label": "bridge",
            "shape": "hbb",
            "bbox": [199, 89, 300, 120],
            "points": None,
            "counts": None,
            "phrase": None,
        },
        {
            "image": 0,
            "label": "stadium",
            "shape": "hbb",
            "bbox": [0, 100, 100, 200],
            "points": None,
            "counts": None,
            "phrase": None,
        },
    ]


def test_an_oriented_region_has_its_corners_clockwise_and_the_box_around_them() -> None:
    assert convert(dataset(FAIR1M, ["grounding"], splits=["val"])).rows[0]["regions"] == [
        {
            "image": 0,
            "label": "Intersection",
            "shape": "obb",
            "bbox": [10, 10, 50, 50],
            "points": [10, 10, 50, 10, 50, 50, 10, 50],
            "counts": None,
            "phrase": None,
        }
    ]


def test_a_row_of_one_region_holds_that_one_alone() -> None:
    assert [
        [region["label"] for region in row["regions"]]
        for row in convert(dataset(DIOR, ["refer"], **TRAIN)).rows
    ] == [
        ["golffield"],
        ["dam"],
        ["ship"],
        ["bridge"],
        ["stadium"],
    ]


def test_regions_that_cannot_stay_are_rejected_with_their_reasons() -> None:
    found = convert(dataset(DIOR, ["grounding"], **TRAIN)).rejects
    assert [(reject["key"], reject["reason"]) for reject in found] == [
        ("00002#object[1]", "zero_area"),
        ("00002#object[4]", "bad_box"),
        ("00002#object[5]", "missing_field"),
        ("00002#object[6]", "bad_box"),
        ("", "unreadable_file"),
        ("00002#object[3]", "duplicate_region"),
    ]


def test_every_region_ends_in_one_bucket() -> None:
    rejects = {
        "bad_box": 2,
        "duplicate_region": 1,
        "missing_field": 1,
        "unreadable_file": 1,
        "zero_area": 1,
    }
    assert items(convert(dataset(DIOR, TASKS, **TRAIN))) == {
        "read": 11,
        "used": 5,
        "rejected": rejects,
        "filtered": {},
    }


def test_repairs_of_regions_that_stay_are_counted() -> None:
    counts = convert(dataset(DIOR, ["grounding"], **TRAIN)).counts
    assert {key.bucket: n for key, n in counts.items() if key.level == "repairs"} == {
        "clipped": 2,
        "swapped": 1,
    }


def test_four_equal_points_on_the_border_have_no_area() -> None:
    found = convert(dataset(FAIR1M, ["grounding"], splits=["train"]))
    assert [
        (r["key"], r["reason"], r["detail"]) for r in found.rejects if r["reason"] == "zero_area"
    ] == [("7#object[1]", "zero_area", "Van 436 1000 436 1000 436 1000 436 1000 in 1000 x 1000")]


# Filters


@pytest.mark.parametrize(
    "keep, labels, filtered",
    [
        (Filter(labels=["ship", "dam"]), ["dam", "ship"], {"unselected": 3}),
        (Filter(ignored=False), ["golffield", "dam", "ship", "bridge"], {"ignored": 1}),
        (Filter(min_side=3.0), ["golffield", "dam", "bridge", "stadium"], {"too_small": 1}),
        (
            Filter(min_side=1.375),
            ["golffield", "dam", "ship", "bridge", "stadium"],
            {},
        ),  # the ship shows 11 of 800 pixels
        (Filter(min_side=1.38), ["golffield", "dam", "bridge", "stadium"], {"too_small": 1}),
        (Filter(max_regions=2), ["golffield", "dam"], {"too_many": 3}),
        (
            Filter(max_regions=2, labels=["golffield", "ship", "bridge"]),
            ["golffield", "ship", "bridge"],
            {"unselected": 2},
        ),
    ],
)
def test_a_filter_drops_regions_by_policy(
    keep: Filter, labels: list[str], filtered: dict[str, int]
) -> None:
    found = convert(dataset(DIOR, ["grounding"], keep=keep, **TRAIN))
    assert (
        [region["label"] for row in found.rows for region in row["regions"]],
        items(found)["filtered"],
    ) == (labels, filtered)


def test_a_region_that_any_source_uses_is_used(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n0 10 20 10 20 18 0 18 plane 0\n"
    )
    found = convert(dataset(DOTA, ["refer", "grounding"], dota, splits=["val"]))
    assert items(found, "val") == {"read": 2, "used": 2, "rejected": {}, "filtered": {}}
