"""DIOR: horizontal and oriented boxes as VOC XML, pictures of 800 x 800.

Native layout::

    dior/Annotations/{Horizontal Bounding Boxes,Oriented Bounding Boxes}/NNNNN.xml
    dior/ImageSets/Main/{train,val,test}.txt                  stems, CRLF, no line end at the end
    dior/{JPEGImages-trainval,JPEGImages-test}/NNNNN.jpg

    <object><name>ship</name><pose>Unspecified</pose>
      <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>800</xmax><ymax>800</ymax></bndbox></object>

    <object><type>robndbox</type><name>ship</name> ... <robndbox><x_left_top>1</x_left_top> ...
    </robndbox><angle>-9.6</angle></object>

Coordinates count pixels from 1 and include the last one. Horizontal files have CRLF and no
declaration, oriented ones LF and a declaration.
"""

from __future__ import annotations

import math
from pathlib import Path

from converters.sample_data.drawing import Corners, draw, ground
from converters.sample_data.output import jpeg, put, put_text
from converters.sample_data.scene import Kind, place

KINDS = {
    "airplane": Kind("plane", 96, 90),
    "baseballfield": Kind("diamond", 120, 120, turns=False),
    "bridge": Kind("bridge", 140, 32),
    "chimney": Kind("chimney", 44, 44, turns=False),
    "Expressway-Service-area": Kind("hall", 120, 84, turns=False),
    "Expressway-toll-station": Kind("hall", 90, 50),
    "groundtrackfield": Kind("track", 140, 96, turns=False),
    "harbor": Kind("pier", 116, 84),
    "ship": Kind("ship", 110, 32),
    "stadium": Kind("stadium", 140, 116, turns=False),
    "storagetank": Kind("tank", 84, 84, turns=False),
    "tenniscourt": Kind("court", 108, 54),
    "vehicle": Kind("car", 34, 16),
    "windmill": Kind("windmill", 84, 84, turns=False),
}
CELL = 150
SIDE = 800
# Picture: ground, and what stands on it.
SCENES: dict[str, dict[str, tuple[str, str]]] = {
    "train": {
        "00001": ("water", "ship, ship, ship, harbor"),
        "00002": ("concrete", "airplane, airplane, airplane, vehicle, vehicle"),
        "00003": ("grass", "tenniscourt, tenniscourt, baseballfield, groundtrackfield"),
        "00004": ("water", "ship, ship, bridge"),
        "00005": (
            "sand",
            "storagetank, storagetank, storagetank, storagetank, storagetank, chimney",
        ),
        "00006": ("grass", "windmill, windmill, windmill"),
        "00007": ("concrete", "Expressway-toll-station, vehicle, vehicle, vehicle, vehicle"),
        "00008": ("grass", "stadium, groundtrackfield, vehicle, vehicle"),
        "00009": ("concrete", "airplane, storagetank, storagetank, vehicle"),
        "00010": ("grass", "Expressway-Service-area, vehicle, vehicle, vehicle, bridge"),
        "00011": ("sand", "tenniscourt, vehicle"),
        "00012": ("water", "harbor, harbor, ship, ship, ship, ship, ship"),
        "00013": (
            "concrete",
            "airplane, airplane, airplane, airplane, airplane, storagetank, storagetank, vehicle, "
            "vehicle, vehicle",
        ),
        "00014": (
            "grass",
            "tenniscourt, tenniscourt, tenniscourt, tenniscourt, baseballfield, baseballfield, "
            "vehicle, vehicle, vehicle, vehicle",
        ),
        "00015": ("water", "ship, ship, ship, ship, ship, ship, ship, ship, harbor, harbor"),
    },
    "val": {
        "05863": ("concrete", "airplane, airplane"),
        "05864": ("grass", "baseballfield, tenniscourt, vehicle"),
    },
    "test": {
        "11726": ("water", "ship, ship, ship"),
        "11727": ("sand", "chimney, storagetank, storagetank"),
    },
}
# Deliberate faults: boxes as xmin, ymin, xmax, ymax.
BEYOND = ("00004", "ship", (747, 381, 802, 402))
FLAT = ("00007", "vehicle", (772, 301, 772, 330))
REPEATED = "00009"
TRUNCATED = "00011"

