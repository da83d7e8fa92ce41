"""RSVQA-LR and RSVQA-HR: three tables a split, joined by id.

Native layout::

    rsvqa_lr/LR_split_{train,val,test}_{images,questions,answers}.json, Images_LR/<id>.tif
    rsvqa_hr/USGS_split_{train,val,test,test_phili}_{images,questions,answers}.json,
    Images/Data/<id>.{tif,png}

    {"questions": [{"id": 0, "date_added": 1.5e9, "img_id": 0, "people_id": 0, "type":
    "rural_urban",
                    "question": "Is it a rural or an urban area", "answers_ids": [0], "active":
                    true},
                   {"id": 14, "active": false}]}

Every file walks through the ids of all splits up to its own last one; a row of another split is a
placeholder of two keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from converters.sample_data.output import png, put, put_json, tiff
from converters.sample_data.town import (
    KINDS,
    URBAN_FROM,
    Town,
    area,
    buildings_next_to_road,
    count,
    draw_town,
    make_town,
)

PRESENCE = ("Is a {a} present?", "Is there a {a} in the image?", "Is there a {a}?")
COUNT = (
    "How many {a}s are there?",
    "What is the number of {a}s?",
    "What is the amount of {a}s in the image?",
)
COMPARE = (
    "Are there more {a}s than {b}s?",
    "Are there less {a}s than {b}s in the image?",
    "Is the number of {a}s equal to the number of {b}s?",
)
LR_SIZE = 128
HR_SIZE = 192
HR_METRES = 0.1524
LR_SPLITS = {4: "val", 7: "test", 10: "val", 13: "test", 15: "val"}
LR_IMAGES = 17
HR_SPLITS = ("train", "val", "train", "test", "test_phili")
# Deliberate faults of LR, as (image id, position of the question in it).
REPEATED = (2, 4)
SWITCHED_OFF = (5, 4)
UNANSWERED = (8, 6)


class Asked(NamedTuple):
    """One question with its answer."""

    type: str
    question: str
    answer: str


class Tile(NamedTuple):
    """One image and what is asked of it."""

    split: str
    town: Town
    asked: list[Asked]


class Series(NamedTuple):
    """What differs between the two releases. tables: the file names' beginning."""

    tables: str
    sensor: str
    resolution: str
    step: float


LR = Series("LR", "S2", "10m", 10.0)
HR = Series("USGS", "ULTRACAM_EAGLE_FALCON", ".1524m", HR_METRES)


def write_lr(folder: Path) -> None:
    """Write RSVQA-LR with one question asked twice, one switched off and one whose answer is
    not in the table."""
    tiles = []
    for number in range(LR_IMAGES):
        town = make_town(f"rsvqa_lr {number}", urban=number % 3 == 0)
        tiles.append(
            Tile(LR_SPLITS.get(number, "train"), town, [_rural_urban(town), *_asked(town, number)])
        )
    image, position = REPEATED
    tiles[image].asked.append(tiles[image].asked[position])
    tables = _tables(tiles, LR)
    image, position = SWITCHED_OFF
    tables["questions"][tables["images"][image]["questions_ids"][position]]["active"] = False
    image, position = UNANSWERED
    del tables["answers"][tables["images"][image]["questions_ids"][position]]
    _write_splits(folder, tiles, tables, LR, ("train", "val", "test"))
    for number, tile in enumerate(tiles):
        put(folder / "Images_LR" / f"{number}.tif", tiff(draw_town(tile.town, LR_SIZE)))


def write_hr(folder: Path) -> None:
    """Write RSVQA-HR: areas instead of rural or urban, four splits, every picture as TIFF and
    as PNG."""
    tiles = []
    for number, split in enumerate(HR_SPLITS):
        town = make_town(f"rsvqa_hr {number}", urban=number % 2 == 0)
        tiles.append(
            Tile(
                split,
                town,
                [*_asked(town, number)[:6], _area(town, "building"), _area(town, "farmland")],
            )
        )
    _write_splits(folder, tiles, _tables(tiles, HR), HR, ("train", "val", "test", "test_phili"))
    for number, tile in enumerate(tiles):
        picture = draw_town(tile.town, HR_SIZE)
        put(folder / "Images" / "Data" / f"{number}.tif", tiff(picture))
        put(folder / "Images" / "Data" / f"{number}.png", png(picture))


