"""Polygons of geographic files, made into shapes: rings, holes and several parts.

A ring is x1, y1, x2, y2, ...; of several rings of one region, a ring within a ring is a hole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from converters.read.json_values import number_of
from converters.read.numbers import floats_of
from converters.regions.conventions import BadShape, Size, open_ring
from converters.regions.geometry import Floats
from converters.regions.masks import mask_of_polygons
from schemas.sample import Polygon, Shape

Ring = list[float]
_AREAS = ("Polygon", "MultiPolygon")
_MAX_WKT = 1 << 26  # characters; no outline of a building or lake is as long
_PLAIN_RING = re.compile(r"\s*POLYGON \(\(([-0-9., ]+)\)\)\s*")
_MOST = 1 << 53
_SPARE = 3  # a ring has so many corners at least


def shape_of_rings(rings: Sequence[Ring], size: Size) -> Shape:
    """One ring as a polygon, several as the mask of their pixels.

    rings: of one region, in pixels. size: of the picture, None where unknown. Raises BadShape.
    """
    rings = [open_ring(ring) for ring in rings]
    if not rings:
        raise BadShape("zero_area", "an empty outline")
    if any(len(ring) < 2 * _SPARE for ring in rings):
        raise BadShape("bad_box", "a ring of less than three corners")
    if len(rings) == 1:
        return Polygon(tuple(rings[0]))
    if size is None:
        raise BadShape("bad_box", f"{len(rings)} rings, in a picture of unknown size")
    try:
        return mask_of_polygons(rings, *size)
    except ValueError as error:
        raise BadShape("bad_box", str(error)) from None


def _plain_ring(text: str) -> Ring | None:
    """The ring of a POLYGON of one closed ring of plain numbers, two a corner, else None.

    Fast way: nearly all outlines are like that, and take a tenth of the time that shapely needs
    to make an object of one and to take it apart; all others go the plain way through shapely.
    """
    found = _PLAIN_RING.fullmatch(text)
    if found is None:
        return None
    corners = [corner.split() for corner in found[1].split(",")]
    if len(corners) <= _SPARE or any(len(corner) != 2 for corner in corners):
        return None
    try:
        ring = floats_of([number for corner in corners for number in corner])
    except ValueError:
        return None
    return ring if ring[:2] == ring[-2:] else None


def rings_of_wkt(text: str) -> list[Ring]:
    """The rings of a POLYGON or MULTIPOLYGON; none where it is EMPTY. Raises BadShape."""
    if len(text) <= _MAX_WKT and (ring := _plain_ring(text)) is not None:
        return [ring]
    kind = re.match(r"\s*([A-Za-z]*)", text)
    name = kind[1] if kind else ""
    if name.upper() not in ("POLYGON", "MULTIPOLYGON"):
        raise BadShape("bad_value", f"{name or text[:40]!r} is no outline")
    if len(text) > _MAX_WKT:
        raise BadShape("bad_value", f"an outline of {len(text):,} characters")
    try:
        found = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        raise BadShape("bad_box", str(error)[:100]) from None
    return [
        shapely.get_coordinates(ring).ravel().tolist()
        for part in shapely.get_parts(found)
        for ring in shapely.get_rings(part)
        if not shapely.is_empty(ring)
    ]


def rings_of_geojson(geometry: Any) -> list[Ring]:
    """The rings of a Polygon or MultiPolygon of GeoJSON (RFC 7946); heights are left out.

    Raises BadShape.
    """
    if not isinstance(geometry, Mapping):
        raise BadShape("missing_field", "no geometry")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in _AREAS:
        raise BadShape("bad_value", f"{str(kind)[:40]} is no outline")
    parts = coordinates if kind == "MultiPolygon" else [coordinates]
    rings: list[Ring] = []
    for part in _list(parts):
        rings += [[n for point in _list(ring) for n in _point(point)] for ring in _list(part)]
    return rings


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadShape("bad_box", f"{str(value)[:40]!r} is no list of coordinates")
    return value


def _point(value: Any) -> list[float]:
    # Fast way: two numbers of one usual type, which are asked only whether they are finite.
    if type(value) is list and len(value) == 2:
        x, y = value
        if type(x) is float and type(y) is float and math.isfinite(x) and math.isfinite(y):
            return value
        if type(x) is int and type(y) is int and abs(x) < _MOST and abs(y) < _MOST:
            return [float(x), float(y)]
    point = [number_of(n) for n in _list(value)[:2]]
    if len(point) < 2 or not all(map(math.isfinite, point)):
        raise BadShape("bad_box", f"{str(value)[:40]!r} is no point")
    return point


def moved(rings: Sequence[Ring], move: Callable[[Floats], Floats]) -> list[Ring]:
    """Rings whose points (n, 2) were moved, all in one call. Raises BadShape."""
    if not rings:
        return []
    ends = np.cumsum([len(ring) // 2 for ring in rings])
    points = move(np.array([n for ring in rings for n in ring], float).reshape(-1, 2))
    if not np.isfinite(points).all():
        raise BadShape("bad_box", "coordinates outside their reference system")
    return [part.ravel().tolist() for part in np.split(points, ends[:-1])]
