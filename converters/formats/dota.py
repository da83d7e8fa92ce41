"""DOTA labelTxt: one text file a picture, four corners a line.

One native file (CRLF in v1; zero to three header lines)::

    imagesource:GoogleEarth
    gsd:0.266170468393
    674 375 683 375 684 394 675 395 small-vehicle 0

Corners are 0-based pixels, integers or floats, clockwise, and taken as they stand. The last field
is `difficult` (0, 1, 2), and may be absent; what stands before it is the class, blanks included.
Tools write commas, tabs and semicolons between the fields too, and a first line of column names. A
number in place of the class or before it, or behind it where no flag can stand, is of another form
(YOLO's, outlines, a detector's with its scores): no class is made of it. An empty file is a picture
without objects. Patches cut from a picture have such files too, with floats and without a header.

EVAttrs-95K puts the class between marks and attributes behind the line, as a JSON object; those
that are called "confidence", or whose value is unknown, are left out::

    1 2 9 2 9 8 1 8 </cls_name>Dry Cargo Ship</cls_name> 0 {"deck": {"colour": "red"}}

Source: Xia et al. 2018, https://github.com/CAPTAIN-WHU/DOTA_devkit,
https://github.com/XiangTodayEatsWhat/EagleVision.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from converters.read.attributes import attributes_of
from converters.read.box_fields import is_marked
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.numbers import float_of, floats_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures, text_lines, text_records
from schemas.sample import Kind, Picture, Quad, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)


# A header says one thing, `name:value`, and begins with a letter; an object begins with a number.
_HEADER = re.compile(r"[A-Za-z][A-Za-z _]*:")
# What a line says of its object besides: its class between marks, and a JSON object at its end.
_MARKED_CLASS = re.compile(r"</?cls_name>(.*?)</?cls_name>")
_SEPARATORS = str.maketrans(",;\t", "   ")
_PLAIN_FLAGS = ("0", "1", "2")
_MARKS = (",", ";", "{", "cls_name>")  # of files that may hold more than blanks and fields
_FLAG = re.compile(r"[012](\.0*)?|true|false|yes|no", re.IGNORECASE)


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
    has_marks = any(mark in text for mark in _MARKS)
    for number, line in text_lines(text):
        region = None if has_marks else _plain_region(f"line {number}", line)
        if region is not None:
            found.regions.append(region)
            continue
        if _HEADER.match(line):
            name, _, value = line.partition(":")
            if name.strip().lower() == "gsd":
                metres = _number(value)
                found = found._replace(gsd=metres if metres and metres > 0 else None)
            continue
        key = f"line {number}"
        words, more = _without_attributes(line)
        fields, label, difficult = _fields(words)
        if number == 1 and _is_heading(fields):
            continue
        points = [corner for field in fields[:8] if (corner := _number(field)) is not None]
        strange = _strange(label)
        if len(points) < 8 or not label or more is None or strange:
            what = "not eight numbers and a class" if more is not None else "attributes are no JSON"
            what = strange if strange and len(points) == 8 else what
            detail = f"{what}: {line.strip()[:80]}"
            found.rejects.append(Reject(file, f"{picture}#{key}", split, "bad_box", detail))
            if label := _class_behind(fields) or ("" if strange else label):
                found.unplaced.append(label)
        else:
            shape = Quad(tuple(points))
            found.regions.append(Region(key, label, shape, ignored=difficult, attributes=more))
    return found


def _plain_region(key: str, line: str) -> Region | None:
    """The region of a line that is eight finite numbers, a word and a flag, else None.

    Fast way: nearly all lines are like that, in files without _MARKS, and are read in a third of
    the time; the plain way, `_fields`, looks for everything else that a line may hold.
    """
    words = line.split()
    if len(words) != 10 or words[9] not in _PLAIN_FLAGS or _strange(words[8]):
        return None
    try:
        points = tuple(floats_of(words[:8]))
    except ValueError:
        return None
    if not all(map(math.isfinite, points)):
        return None
    return Region(key, words[8], Quad(points), ignored=words[9] != "0")


def _fields(line: str) -> tuple[list[str], str, bool]:
    """The fields of a line, its class, and whether it is marked difficult."""
    marked = _MARKED_CLASS.search(line)
    if marked is None:
        fields = line.translate(_SEPARATORS).split()
        return fields, *_class_of(fields[8:])
    before, behind = line[: marked.start()], line[marked.end() :]
    fields = before.translate(_SEPARATORS).split()
    return fields, marked[1].strip(), is_marked(behind.translate(_SEPARATORS).strip())


def _class_of(fields: list[str]) -> tuple[str, bool]:
    """The class, which may have blanks in its name, and whether the last field says difficult."""
    if len(fields) > 1 and _FLAG.fullmatch(fields[-1]):
        return " ".join(fields[:-1]), is_marked(fields[-1])
    return " ".join(fields), False


def _is_heading(fields: list[str]) -> bool:
    """True for a line of column names: `x1 y1 x2 ...`, no number among them."""
    return len(fields) > 8 and all(
        field[:1].lower() == axis and _number(field) is None
        for field, axis in zip(fields, "xyxyxyxy", strict=False)
    )


@functools.lru_cache(maxsize=1 << 12)  # classes are few, and each stands in many lines
def _strange(label: str) -> str:
    """What is wrong with the words behind eight numbers, where they are no class; else empty."""
    words = label.split()
    if words and all(_number(word) is not None for word in words):
        return f"the class is a number, {label}"
    if words and _number(words[0]) is not None:
        return f"more than eight numbers before the class, {words[0]}"
    if not words or _number(words[-1]) is None:
        return ""
    if "." in words[-1] or _FLAG.fullmatch(words[-2]):
        return f"a number behind the class, {words[-1]}"
    return ""


def _without_attributes(line: str) -> tuple[str, dict[str, str] | None]:
    """A line without the JSON at its end, and the attributes in it; None where it is no JSON."""
    words, brace, rest = line.partition("{")
    if not brace:
        return line, {}
    try:
        said = msgspec.json.decode(brace + rest, type=dict[str, Any])
        return words, attributes_of(said)
    except (msgspec.DecodeError, RecursionError):
        return words, None


def _class_behind(fields: list[str]) -> str:
    """The class of a line whose numbers are too few or unreadable: the words at its end."""
    words = fields[:-1] if fields and _FLAG.fullmatch(fields[-1]) else fields
    last = [*takewhile(lambda word: _number(word) is None, reversed(words))]
    return " ".join(reversed(last)) or _class_of(fields[8:])[0]


def _number(text: str) -> float | None:
    try:
        value = float_of(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
