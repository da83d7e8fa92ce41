"""Outlines of pixels, followed along their edges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from converters.regions.geometry import Floats

Ints = npt.NDArray[np.int64]
_RIGHT, _DOWN, _LEFT, _UP = range(4)  # clockwise on screen


class Edges(NamedTuple):
    """Edges of pixels with the region on their right: where each begins and ends, and its way."""

    x1: Ints
    y1: Ints
    x2: Ints
    y2: Ints
    way: Ints


def outer_rings(x: Ints, low: Ints, high: Ints) -> list[Floats]:
    """The rings around a region's strips, each (k, 2), clockwise on screen; holes have none.

    Strips: rows low <= y < high of column x, ordered by column and row, with gaps between those of
    one column. Pixels that meet at a corner only are apart. Where a hole meets the outside at a
    corner, its edge is part of the outer ring.
    """
    if not len(x):
        return []
    edges = _edges(x, low, high)
    following = _following(edges)
    path, starts = _walk(following.tolist())
    # Only where the way changes is there a corner; every ring has four or more.
    corner = (edges.way != edges.way[following])[path]
    ring_of = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(path)]))[corner]
    ends = np.column_stack([edges.x2, edges.y2]).astype(float)[path[corner]]
    bounds = np.flatnonzero(np.diff(ring_of, prepend=-1))
    after = np.arange(1, len(ends) + 1)
    after[np.r_[bounds[1:], len(ends)] - 1] = bounds
    turns = ends[:, 0] * ends[after, 1] - ends[after, 0] * ends[:, 1]
    outer = np.add.reduceat(turns, bounds) > 0  # holes run counter-clockwise
    rings = np.split(ends, bounds[1:])
    return [ring for ring, keep in zip(rings, outer.tolist(), strict=True) if keep]


def _walk(following: list[int]) -> tuple[Ints, Ints]:
    """The edges ring by ring, and where each ring starts."""
    seen = bytearray(len(following))
    path: list[int] = []
    starts: list[int] = []
    # One step an edge: a plain loop, as every step depends on the one before.
    for first in range(len(following)):
        edge = first
        if not seen[edge]:
            starts.append(len(path))
        while not seen[edge]:
            seen[edge] = 1
            path.append(edge)
            edge = following[edge]
    return np.array(path), np.array(starts)


def _edges(x: Ints, low: Ints, high: Ints) -> Edges:
    """All edges of strips: tops to the right, bottoms to the left, and the sides."""
    one = np.ones_like(x)
    top = Edges(x, low, x + 1, low, one * _RIGHT)
    bottom = Edges(x + 1, high, x, high, one * _LEFT)
    # On each line between two columns: the rows where strips of either begin or end.
    line = np.concatenate([x, x, x + 1, x + 1])
    row = np.concatenate([low, high, low, high])
    right = np.repeat([1, 0], 2 * len(x))  # 1: the strip lies right of the line
    enters = np.tile(np.repeat([1, -1], len(x)), 2)
    order = np.lexsort((row, line))
    line, row, right, enters = line[order], row[order], right[order], enters[order]
    # Every column leaves what it entered, so running sums start anew on each line by themselves.
    inside_right = np.cumsum(enters * right)[:-1] > 0
    inside_left = np.cumsum(enters * (1 - right))[:-1] > 0
    side = (inside_right != inside_left) & (row[1:] > row[:-1])
    line, upper, lower = line[:-1][side], row[:-1][side], row[1:][side]
    up = inside_right[side]  # with the region on its right, a left side runs upwards
    sides = Edges(
        line,
        np.where(up, lower, upper),
        line,
        np.where(up, upper, lower),
        np.where(up, _UP, _DOWN),
    )
    return Edges(*(np.concatenate(column) for column in zip(top, bottom, sides, strict=True)))


def _following(edges: Edges) -> Ints:
    """For each edge the one that goes on from its end: to the right if there is one."""
    stride = int(max(edges.y1.max(), edges.y2.max())) + 1
    starts = (edges.x1 * stride + edges.y1) * 4 + edges.way
    order = np.argsort(starts)
    ordered = starts[order]
    following = np.full(len(starts), -1)
    for turn in (3, 0, 1):  # left, straight on, right: the last one found counts
        wanted = (edges.x2 * stride + edges.y2) * 4 + (edges.way + turn) % 4
        place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        there = ordered[place] == wanted
        following[there] = order[place[there]]
    return following
