"""Masks from COCO's `segmentation`, whatever form it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from converters.regions.masks import (
    Strips,
    decode_coco_counts,
    mask_fault,
    mask_from_strips,
    mask_of_polygons,
    mask_strips,
)
from schemas.sample import Mask


def mask_of_segmentation(value: Any, width: int, height: int) -> Mask:
    """The mask of one object in a picture of width x height.

    value: run lengths `{"size": [height, width], "counts": ...}`, several of them, or polygons,
    each x1, y1, x2, y2, ... What belongs to one of several parts belongs to the object.

    Raises ValueError where it is none of these, or of another size.
    """
    parts = [value] if isinstance(value, Mapping) else value
    if not isinstance(parts, list) or not parts:
        raise ValueError("there is no segmentation")
    if isinstance(parts[0], list):
        try:
            return mask_of_polygons(parts, width, height, "union")
        except (TypeError, OverflowError):
            raise ValueError("the polygons hold something else than numbers") from None
    masks = [_of_runs(part, width, height) for part in parts]
    if len(masks) == 1:
        return masks[0]
    strips = zip(*(mask_strips(mask) for mask in masks), strict=True)
    return mask_from_strips(Strips(*(np.concatenate(column) for column in strips)), width, height)


def _of_runs(part: Any, width: int, height: int) -> Mask:
    if not isinstance(part, Mapping) or part.get("size") != [height, width]:
        size = part.get("size") if isinstance(part, Mapping) else None
        raise ValueError(f"run lengths of size {size} in a picture of {width} x {height} pixels")
    mask = Mask(width, height, decode_coco_counts(part.get("counts", [])))
    if fault := mask_fault(mask):
        raise ValueError(fault)
    return mask
