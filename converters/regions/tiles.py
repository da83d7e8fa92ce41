"""Scenes cut into tiles: pictures of their own, with the regions that they show.

Tiles of one scene have one size. They start at equal steps, and the last column and row are moved
inwards to end at the scene's edge, so that a region smaller than the overlap lies whole in at least
one tile. The grid is that of DOTA's own development kit.
Source: Xia et al. 2018, https://github.com/CAPTAIN-WHU/DOTA_devkit (ImgSplit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from msgspec.structs import replace

from converters.ledger import Strings
from converters.regions import shapes
from converters.regions.geometry import Floats
from converters.regions.scenes import Scenes, Shown
from schemas.mix import TileSpec
from schemas.sample import Box, Mask, Polygon, Quad, Region, Sample, Shape

Indices = npt.NDArray[np.int64]
OUT_OF_TILE = "out_of_tile"
_SEEN = 1.0  # pixels a side that a part of a region must have for a tile to show it at all


class Tile(NamedTuple):
    """Where a tile was cut: the scene's path, the tile's offset and size, the scene's size."""

    scene: str
    x: int
    y: int
    width: int
    height: int
    scene_width: int
    scene_height: int


class _Found(NamedTuple):
    """One tile of a scene.

    shown: the regions that it shows enough of; hidden: those of which it shows too little to name
    them. untouched: no region reaches into it.
    """

    tile: Tile
    shown: Indices
    hidden: Indices
    untouched: bool


class Cut(NamedTuple):
    """Scenes after cutting.

    scenes: a tile each, or a whole picture that is no larger than one; a class of which a tile
    shows parts that are no regions of it is `unplaced` there, as it cannot be counted. native: the
    index, in the scenes before, of each region. tiles: by the path of the new picture. empty: which
    of the new scenes are tiles without anything in them. before: the reasons of the regions before.
    """

    scenes: Scenes
    native: Indices
    tiles: Mapping[str, Tile]
    empty: npt.NDArray[np.bool_]
    before: Strings

    def reasons(self, of_tiles: Strings) -> Strings:
        """Why no row uses a region of the scenes before, or "".

        A region is used where any tile's is; else the first tile's reason holds, and one that no
        tile shows enough of is `out_of_tile`.
        """
        reasons: Strings = np.where(self.before == "", OUT_OF_TILE, self.before)
        # Backwards, so that the first tile's reason is written last.
        for copy in range(len(self.native) - 1, -1, -1):
            reasons[self.native[copy]] = of_tiles[copy]
        reasons[self.native[of_tiles == ""]] = ""
        return reasons


def starts(side: int, size: int, overlap: int) -> list[int]:
    """Where tiles begin along a side of a scene, in pixels."""
    if side <= size:
        return [0]
    return [*range(0, side - size, size - overlap), side - size]


def tile_path(scene: str, spec: TileSpec, x: int, y: int) -> str:
    """The path of a tile: beside its scene, with size and offset in its name."""
    folder, slash, name = scene.rpartition("/")
    stem = name.rpartition(".")[0] or name
    ending = {"jpeg": "jpg", "png": "png"}[spec.format]
    return f"{folder}{slash}{stem}__{spec.size}__{x}___{y}.{ending}"


def cut(scenes: Scenes, spec: TileSpec) -> Cut:
    """Cuts every scene of one picture that is larger than a tile; others stay as they are."""
    made: list[Sample] = []
    native: list[Indices] = []
    moved: list[Shape] = []
    sizes: list[tuple[float, float]] = []
    tiles: dict[str, Tile] = {}
    empty: list[bool] = []
    for scene, sample in enumerate(scenes.samples):
        items = np.arange(scenes.starts[scene], scenes.starts[scene + 1])
        size = _large(scenes, items, sample, spec)
        if size is None:
            made.append(sample)
            native.append(items)
            moved += [scenes.regions[item].shape for item in items.tolist()]
            sizes += [tuple(row) for row in scenes.sizes[items].tolist()]
            empty.append(False)
            continue
        good = items[scenes.reasons[items] == ""]
        unsure = scenes.unsure(Shown(scene, 0))
        for tile, shown, hidden, untouched in _tiles_of(
            scenes, good, sample.pictures[0].path, size, spec
        ):
            path = tile_path(tile.scene, spec, tile.x, tile.y)
            tiles[path] = tile
            picture = replace(sample.pictures[0], path=path, width=tile.width, height=tile.height)
            uncounted = (*unsure, *(scenes.native[item].label for item in hidden.tolist()))
            unplaced = tuple(dict.fromkeys(uncounted))
            made.append(replace(sample, pictures=(picture,), regions=(), unplaced=unplaced))
            native.append(shown)
            moved += [_moved(scenes.regions[item].shape, tile) for item in shown.tolist()]
            sizes += [(tile.width, tile.height)] * len(shown)
            empty.append(untouched)
    index = np.concatenate([*native, np.zeros(0, np.int64)]).astype(np.int64)
    counts = [len(items) for items in native]
    fresh = _scenes(scenes, made, index, counts, moved, np.array(sizes, float).reshape(-1, 2))
    return Cut(fresh, index, tiles, np.array(empty, bool), scenes.reasons)


