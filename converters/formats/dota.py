"""DOTA labelTxt: one text file a picture, four corners a line.

One native file (CRLF in v1; zero to three header lines)::

    imagesource:GoogleEarth
    gsd:0.266170468393
    674 375 683 375 684 394 675 395 small-vehicle 0

Corners are 0-based pixels, integers or floats, clockwise, and taken as they stand. The last field
is `difficult` (0, 1, 2), and may be absent; what stands before it is the class, blanks included.
Tools write commas between the fields too. An empty file is a picture without objects.
Source: Xia et al. 2018, https://github.com/CAPTAIN-WHU/DOTA_devkit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from msgspec import Struct

from converters.read.folder import BySplit, Folder, PicturePaths, Plan, Sides, Span, bound, stem
from converters.read.plans import files_plan
from converters.read.records import record_pictures, text_lines, text_records
from schemas.sample import Kind, Picture, Quad, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)


# A header says one thing, `name:value`, and begins with a letter; an object begins with a number.
_HEADER = re.compile(r"[A-Za-z][A-Za-z _]*:")


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
        found = _parse(text, file, key, span.split)
        yield from found.rejects
        items = max(1, len(found.regions))
        pictures = record_pictures([(paths, values)], file, key, span.split, items)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        yield Sample(
            key,
            file,
            span.split,
            (Picture(pictures[0].path, gsd=found.gsd),),
            regions=tuple(found.regions),
            unplaced=tuple(found.unplaced),
        )


class _Parsed(NamedTuple):
    """What a label file holds. unplaced: classes of objects whose corners cannot be read."""

    gsd: float | None
    regions: list[Region]
    rejects: list[Reject]
    unplaced: list[str]


def _parse(text: str, file: str, picture: str, split: str) -> _Parsed:
    """The header's metres a pixel, and a Region or a Reject for every other line."""
    found = _Parsed(None, [], [], [])
    for number, line in text_lines(text):
        if _HEADER.match(line):
            if line.startswith("gsd:"):
                found = found._replace(gsd=_number(line[4:]))
            continue
        # Fields stand between blanks or commas.
        fields = line.replace(",", " ").split()
        points = [corner for field in fields[:8] if (corner := _number(field)) is not None]
        label, difficult = _class_of(fields[8:])
        key = f"line {number}"
        if len(points) < 8 or not label:
            detail = f"not eight numbers and a class: {line.strip()[:80]}"
            found.rejects.append(Reject(file, f"{picture}#{key}", split, "bad_box", detail))
            if label := _class_behind(fields):
                found.unplaced.append(label)
        else:
            found.regions.append(Region(key, label, Quad(tuple(points)), ignored=difficult))
    return found


def _class_of(fields: list[str]) -> tuple[str, bool]:
    """The class, which may have blanks in its name, and whether the last field says difficult."""
    if len(fields) > 1 and fields[-1].isdecimal():
        return " ".join(fields[:-1]), fields[-1] != "0"
    return " ".join(fields), False


def _class_behind(fields: list[str]) -> str:
    """The class of a line whose numbers are too few or unreadable: the words at its end."""
    words = fields[:-1] if fields and fields[-1].isdecimal() else fields
    last = [*takewhile(lambda word: _number(word) is None, reversed(words))]
    return " ".join(reversed(last)) or _class_of(fields[8:])[0]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