HBB_OBJECT = """\
\t<object>
\t\t<name>{label}</name>
\t\t<pose>Unspecified</pose>
\t\t<bndbox>
\t\t\t<xmin>{xmin}</xmin>
\t\t\t<ymin>{ymin}</ymin>
\t\t\t<xmax>{xmax}</xmax>
\t\t\t<ymax>{ymax}</ymax>
\t\t</bndbox>
\t</object>
"""
HBB_FILE = """\
<annotation>
\t<filename>{stem}.jpg</filename>
\t<source>
\t\t<database>DIOR</database>
\t</source>
\t<size>
\t\t<width>800</width>
\t\t<height>800</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
{objects}</annotation>
"""
OBB_OBJECT = """\
    <object>
        <type>robndbox</type>
        <name>{label}</name>
        <pose>Unspecified</pose>
        <truncated>0</truncated>
        <difficult>0</difficult>
        <robndbox>
            <x_left_top>{p[0][0]}</x_left_top>
            <y_left_top>{p[0][1]}</y_left_top>
            <x_right_top>{p[1][0]}</x_right_top>
            <y_right_top>{p[1][1]}</y_right_top>
            <x_right_bottom>{p[2][0]}</x_right_bottom>
            <y_right_bottom>{p[2][1]}</y_right_bottom>
            <x_left_bottom>{p[3][0]}</x_left_bottom>
            <y_left_bottom>{p[3][1]}</y_left_bottom>
        </robndbox>
        <angle>{angle:g}</angle>
    </object>
"""
OBB_FILE = """\
<?xml version="1.0" encoding="UTF-8"?>
<annotation>
    <folder>/{pictures}.zip/{pictures}</folder>
    <filename>{stem}.jpg</filename>
    <path>/{pictures}.zip/{pictures}</path>
    <source>
        <database>Unknown</database>
    </source>
    <size>
        <width>800</width>
        <height>800</height>
        <depth>3</depth>
    </size>
    <segmented>0</segmented>
{objects}</annotation>
"""


def write(folder: Path) -> None:
    """Write DIOR with a box beyond the picture, one without width, one repeated, and a picture
    whose end is missing."""
    for split, scenes in SCENES.items():
        pictures = "JPEGImages-test" if split == "test" else "JPEGImages-trainval"
        put_text(folder / "ImageSets" / "Main" / f"{split}.txt", "\r\n".join(scenes))
        for stem, (surface, labels) in scenes.items():
            objects = _objects(stem, labels.split(", "))
            data = _picture(stem, surface, objects)
            put(
                folder / pictures / f"{stem}.jpg",
                data[: len(data) * 3 // 5] if stem == TRUNCATED else data,
            )
            hbb, obb = "".join(map(_hbb, objects)), "".join(map(_obb, objects))
            text = HBB_FILE.format(stem=stem, objects=hbb).replace("\n", "\r\n")
            put_text(folder / "Annotations" / "Horizontal Bounding Boxes" / f"{stem}.xml", text)
            text = OBB_FILE.format(stem=stem, objects=obb, pictures=pictures)
            put_text(folder / "Annotations" / "Oriented Bounding Boxes" / f"{stem}.xml", text)


def _objects(stem: str, labels: list[str]) -> list[tuple[str, Corners]]:
    """Objects in native coordinates, the faulty ones last."""
    objects = [
        (item.label, _counted_from_one(item.corners))
        for item in place(f"dior {stem}", (SIDE, SIDE), CELL, labels, KINDS)
    ]
    for where, label, (xmin, ymin, xmax, ymax) in (BEYOND, FLAT):
        if stem == where:
            objects.append((label, ((xmin, ymin), (xmax, ymin), (xmax, ymax), (xmin, ymax))))
    if stem == REPEATED:
        objects.append(objects[0])
    return objects


def _counted_from_one(corners: Corners) -> Corners:
    a, b, c, d = ((round(x) + 1, round(y) + 1) for x, y in corners)
    return a, b, c, d


def _picture(stem: str, surface: str, objects: list[tuple[str, Corners]]) -> bytes:
    image = ground(f"dior {stem}", surface, (SIDE, SIDE))
    for label, native in objects:
        a, b, c, d = ((x - 1, y - 1) for x, y in native)
        if len(set(native)) == 4:
            draw(image, KINDS[label].glyph, (a, b, c, d))
    return jpeg(image)


def _hbb(item: tuple[str, Corners]) -> str:
    label, corners = item
    xs, ys = zip(*corners, strict=True)
    return HBB_OBJECT.format(label=label, xmin=min(xs), ymin=min(ys), xmax=max(xs), ymax=max(ys))


def _obb(item: tuple[str, Corners]) -> str:
    """Natively the first corner is the one whose edge to the next is nearest to level, whatever
    the object's heading."""
    label, corners = item
    turned = [corners[start:] + corners[:start] for start in range(4)]
    angle, points = min(
        ((_degrees(points[0], points[1]), points) for points in turned),
        key=lambda pair: abs(pair[0]),
    )
    return OBB_OBJECT.format(label=label, p=points, angle=angle)


def _degrees(start: tuple[float, float], end: tuple[float, float]) -> float:
    # Adding 0 turns a negative zero into a plain one.
    return round(math.degrees(math.atan2(end[1] - start[1], end[0] - start[0])), 1) + 0
