"""Detection XML, one file a picture: the walk is VOC's, the geometry leaf differs.

`geometry = "bndbox"` (DIOR)::

    <annotation><filename>00255.jpg</filename><size><width>800</width>...</size>
      <object><name>dam</name><bndbox><xmin>449</xmin><ymin>189</ymin><xmax>634</xmax><ymax>290</ymax></bndbox></object></annotation>

`geometry = "robndbox"` (DIOR-R)::

    <object><name>dam</name><robndbox><x_left_top>460</x_left_top><y_left_top>180</y_left_top> ... <y_left_bottom>194</y_left_bottom></robndbox></object>

`geometry = "points"` (FAIR1M)::

    <objects><object><possibleresult><name>Van</name></possibleresult>
      <points><point>801.000000,949.000000</point> ... five, the first repeated ...</points></object></objects>

bndbox and robndbox count pixels from 1, corners included; points are 0-based and taken as they stand. The picture is named by the file's own stem, since
`<filename>` is wrong in several sets.
Source: Li et al. 2020 (DIOR), Cheng et al. 2022 (DIOR-R), Sun et al. 2022 (FAIR1M).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    ALL,
    BySplit,
    PicturePaths,
    Plan,
    Source,
    Span,
    annotation_files,
    batched,
    bound,
    stem,
)
from converters.regions.geometry import inclusive_corners
from schemas.sample import Picture, Region, Reject, Sample, Unit

UNIT: Unit = "region"
_FILES_A_SPAN = 256
_CORNERS = [
    f"{axis}_{corner}"
    for corner in ("left_top", "right_top", "right_bottom", "left_bottom")
    for axis in "xy"
]
UNLISTED = "unlisted"  # the split of a file that no list names


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the XML files. images: picture path from `{stem}`, `{split}` and the pattern's names. lists: pattern of the split lists, one
    stem a line, where splits are no folders. geometry: the leaf that holds the coordinates.
    """

    annotations: BySplit
    images: BySplit
    geometry: Literal["bndbox", "robndbox", "points"]
    lists: str | None = None


class _Fault(Exception):
    """An object cannot become a region; args: reason, detail."""


def plan(source: Source, options: Options) -> Plan:
    """Spans of a few hundred XML files, by split."""
    found = annotation_files(source, options.annotations)
    notes: list[str] = []
    by_split: dict[str, list[str]] = {}
    if options.lists is None:
        for split, file in found:
            by_split.setdefault(split or ALL, []).append(file.path)
    else:
        by_split, notes = _by_lists(
            source, options, {stem(file.path): file.path for _, file in found}
        )
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(source.slug, split, names, _FILES_A_SPAN, len(spans))
    return Plan(spans, notes)


def _by_lists(
    source: Source, options: Options, there: dict[str, str]
) -> tuple[dict[str, list[str]], list[str]]:
    by_split: dict[str, list[str]] = {}
    notes = []
    listed: set[str] = set()
    lists = options.lists or ""
    for found in files.find(source.base, lists):
        split = found.values["split"]
        if isinstance(options.images, dict) and split not in options.images:
            notes.append(f"{source.relative(found.path)} is the list of no split of this dataset")
            continue
        stems = source.bytes_of(found.path).decode("utf-8", "replace").split()
        absent = sum(name not in there for name in stems)
        if absent and source.wants(split):
            notes.append(
                f"{source.relative(found.path)} names {absent} of {len(stems)} pictures that have no annotation file"
            )
        fresh = [name for name in stems if name in there and name not in listed]
        listed.update(fresh)
        if source.wants(split):
            by_split[split] = [there[name] for name in fresh]
    if not listed:
        raise SourceError(
            f"{source.slug}: no split list {files.join(source.base, lists)} names a file that is there"
        )
    if source.wants(UNLISTED) and (
        loose := [path for name, path in there.items() if name not in listed]
    ):
        notes.append(f"{len(loose)} annotation files are in no split list")
        by_split[UNLISTED] = loose
    return by_split, notes


