"""Scenes cut into tiles: pictures of their own, with the regions that they show.

Tiles of one scene have one size. They start at equal steps, and the last column and row are moved
inwards to end at the scene's edge, so that a region smaller than the overlap lies whole in at least
one tile. The grid is that of DOTA's own development kit.
Source: Xia et al. 2018, https://github.com/CAPTAIN-WHU/DOTA_devkit (ImgSplit).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from msgspec.structs import replace

from converters.ledger import Strings
from converters.regions import shapes
from converters.regions.geometry import Bools, Floats
from converters.regions.numbers import Indices as Indices
from converters.regions.numbers import by_kind, shifted, taken
from converters.regions.scenes import Scenes, Shown
from schemas.mix import TileSpec
from schemas.sample import Mask, Sample, Shape

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
    them. Without either nothing is in it.
    """

    tile: Tile
    shown: Indices
    hidden: Indices


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
        # Backwards: of the reasons of one region the last stays, and that is the first tile's.
        reasons[self.native[::-1]] = of_tiles[::-1]
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
    found = _found(scenes, spec)
    made: list[Sample] = []
    native: list[Indices] = []
    at: list[Tile | None] = []  # where each of the new scenes was cut
    for scene, sample in enumerate(scenes.samples):
        if scene not in found:
            made.append(sample)
            native.append(np.arange(scenes.starts[scene], scenes.starts[scene + 1]))
            at.append(None)
            continue
        unsure = scenes.unsure(Shown(scene, 0))
        for tile, shown, hidden in found[scene]:
            path = tile_path(tile.scene, spec, tile.x, tile.y)
            picture = replace(sample.pictures[0], path=path, width=tile.width, height=tile.height)
            uncounted = (*unsure, *(scenes.native.labels[item] for item in hidden.tolist()))
            unplaced = tuple(dict.fromkeys(uncounted))
            made.append(replace(sample, pictures=(picture,), regions=(), unplaced=unplaced))
            native.append(shown)
            at.append(tile)
    index = np.concatenate([*native, np.zeros(0, np.int64)]).astype(np.int64)
    counts = [len(items) for items in native]
    tiles = {one.pictures[0].path: tile for one, tile in zip(made, at, strict=True) if tile}
    empty = [tile is not None and not count for tile, count in zip(at, counts, strict=True)]
    owner = np.repeat(np.arange(len(made)), counts)
    fresh = _scenes(scenes, made, index, owner, counts, at)
    return Cut(fresh, index, tiles, np.array(empty, bool), scenes.reasons)


def _large(scenes: Scenes, scene: int, spec: TileSpec) -> tuple[int, int] | None:
    """The size of a scene that must be cut."""
    first, behind = scenes.starts[scene : scene + 2].tolist()
    if len(scenes.samples[scene].pictures) != 1 or first == behind:
        return None
    width, height = scenes.sizes[first].tolist()
    if math.isnan(width) or math.isnan(height):
        return None
    large = int(width) > spec.size or int(height) > spec.size
    return (int(width), int(height)) if large else None


def _found(scenes: Scenes, spec: TileSpec) -> dict[int, list[_Found]]:
    """Tiles of each scene that must be cut: those that show something, or have nothing at all in
    them where such are kept."""
    tiles: dict[int, list[Tile]] = {}
    pairs: list[tuple[Indices, Indices]] = []  # of a tile, counted over all scenes, and a region
    count = 0
    for scene, sample in enumerate(scenes.samples):
        if size := _large(scenes, scene, spec):
            of_scene = _tiles_of(sample.pictures[0].path, size, spec)
            tiles[scene] = [tile for row in of_scene for tile in row]
            items = np.arange(scenes.starts[scene], scenes.starts[scene + 1])
            good = items[scenes.reasons[items] == ""]
            for row in of_scene:
                columns, places = np.nonzero(_touched(scenes.boxes[good], row))
                pairs.append((columns + count, good[places]))
                count += len(row)
    if not tiles:
        return {}
    numbers, near = (np.concatenate(column) for column in zip(*pairs, strict=True))
    windows = np.array([tile[1:5] for some in tiles.values() for tile in some], float)[numbers]
    enough = _visible(scenes, near, windows) >= spec.min_visible
    seen = ~enough & _seen(scenes.boxes[near], windows)
    ends = np.searchsorted(numbers, np.arange(count + 1)).tolist()
    of_tile = itertools.pairwise(ends)
    found: dict[int, list[_Found]] = {}
    for scene, some in tiles.items():
        kept = found.setdefault(scene, [])
        for tile in some:
            first, behind = next(of_tile)
            inside = slice(first, behind)
            shown = near[inside][enough[inside]]
            if len(shown) or (first == behind and spec.keep_empty > 0):
                kept.append(_Found(tile, shown, near[inside][seen[inside]]))
    return found


