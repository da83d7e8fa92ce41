"""Outlines and masks in tables (CSV, Parquet, Excel): one object a row, several rows a picture.

`written = "run_lengths"` (Airbus Ship Detection)::

    ImageId,EncodedPixels
    00a1aab5b.jpg,349796 2 350564 4 351332 6
    0a00a69de.jpg,

Start and length of each run in turn. Pixels are counted from 1, down the columns of the picture and
then to the right; so its size is needed. A row is one object, whatever parts its mask has.

`written = "wkt"` (SpaceNet 2 and DeepGlobe's buildings)::

    ImageId,BuildingId,PolygonWKT_Pix,PolygonWKT_Geo
    AOI_2_Vegas_img1,0,"POLYGON ((12 40 0, 60 40 0, 60 90 0, 12 90 0, 12 40 0))","POLYGON (...)"
    AOI_2_Vegas_img7,-1,POLYGON EMPTY,POLYGON EMPTY

Pixels from the picture's top left corner, taken as they stand. What has holes or several parts
becomes a mask. A row without a shape, or with an empty one, is a picture without objects.
Source: https://www.kaggle.com/c/airbus-ship-detection, https://spacenet.ai/spacenet-buildings-dataset-v2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import shapely
from msgspec import Struct

from converters.read.folder import (
    BySplit,
    Folder,
    PicturePaths,
    Plan,
    Sides,
    Span,
    bound,
    picture_stem,
)
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from converters.read.sizes import PictureSizes
from converters.read.tables import table_records
from converters.regions.shapes import mask_of_polygons
from schemas.sample import Kind, Mask, Picture, Polygon, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("region",)
_ROW_BYTES = 400
_EMPTY = "EMPTY"


class Columns(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the table's columns. label: of the class, where the table has one."""

    image: str
    shape: str
    label: str | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables. images: picture path from `{image}` (as written), `{stem}`,
    `{split}` and the pattern's names. columns: the table's columns. written: how a shape is.
    label: the class of all objects, where no column says it. picture_size: width and height of
    every picture, where pictures need not be there to be measured.
    """

    annotations: BySplit
    images: BySplit
    columns: Columns
    written: Literal["run_lengths", "wkt"]
    label: str | None = None
    picture_size: tuple[int, int] | None = None


class _Row(Struct):
    image: str
    shape: str | None = None
    label: str | None = None


class _BadShape(Exception):
    """A row has no usable shape; args: a Reject's reason, and a detail."""


class _Scene(NamedTuple):
    """The rows of one picture: (place, text, class) of those that have a shape."""

    picture: Picture
    rows: list[tuple[str, str, str]]


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table. Raises SourceError where there is none."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_ROW_BYTES
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each row that cannot be read."""
    file = folder.relative(span.names[0])
    names = {"image": options.columns.image, "shape": options.columns.shape}
    if options.columns.label is not None:
        names["label"] = options.columns.label
    paths, sizes = PicturePaths(folder, options.images), PictureSizes(folder)
    named = bound(options.annotations, span.names[0])
    scenes: dict[str, _Scene] = {}
    for place, row in table_records(folder, span, _Row, names, named="image"):
        if isinstance(row, Reject):
            yield row
            continue
        if row.image not in scenes:
            values = {**named, "image": row.image}
            values |= {"stem": picture_stem(row.image), "split": span.split}
            found = record_pictures([(paths, values)], file, row.image, span.split)
            if isinstance(found, Reject):
                yield found
                continue
            scenes[row.image] = _Scene(found[0], [])
        text = (row.shape or "").strip()
        if text and not text.upper().endswith(_EMPTY):
            scenes[row.image].rows.append((place, text, row.label or options.label or ""))
    for key, scene in scenes.items():
        yield from _sample(options, sizes, key, scene, file, span.split)


def _sample(
    options: Options, sizes: PictureSizes, key: str, scene: _Scene, file: str, split: str
) -> Iterator[Sample | Reject]:
    """The Sample of one picture, and the Rejects of its rows."""
    size = options.picture_size or (sizes.of(scene.picture.path) if scene.rows else None)
    regions: list[Region] = []
    unplaced: list[str] = []
    for place, text, label in scene.rows:
        try:
            if not label:
                raise _BadShape("missing_field", "no class")
            if options.written == "wkt":
                shape: Shape = _wkt_shape(text, size)
            else:
                shape = _run_lengths(text, size)
        except _BadShape as bad:
            yield Reject(file, f"{key}#{place}", split, *bad.args)
            if label:
                unplaced.append(label)
        else:
            regions.append(Region(place, label, shape))
    picture = scene.picture if size is None else Picture(scene.picture.path, *size)
    yield Sample(key, file, split, (picture,), regions=tuple(regions), unplaced=tuple(unplaced))


def _run_lengths(text: str, size: tuple[int, int] | None) -> Mask:
    """A mask from starts and lengths, counted from 1 down the columns. Raises _BadShape."""
    if size is None:
        raise _BadShape("no_size", "run lengths need the size of their picture")
    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        raise _BadShape("bad_value", f"run lengths are no whole numbers: {text[:60]}") from None
    if len(numbers) % 2:
        raise _BadShape("bad_value", f"{len(numbers)} numbers where starts and lengths were meant")
    width, height = size
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    if (lengths < 1).any() or (lengths > width * height).any():
        raise _BadShape("bad_value", "a run of no pixel, or of more than the picture has")
    ends = starts + lengths
    if (starts < 0).any() or (ends > width * height).any():
        raise _BadShape("bad_value", f"runs leave the picture of {width} x {height}")
    if (starts[1:] < ends[:-1]).any():
        raise _BadShape("bad_value", "runs overlap or go backwards")
    # Runs that touch are one: COCO's counts take turns between zeros and ones.
    first = np.r_[True, starts[1:] > ends[:-1]]
    last = np.r_[first[1:], True]
    edges = np.column_stack([starts[first], ends[last]]).ravel()
    counts: list[int] = np.diff(np.r_[0, edges, width * height]).tolist()
    if counts[-1] == 0:
        counts.pop()
    return Mask(width, height, tuple(counts))


def _wkt_shape(text: str, size: tuple[int, int] | None) -> Polygon | Mask:
    """A ring as a polygon, holes and parts as a mask. Raises _BadShape."""
    try:
        shape = shapely.from_wkt(text)
    except shapely.errors.ShapelyError as error:
        raise _BadShape("bad_box", f"no WKT: {error}"[:200]) from None
    kinds = {"Polygon": [shape], "MultiPolygon": list(getattr(shape, "geoms", []))}
    parts = kinds.get(shape.geom_type)
    if parts is None:
        raise _BadShape("bad_box", f"a {shape.geom_type} where a polygon was meant")
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    corners = [shapely.get_coordinates(ring)[:-1].ravel().tolist() for ring in rings]
    if len(corners) == 1:
        return Polygon(tuple(corners[0]))
    if size is None:
        raise _BadShape("no_size", "holes and parts need the size of their picture")
    try:
        return mask_of_polygons(corners, *size)
    except ValueError as error:
        raise _BadShape("bad_box", str(error)) from None
