"""Regions where a picture's size is told, read or unknown, and ids that stay the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from native import DATA, ROOTS, changed, convert, dataset, repairs, words
from region_rows import DIOR, DIOR_R, DOTA, TASKS, TRAIN, said

from converters.catalogue import catalogue

# Sizes and dialects


def test_the_size_is_read_from_the_picture_where_no_annotation_has_it(dota: Path) -> None:
    assert [row["sizes"] for row in convert(dataset(DOTA, ["grounding"], dota, **TRAIN)).rows] == [
        [{"width": 100, "height": 80}]
    ]


def test_the_catalogue_has_the_last_word_on_a_size_that_annotations_get_wrong() -> None:
    row = convert(dataset(DIOR_R, ["grounding"])).rows[0]
    assert (row["sizes"], words(row)[1]) == (
        [{"width": 800, "height": 800}],
        "The image shows <p>1 golf field</p> {<12><25><38><32>|<0>}.",
    )


def test_a_missing_picture_costs_its_regions_where_the_dialect_needs_its_size(dota: Path) -> None:
    found = convert(dataset(DOTA, ["grounding"], dota, **TRAIN))
    assert [
        (r["key"], r["reason"], r["detail"]) for r in found.rejects if "image" in r["reason"]
    ] == [
        (
            "P0003#line 2",
            "missing_image",
            "baseball-diamond: the size of its picture is needed: train/images/P0003.png",
        )
    ]


def test_without_a_size_regions_are_written_in_the_fallback_dialect(dota: Path) -> None:
    found = convert(dataset(DOTA, ["grounding"], dota, fallback="pixel", **TRAIN))
    assert [(row["dialect"], words(row)[1]) for row in found.rows] == [
        (
            "geochat",
            "The image shows <p>1 small vehicle</p> {<10><25><50><50>|<0>} and <p>1 ship</p> "
            "{<51><22><79><40>|<45>}.",
        ),
        ("pixel", "The image shows 1 baseball diamond [2, 2, 9, 2, 9, 8, 2, 8]."),
    ]


def test_nothing_is_beyond_the_edge_of_a_picture_of_unknown_size(dota: Path) -> None:
    found = convert(dataset(DOTA, ["grounding"], dota, dialect="geopixel", **TRAIN))
    assert [row["sizes"] for row in found.rows][1] is None
    assert repairs(found) == {}


def test_words_of_place_and_size_need_the_picture_in_every_dialect(dota: Path) -> None:
    found = convert(dataset(DOTA, ["refer"], dota, dialect="pixel", **TRAIN))
    assert said(found) == [
        [
            "<image>\n[refer] Where is the small vehicle at the left?",
            "[10, 20, 50, 20, 50, 40, 10, 40]",
        ],
        ["<image>\n[refer] Where is the ship at the top?", "[60, 10, 80, 30, 70, 40, 50, 20]"],
    ]


def test_no_picture_is_opened_where_nobody_needs_its_size(dota: Path) -> None:
    rows = convert(dataset(DOTA, ["grounding"], dota, dialect="pixel", **TRAIN)).rows
    assert [row["sizes"] for row in rows] == [None, None]


def test_a_truncated_picture_costs_all_its_regions_where_it_is_read(dota: Path) -> None:
    path = dota / "train/images/P0001.png"
    path.write_bytes(path.read_bytes()[:-12])
    found = convert(dataset(DOTA, ["grounding"], dota, images="embed", **TRAIN))
    assert [
        (r["key"], r["reason"], r["items"]) for r in found.rejects if "image" in r["reason"]
    ] == [
        ("P0001", "truncated_image", 2),
        ("P0003", "missing_image", 1),
    ]


def test_gsd_is_the_annotations_where_it_has_one(dota: Path) -> None:
    assert [
        row["gsd"]
        for row in convert(dataset(DOTA, ["grounding"], dota, fallback="pixel", **TRAIN)).rows
    ] == [0.25, None]


# Ids


@pytest.mark.parametrize(
    "slug, task, row_id",
    [
        ("dior", "grounding", "5c9aad552708b3656adbc5d1"),
        ("dior", "refer", "c3910f6866d8fef60a041986"),
        ("dior_r", "grounding", "3b23cd6c998a4c8a20079557"),
        ("fair1m", "grounding", "602aac0ef9b2b96a8aa111f4"),
    ],
)
def test_ids_never_change(slug: str, task: str, row_id: str) -> None:
    assert row_id in [row["id"] for row in convert(dataset(catalogue()[slug], [task])).rows]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "change",
    [{"images": "embed"}, {"dialect": "pixel"}, {"templates": "geochat"}, {"seed": 5}],
    ids=["mode", "dialect", "wording", "seed"],
)
def test_an_id_is_the_same_in_every_mode_dialect_and_wording(
    dota: Path, task: str, change: dict[str, Any]
) -> None:
    first, second = (
        {row["id"] for row in convert(dataset(DOTA, [task], dota, splits=["val"], **settings)).rows}
        for settings in ({}, change)
    )
    assert (first == second, bool(first)) == (True, True)


def test_an_id_does_not_depend_on_what_stands_beside_it() -> None:
    one, all_splits = (
        {row["id"] for row in convert(dataset(DIOR, ["identify"], splits=splits)).rows}
        for splits in (["train"], None)
    )
    assert one < all_splits


def test_each_task_has_ids_of_its_own() -> None:
    ids = [row["id"] for row in convert(dataset(DIOR, TASKS)).rows]
    assert len(ids) == len(set(ids))


def test_two_drawings_of_one_picture_are_one_picture_to_dedup() -> None:
    rows = [
        convert(dataset(entry, ["grounding"], DATA / ROOTS["dior"], **TRAIN)).rows[0]
        for entry in (DIOR, changed("dior", slug="dior_again"))
    ]
    assert (rows[0]["dedup"] == rows[1]["dedup"], rows[0]["id"] == rows[1]["id"]) == (True, False)
