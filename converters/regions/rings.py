"""Closed rings of any number of corners, many at once: made valid, cut and put in order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from converters.regions.geometry import Bools, Floats

Geometries = npt.NDArray[np.object_]


class CutRings(NamedTuple):
    """parts: for each ring the rings of what is left of it, holes included, clockwise on screen.

    zero: no area as given; outside: none in the picture; changed: cut at its edge; mended: it
    crossed itself, and was taken for the areas that it encloses.
    """

    parts: list[list[Floats]]
    areas: Floats
    zero: Bools
    outside: Bools
    changed: Bools
    mended: Bools


def polygons(rings: Sequence[Floats]) -> Geometries:
    """Rings, each (k, 2) with k of three or more, as shapely polygons, closed and not mended."""
    if not rings:
        return np.empty(0, object)
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    made: Geometries = shapely.polygons(shapely.linearrings(np.concatenate(rings), indices=owner))
    return made


def cut_rings(rings: Sequence[Floats], sizes: Floats) -> CutRings:
    """Rings cut at their pictures' edges. sizes: (n, 2), infinite where unknown.

    A ring that is whole keeps its corners as they are.
    """
    count = len(rings)
    shapes = polygons(rings)
    mended = ~shapely.is_valid(shapes)
    if mended.any():
        shapes[mended] = shapely.make_valid(shapes[mended])
    zero = shapely.area(shapes) == 0
    mended &= ~zero
    bounds = shapely.bounds(shapes)
    changed = ~zero & ((bounds[:, :2] < 0).any(axis=1) | (bounds[:, 2:] > sizes).any(axis=1))
    outside = np.zeros(count, bool)
    if changed.any():
        limits = np.minimum(sizes[changed], 1e9)
        window = shapely.box(0, 0, limits[:, 0], limits[:, 1])
        shapes[changed] = shapely.intersection(shapes[changed], window)
        outside[changed] = shapely.area(shapes[changed]) == 0
    parts: list[list[Floats]] = [[ring] for ring in rings]
    for k in np.flatnonzero(changed | mended).tolist():
        pieces = [piece for piece in shapely.get_parts(shapes[k]) if shapely.area(piece) > 0]
        parts[k] = [
            shapely.get_coordinates(ring)[:-1]
            for piece in pieces
            for ring in shapely.get_rings(piece)
        ]
    flat = clockwise_rings([ring for ring_parts in parts for ring in ring_parts])
    ends = np.cumsum([0, *(len(ring_parts) for ring_parts in parts)]).tolist()
    parts = [flat[a:b] for a, b in itertools.pairwise(ends)]
    return CutRings(parts, shapely.area(shapes), zero, outside, changed, mended)


def clockwise_rings(rings: Sequence[Floats]) -> list[Floats]:
    """The same corners, clockwise on screen from the one nearest the top left, as for quads."""
    if not rings:
        return []
    sizes = np.array([len(ring) for ring in rings])
    points = np.concatenate(rings)
    starts = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(len(rings)), sizes)
    place = np.arange(len(points)) - starts[owner]
    following = points[starts[owner] + (place + 1) % sizes[owner]]
    turns = points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]
    way = np.where(np.add.reduceat(turns, starts) < 0, -1, 1)
    # Of the corners with the smallest x + y the highest leads.
    rank = points.sum(axis=1)
    near = rank <= np.minimum.reduceat(rank, starts)[owner] + 1e-9
    height = np.where(near, points[:, 1], np.inf)
    highest = height == np.minimum.reduceat(height, starts)[owner]
    lead = np.minimum.reduceat(np.where(highest, place, len(points)), starts)
    order = starts[owner] + (lead[owner] + way[owner] * place) % sizes[owner]
    return np.split(points[order], starts[1:])


def smallest_rectangles(shapes: Geometries) -> Floats:
    """The smallest oriented rectangles around shapes with an area: (n, 8)."""
    around = shapely.oriented_envelope(shapely.convex_hull(shapes))
    corners: Floats = shapely.get_coordinates(around).reshape(-1, 5, 2)[:, :4].reshape(-1, 8)
    return corners
