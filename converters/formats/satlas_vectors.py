"""Objects of map tiles in one JSON file a tile, and their pictures by tile (SatlasPretrain).

`satlas/static/{tile}/vector.json`, a list of objects for each category that was looked for::

    {"airport": [], "solar_farm": [{"Geometry": {"Type": "polygon",
                                                 "Polygon": [[[100, 60], [400, 60], [400, 300]]]},
                                    "Properties": {}}],
     "wind_turbine": [{"Geometry": {"Type": "point", "Point": [812, 4096]}, "Properties": {}}]}

Coordinates are steps of a frame over the tile, 8192 on a side, x to the right, y down, from 0 at
its top left; they may lie beyond it. A polygon is a list of rings, the first the outer one. A
category that is absent was not looked for, and an empty one was, in vain. Points and lines have no
area: they count for the classes of the picture, and are passed over as regions.

A tile has many pictures, of several dates; the first by name is taken. The lists of a split hold
[column, row] of tiles. Source: https://github.com/allenai/satlas, SatlasPretrain.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.encodings import utf8_of
from converters.read.files import NotThere, SourceError
from converters.read.folder import ALL, Folder, Plan, Sides, Span, batched
from converters.read.json_elements import UNREADABLE
from converters.regions.conventions import BadShape
from converters.regions.parts import rings_of_geojson, shape_of_rings
from schemas.sample import Kind, Label, Picture, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("region", "label")
_PICTURES_A_SPAN = 512
_TILE = "tile"


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: path of a tile's objects, with `{tile}`. images: pattern of the pictures, with
    `{tile}`. lists: the JSON list of each split's tiles, where there are splits. frame: steps
    across a tile. side: pixels across a picture.
    """

    annotations: str
    images: str
    frame: int
    side: int
    lists: dict[str, str] = {}


_OBJECTS = msgspec.json.Decoder(dict[str, list[dict[str, Any]]])
_TILES = msgspec.json.Decoder(list[tuple[int, int]])


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of the pictures of tiles that have labels, by split.

    Raises SourceError where there is no tile with labels and a picture.
    """
    labelled = {
        found.values[_TILE]: found.path for found in files.find(folder.base, options.annotations)
    }
    shown: dict[str, str] = {}
    further = 0
    for found in sorted(files.find(folder.base, options.images)):
        tile = found.values[_TILE]
        further += tile in labelled and tile in shown
        shown.setdefault(tile, found.path)
    both = sorted(labelled.keys() & shown.keys())
    if not both:
        where = files.join(folder.base, options.annotations)
        if labelled:
            lacks = f"{len(labelled)} tile(s) have labels, and none has a picture {options.images}"
            raise SourceError(lacks)
        raise NotThere(f"annotations not found: {where}")
    split_of, notes = _splits(folder, options)
    spans: list[Span] = []
    for split in sorted({*options.lists, ALL}):
        tiles = [tile for tile in both if split_of.get(tile, ALL) == split]
        if tiles and folder.wants(split):
            names = [shown[tile] for tile in tiles]
            spans += batched(folder.slug, split, names, _PICTURES_A_SPAN, len(spans))
    for count, what in (
        (len(labelled) - len(both), "tile(s) with labels have no picture and are not read"),
        (len(shown) - len(both), "tile(s) with a picture have no labels and are not read"),
        (further, "further picture(s) of tiles that have one already are not read"),
    ):
        notes += [f"{count} {what}"] if count else []
    return Plan(spans, notes, (options.images,))


def _splits(folder: Folder, options: Options) -> tuple[dict[str, str], list[str]]:
    """The split of each listed tile, and notes of lists that are not there.

    Raises SourceError for a list of another shape.
    """
    split_of: dict[str, str] = {}
    notes = []
    for split, pattern in options.lists.items():
        path = next((found.path for found in files.find(folder.base, pattern)), None)
        if path is None:
            notes.append(f"{folder.relative(pattern)} is not there, so no tile is of {split}")
            continue
        try:
            tiles = _TILES.decode(utf8_of(folder.bytes_of(path)))
        except UNREADABLE as error:
            raise SourceError(f"{folder.slug}: {folder.relative(path)}: {error}") from None
        for column, row in tiles:
            split_of.setdefault(f"{column}_{row}", split)
    return split_of, notes


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a tile: its classes, and a region for each polygon."""
    for name in span.names:
        tile = (files.bind(options.images, name) or {})[_TILE]
        found = next(files.find(folder.base, options.annotations, tile=tile))
        file = folder.relative(found.path)
        try:
            objects = _OBJECTS.decode(utf8_of(folder.bytes_of(found.path)))
        except (SourceError, files.MemberError, *UNREADABLE) as error:
            yield Reject(file, tile, span.split, "unreadable_file", str(error))
            continue
        regions: list[Region] = []
        unplaced: list[str] = []
        for label, several in objects.items():
            without_area = 0
            for i, item in enumerate(several):
                key = f"{label}[{i}]"
                try:
                    shape = _shape(item.get("Geometry"), options)
                except BadShape as fault:
                    unplaced.append(label)
                    yield Reject(file, f"{tile}#{key}", span.split, *fault.args)
                    continue
                if shape is None:
                    unplaced.append(label)
                    without_area += 1
                else:
                    regions.append(Region(key, label, shape))
            if without_area:
                detail = "points and lines have no area"
                key = f"{tile}#{label}"
                yield Reject(file, key, span.split, "unselected", detail, without_area)
        names = tuple(label for label, several in objects.items() if several)
        picture = Picture(folder.relative(name), options.side, options.side)
        yield Sample(
            tile,
            file,
            span.split,
            (picture,),
            labels=(Label(tile, names, several=True),) if names else (),
            regions=tuple(regions),
            unplaced=tuple(unplaced),
        )


def _shape(geometry: Any, options: Options) -> Shape | None:
    """The shape of a polygon in pixels, None for a point or a line. Raises BadShape."""
    if not isinstance(geometry, dict):
        raise BadShape("missing_field", "no Geometry")
    kind = str(geometry.get("Type")).lower()
    if kind in ("point", "polyline"):
        return None
    if kind != "polygon":
        raise BadShape("bad_value", f"a geometry of type {kind[:40]}")
    rings = rings_of_geojson({"type": "Polygon", "coordinates": geometry.get("Polygon")})
    scale = options.side / options.frame
    scaled = [[number * scale for number in ring] for ring in rings]
    return shape_of_rings(scaled, (options.side, options.side))
