"""Masks as run lengths: from polygons and arrays, cut, taken apart and outlined.

A `Mask` holds COCO's uncompressed run lengths: down the columns, the zeros first. Work here goes
by *strips*, the runs split at the columns' ends: at most one a run and one a column more, so time
and memory follow the runs and not the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.regions.geometry import Bools, Floats
from converters.regions.outlines import outer_rings
from converters.regions.rings import clockwise_rings
from schemas.sample import Mask, Polygon

Ints = npt.NDArray[np.int64]
_CROSSINGS = 1 << 21  # edges x columns that one block of the scan holds in memory
_DIGITS = 7  # characters of one number in COCO's string: 35 bits, more than any picture needs


class Strips(NamedTuple):
    """Vertical strips of pixels, column by column from the top: rows low <= y < high."""

    x: Ints
    low: Ints
    high: Ints


def mask_fault(mask: Mask) -> str:
    """What is wrong with a mask's run lengths, or ""."""
    if mask.width < 1 or mask.height < 1:
        return f"mask of {mask.width} x {mask.height} pixels"
    if any(count < 0 for count in mask.counts):
        return "negative run length"
    if (total := sum(mask.counts)) != mask.width * mask.height:
        return f"run lengths of {total} pixels for a mask of {mask.width} x {mask.height}"
    return ""


def mask_strips(mask: Mask) -> Strips:
    """The strips of a mask without fault."""
    ends = np.cumsum(np.array(mask.counts, np.int64))
    stop = ends[1::2]
    start = ends[: 2 * len(stop) : 2]
    start, stop = start[stop > start], stop[stop > start]
    first, last = start // mask.height, (stop - 1) // mask.height
    many = last - first + 1
    owner = np.repeat(np.arange(len(start)), many)
    x = _within(many) + first[owner]
    low = np.maximum(start[owner] - x * mask.height, 0)
    high = np.minimum(stop[owner] - x * mask.height, mask.height)
    return Strips(x, low, high)


def _within(many: Ints) -> Ints:
    """0, 1, ... many - 1 for each group, one after the other."""
    places: Ints = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return places


def mask_from_strips(strips: Strips, width: int, height: int) -> Mask:
    """A mask of strips within the picture, in any order; overlaps count once."""
    full = strips.high > strips.low
    start = (strips.x * height + strips.low)[full]
    stop = (strips.x * height + strips.high)[full]
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(stop[order])
    if not len(start):
        return Mask(width, height, (width * height,))
    # A run begins where a strip starts beyond all that came before it.
    fresh = np.r_[True, start[1:] > reach[:-1]]
    runs = np.column_stack([start[fresh], reach[np.r_[fresh[1:], True]]]).ravel()
    counts: list[int] = np.diff(np.r_[0, runs, width * height]).tolist()
    if counts[-1] == 0:
        counts.pop()
    return Mask(width, height, tuple(counts))


def mask_from_array(array: npt.ArrayLike) -> Mask:
    """A mask of an array (height, width); what is not zero belongs."""
    pixels = np.asarray(array) != 0
    height, width = pixels.shape
    flat = np.r_[False, pixels.ravel(order="F"), False]
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    counts: list[int] = np.diff(np.r_[0, edges, width * height]).tolist()
    if counts[-1] == 0:
        counts.pop()
    return Mask(width, height, tuple(counts))


def mask_to_array(mask: Mask) -> Bools:
    """The pixels of a mask: (height, width). One byte a pixel."""
    values = np.arange(len(mask.counts)) % 2 == 1
    flat: Bools = np.repeat(values, mask.counts)
    pixels: Bools = flat.reshape(mask.width, mask.height).T
    return pixels


def mask_box(mask: Mask) -> tuple[int, int, int, int]:
    """The smallest box around a mask: x1, y1, x2, y2, half-open; zeros where it is empty."""
    strips = mask_strips(mask)
    if not len(strips.x):
        return (0, 0, 0, 0)
    return (
        int(strips.x[0]),
        int(strips.low.min()),
        int(strips.x[-1]) + 1,
        int(strips.high.max()),
    )


def crop_mask(mask: Mask, x: int, y: int, width: int, height: int) -> Mask:
    """The part of a mask in a window of its picture, as a mask of the window's size.

    (x, y): the window's top left. What of it lies beyond the picture is empty.
    """
    strips = mask_strips(mask)
    inside = (strips.x >= x) & (strips.x < x + width)
    low = np.clip(strips.low[inside] - y, 0, height)
    high = np.clip(strips.high[inside] - y, 0, height)
    return mask_from_strips(Strips(strips.x[inside] - x, low, high), width, height)


def mask_parts(mask: Mask) -> list[Mask]:
    """The connected parts of a mask (8 neighbours), each in a picture of the same size.

    They come in the order of their first pixel down the columns.
    """
    strips = mask_strips(mask)
    labels = _connected(strips, mask.height)
    order = np.argsort(labels, kind="stable")
    bounds = np.flatnonzero(np.diff(labels[order])) + 1
    return [
        mask_from_strips(
            Strips(strips.x[part], strips.low[part], strips.high[part]), mask.width, mask.height
        )
        for part in np.split(order, bounds)
        if len(part)
    ]