def read(source: Source, options: Options, span: Span) -> Iterator[Sample | Reject]:
    """One Sample an XML file, and a Reject for each object or file that cannot be read."""
    pictures = PicturePaths(source, options.images)
    for name in span.names:
        file = source.relative(name)
        try:
            root = fromstring(source.bytes_of(name))
        except (
            ParseError,
            DefusedXmlException,
            SourceError,
            ValueError,
            LookupError,
        ) as error:  # LookupError: an encoding that nobody knows
            yield Reject(
                file, "", span.split, "unreadable_file", str(error) or type(error).__name__
            )
            continue
        regions: list[Region] = []
        for i, node in enumerate(root.iter("object")):
            key = f"object[{i}]"
            try:
                regions.append(_region(node, options.geometry, key))
            except _Fault as fault:
                yield Reject(file, f"{stem(name)}#{key}", span.split, *fault.args)
        width, height = (_size(root, side) for side in ("width", "height"))
        path = pictures.path(
            {**bound(options.annotations, name), "stem": stem(name), "split": span.split}
        )
        yield Sample(
            stem(name), file, span.split, (Picture(path, width, height),), regions=tuple(regions)
        )


def _size(root: Element, side: str) -> int | None:
    text = (root.findtext(f"size/{side}") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def _region(node: Element, geometry: str, key: str) -> Region:
    label = (node.findtext("name") or node.findtext("possibleresult/name") or "").strip()
    if not label:
        raise _Fault("missing_field", "object without a name")
    leaf, shape = _LEAVES[geometry]
    ignored = (node.findtext("difficult") or "0").strip() not in ("0", "")
    return Region(label, shape, leaf(node), key, ignored=ignored)


def _bndbox(node: Element) -> tuple[float, ...]:
    x1, y1, x2, y2 = _numbers(node.find("bndbox"), ["xmin", "ymin", "xmax", "ymax"])
    if x1 == x2 or y1 == y2:
        raise _Fault("zero_area", f"corners coincide: {x1:g} {y1:g} {x2:g} {y2:g}")
    (x1, x2), (y1, y2) = _half_open(x1, x2), _half_open(y1, y2)
    return x1, y1, x2, y2


def _half_open(first: float, last: float) -> tuple[float, float]:
    """Edges of pixels counted from 1. Inverted ones stay so: clipping puts them in order and counts them."""
    return (first - 1, last) if first < last else (first, last - 1)


def _robndbox(node: Element) -> tuple[float, ...]:
    corners = np.array(_numbers(node.find("robndbox"), _CORNERS)).reshape(1, 4, 2)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    if (sides == 0).any():
        raise _Fault(
            "zero_area", f"corners coincide: {' '.join(f'{c:g}' for c in corners.ravel())}"
        )
    return tuple(inclusive_corners(corners - 1.0).ravel().tolist())


def _points(node: Element) -> tuple[float, ...]:
    texts = [(point.text or "").split(",") for point in node.iterfind("points/point")]
    if any(len(text) != 2 for text in texts):
        raise _Fault("bad_box", "a point is not x,y")
    points = [(_finite(x), _finite(y)) for x, y in texts]
    if len(points) == 5 and points[0] == points[4]:
        points.pop()
    if len(points) != 4:
        raise _Fault("bad_box", f"{len(points)} points where four corners were meant")
    return tuple(c for point in points for c in point)


def _numbers(leaf: Element | None, tags: list[str]) -> list[float]:
    if leaf is None:
        raise _Fault("bad_box", "no coordinates of the entry's geometry")
    return [_finite(leaf.findtext(tag)) for tag in tags]


def _finite(text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _Fault("bad_box", f"not a number: {text!r}")
    return value


_LEAVES: dict[str, tuple[Callable[[Element], tuple[float, ...]], Any]] = {
    "bndbox": (_bndbox, "hbb"),
    "robndbox": (_robndbox, "obb"),
    "points": (_points, "obb"),
}
