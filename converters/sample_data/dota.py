"""DOTA v1: one text file of oriented boxes a picture.

Native layout::

    dota_v1/{train,val}/images/P0001.png, dota_v1/{train,val}/labelTxt/P0001.txt

    imagesource:GoogleEarth
    gsd:0.25
    38 60 124 71 121 98 35 87 ship 0

Lines end in CRLF. Eight whole numbers are four corners in pixels, 0-based, clockwise; then the
class and 1 where the object is difficult.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converters.sample_data.drawing import Corners, draw, ground, inner
from converters.sample_data.output import png, put, put_text
from converters.sample_data.scene import Kind, place

KINDS = {
    "ship": Kind("ship", 96, 28),
    "plane": Kind("plane", 88, 84),
    "storage-tank": Kind("tank", 70, 70, turns=False),
    "small-vehicle": Kind("car", 30, 14),
    "large-vehicle": Kind("truck", 56, 18),
    "tennis-court": Kind("court", 96, 48),
    "baseball-diamond": Kind("diamond", 100, 100, turns=False),
    "harbor": Kind("pier", 100, 60),
}
CELL = 124
# Picture: ground, and what stands on it.
SCENES: dict[str, dict[str, tuple[str, str]]] = {
    "train": {
        "P0001": ("water", "ship, ship, ship, harbor"),
        "P0002": ("concrete", "plane, plane, large-vehicle"),
        "P0003": (
            "concrete",
            "storage-tank, storage-tank, storage-tank, storage-tank, large-vehicle, large-vehicle",
        ),
        "P0004": ("grass", "tennis-court, tennis-court, baseball-diamond, small-vehicle"),
        "P0005": (
            "concrete",
            "small-vehicle, small-vehicle, small-vehicle, small-vehicle, small-vehicle, "
            "large-vehicle",
        ),
        "P0006": ("water", "ship"),
        "P0007": ("concrete", "plane, plane, plane, plane, small-vehicle, storage-tank"),
        "P0008": ("grass", ""),
        "P0009": ("grass", "baseball-diamond, small-vehicle"),
        "P0010": (
            "sand",
            "storage-tank, large-vehicle, tennis-court, small-vehicle, small-vehicle",
        ),
        "P0011": ("water", "ship, ship, ship, ship, ship, ship, ship, harbor"),
        "P0012": ("sand", "plane, storage-tank"),
        "P0013": (
            "concrete",
            "small-vehicle, " * 24
            + "plane, " * 6
            + "storage-tank, " * 5
            + "large-vehicle, " * 4
            + "tennis-court, tennis-court",
        ),
    },
    "val": {
        "P0101": ("water", "ship, ship, harbor"),
        "P0102": ("concrete", "plane, small-vehicle, small-vehicle"),
    },
}
# Pictures are small, but for one scene that a mix cuts to tiles.
LARGE = {"P0013": (1600, 1200)}
# Deliberate faults.
BAD_LINES = {
    "P0003": "20 400 six 400 60 410 20 410 large-vehicle 0",
    "P0005": "300 20 300 20 300 20 300 20 small-vehicle 0",
}
NEGATIVE = "P0008"
NO_PICTURE = "P0009"
DIFFICULT = ("small-vehicle", "harbor")


def write(folder: Path) -> None:
    """Write DOTA with a corner that is no number, a box without area, a negative picture (empty
    label file) and a label without its picture."""
    for split, scenes in SCENES.items():
        for index, (stem, (surface, labels)) in enumerate(scenes.items()):
            size = LARGE.get(stem, (520 + 40 * (index % 3), 400 + 30 * (index % 4)))
            placed = place(f"dota {stem}", size, CELL, labels.split(", ") if labels else [], KINDS)
            objects = [(item.label, _whole(item.corners)) for item in placed]
            put_text(folder / split / "labelTxt" / f"{stem}.txt", _label_text(stem, objects))
            if stem != NO_PICTURE:
                image = ground(f"dota {stem}", surface, size)
                for label, corners in objects:
                    draw(image, KINDS[label].glyph, inner(corners))
                put(folder / split / "images" / f"{stem}.png", png(image))


def _whole(corners: Corners) -> Corners:
    a, b, c, d = ((round(x), round(y)) for x, y in corners)
    return a, b, c, d


def _label_text(stem: str, objects: Sequence[tuple[str, Corners]]) -> str:
    if stem == NEGATIVE:
        return ""
    lines = ["imagesource:GoogleEarth", f"gsd:{0.125 + int(stem[1:]) / 1000:.6f}"]
    # A few objects are marked difficult: the last of a file, where it is small or of unclear
    # outline.
    for index, (label, corners) in enumerate(objects):
        difficult = int(label in DIFFICULT and index == len(objects) - 1)
        lines.append(
            f"{' '.join(str(number) for point in corners for number in point)} {label} {difficult}"
        )
    if stem in BAD_LINES:
        lines.append(BAD_LINES[stem])
    return "".join(f"{line}\r\n" for line in lines)
