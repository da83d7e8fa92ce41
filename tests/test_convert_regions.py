"""Boxes as rows: clipped, without repeats, written in a dialect.

Exact turns, counts that balance, ids that stay the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from native import DATA, ROOTS, Result, changed, convert, dataset, picture, words

from converters.catalogue import catalogue
from schemas.conversation import faults
from schemas.mix import Filter

DOTA, DIOR, DIOR_R, FAIR1M = (catalogue()[slug] for slug in ("dota_v1", "dior", "dior_r", "fair1m"))
TASKS = ["grounding", "identify", "refer", "description", "rounds"]
GROUNDING = "<image>\n[grounding] List every object in the image with its location."
TRAIN: dict[str, Any] = {"splits": ["train"]}


def said(result: Result) -> list[list[str]]:
    return [words(row) for row in result.rows]


def items(result: Result, split: str = "train") -> dict[str, Any]:
    found: dict[str, Any] = result.book[split]["items"]["region"]
    return found


@pytest.fixture
def dota(tmp_path: Path) -> Iterator[Path]:
    """DOTA's fixture with pictures of 100 x 80 pixels, but for P0003's."""
    shutil.copytree(DATA / ROOTS["dota_v1"], tmp_path, dirs_exist_ok=True)
    for name in ("train/images/P0001", "train/images/P0002", "val/images/P0007"):
        picture(tmp_path / f"{name}.png", 100, 80)
    yield tmp_path


# What each task says


def test_grounding_lists_every_class_with_the_boxes_behind_it() -> None:
    assert said(convert(dataset(DIOR, ["grounding"], **TRAIN))) == [
        [
            GROUNDING,
            "The image shows <p>1 golf field</p> {<16><30><86><84>|<0>} and <p>1 dam</p> "
            "{<0><0><100><100>|<0>}.",
        ],
        [
            GROUNDING,
            "The image shows <p>1 ship</p> {<99><1><100><4>|<0>}, <p>1 bridge</p> "
            "{<25><11><38><15>|<0>} and <p>1 stadium</p> {<0><12><12><25>|<0>}.",
        ],
    ]


def test_boxes_of_one_class_stand_behind_one_phrase(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n50 40 70 40 70 48 50 48 plane 0\n"
    )
    assert said(convert(dataset(DOTA, ["grounding"], dota, splits=["val"]))) == [
        [
            GROUNDING,
            "The image shows <p>2 planes</p> {<0><0><20><10>|<0>}<delim>{<50><50><70><60>|<0>}.",
        ]
    ]


def test_identify_asks_for_a_box_and_answers_with_name_and_place(dota: Path) -> None:
    assert said(convert(dataset(DOTA, ["identify"], dota, **TRAIN))) == [
        [
            "<image>\n[identify] What is the object at {<10><25><50><50>|<0>}?",
            "<p>1 small vehicle at the left</p>",
        ],
        [
            "<image>\n[identify] What is the object at {<51><22><79><40>|<45>}?",
            "<p>1 ship at the top</p>",
        ],
    ]


def test_refer_asks_for_a_phrase_and_answers_with_the_box() -> None:
    assert said(convert(dataset(DIOR, ["refer"], **TRAIN)))[2:4] == [
        ["<image>\n[refer] Where is the <p>ship at the top right</p>?", "{<99><1><100><4>|<0>}"],
        ["<image>\n[refer] Where is the <p>bridge at the top left</p>?", "{<25><11><38><15>|<0>}"],
    ]


def test_refer_leaves_out_regions_that_no_phrase_tells_apart(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n0 10 20 10 20 18 0 18 plane 0\n80 70 90 70 90 78 80 78 plane "
        "0\n"
    )
    found = convert(dataset(DOTA, ["refer"], dota, splits=["val"]))
    assert (len(found.rows), items(found, "val")) == (
        1,
        {"read": 3, "used": 1, "rejected": {}, "filtered": {"ambiguous": 2}},
    )


def test_a_description_says_what_how_many_and_where() -> None:
    assert said(convert(dataset(DIOR, ["description"], **TRAIN)))[1] == [
        "<image>\nDescribe the image in detail.",
        "The image shows 1 ship, 1 bridge and 1 stadium. The ship is at the top right. The "
        "bridge is at the top left. The stadium is at the top left.",
    ]


def test_rounds_are_two_for_each_class(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "0 0 20 0 20 8 0 8 plane 0\n80 70 90 70 90 78 80 78 plane 0\n"
    )
    assert said(convert(dataset(DOTA, ["rounds"], dota, splits=["val"]))) == [
        [
            "<image>\nWhich objects does the image show?",
            "The image shows 2 planes.",
            "How many planes are there?",
            "2",
            "Where in the image do you see the planes?",
            "At the top left and at the bottom right.",
        ]
    ]


def test_rounds_ask_about_three_classes_at_most(dota: Path) -> None:
    (dota / "val/labelTxt/P0007.txt").write_text(
        "".join(f"0 0 20 0 20 8 0 8 {label} 0\n" for label in ("plane", "ship", "harbor", "bridge"))
    )
    [turns] = said(convert(dataset(DOTA, ["rounds"], dota, splits=["val"])))
    assert [turn for turn in turns if turn.startswith("How many")] == [
        "How many planes are there?",
        "How many ships are there?",
        "How many harbors are there?",
    ]


@pytest.mark.parametrize("task", TASKS)
def test_what_a_template_says_is_marked_as_its(task: str) -> None:
    assert {(row["task"], row["text_origin"]) for row in convert(dataset(DIOR, [task])).rows} == {
        (task, "template")
    }


@pytest.mark.parametrize("slug", ["dior", "dior_r", "fair1m"])
@pytest.mark.parametrize("task", TASKS)
def test_every_row_keeps_the_rules_of_a_conversation(slug: str, task: str) -> None:
    rows = convert(dataset(catalogue()[slug], [task], templates="geochat")).rows
    assert rows and not [faults(row) for row in rows if faults(row)]


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
