"""Detection XML, one file a picture: the walk is VOC's, the geometry leaf differs.

`geometry = "bndbox"` (DIOR)::

    <annotation><filename>00255.jpg</filename><size><width>800</width>...</size>
      <object><name>dam</name>
        <bndbox><xmin>449</xmin><ymin>189</ymin><xmax>634</xmax><ymax>290</ymax></bndbox>
      </object></annotation>

`geometry = "robndbox"` (DIOR-R)::

    <object><name>dam</name>
      <robndbox><x_left_top>460</x_left_top><y_left_top>180</y_left_top> ...
        <y_left_bottom>194</y_left_bottom></robndbox></object>

Sets that were labelled anew with roLabelImg have its box under the same tag, read by its own
convention: pixels from the picture's corner, the angle in radians, clockwise::

    <robndbox><cx>150.0</cx><cy>150.0</cy><w>100.0</w><h>40.0</h><angle>0.5</angle></robndbox>

`geometry = "points"` (FAIR1M)::

    <objects><object><possibleresult><name>Van</name></possibleresult>
      <points><point>801.000000,949.000000</point> ... five, the first repeated ...</points>
    </object></objects>

An entry says whether it is `one_based`: such numbers count pixels from 1, corners included (DIOR,
DIOR-R); others are 0-based and taken as they stand (FAIR1M). The picture is named by the file's
own stem, since `<filename>` is wrong in several sets.
Source: Li et al. 2020 (DIOR), Cheng et al. 2022 (DIOR-R), Sun et al. 2022 (FAIR1M),
https://github.com/cgvict/roLabelImg.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np
from msgspec import Struct

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import SourceError
from converters.read.folder import (
    BySplit,
    Folder,
    PicturePaths,
    Plan,
    Sides,
    Span,
    batched,
    bound,
    stem,
)
from converters.read.plans import chosen_files, files_plan, picture_patterns, pictures_elsewhere
from converters.read.records import record_pictures, xml_records
from converters.regions.geometry import inclusive_corners
from schemas.sample import Box, Kind, Picture, Quad, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 256
_CORNERS = [
    f"{axis}_{corner}"
    for corner in ("left_top", "right_top", "right_bottom", "left_bottom")
    for axis in "xy"
]
_CENTRED = ["cx", "cy", "w", "h", "angle"]
UNLISTED = "unlisted"  # the split of a file that no list names


_ENDING = re.compile(r"\.(jpe?g|png|tiff?|bmp|xml|txt)$", re.IGNORECASE)


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the XML files. images: picture path from `{stem}`, `{split}` and the
    pattern's names. lists: pattern of the split lists, one stem a line, where splits are no
    folders. geometry: the leaf that holds the coordinates. one_based: True where they count pixels
    from 1, corners included. ignored_names: classes that mean "ignore this", such as DontCare.
    """

    annotations: BySplit
    images: BySplit
    geometry: Literal["bndbox", "robndbox", "points"]
    one_based: bool
    lists: str | None = None
    ignored_names: list[str] = []


class _Fault(Exception):
    """An object cannot become a region; args: reason, detail."""


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few hundred XML files, by split.

    Raises SourceError where there is none, and says what became of the pictures that lists name.
    """
    if options.lists is None:
        return files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)
    notes: list[str] = []
    found = chosen_files(folder, options.annotations, notes)
    there = {stem(file.path): file.path for _, file in found}
    elsewhere = pictures_elsewhere(folder, options.images)
    by_split, more = _by_lists(folder, options, options.lists, there)
    if not any(by_split.values()):
        asked = ", ".join(sorted(folder.splits or ()))
        raise SourceError(f"{folder.slug}: no pictures of split {asked}. {'. '.join(more)}".strip())
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
    return Plan(spans, [*notes, *more, *elsewhere], picture_patterns(options.images))


def _by_lists(
    folder: Folder, options: Options, lists: str, there: dict[str, str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Files by split, and notes. there: files by stem; the first list that names one has it."""
    by_split: dict[str, list[str]] = {}
    notes = []
    listed: dict[str, str] = {}  # the split of each picture that a list names
    for found in files.find(folder.base, lists):
        split, name = found.values["split"], folder.relative(found.path)
        if isinstance(options.images, dict) and split not in options.images:
            notes.append(f"{name} is the list of no split of this dataset")
            continue
        stems = _list_of(folder, found.path)
        absent = sum(picture not in there for picture in stems)
        if absent and folder.wants(split):
            count = f"{absent} of {len(stems)} pictures"
            notes.append(f"{name} names {count} that have no annotation file")
        named = [picture for picture in dict.fromkeys(stems) if picture in there]
        fresh = [picture for picture in named if picture not in listed]
        for other in sorted({listed[picture] for picture in named if picture in listed}):
            twice = [picture for picture in named if listed.get(picture) == other]
            notes.append(
                f"{len(twice)} of the pictures of {name} are in the list of {other} too and stay "
                f"in {other}, such as {twice[0]}"
            )
        listed.update(dict.fromkeys(fresh, split))
        if folder.wants(split):
            by_split[split] = [there[picture] for picture in fresh]
    if not listed:
        where = files.join(folder.base, lists)
        raise SourceError(f"{folder.slug}: no split list {where} names a file that is there")
    loose = [path for picture, path in there.items() if picture not in listed]
    if loose and folder.wants(UNLISTED):
        notes.append(f"{len(loose)} annotation files are in no split list")
        by_split[UNLISTED] = loose
    return by_split, notes


