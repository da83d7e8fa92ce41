"""Regions as columns: as rows show them, and as their identity rests on them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from converters.regions.columns import Regions
from converters.regions.geometry import Floats
from converters.regions.numbers import ShapeArray, by_kind, numbers_of, taken
from converters.regions.scenes import flat
from schemas.sample import Box, Mask, Polygon, Quad, Shape
from schemas.table import REGION

_PLAIN = 1e12  # %.12g writes whole numbers below it as they are
_SHAPES = {Box: "hbb", Quad: "obb", Polygon: "polygon", Mask: "mask"}


def region_values(regions: Regions, shapes: Sequence[Shape], boxes: Floats) -> pa.StructArray:
    """Regions as a `REGION` column, without phrases.

    shapes: theirs in the rows. boxes: (n, 4) x1, y1, x2, y2 around each, in pixels of its picture.
    """
    count = len(regions)
    points: pa.Array = pa.nulls(count, REGION.field("points").type)
    runs: pa.Array = pa.nulls(count, REGION.field("counts").type)
    kinds = by_kind(shapes)
    if kinds.keys() & {Quad, Polygon}:
        points = _points(shapes, points.type)
    if Mask in kinds:
        held = [shape.counts if isinstance(shape, Mask) else None for shape in shapes]
        runs = pa.array(held, runs.type)
    names = np.zeros(count, np.int8)
    for number, kind in enumerate(_SHAPES):
        names[kinds.get(kind, [])] = number
    # Fast way for what is an array already. The plain way is pa.array(boxes.tolist()).
    corners = pa.array(boxes.astype(np.float32).ravel())
    ends = pa.array(np.arange(0, 4 * count + 1, 4, dtype=np.int32))
    arrays = {
        "image": pa.array(regions.images.astype(np.int32)),
        "label": pa.array(regions.labels, pa.string()),
        "shape": pa.array([*_SHAPES.values()]).take(pa.array(names)),
        "bbox": pa.ListArray.from_arrays(ends, corners),
        "points": points,
        "counts": runs,
        "phrase": pa.nulls(count, pa.string()),
    }
    return pa.StructArray.from_arrays([arrays[field.name] for field in REGION], fields=list(REGION))


def _points(shapes: Sequence[Shape], kind: pa.ListType) -> pa.Array:
    """The corners of quads and polygons, null for other shapes."""
    if isinstance(shapes, ShapeArray):
        lengths, flat = numbers_of(shapes)
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), pa.array(flat, kind.value_type), type=kind)
    held = [shape.points if isinstance(shape, (Quad, Polygon)) else None for shape in shapes]
    return pa.array(held, kind)


def region_lists(
    counts: Sequence[int], values: pa.StructArray, phrases: Sequence[str | None] | None = None
) -> pa.ListArray:
    """Regions as a list column.

    counts: how many each row has; values: of all rows in turn. phrases: what the authors of a
    region call it, beside its class.
    """
    if phrases is not None:
        arrays = [values.field(field.name) for field in REGION]
        arrays[REGION.get_field_index("phrase")] = pa.array(phrases, pa.string())
        values = pa.StructArray.from_arrays(arrays, fields=list(REGION))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values)


def native_texts(names: Sequence[str], shapes: Sequence[Shape]) -> pa.StringArray:
    """Regions as read, for a row's identity: class and numbers, `ship:10,20.5,30,40`."""
    labels = pa.array(names, pa.string())
    numbers, order = [pa.array([], pa.string())], [np.zeros(0, np.int64)]
    for kind, chosen in by_kind(shapes).items():
        held = taken(shapes, chosen)
        whole = np.zeros(len(held), bool)
        if kind is not Mask:
            # Fast way: Arrow writes whole numbers, which most sets have, in a fifth of the time. It
            # assumes that they have the twelve digits that are written of others, and are no -0.
            lengths, values = numbers_of(held)
            plain = (np.rint(values) == values) & (np.abs(values) < _PLAIN)
            plain &= (values != 0) | ~np.signbit(values)
            owner = np.repeat(np.arange(len(held)), lengths)
            whole = np.bincount(owner[~plain], minlength=len(held)) == 0
            digits = pa.array(values[whole[owner]].astype(np.int64)).cast(pa.string())
            ends = np.concatenate([[0], np.cumsum(lengths[whole])]).astype(np.int32)
            numbers.append(pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), digits), ","))
            order.append(chosen[whole])
        rest = np.flatnonzero(~whole)
        numbers.append(pa.array([_said(held[place]) for place in rest.tolist()], pa.string()))
        order.append(chosen[rest])
    places = pa.array(np.argsort(np.concatenate(order)))
    return pc.binary_join_element_wise(labels, pa.concat_arrays(numbers).take(places), ":")


def _said(shape: Shape) -> str:
    numbers = flat(shape)
    # Fast way: one format for all numbers. One for each of them takes twice as long.
    return _format(len(numbers)) % numbers


@functools.cache
def _format(count: int) -> str:
    return ",".join(["%.12g"] * count)