def _tiles_of(path: str, size: tuple[int, int], spec: TileSpec) -> list[list[Tile]]:
    """The tiles of one scene, row by row."""
    width, height = min(size[0], spec.size), min(size[1], spec.size)
    return [
        [Tile(path, x, y, width, height, *size) for x in starts(size[0], spec.size, spec.overlap)]
        for y in starts(size[1], spec.size, spec.overlap)
    ]


def _touched(boxes: Floats, row: Sequence[Tile]) -> Bools:
    """Which boxes (n, 4) reach into which tiles of one row: (tiles, n)."""
    x = np.array([tile.x for tile in row])[:, None]
    y, width, height = row[0].y, row[0].width, row[0].height
    touched: Bools = (
        (boxes[:, 0] < x + width)
        & (boxes[:, 2] > x)
        & (boxes[:, 1] < y + height)
        & (boxes[:, 3] > y)
    )
    return touched


def _visible(scenes: Scenes, items: Indices, windows: Floats) -> Floats:
    """Which share of each region's area lies in a tile, exactly by its shape.

    windows: (n, 4) x, y, width and height of the tiles.
    """
    shares = np.ones(len(items))
    boxes, first = scenes.boxes[items], windows[:, :2]
    behind = first + windows[:, 2:]
    # Fast way: what lies whole in the tile by its upright box needs no geometry.
    cut = np.flatnonzero(((boxes[:, :2] < first) | (boxes[:, 2:] > behind)).any(axis=1))
    masks = []
    for place in cut.tolist():
        if isinstance(shape := scenes.shapes[items[place]], Mask):
            masks.append(place)
            part = shapes.crop_mask(shape, *windows[place].astype(int).tolist())
            shares[place] = sum(part.counts[1::2]) / sum(shape.counts[1::2])
    cut = np.setdiff1d(cut, masks)
    distinct, places = np.unique(items[cut], return_inverse=True)
    wholes = shapes.outlines(taken(scenes.shapes, distinct))[places]
    tiles = shapely.box(*first[cut].T, *behind[cut].T)
    shares[cut] = shapely.area(shapely.intersection(wholes, tiles)) / shapely.area(wholes)
    return shares


def _seen(boxes: Floats, windows: Floats) -> Bools:
    """Which regions' upright boxes (n, 4) reach into their tiles by a pixel at least.

    windows: (n, 4) x, y, width and height of the tiles.
    """
    first, behind = windows[:, :2], windows[:, :2] + windows[:, 2:]
    sides = np.minimum(boxes[:, 2:], behind) - np.maximum(boxes[:, :2], first)
    seen: Bools = sides.min(axis=1) >= _SEEN
    return seen


def _scenes(
    before: Scenes,
    samples: list[Sample],
    native: Indices,
    owner: Indices,
    counts: Sequence[int],
    at: Sequence[Tile | None],
) -> Scenes:
    """Scenes of tiles: the shapes moved and clipped, the rest as it was.

    native: the index before of each region; owner: its new scene; counts: how many each of these
    has; at: where it was cut, None for a whole picture.
    """
    windows = np.array([tile[1:5] if tile else (0, 0, 0, 0) for tile in at], float)
    windows = windows.reshape(-1, 4)[owner]
    is_tile = np.array([tile is not None for tile in at], bool)[owner]
    sizes = np.where(is_tile[:, None], windows[:, 2:], before.sizes[native])
    moved = _moved([*taken(before.shapes, native)], windows, is_tile)
    clipped = shapes.clip(moved, np.where(np.isnan(sizes), np.inf, sizes))
    return Scenes(
        before.split,
        samples,
        owner,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        before.native.take(native),
        clipped.shapes,
        sizes,
        clipped.boxes,
        clipped.areas,
        [before.names[item] for item in native.tolist()],
        np.where(before.reasons[native] == "", clipped.reasons, before.reasons[native]),
        before.spoken,
    )


def _moved(some: list[Shape], windows: Floats, is_tile: Bools) -> list[Shape]:
    """Shapes in the pixels of their tiles, not clipped yet; masks are.

    windows: (n, 4) x, y, width and height of the tiles; is_tile: which shapes lie in one.
    """
    out = list(some)
    for kind, places in by_kind(some).items():
        chosen = places[is_tile[places]]
        held = [some[place] for place in chosen.tolist()]
        if kind is Mask:
            fresh: list[Shape] = [
                shapes.crop_mask(shape, *window)
                for shape, window in zip(held, windows[chosen].astype(int).tolist(), strict=True)
                if isinstance(shape, Mask)
            ]
        else:
            fresh = shifted(held, -windows[chosen, :2])
        for place, shape in zip(chosen.tolist(), fresh, strict=True):
            out[place] = shape
    return out
