"""What templates say of a picture speaks of the whole picture, whatever a filter left of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from given import convert, items, said, sample

from converters.dialects import DIALECTS
from converters.regions import shapes
from schemas.mix import Filter, TileSpec
from schemas.sample import Box, Mask, Picture, Polygon, Quad, Region

SHIPS = tuple(Region(str(i), "ship", Box(10 * i, 0, 10 * i + 4 + i, 8)) for i in range(4))
DAM = Region("dam", "dam", Box(50, 40, 100, 80))


def answers(task: str, regions: Any, **settings: Any) -> list[str]:
    record = sample(regions=regions, unplaced=settings.pop("unplaced", ()))
    [turns] = said(convert([record], [task], dialect="pixel", **settings))
    return turns[1:]


WIDE: dict[str, Any] = {"sources": {"filter": Filter(min_side=6.0)}}  # two ships and the dam


def test_a_class_of_which_a_filter_left_some_says_how_many() -> None:
    assert answers("grounding", (*SHIPS, DAM), **WIDE) == [
        "The image shows 2 of 4 ships [20, 0, 26, 8], [30, 0, 37, 8] and 1 dam [50, 40, 100, 80]."
    ]


def test_a_class_of_which_a_filter_left_none_is_named_behind() -> None:
    kept: dict[str, Any] = {"sources": {"filter": Filter(labels=["dam"])}}
    assert answers("grounding", (*SHIPS, DAM), **kept) == [
        "The image shows 1 dam [50, 40, 100, 80]. It also shows 4 ships."
    ]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_writes_texts_that_a_row_may_hold(name: str) -> None:
    record = sample(regions=(*SHIPS, DAM))
    found = convert([record], ["grounding", "identify", "refer"], dialect=name)
    assert {row["task"] for row in found.rows} == {"grounding", "identify", "refer"}
    assert [reject["reason"] for reject in found.rejects if reject["kind"] == "fault"] == []


@pytest.mark.parametrize("regions", [SHIPS[:2], SHIPS[:1]])
def test_a_dialect_that_holds_words_in_a_region_calls_it_one_of_its_class(regions: Any) -> None:
    [turns] = said(convert([sample(regions=regions)], ["grounding"], dialect="qwen3_vl"))
    assert turns[1].count('"label": "ship"}') == len(regions)


def test_a_class_that_is_all_left_says_its_number() -> None:
    assert answers("grounding", SHIPS[:2]) == [
        "The image shows 2 ships [0, 0, 4, 8], [10, 0, 15, 8]."
    ]


def test_a_class_with_an_object_that_has_no_place_is_not_counted() -> None:
    assert answers("grounding", (*SHIPS[:2], DAM), unplaced=("ship",)) == [
        "The image shows ships [0, 0, 4, 8], [10, 0, 15, 8] and 1 dam [50, 40, 100, 80]."
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Box(5, 5, 5, 9), "zero_area"),
        (Box(float("nan"), 5, 9, 9), "bad_box"),
        (Mask(100, 80, (8001,)), "bad_value"),
    ],
)
def test_a_class_with_a_region_that_cannot_be_read_is_not_counted(bad: Any, reason: str) -> None:
    regions = (*SHIPS[:2], DAM, Region("bad", "ship", bad))
    found = items(convert([sample(regions=regions)], ["grounding"]))
    assert found["region"]["rejected"] == {reason: 1}
    assert answers("grounding", (*SHIPS[:2], DAM, Region("bad", "ship", bad))) == [
        "The image shows ships [0, 0, 4, 8], [10, 0, 15, 8] and 1 dam [50, 40, 100, 80]."
    ]


def test_a_repeat_and_a_region_outside_do_not_make_a_class_unsure() -> None:
    regions = (
        *SHIPS[:2],
        Region("again", "ship", SHIPS[0].shape),
        Region("away", "ship", Box(200, 0, 210, 8)),
    )
    assert answers("grounding", regions) == [
        "The image shows 2 ships [0, 0, 4, 8], [10, 0, 15, 8]."
    ]


def test_a_description_speaks_of_what_a_filter_left_out_too() -> None:
    assert answers("description", (*SHIPS, DAM), **WIDE) == [
        "The image shows 4 ships and 1 dam. The ships are at the top left and at the top. "
        "The dam is at the bottom right."
    ]


def test_a_description_counts_no_class_that_it_is_unsure_of() -> None:
    assert answers("description", (*SHIPS[:1], DAM), unplaced=("ship",)) == [
        "The image shows ships and 1 dam. There are ships at the top left. "
        "The dam is at the bottom right."
    ]


def test_rounds_ask_only_about_classes_that_can_be_counted() -> None:
    assert answers("rounds", (*SHIPS[:1], DAM), unplaced=("ship",)) == [
        "The image shows ships and 1 dam.",
        "How many dams are there?",
        "1",
        "Where in the image do you see the dam?",
        "At the bottom right.",
    ]


def test_a_phrase_names_no_object_of_a_class_that_is_unsure() -> None:
    record = sample(regions=(SHIPS[0], DAM), unplaced=("ship",))
    found = convert([record], ["refer"])
    assert items(found)["region"] == {"read": 2, "used": 1, "filtered": {"ambiguous": 1}}


def test_a_phrase_names_no_object_beside_one_that_lies_nearly_in_the_same_third() -> None:
    # Of 100 pixels a third ends at 33.3: the second ship's centre is 1.2 pixels behind it.
    ships = (Region("0", "ship", Box(10, 0, 20, 8)), Region("1", "ship", Box(30, 0, 39, 8)))
    record = sample(regions=(*ships, Region("2", "ship", Box(90, 0, 100, 8))))
    found = convert([record], ["refer"], dialect="pixel")
    assert said(found) == [
        ["<image>\n[refer] Where is the ship at the top?", "[30, 0, 39, 8]"],
        ["<image>\n[refer] Where is the ship at the top right?", "[90, 0, 100, 8]"],
    ]


# Tiles


def tiled(task: str, *regions: Region, **items: Any) -> list[list[str]]:
    """What the turns of each row say: of tiles of 100 pixels, side by side."""
    record = sample(pictures=(Picture("a.png", 200, 100),), regions=regions, **items)
    tile = TileSpec(size=100, overlap=0)
    return said(convert([record], [task], dialect="pixel", sources={"tile": tile}))


WHOLE = Region("0", "ship", Box(110, 10, 130, 20))
CUT = Region("1", "ship", Box(60, 60, 110, 90))  # 40 of its 50 pixels lie on the first tile


def test_a_tile_counts_no_class_of_which_it_shows_a_part_that_is_no_region_of_it() -> None:
    assert [turns[1] for turns in tiled("grounding", WHOLE, CUT)] == [
        "The image shows 1 ship [60, 60, 100, 90].",
        "The image shows ships [10, 10, 30, 20].",
    ]


def test_a_phrase_of_a_tile_names_no_object_of_such_a_class() -> None:
    assert [turns[1] for turns in tiled("refer", WHOLE, CUT)] == ["[60, 60, 100, 90]"]


def test_a_part_of_less_than_a_pixel_is_not_seen() -> None:
    sliver = Region("1", "ship", Box(60, 60, 100.9, 90))
    assert [turns[1] for turns in tiled("grounding", WHOLE, sliver)] == [
        "The image shows 1 ship [60, 60, 100, 90].",
        "The image shows 1 ship [10, 10, 30, 20].",
    ]


def test_a_region_of_the_scene_that_cannot_be_read_makes_its_class_unsure_in_the_tiles() -> None:
    flat = Region("1", "ship", Box(150, 50, 150, 70))
    assert [turns[1] for turns in tiled("grounding", WHOLE, flat)] == [
        "The image shows ships [10, 10, 30, 20]."
    ]


@pytest.mark.parametrize(
    "task, share, rows",
    [
        ("grounding", 1.0, 4),
        ("description", 1.0, 4),
        ("grounding", 0.0, 1),
        ("identify", 1.0, 1),
        ("rounds", 1.0, 1),
    ],
)
def test_tiles_without_regions_are_rows_of_tasks_that_speak_of_the_whole_picture(
    task: str, share: float, rows: int
) -> None:
    scene = (Picture("a.png", 200, 200),)
    record = sample(pictures=scene, regions=(Region("0", "dam", Box(10, 10, 60, 60)),))
    tile = TileSpec(size=100, overlap=0, keep_empty=share)
    found = said(convert([record], [task], dialect="pixel", sources={"tile": tile}))
    empty = [turns for turns in found if "none of the annotated objects" in turns[1]]
    assert (len(found), len(empty)) == (rows, rows - 1)


def test_a_share_of_the_tiles_without_regions_is_chosen_by_the_seed() -> None:
    scene = (Picture("a.png", 1000, 1000),)
    record = sample(pictures=scene, regions=(Region("0", "dam", Box(10, 10, 60, 60)),))
    tile = TileSpec(size=100, overlap=0, keep_empty=0.5)
    first, again, other = (
        {row["origin"]["key"] + row["images"][0]["path"] for row in found.rows}
        for found in (
            convert([record], ["grounding"], sources={"tile": tile}, seed=seed)
            for seed in (1, 1, 2)
        )
    )
    assert (first == again, first == other) == (True, False)
    assert 35 < len(first) < 65


# Areas, which size words rest on


@pytest.mark.parametrize(
    "shape, area",
    [
        (Box(10, 10, 30, 20), 200.0),
        (Quad((10, 0, 20, 10, 10, 20, 0, 10)), 200.0),
        (Quad((10, 10, 40, 10, 40, 20, 10, 20)), 300.0),
        (Polygon((0, 0, 10, 0, 10, 10, 5, 10, 0, 10)), 100.0),
        (Mask(100, 80, (0, 30, 7970)), 30.0),
    ],
)
def test_the_area_of_a_shape_is_in_pixels(shape: Any, area: float) -> None:
    cut = shapes.clip([shape], np.array([[100.0, 80.0]]))
    assert (cut.areas.tolist(), cut.reasons.tolist()) == ([area], [""])


@pytest.mark.parametrize(
    "shape, reason",
    [
        (Mask(100, 80, (8001,)), "bad_value"),
        (Mask(0, 80, ()), "bad_value"),
        (Mask(100, 0, ()), "bad_value"),
        (Mask(100, 80, (-1, 8001)), "bad_value"),
        (Quad((1, 1, 5, 1, 5, 5)), "bad_box"),
        (Polygon((1, 1, 5, 1)), "bad_box"),
        (Box(1, 1, float("inf"), 5), "bad_box"),
    ],
)
def test_a_shape_that_is_none_is_a_fault(shape: Any, reason: str) -> None:
    found = convert([sample(regions=(Region("0", "pool", shape), DAM))], ["grounding"])
    assert items(found)["region"] == {"read": 2, "used": 1, "rejected": {reason: 1}}


def test_what_is_wrong_with_a_shape_is_told() -> None:
    wrong = [Quad((1, 1, 5, 1, 5, 5)), Box(1, 1, float("nan"), 5), Mask(0, 80, ())]
    cut = shapes.clip(wrong, np.array([[100.0, 80.0]] * 3))
    assert [detail.split(" within")[0] for detail in cut.details] == [
        "corners are missing",
        "a coordinate is no number",
        "mask of 0 x 80 pixels",
    ]


@pytest.mark.parametrize(
    "shape, place", [(Box(0, 0, 100, 50), "large dam at the top"), (Box(0, 0, 2, 2), "small dam")]
)
def test_a_size_word_says_what_share_of_the_picture_a_region_takes(shape: Box, place: str) -> None:
    [answer] = answers("identify", (Region("0", "dam", shape),))
    assert answer.startswith(f"1 {place}")
