"""DOTA labelTxt: one text file a picture, four corners a line.

One native file (CRLF in v1; zero to three header lines)::

    imagesource:GoogleEarth
    gsd:0.266170468393
    674 375 683 375 684 394 675 395 small-vehicle 0

Corners are 0-based pixels, integers or floats, clockwise, and taken as they stand. The last field
is `difficult` (0, 1, 2), and may be absent. A line of fewer than 9 fields that begins with no
number is a header; an empty file is a picture without objects.
Source: Xia et al. 2018, https://github.com/CAPTAIN-WHU/DOTA_devkit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from converters.read.folder import BySplit, Folder, PicturePaths, Plan, Sides, Span, bound, stem
from converters.read.plans import files_plan
from converters.read.records import record_pictures, text_lines, text_records
from schemas.sample import Kind, Picture, Quad, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the label files. images: picture path from the pattern's names and
    `{stem}`.
    """

    annotations: BySplit
    images: BySplit


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few hundred label files."""
    return files_plan(folder, options.annotations, options.images, files_a_span=256)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a label file, and a Reject for each line that cannot be read."""
    paths = PicturePaths(folder, options.images)
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield text
            continue
        file, key = folder.relative(name), stem(name)
        values = {**bound(options.annotations, name), "stem": key, "split": span.split}
        gsd, found = _parse(text, file, key, span.split)
        yield from (item for item in found if isinstance(item, Reject))
        regions = tuple(item for item in found if isinstance(item, Region))
        items = max(1, len(regions))
        pictures = record_pictures([(paths, values)], file, key, span.split, items)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        picture = Picture(pictures[0].path, gsd=gsd)
        yield Sample(key, file, span.split, (picture,), regions=regions)


def _parse(
    text: str, file: str, picture: str, split: str
) -> tuple[float | None, list[Region | Reject]]:
    """The header's metres a pixel, and a Region or a Reject for each line that holds an object."""
    gsd = None
    found: list[Region | Reject] = []
    for number, line in text_lines(text):
        fields = line.split()
        corners = [_number(field) for field in fields[:8]]
        if len(fields) < 9 and corners[0] is None:
            if line.startswith("gsd:"):
                gsd = _number(line[4:])
            continue
        key = f"line {number}"
        points = tuple(corner for corner in corners if corner is not None)
        if len(fields) < 9 or len(points) < 8:
            detail = f"not eight numbers and a class: {line.strip()[:80]}"
            found.append(Reject(file, f"{picture}#{key}", split, "bad_box", detail))
            continue
        difficult = len(fields) > 9 and fields[9] != "0"
        found.append(Region(key, fields[8], Quad(points), ignored=difficult))
    return gsd, found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