def _connected(strips: Strips, height: int) -> Ints:
    """For each strip the first strip of its part."""
    # Strips are sorted, so those of the next column that touch one are a range.
    stride = height + 2
    begins, ends = strips.x * stride + strips.low, strips.x * stride + strips.high
    first = np.searchsorted(ends, begins + stride, "left")
    beyond = np.searchsorted(begins, ends + stride, "right")
    many = np.maximum(beyond - first, 0)
    left = np.repeat(np.arange(len(many)), many)
    right = _within(many) + first[left]
    labels = np.arange(len(many))
    while True:
        lower = np.minimum(labels[left], labels[right])
        if (labels[left] == labels[right]).all():
            return labels
        # Both strips' parts take the lower label, then labels of labels are followed to the end.
        np.minimum.at(labels, labels[left], lower)
        np.minimum.at(labels, labels[right], lower)
        while (labels[labels] != labels).any():
            labels = labels[labels]


def mask_polygons(mask: Mask) -> list[Polygon]:
    """The outer outlines of a mask, along the pixels' edges; holes are not said.

    Each is clockwise on screen from the corner nearest the top left; pixels that meet at a corner
    only are apart. Outlines come from the left, then from the top.
    """
    outlines = clockwise_rings(outer_rings(*mask_strips(mask)))
    outlines.sort(key=lambda ring: (*ring.min(axis=0).tolist(), *ring[0].tolist()))
    return [Polygon(tuple(ring.ravel().tolist())) for ring in outlines]


def mask_of_polygons(
    parts: Sequence[Sequence[float] | Polygon],
    width: int,
    height: int,
    rule: Literal["even_odd", "union"] = "even_odd",
) -> Mask:
    """The mask of one region's rings, each x1, y1, x2, y2, ... in pixels.

    A pixel belongs where its centre lies within: (x + 0.5, y + 0.5), half-open on the lower and
    right side, so that polygons side by side share no pixel. `even_odd`: a ring within a ring is
    a hole; `union`: rings only add. Work is each edge's columns; memory is bounded.

    Raises ValueError for a ring of less than three corners, or a coordinate that is no number.
    """
    rings = []
    for part in parts:
        ring = np.array(part.points if isinstance(part, Polygon) else part, float)
        if ring.ndim != 1 or len(ring) < 6 or len(ring) % 2 or not np.isfinite(ring).all():
            raise ValueError("a ring needs three corners or more, of finite numbers")
        rings.append(ring.reshape(-1, 2))
    pools = [rings] if rule == "even_odd" else [[ring] for ring in rings]
    strips = [strip for pool in pools if pool for strip in _scan(pool, width, height)]
    if not strips:
        return Mask(width, height, (width * height,))
    joined = Strips(*(np.concatenate(column) for column in zip(*strips, strict=True)))
    return mask_from_strips(joined, width, height)


def _scan(rings: Sequence[Floats], width: int, height: int) -> Iterator[Strips]:
    """The strips within rings taken together (even-odd), in blocks of columns."""
    starts = np.concatenate(rings)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    # An edge crosses the columns whose middle x + 0.5 lies in [left, right).
    left, right = np.minimum(starts[:, 0], ends[:, 0]), np.maximum(starts[:, 0], ends[:, 0])
    first = np.clip(np.ceil(left - 0.5), 0, width).astype(np.int64)
    last = np.clip(np.ceil(right - 0.5), 0, width).astype(np.int64)
    some = last > first
    starts, ends, first, last = starts[some], ends[some], first[some], last[some]
    if not len(first):
        return
    step = max(1, _CROSSINGS // len(first))
    for block in range(int(first.min()), int(last.max()), step):
        low, high = np.maximum(first, block), np.minimum(last, block + step)
        many = np.maximum(high - low, 0)
        edge = np.repeat(np.arange(len(many)), many)
        x = _within(many) + low[edge]
        a, b = starts[edge], ends[edge]
        y = a[:, 1] + (x + 0.5 - a[:, 0]) * (b[:, 1] - a[:, 1]) / (b[:, 0] - a[:, 0])
        order = np.lexsort((y, x))
        # Every column is crossed an even number of times: in, out, in, out.
        row = np.clip(np.ceil(y[order] - 0.5), 0, height).astype(np.int64)
        yield Strips(x[order][::2], row[::2], row[1::2])


def decode_coco_counts(counts: str | bytes | Sequence[int]) -> tuple[int, ...]:
    """Run lengths of COCO's `counts`: a list as it is, or its compressed string.

    The string holds each number in characters from "0" on: five bits and a sixth for "more", the
    low bits first, the last character's top bit a sign; from the fourth on a number is the
    difference to the one two before. Source: cocodataset/cocoapi, common/maskApi.c.

    Raises ValueError for what is neither, or a negative run.
    """
    if not isinstance(counts, (str, bytes)):
        if not isinstance(counts, list | tuple) or any(
            isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in counts
        ):
            raise ValueError("a run length is no whole number of pixels")
        return tuple(counts)
    text = counts.encode() if isinstance(counts, str) else counts
    runs: list[int] = []
    value = place = 0
    for byte in text:
        bits = byte - 48
        if not 0 <= bits < 64 or place == _DIGITS:
            raise ValueError("the compressed run lengths cannot be read")
        value |= (bits & 31) << 5 * place
        place += 1
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << 5 * place
        if len(runs) > 2:
            value += runs[-2]
        if value < 0:
            raise ValueError("a run length is negative")
        runs.append(value)
        value = place = 0
    if place:
        raise ValueError("the compressed run lengths end in the middle of a number")
    return tuple(runs)
