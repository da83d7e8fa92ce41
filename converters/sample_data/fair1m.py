"""FAIR1M: one XML of oriented boxes a TIFF picture, indented with tabs.

Native layout::

    fair1m/train/part1/images/0.tif, fair1m/train/part1/labelXml/0.xml
    fair1m/train/part2/images/5.tif, fair1m/train/part2/labelXmls/5.xml
    fair1m/validation/images/0.tif,  fair1m/validation/labelXmls/0.xml      names repeat those of
    train

    <object><coordinate>pixel</coordinate><type>rectangle</type><description>None</description>
      <possibleresult><name>Dry Cargo Ship</name></possibleresult>
      <points><point>900.000000,245.000000</point> ... </points></object>

Five points, the last one the first again; corners begin anywhere and run either way round. The file
ends without a line end.
"""

from __future__ import annotations

from pathlib import Path

from converters.sample_data.drawing import Corners, draw, ground, inner
from converters.sample_data.output import put, put_text, tiff
from converters.sample_data.scene import Kind, box, place

KINDS = {
    "Boeing737": Kind("plane", 130, 116),
    "A220": Kind("plane", 100, 90),
    "Dry Cargo Ship": Kind("ship", 160, 44),
    "Liquid Cargo Ship": Kind("ship", 140, 36),
    "Small Car": Kind("car", 34, 16),
    "Van": Kind("car", 40, 18),
    "Cargo Truck": Kind("truck", 64, 20),
    "Tennis Court": Kind("court", 120, 60),
    "Baseball Field": Kind("diamond", 130, 130, turns=False),
    "Intersection": Kind("crossing", 150, 150, turns=False),
    "Bridge": Kind("bridge", 160, 40),
}
CELL = 180
SIDE = 1000
# Folder, name of its label folder, and its pictures: ground, and what stands on it.
PARTS: list[tuple[str, str, dict[str, tuple[str, str]]]] = [
    (
        "train/part1",
        "labelXml",
        {
            "0": ("concrete", "Boeing737, Boeing737, A220, Van"),
            "1": ("water", "Dry Cargo Ship, Dry Cargo Ship, Liquid Cargo Ship"),
            "2": ("concrete", "Small Car, Small Car, Small Car, Van, Cargo Truck, Intersection"),
            "3": ("water", "Dry Cargo Ship, Bridge"),
            "4": ("grass", "Tennis Court, Tennis Court, Baseball Field, Small Car"),
        },
    ),
    (
        "train/part2",
        "labelXmls",
        {
            "5": ("concrete", "A220, A220, Cargo Truck, Cargo Truck"),
            "6": ("grass", "Intersection, Small Car, Van, Van, Cargo Truck"),
            "7": (
                "water",
                "Liquid Cargo Ship, Liquid Cargo Ship, Dry Cargo Ship, Dry Cargo Ship, "
                "Dry Cargo Ship",
            ),
        },
    ),
    (
        "validation",
        "labelXmls",
        {
            "0": ("concrete", "Boeing737, Small Car"),
            "1": ("water", "Dry Cargo Ship, Liquid Cargo Ship"),
        },
    ),
]
# Objects at the border, where the source's own clipping leaves odd ones: a sliver, four equal
# points, corners outside the frame.
SLIVER = ("Dry Cargo Ship", ((997.0, 400.0), (1000.0, 400.0), (1000.0, 401.4), (997.0, 401.4)))
POINT = ("Small Car", ((512.0, 1000.0), (512.0, 1000.0), (512.0, 1000.0), (512.0, 1000.0)))
BORDER: dict[str, list[tuple[str, Corners]]] = {
    "train/part1/1": [SLIVER],
    "train/part1/2": [POINT],
    "train/part1/3": [
        ("Dry Cargo Ship", box((972.0, 500.0), 110, 34, 52)),
        ("Liquid Cargo Ship", box((400.0, 972.0), 120, 30, 155)),
    ],
}

OBJECT = """\
\t\t<object>
\t\t\t<coordinate>pixel</coordinate>
\t\t\t<type>rectangle</type>
\t\t\t<description>None</description>
\t\t\t<possibleresult>
\t\t\t\t<name>{label}</name>
\t\t\t</possibleresult>
\t\t\t<points>
{points}
\t\t\t</points>
\t\t</object>
"""
FILE = """\
<?xml version="1.0" encoding="utf-8"?>
<annotation>
\t<source>
\t\t<filename>{stem}.tif</filename>
\t\t<origin>GF2/GF3</origin>
\t</source>
\t<research>
\t\t<version>1.0</version>
\t\t<provider>FAIR1M</provider>
\t\t<author>Cyber</author>
\t\t<pluginname>FAIR1M</pluginname>
\t\t<pluginclass>object detection</pluginclass>
\t\t<time>2021-03</time>
\t</research>
\t<size>
\t\t<width>1000</width>
\t\t<height>1000</height>
\t\t<depth>3</depth>
\t</size>
\t<objects>
{objects}\t</objects>
</annotation>"""


def write(folder: Path) -> None:
    """Write FAIR1M with a sliver, an object of four equal points and two that reach out of the
    frame."""
    for part, labels_folder, scenes in PARTS:
        for stem, (surface, labels) in scenes.items():
            name = f"{part}/{stem}"
            placed = place(f"fair1m {name}", (SIDE, SIDE), CELL, labels.split(", "), KINDS)
            objects: list[tuple[str, Corners]] = [*placed, *BORDER.get(name, [])]
            image = ground(f"fair1m {name}", surface, (SIDE, SIDE))
            for label, corners in objects:
                if len(set(corners)) == 4:
                    draw(image, KINDS[label].glyph, inner(corners))
            put(folder / part / "images" / f"{stem}.tif", tiff(image, "tiff_adobe_deflate"))
            text = FILE.format(
                stem=stem,
                objects="".join(_object(index, *item) for index, item in enumerate(objects)),
            )
            put_text(folder / part / labels_folder / f"{stem}.xml", text)


def _object(index: int, label: str, corners: Corners) -> str:
    start = index % 4
    points = corners[start:] + corners[:start]
    if index % 2:
        points = points[::-1]
    closed = "\n".join(f"\t\t\t\t<point>{x:.6f},{y:.6f}</point>" for x, y in (*points, points[0]))
    return OBJECT.format(label=label, points=closed)