def _rural_urban(town: Town) -> Asked:
    # The only native question without a question mark.
    return Asked(
        "rural_urban",
        "Is it a rural or an urban area",
        "urban" if count(town, "building") >= URBAN_FROM else "rural",
    )


def _area(town: Town, kind: str) -> Asked:
    return Asked(
        "area",
        f"What is the area covered by {kind}s?",
        f"{round(area(town, kind, HR_SIZE) * HR_METRES**2)}m2",
    )


def _asked(town: Town, number: int) -> list[Asked]:
    kinds = [KINDS[(number + step) % len(KINDS)] for step in range(len(KINDS))]
    beside = buildings_next_to_road(town)
    asked = [
        Asked("presence", PRESENCE[i].format(a=kinds[2 * i]), _yes(count(town, kinds[2 * i]) > 0))
        for i in range(2)
    ]
    # Two blanks before the thing referred to, as in the sources.
    asked.append(Asked("presence", "Is there a building next to a  road?", _yes(beside > 0)))
    asked += [
        Asked("count", COUNT[i].format(a=kinds[2 * i + 1]), str(count(town, kinds[2 * i + 1])))
        for i in range(3)
    ]
    asked.append(Asked("count", "How many buildings next to a  road are there?", str(beside)))
    for i in range(4):
        first, second = kinds[i], kinds[i + 3]
        a, b = count(town, first), count(town, second)
        asked.append(
            Asked(
                "comp",
                COMPARE[i % 3].format(a=first, b=second),
                _yes((a > b, a < b, a == b)[i % 3]),
            )
        )
    return asked


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _tables(tiles: list[Tile], series: Series) -> dict[str, dict[int, dict[str, Any]]]:
    """The whole tables as {table: {id: row}}, before they are cut into splits."""
    images: dict[int, dict[str, Any]] = {}
    questions: dict[int, dict[str, Any]] = {}
    answers: dict[int, dict[str, Any]] = {}
    for number, tile in enumerate(tiles):
        ids = list(range(len(questions), len(questions) + len(tile.asked)))
        images[number] = _image_row(number, ids, series)
        for key, (kind, question, answer) in zip(ids, tile.asked, strict=True):
            head = {"id": key, "date_added": 1500000000.5 + key}
            questions[key] = {
                **head,
                "img_id": number,
                "people_id": 0,
                "type": kind,
                "question": question,
                "answers_ids": [key],
                "active": True,
            }
            answers[key] = {
                **head,
                "question_id": key,
                "people_id": 0,
                "answer": answer,
                "active": True,
            }
    return {"images": images, "questions": questions, "answers": answers}


def _image_row(number: int, ids: list[int], series: Series) -> dict[str, Any]:
    return {
        "id": number,
        "date_added": 1500000000.25 + number,
        "original_name": f"SAMPLE_{series.sensor}_{256 * number}-0.tif",
        "sensor": series.sensor,
        "upperleft_map_x": 600000.0 + 256 * series.step * number,
        "upperleft_map_y": 6700000.0,
        "res_x": series.resolution,
        "res_y": series.resolution,
        "people_id": 0,
        "type": "RGB",
        "questions_ids": ids,
        "active": True,
    }


def _write_splits(
    folder: Path,
    tiles: list[Tile],
    tables: dict[str, dict[int, dict[str, Any]]],
    series: Series,
    splits: tuple[str, ...],
) -> None:
    split_of_question = {
        key: tile.split
        for tile, row in zip(tiles, tables["images"].values(), strict=True)
        for key in row["questions_ids"]
    }
    split_of = {
        "images": dict(enumerate(tile.split for tile in tiles)),
        "questions": split_of_question,
        "answers": split_of_question,
    }
    for split in splits:
        for name, table in tables.items():
            last = max(key for key in table if split_of[name][key] == split)
            rows = [
                row if split_of[name][key] == split else {"id": key, "active": False}
                for key, row in table.items()
                if key <= last
            ]
            put_json(folder / f"{series.tables}_split_{split}_{name}.json", {name: rows})
