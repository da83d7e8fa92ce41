"""The column `regions` of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from converters.regions.geometry import Floats
from schemas.sample import Box, Mask, Polygon, Quad, Region
from schemas.table import REGION

_SHAPES = {Box: "hbb", Quad: "obb", Polygon: "polygon", Mask: "mask"}


def region_lists(
    counts: Sequence[int],
    regions: Sequence[Region],
    boxes: Floats,
    phrases: Sequence[str | None],
) -> pa.ListArray:
    """Regions as a list column.

    counts: how many each row has, in order. boxes: (n, 4) x1, y1, x2, y2 around each region, in
    pixels of its picture. phrases: what its authors call it, beside its class.
    """
    shapes = [region.shape for region in regions]
    columns = {
        "image": [region.image for region in regions],
        "label": [region.label for region in regions],
        "shape": [_SHAPES[type(shape)] for shape in shapes],
        "points": [
            shape.points if isinstance(shape, (Quad, Polygon)) else None for shape in shapes
        ],
        "counts": [shape.counts if isinstance(shape, Mask) else None for shape in shapes],
        "phrase": phrases,
    }
    arrays = {name: pa.array(values, REGION.field(name).type) for name, values in columns.items()}
    # Fast way for what is an array already. The plain way is pa.array(boxes.tolist()).
    corners = pa.array(boxes.astype(np.float32).ravel())
    ends = pa.array(np.arange(0, 4 * len(regions) + 1, 4, dtype=np.int32))
    arrays["bbox"] = pa.ListArray.from_arrays(ends, corners)
    values = pa.StructArray.from_arrays(
        [arrays[field.name] for field in REGION], fields=list(REGION)
    )
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values)
