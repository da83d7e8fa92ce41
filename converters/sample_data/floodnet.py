"""FloodNet-VQA: one JSON object a split, keyed by a running number written as a string.

Native layout::

    floodnet_vqa/{Train,Valid,Test}_Question.json, Images/{Train,Valid,Test}_Image/<n>.JPG

    {"0": {"Image_ID": "20001.JPG", "Question": "...", "Ground_Truth": "flooded", "Question_Type":
    "Condition_Recognition"}}

`Ground_Truth` is a number for counts and text otherwise; the held-out splits lack it. The extension
is upper case.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from converters.sample_data.drawing import draw, ground, seeded
from converters.sample_data.output import jpeg, put, put_json

SIZE = (240, 180)
CELL = 40
ROAD_TOP, ROAD_BOTTOM = 84, 114
# Grid cells that houses may stand in: columns of 40 pixels, above and below the road.
CELLS = [(left, top) for top in (2, 42, 120) for left in range(0, SIZE[0], CELL)]
FLOODED, DRY = "flooded", "non flooded"


class Place(NamedTuple):
    """What one picture shows. road: its condition, or None where there is no road."""

    dry: int
    flooded: int
    road: str | None


PLACES: dict[str, dict[int, Place]] = {
    "Train": {
        9990: Place(3, 0, DRY),
        20001: Place(5, 0, DRY),
        20002: Place(0, 4, FLOODED),
        20003: Place(2, 3, f"{FLOODED},{DRY}"),
        20004: Place(7, 0, None),
        20005: Place(1, 1, FLOODED),
        20006: Place(4, 2, f"{FLOODED},{DRY}"),
        20008: Place(0, 0, DRY),
        20009: Place(6, 0, DRY),
        20010: Place(0, 6, FLOODED),
        20013: Place(9, 0, DRY),
        20014: Place(3, 5, None),
    },
    "Valid": {20007: Place(2, 0, DRY), 20011: Place(0, 2, FLOODED)},
    "Test": {20012: Place(4, 1, None), 20015: Place(1, 0, DRY)},
}


def write(folder: Path) -> None:
    """Write FloodNet-VQA."""
    for split, places in PLACES.items():
        rows: list[dict[str, Any]] = []
        # The sources sort by name as text, so 9990 comes after 20014.
        for number, place in sorted(places.items(), key=lambda pair: str(pair[0])):
            put(
                folder / "Images" / f"{split}_Image" / f"{number}.JPG",
                jpeg(_picture(number, place)),
            )
            rows += [_row(number, *asked, held_out=split != "Train") for asked in _asked(place)]
        put_json(
            folder / f"{split}_Question.json",
            {str(index): row for index, row in enumerate(rows)},
            indent=4,
        )


def _row(
    number: int, question: str, answer: str | int, kind: str, *, held_out: bool
) -> dict[str, Any]:
    truth = {} if held_out else {"Ground_Truth": answer}
    return {"Image_ID": f"{number}.JPG", "Question": question, **truth, "Question_Type": kind}


def _asked(place: Place) -> list[tuple[str, str | int, str]]:
    wet = place.flooded > 0 or (place.road or DRY) != DRY
    asked: list[tuple[str, str | int, str]] = [
        (
            "What is the overall condition of this place?",
            FLOODED if wet else DRY,
            "Condition_Recognition",
        ),
        ("How many buildings does this image show?", place.dry + place.flooded, "Simple_Counting"),
        ("How many buildings here are flooded?", place.flooded, "Complex_Counting"),
        ("How many buildings here are not flooded?", place.dry, "Complex_Counting"),
    ]
    if place.road:
        asked.append(
            ("What is the condition of the road here?", place.road, "Condition_Recognition")
        )
        asked.append(
            ("Is the whole road flooded?", "Yes" if place.road == FLOODED else "No", "Yes_No")
        )
    return asked


def _picture(number: int, place: Place) -> Image.Image:
    image = ground(f"floodnet {number}", "grass", SIZE)
    if place.road:
        _fill(image, "road", 0, ROAD_TOP, SIZE[0], ROAD_BOTTOM)
        if place.road != DRY:
            _fill(
                image,
                "river",
                0,
                ROAD_TOP,
                SIZE[0] if place.road == FLOODED else SIZE[0] // 2,
                ROAD_BOTTOM,
            )
    cells = seeded(f"houses of {number}").sample(CELLS, place.dry + place.flooded)
    for index, (left, top) in enumerate(cells):
        if index < place.flooded:
            _fill(image, "river", left + 1, top, left + CELL - 1, top + CELL - 2)
        _fill(image, "house", left + 10, top + 10, left + 30, top + 28)
    return image


def _fill(image: Image.Image, glyph: str, left: int, top: int, right: int, bottom: int) -> None:
    draw(image, glyph, ((left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1)))