def _list_of(folder: Folder, path: str) -> list[str]:
    """The stems that a split list names, with or without folder and ending.

    Raises SourceError where it is no text.
    """
    try:
        entries = text_of(folder.bytes_of(path)).split()
        return [_ENDING.sub("", entry.rpartition("/")[2]) for entry in entries]
    except UnicodeDecodeError as error:
        where = f"{folder.slug}: {folder.relative(path)}"
        raise SourceError(f"{where} cannot be read: {error}") from None


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample an XML file, and a Reject for each object or file that cannot be read."""
    paths = PicturePaths(folder, options.images)
    for name, root in xml_records(folder, span):
        if isinstance(root, Reject):
            yield root
            continue
        file, key = folder.relative(name), stem(name)
        regions: list[Region] = []
        unplaced: list[str] = []
        for i, node in enumerate(root.iter("object")):
            try:
                regions.append(_region(node, options, f"object[{i}]"))
            except _Fault as fault:
                if label := _label(node):
                    unplaced.append(label)
                yield Reject(file, f"{key}#object[{i}]", span.split, *fault.args)
        values = {**bound(options.annotations, name), "stem": key, "split": span.split}
        items = max(1, len(regions))
        pictures = record_pictures([(paths, values)], file, key, span.split, items)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        picture = Picture(pictures[0].path, _size(root, "width"), _size(root, "height"))
        yield Sample(
            key,
            file,
            span.split,
            (picture,),
            regions=tuple(regions),
            unplaced=tuple(unplaced),
        )


def _size(root: Element, side: str) -> int | None:
    text = (root.findtext(f"size/{side}") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def _label(node: Element) -> str:
    return (node.findtext("name") or node.findtext("possibleresult/name") or "").strip()


def _region(node: Element, options: Options, key: str) -> Region:
    label = _label(node)
    if not label:
        raise _Fault("missing_field", "object without a name")
    leaf = node.find(options.geometry)
    if leaf is None:
        there = ", ".join(child.tag for child in node)
        raise _Fault("bad_box", f"no {options.geometry}; the object has {there}"[:200])
    shape = _LEAVES[options.geometry](leaf, options.one_based)
    ignored = label in options.ignored_names or _is_difficult(node.findtext("difficult") or "")
    return Region(key, label, shape, ignored=ignored)


def _is_difficult(text: str) -> bool:
    """Difficult is 1, 1.0 or true in any case; what says nothing (0, false, Unspecified) is not."""
    try:
        return float(text) != 0
    except ValueError:
        return text.strip().lower() in ("true", "yes")


def _bndbox(leaf: Element, one_based: bool) -> Box:
    x1, y1, x2, y2 = _numbers(leaf, ["xmin", "ymin", "xmax", "ymax"])
    if x1 == x2 or y1 == y2:
        raise _Fault("zero_area", f"corners coincide: {x1:g} {y1:g} {x2:g} {y2:g}")
    if one_based:
        (x1, x2), (y1, y2) = _half_open(x1, x2), _half_open(y1, y2)
    return Box(x1, y1, x2, y2)


def _half_open(first: float, last: float) -> tuple[float, float]:
    """Edges of pixels counted from 1.

    Inverted ones stay so: clipping puts them in order and counts them.
    """
    return (first - 1, last) if first < last else (first, last - 1)


def _robndbox(leaf: Element, one_based: bool) -> Quad:
    if leaf.find(_CORNERS[0]) is None and leaf.find(_CENTRED[0]) is not None:
        return _centred(*_numbers(leaf, _CENTRED))
    return _quad(_numbers(leaf, _CORNERS), one_based)


def _centred(cx: float, cy: float, width: float, height: float, angle: float) -> Quad:
    if width <= 0 or height <= 0:
        raise _Fault("zero_area", f"{width:g} wide and {height:g} high")
    cosine, sine = math.cos(angle), math.sin(angle)
    halves = [(x * width / 2, y * height / 2) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    corners = [(cx + x * cosine - y * sine, cy + x * sine + y * cosine) for x, y in halves]
    return Quad(tuple(number for corner in corners for number in corner))


def _points(leaf: Element, one_based: bool) -> Quad:
    texts = [(point.text or "").split(",") for point in leaf.iterfind("point")]
    if any(len(text) != 2 for text in texts):
        raise _Fault("bad_box", "a point is not x,y")
    points = [(_finite(x), _finite(y)) for x, y in texts]
    if len(points) == 5 and points[0] == points[4]:
        points.pop()
    if len(points) != 4:
        raise _Fault("bad_box", f"{len(points)} points where four corners were meant")
    return _quad([number for point in points for number in point], one_based)


def _quad(numbers: list[float], one_based: bool) -> Quad:
    if not one_based:
        return Quad(tuple(numbers))
    corners = np.array(numbers).reshape(1, 4, 2)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    if (sides == 0).any():
        raise _Fault("zero_area", f"corners coincide: {' '.join(f'{n:g}' for n in numbers)}")
    return Quad(tuple(inclusive_corners(corners - 1.0).ravel().tolist()))


def _numbers(leaf: Element, tags: list[str]) -> list[float]:
    if lacking := [tag for tag in tags if leaf.find(tag) is None]:
        there = ", ".join(child.tag for child in leaf) or "nothing"
        raise _Fault("bad_box", f"{leaf.tag} lacks {', '.join(lacking)}; it has {there}"[:300])
    return [_finite(leaf.findtext(tag)) for tag in tags]


def _finite(text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _Fault("bad_box", f"not a number: {text!r}")
    return value


_LEAVES: dict[str, Callable[[Element, bool], Shape]] = {
    "bndbox": _bndbox,
    "robndbox": _robndbox,
    "points": _points,
}
