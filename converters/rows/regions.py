"""The column `regions` of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from converters.regions.geometry import Floats
from schemas.sample import Box, Mask, Polygon, Quad, Region, Shape
from schemas.table import REGION

_SHAPES = {Box: "hbb", Quad: "obb", Polygon: "polygon", Mask: "mask"}


def region_values(
    regions: Sequence[Region], shapes: Sequence[Shape], boxes: Floats
) -> pa.StructArray:
    """Regions as a `REGION` column, without phrases.

    shapes: theirs in the rows. boxes: (n, 4) x1, y1, x2, y2 around each, in pixels of its picture.
    """
    columns = {
        "image": [region.image for region in regions],
        "label": [region.label for region in regions],
        "shape": [_SHAPES[type(shape)] for shape in shapes],
        "points": [
            shape.points if isinstance(shape, (Quad, Polygon)) else None for shape in shapes
        ],
        "counts": [shape.counts if isinstance(shape, Mask) else None for shape in shapes],
        "phrase": [None] * len(regions),
    }
    arrays = {name: pa.array(values, REGION.field(name).type) for name, values in columns.items()}
    # Fast way for what is an array already. The plain way is pa.array(boxes.tolist()).
    corners = pa.array(boxes.astype(np.float32).ravel())
    ends = pa.array(np.arange(0, 4 * len(regions) + 1, 4, dtype=np.int32))
    arrays["bbox"] = pa.ListArray.from_arrays(ends, corners)
    return pa.StructArray.from_arrays([arrays[field.name] for field in REGION], fields=list(REGION))


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