def _large(
    scenes: Scenes, items: Indices, sample: Sample, spec: TileSpec
) -> tuple[int, int] | None:
    """The size of a scene that must be cut."""
    if len(sample.pictures) != 1 or not len(items) or np.isnan(scenes.sizes[items[0]]).any():
        return None
    width, height = (int(side) for side in scenes.sizes[items[0]])
    return (width, height) if width > spec.size or height > spec.size else None


def _tiles_of(
    scenes: Scenes, good: Indices, path: str, size: tuple[int, int], spec: TileSpec
) -> list[_Found]:
    """Tiles of one scene that have something in them, or nothing at all where such are kept."""
    width, height = min(size[0], spec.size), min(size[1], spec.size)
    found = []
    boxes = scenes.boxes[good]
    for y in starts(size[1], spec.size, spec.overlap):
        for x in starts(size[0], spec.size, spec.overlap):
            tile = Tile(path, x, y, width, height, *size)
            touched = (
                (boxes[:, 0] < x + width)
                & (boxes[:, 2] > x)
                & (boxes[:, 1] < y + height)
                & (boxes[:, 3] > y)
            )
            near = good[touched]
            enough = _visible(scenes, near, tile) >= spec.min_visible
            shown, hidden = near[enough], near[~enough]
            if len(shown) or (not len(near) and spec.keep_empty > 0):
                hidden = hidden[_seen(scenes, hidden, tile)]
                found.append(_Found(tile, shown, hidden, not len(near)))
    return found


def _visible(scenes: Scenes, items: Indices, tile: Tile) -> Floats:
    """Which share of each region's area lies in a tile, exactly by its shape."""
    shares = np.ones(len(items))
    boxes = scenes.boxes[items]
    right, bottom = tile.x + tile.width, tile.y + tile.height
    # Fast way: what lies whole in the tile by its upright box needs no geometry.
    cut = (
        (boxes[:, 0] < tile.x)
        | (boxes[:, 1] < tile.y)
        | (boxes[:, 2] > right)
        | (boxes[:, 3] > bottom)
    )
    outline = shapely.box(tile.x, tile.y, right, bottom)
    for place in np.flatnonzero(cut).tolist():
        shape = scenes.regions[items[place]].shape
        if isinstance(shape, Mask):
            part = shapes.crop_mask(shape, tile.x, tile.y, tile.width, tile.height)
            shares[place] = sum(part.counts[1::2]) / sum(shape.counts[1::2])
        else:
            whole = _outline(shape)
            shares[place] = shapely.area(shapely.intersection(whole, outline)) / whole.area
    return shares


def _seen(scenes: Scenes, items: Indices, tile: Tile) -> npt.NDArray[np.bool_]:
    """Which regions' upright boxes reach into a tile by a pixel at least."""
    boxes = scenes.boxes[items]
    wide = np.minimum(boxes[:, 2], tile.x + tile.width) - np.maximum(boxes[:, 0], tile.x)
    high = np.minimum(boxes[:, 3], tile.y + tile.height) - np.maximum(boxes[:, 1], tile.y)
    seen: npt.NDArray[np.bool_] = np.minimum(wide, high) >= _SEEN
    return seen


def _outline(shape: Box | Quad | Polygon) -> shapely.Polygon:
    if isinstance(shape, Box):
        return shapely.box(shape.x1, shape.y1, shape.x2, shape.y2)
    ring = shapely.polygons(np.array(shape.points).reshape(-1, 2))
    return ring if shapely.is_valid(ring) else shapely.make_valid(ring)


def _moved(shape: Shape, tile: Tile) -> Shape:
    """A shape in the pixels of a tile, not clipped yet; a mask is."""
    if isinstance(shape, Box):
        return Box(shape.x1 - tile.x, shape.y1 - tile.y, shape.x2 - tile.x, shape.y2 - tile.y)
    if isinstance(shape, Mask):
        return shapes.crop_mask(shape, tile.x, tile.y, tile.width, tile.height)
    points = np.array(shape.points).reshape(-1, 2) - (tile.x, tile.y)
    return replace(shape, points=tuple(points.ravel().tolist()))


def _scenes(
    before: Scenes,
    samples: Sequence[Sample],
    native: Indices,
    counts: Sequence[int],
    moved: Sequence[Shape],
    sizes: Floats,
) -> Scenes:
    """Scenes of tiles: the moved shapes clipped, the rest as it was."""
    clipped = shapes.clip(moved, np.where(np.isnan(sizes), np.inf, sizes))
    regions: list[Region] = [
        replace(before.regions[item], shape=shape)
        for item, shape in zip(native.tolist(), clipped.shapes, strict=True)
    ]
    return Scenes(
        before.split,
        list(samples),
        np.repeat(np.arange(len(samples)), counts),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        [before.native[item] for item in native.tolist()],
        regions,
        sizes,
        clipped.boxes,
        clipped.areas,
        [before.names[item] for item in native.tolist()],
        np.where(before.reasons[native] == "", clipped.reasons, before.reasons[native]),
        before.spoken,
    )
