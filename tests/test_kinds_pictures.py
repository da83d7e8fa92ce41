"""Records of several pictures: a region is measured by its own."""

from __future__ import annotations

from typing import Any

from given import convert, items, said, sample
from native import words
from records_of_kinds import rich

from schemas.sample import (
    Box,
    Caption,
    Picture,
    Question,
    Region,
    Sample,
)


def pair(**items: Any) -> Sample:
    return sample(pictures=(Picture("1.png", 100, 100), Picture("2.png", 1000, 1000)), **items)


def test_a_region_is_measured_by_its_own_picture() -> None:
    found = convert(
        [pair(regions=(Region("0", "ship", Box(500, 500, 900, 700), 1),))], ["grounding"]
    )
    assert said(found) == [
        [
            "<image>\n<image>\n[grounding] List every object in the second image with its "
            "location.",
            "The second image shows <p>1 ship</p> {<50><50><90><70>|<0>}.",
        ]
    ]
    assert found.rows[0]["regions"][0]["image"] == 1


def test_a_box_beyond_its_own_picture_is_outside_though_another_is_larger() -> None:
    found = convert(
        [pair(regions=(Region("0", "ship", Box(500, 500, 900, 700), 0),))], ["grounding"]
    )
    assert items(found) == {"region": {"read": 1, "rejected": {"outside_image": 1}}}
    assert found.rejects[0]["detail"] == "ship 500 500 900 700 in 100 x 100"


def test_the_same_box_on_another_picture_is_no_repeat() -> None:
    box = Box(10, 10, 50, 50)
    regions = tuple(Region(str(i), "ship", box, image) for i, image in enumerate([0, 1, 1]))
    found = convert([pair(regions=regions)], ["grounding"])
    assert [(r["key"], r["reason"]) for r in found.rejects] == [("a#2", "duplicate_region")]


def test_the_same_box_of_another_class_or_record_is_no_repeat() -> None:
    box = Box(10, 10, 50, 50)
    regions = (Region("0", "ship", box), Region("1", "boat", box))
    found = convert([sample("a", regions=regions), sample("b", regions=regions)], ["grounding"])
    assert items(found) == {"region": {"read": 4, "used": 4}}


def test_a_region_of_a_picture_that_is_not_there_is_a_dangling_reference() -> None:
    found = convert([pair(regions=(Region("0", "ship", Box(1, 1, 9, 9), 2),))], ["grounding"])
    assert items(found) == {"region": {"read": 1, "rejected": {"dangling_reference": 1}}}


def series(key: str, length: int) -> Sample:
    shown = tuple(Picture(f"{key}{i}.png", 8, 8, f"201{i}-05-01") for i in range(length))
    return sample(key, pictures=shown, captions=(Caption("0", f"{length} dates."),))


def test_a_pair_and_a_series_of_four_in_one_batch_both_give_rows() -> None:
    found = convert([series("p", 2), series("s", 4), series("t", 3)], ["change_caption"])
    assert [(words(row)[0].count("<image>"), words(row)[1]) for row in found.rows] == [
        (2, "2 dates."),
        (4, "4 dates."),
        (3, "3 dates."),
    ]
    assert [len(row["images"]) for row in found.rows] == [2, 4, 3]
    assert found.rows[0]["times"] == ["2010-05-01", "2011-05-01"]
    assert [row["template"] for row in found.rows] == [
        "plain/change_caption/0",
        "plain/change_caption/series/0",
        "plain/change_caption/series/0",
    ]


def test_series_of_uneven_length_can_be_one_row_each() -> None:
    records = [series("p", 2), series("s", 4), series("p", 2)]
    records[2] = sample("q", pictures=records[0].pictures, captions=(Caption("0", "a road."),))
    found = convert(records, ["change_caption"], group="image")
    ask = (
        "The two images show the same place at two dates, the earlier first. "
        "Describe what has changed in one sentence."
    )
    assert said(found) == [
        [f"<image>\n<image>\n{ask}", "2 dates.", ask, "a road."],
        [
            "<image>\n<image>\n<image>\n<image>\nThe images show the same place at several dates, "
            "the earliest first. Describe what has changed in one sentence.",
            "4 dates.",
        ],
    ]


def test_a_record_without_pictures_gives_a_row_without_tokens() -> None:
    found = convert(
        [sample(pictures=(), questions=(Question("0", "What is SAR?", "radar"),)), rich()], ["vqa"]
    )
    assert [(len(row["images"]), words(row)[0]) for row in found.rows] == [
        (0, "What is SAR?"),
        (1, "<image>\nIs there a dam?"),
        (1, "<image>\nHow many?"),
    ]
