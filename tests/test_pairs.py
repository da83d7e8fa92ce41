"""Regions of a pair: what is said of one of its pictures, and measured by that picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mixes
import numpy as np
import pytest
from given import convert, items, said, sample
from mask_files import only, put_mask
from native import DATA, dataset, words
from native import convert as convert_native
from PIL import Image
from previews import data_of, page_of, write_mix

from converters.catalogue import entry_of
from converters.regions.attributes import ordinal, plural
from schemas.mix import Filter
from schemas.sample import Box, Expression, Mask, Picture, Region
from schemas.table import ROW

PAIR = (Picture("before.png", 100, 100), Picture("after.png", 200, 100))
OLD = Region("0", "house", Box(10, 10, 20, 20), 0)
NEW = Region("1", "house", Box(100, 50, 200, 100), 1)
ALSO_NEW = Region("2", "house", Box(0, 0, 50, 50), 1)
XBD = DATA / "disaster_pairs/xbd"


def talks(task: str, *regions: Region, **settings: Any) -> list[list[str]]:
    """Turns of each row about the pair, without picture tokens."""
    items = {"pictures": settings.pop("pictures", PAIR), "regions": regions}
    items |= settings.pop("items", {})
    found = convert([sample(**items)], [task], dialect="pixel", **settings)
    return [[text.replace("<image>\n", "") for text in turns] for turns in said(found)]


@pytest.mark.parametrize(
    "place, word", [(0, "first"), (9, "tenth"), (10, "11th"), (20, "21st"), (21, "22nd")]
)
def test_pictures_are_called_by_their_order(place: int, word: str) -> None:
    assert ordinal(place) == word


def test_each_picture_is_grounded_for_itself() -> None:
    assert talks("grounding", OLD, NEW, ALSO_NEW) == [
        [
            "[grounding] List every object in the first image with its location.",
            "The first image shows 1 house [10, 10, 20, 20].",
        ],
        [
            "[grounding] List every object in the second image with its location.",
            "The second image shows 2 houses [100, 50, 200, 100], [0, 0, 50, 50].",
        ],
    ]


def test_a_picture_of_a_pair_without_regions_is_not_spoken_of() -> None:
    assert [turns[1] for turns in talks("grounding", NEW)] == [
        "The second image shows 1 house [100, 50, 200, 100]."
    ]


def test_a_row_of_a_pair_shows_both_pictures_and_says_where_its_regions_lie() -> None:
    record = sample(pictures=PAIR, regions=(OLD, NEW))
    rows = convert([record], ["grounding"]).rows
    assert [[image["path"] for image in row["images"]] for row in rows] == [
        ["given/before.png", "given/after.png"]
    ] * 2
    assert [[region["image"] for region in row["regions"]] for row in rows] == [[0], [1]]
    assert rows[0]["conversations"][0]["value"].startswith("<image>\n<image>\n")


def test_one_object_seen_in_both_pictures_is_two_rows() -> None:
    same = (Region("a", "house", Box(1, 1, 9, 9), 0), Region("a", "house", Box(1, 1, 9, 9), 1))
    for task in ("grounding", "description", "rounds"):
        rows = convert([sample(pictures=PAIR, regions=same)], [task]).rows
        assert len({row["id"] for row in rows}) == 2


def test_a_box_and_its_place_are_asked_of_one_picture() -> None:
    assert talks("identify", OLD, NEW) == [
        [
            "[identify] What is the object at [10, 10, 20, 20] in the first image?",
            "1 house at the top left",
        ],
        [
            "[identify] What is the object at [100, 50, 200, 100] in the second image?",
            "1 large house at the bottom right",
        ],
    ]


def test_a_phrase_need_only_be_alone_in_its_picture() -> None:
    assert talks("refer", OLD, NEW) == [
        ["[refer] Where in the first image is the house at the top left?", "[10, 10, 20, 20]"],
        [
            "[refer] Where in the second image is the large house at the bottom right?",
            "[100, 50, 200, 100]",
        ],
    ]


def test_rounds_count_the_objects_of_one_picture() -> None:
    assert talks("rounds", OLD, NEW, ALSO_NEW)[1] == [
        "Which objects does the second image show?",
        "The second image shows 2 houses.",
        "How many houses are there in the second image?",
        "2",
        "Where in the second image do you see the houses?",
        "At the top left and at the bottom right.",
    ]


def test_a_region_without_area_makes_only_its_own_picture_unsure() -> None:
    flat = Region("3", "house", Box(5, 5, 5, 9), 0)
    assert [turns[1] for turns in talks("grounding", OLD, NEW, flat)] == [
        "The first image shows houses [10, 10, 20, 20].",
        "The second image shows 1 house [100, 50, 200, 100].",
    ]


def test_the_most_regions_are_those_of_one_picture() -> None:
    limit: dict[str, Any] = {"filter": Filter(max_regions=1)}
    assert [turns[1] for turns in talks("grounding", OLD, NEW, sources=limit)] == [
        "The first image shows 1 house [10, 10, 20, 20].",
        "The second image shows 1 house [100, 50, 200, 100].",
    ]
    assert talks("grounding", NEW, ALSO_NEW, sources=limit) == []


@pytest.mark.parametrize("task", ["grounding", "identify", "refer", "description", "rounds"])
def test_every_wording_for_one_of_several_pictures_names_it(task: str) -> None:
    records = [
        sample(str(i), pictures=PAIR, regions=(Region("0", "house", Box(1, 1, 40, 90 - i), 1),))
        for i in range(40)
    ]
    for row in convert(records, [task], templates="geochat").rows:
        for turn in row["conversations"][::2]:
            assert "second image" in turn["value"]


# Expressions


def test_an_expression_is_looked_for_in_the_picture_of_its_regions() -> None:
    expression = Expression("0", "the new houses", ("1", "2"))
    assert talks("refer", OLD, NEW, ALSO_NEW, items={"expressions": (expression,)}) == [
        [
            "[refer] Locate in the second image: the new houses",
            "[100, 50, 200, 100], [0, 0, 50, 50]",
        ]
    ]


def test_an_expression_of_regions_in_two_pictures_is_counted_out() -> None:
    expression = Expression("0", "all houses", ("0", "1"))
    record = sample(pictures=PAIR, regions=(OLD, NEW), expressions=(expression,))
    found = convert([record], ["refer"])
    assert found.rows == []
    assert items(found)["expression"] == {"read": 1, "filtered": {"ambiguous": 1}}


def test_an_expression_of_nothing_speaks_of_both_pictures() -> None:
    assert talks("refer", OLD, items={"expressions": (Expression("0", "a dam", ()),)}) == [
        ["[refer] Locate in the image: a dam", "There is no such object in the images."]
    ]


# Datasets


def test_xbd_lists_buildings_before_and_their_damage_after() -> None:
    found = convert_native(dataset(entry_of("xbd"), ["grounding"], XBD, dialect="pixel"))
    assert [words(row)[1] for row in found.rows] == [
        "The first image shows 2 buildings [1, 1, 9, 1, 9, 9], [0, 0, 4, 0, 4, 4, 0, 4].",
        "The second image shows 1 destroyed building [1, 1, 9, 1, 9, 9] and 1 building of "
        "unknown damage [20, 20, 29, 20, 29, 29].",
    ]


def test_what_describes_a_noun_keeps_its_number() -> None:
    assert plural("building with minor damage", 2) == "buildings with minor damage"
    assert plural("area of changed buildings", 3) == "areas of changed buildings"
    assert plural("office", 2) == "offices"


def levir(root: Path) -> None:
    for folder in ("A", "B"):
        (root / "train" / folder).mkdir(parents=True)
        Image.new("RGB", (8, 4)).save(root / f"train/{folder}/1.png")
    mask = np.zeros((4, 8), np.uint8)
    mask[0:2, 0:2] = mask[2, 2] = mask[1:4, 6:8] = 255
    put_mask(root / "train/label/1.png", mask)


def test_areas_of_a_change_mask_are_regions_of_the_later_picture(tmp_path: Path) -> None:
    levir(tmp_path)
    found = only("levir_cd_areas", tmp_path)
    assert [(region.key, region.image, region.shape) for region in found.regions] == [
        ("change 0", 1, Mask(8, 4, (0, 2, 2, 2, 4, 1, 21))),
        ("change 1", 1, Mask(8, 4, (25, 3, 1, 3))),
    ]
    assert [said.regions for said in found.expressions] == [("change 0", "change 1")]


def test_areas_of_a_change_mask_are_counted_and_boxed(tmp_path: Path) -> None:
    levir(tmp_path)
    data = dataset(entry_of("levir_cd_areas"), ["grounding", "refer"], tmp_path, dialect="pixel")
    assert sorted(words(row)[-1] for row in convert_native(data).rows) == [
        "The second image shows 2 areas of changed buildings "
        "[0, 0, 3, 0, 3, 3, 0, 3], [6, 1, 8, 1, 8, 4, 6, 4].",
        "[0, 0, 3, 0, 3, 3, 0, 3], [6, 1, 8, 1, 8, 4, 6, 4]",
    ]


def test_demolished_buildings_are_looked_for_in_the_earlier_picture(tmp_path: Path) -> None:
    for name in ("Image1", "Image2", "label1", "label2"):
        put_mask(tmp_path / f"val/{name}/1.png", [[0, 255, 0, int(name == "label1") * 255]])
    data = dataset(entry_of("s2looking_areas"), ["grounding"], tmp_path, dialect="pixel")
    assert [words(row)[1] for row in convert_native(data).rows] == [
        "The first image shows 1 area of buildings demolished later [1, 0, 2, 0, 2, 1, 1, 1].",
        "The second image shows 2 areas of newly built buildings "
        "[1, 0, 2, 0, 2, 1, 1, 1], [3, 0, 4, 0, 4, 1, 3, 1].",
    ]


# What is made of such rows


def pair_row() -> dict[str, Any]:
    """A row whose box lies in the second picture, which is twice as wide as the first."""
    return mixes.row(
        1,
        mixes.picture(size=(100, 100)),
        mixes.picture(size=(200, 100)),
        dialect="geochat",
        sizes=[{"width": 100, "height": 100}, {"width": 200, "height": 100}],
        regions=[mixes.region(100, 50, 200, 100, image=1)],
        conversations=mixes.turns(
            "<image>\n<image>\nWhere in the second image is it?", "{<50><50><100><100>|<0>}"
        ),
    )


def test_an_export_measures_a_box_by_its_own_picture(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [pair_row()])
    [line] = mixes.lines(mixes.export(out, "swift") / "ponds.jsonl")
    assert line["objects"] == {"ref": [""], "bbox": [[100.0, 50.0, 200.0, 100.0]], "image_id": [1]}


def test_an_export_writes_such_a_box_in_another_dialect(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [pair_row()])
    [line] = mixes.lines(mixes.export(out, "swift", "--dialect", "pixel") / "ponds.jsonl")
    assert line["messages"][-1]["content"] == "[100, 50, 200, 100]"


def test_a_preview_draws_a_box_on_its_own_picture(tmp_path: Path) -> None:
    row = {name: value for name, value in pair_row().items() if name in ROW.names}
    row["regions"] = [{**row["regions"][0], "counts": None, "phrase": None}]
    [shown] = data_of(page_of(write_mix(tmp_path, [row])))["sample"]
    corners = [100, 50, 200, 50, 200, 100, 100, 100]
    assert [(region["image"], region["rings"]) for region in shown["regions"]] == [(1, [corners])]
    assert [(read["image"], read["rings"]) for read in shown["read"]] == [(1, [corners])]
