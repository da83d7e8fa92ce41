"""Tiles of a shard: cut from their scenes once it is known which rows are written.

A scene's tiles are all in one shard (see `identify`), so that each scene is decoded once for them.
They wait in a file until the shard is written: their sizes decide which rows make a row group.
"""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from converters.read import cutting, images
from converters.read.cutting import Window
from converters.read.images import PictureError
from converters.read.pixels import Write
from pipelines import pictures, shards
from pipelines.pictures import Picture
from pipelines.plan import RunPlan
from pipelines.shards import Chosen
from pipelines.tile_store import StoredTile, TileStore
from schemas.table import QUICK_HASH

_KINDS: dict[str, cutting.Kind] = {"jpg": "jpeg", "png": "png"}  # by the ending of a tile's path


# What is needed of the rows that show a tile.
_OF_TILES = ["dataset", "images", "scene", "sizes", "image_sha256", "quick_hashes"]


class _Scene(NamedTuple):
    """A scene's file, and the windows to cut by the tile's path."""

    picture: Picture
    windows: dict[str, Window]


class _Tile(NamedTuple):
    """A tile that was cut and kept, or the reason and detail of the Reject of its rows."""

    sha256: str = ""
    quick_hash: bytes = b""
    size: int = 0
    stored: StoredTile | None = None
    fault: str = ""
    detail: str = ""


class Cut(NamedTuple):
    """Rows whose tiles are cut, with their hashes and sizes; and those that cannot be written.

    tiles: where they lie, by sha256. lost: rows of scenes that cannot be decoded; reasons and
    details: of each.
    """

    rows: pa.Table
    chosen: Chosen
    tiles: dict[str, StoredTile]
    lost: npt.NDArray[np.int64]
    reasons: list[str]
    details: list[str]


def cut_chosen(plan: RunPlan, rows: pa.Table, chosen: Chosen, store: TileStore) -> Cut:
    """Cuts and encodes the tiles that the chosen rows show, and keeps them in the store.

    Raises SourceError where a scene is no longer the file that was hashed.
    """
    is_tile = np.asarray(rows["scene"].is_valid())
    shown = np.unique(chosen.kept[is_tile[chosen.kept]])
    if not len(shown):
        return Cut(rows, chosen, {}, shown, [], [])
    some = rows.select(_OF_TILES).take(pa.array(shown))
    slugs = some["dataset"].cast(pa.string()).to_pylist()
    lists = some["images"].combine_chunks()
    paths = lists.flatten().field("path").cast(pa.string()).to_pylist()  # a row shows one tile
    tiles = _cut_all(store, _scenes(plan, some, slugs, paths))
    found = [tiles[key] for key in zip(slugs, paths, strict=True)]
    bad = np.array([bool(tile.fault) for tile in found], bool)
    lost = shown[bad]
    faults = [tile for tile in found if tile.fault]
    rows = _with_facts(rows, shown, found)
    kept, wanted = np.unique(chosen.kept[~np.isin(chosen.kept, lost)], return_counts=True)
    # Tiles lie by their own hashes from here on, as all pictures do.
    kept, copy = shards.arrange(rows, kept, wanted)
    chosen = chosen._replace(kept=kept, copy=copy)
    stored = {tile.sha256: tile.stored for tile in found if tile.stored}
    reasons, details = [tile.fault for tile in faults], [tile.detail for tile in faults]
    return Cut(rows, chosen, stored, lost, reasons, details)


def _scenes(
    plan: RunPlan, rows: pa.Table, slugs: list[str], paths: list[str]
) -> dict[tuple[str, str], _Scene]:
    """The scenes of rows that show a tile, by dataset and path."""
    scenes: dict[tuple[str, str], _Scene] = {}
    places = rows["scene"].to_pylist()
    sizes = rows["sizes"].combine_chunks().flatten().to_pylist()
    hashes = rows["image_sha256"].combine_chunks().flatten().to_pylist()
    quick_hashes = rows["quick_hashes"].combine_chunks().flatten().to_pylist()
    for slug, path, place, size, sha256, quick in zip(
        slugs, paths, places, sizes, hashes, quick_hashes, strict=True
    ):
        picture = Picture(plan.picture_file(slug, place["path"]), sha256, quick)
        scene = scenes.setdefault((slug, place["path"]), _Scene(picture, {}))
        scene.windows[path] = place["x"], place["y"], size["width"], size["height"]
    return scenes


def _cut_all(
    store: TileStore, scenes: dict[tuple[str, str], _Scene]
) -> dict[tuple[str, str], _Tile]:
    """The tiles of all scenes, by dataset and path: several scenes at a time."""
    found: dict[tuple[str, str], _Tile] = {}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        try:
            for (slug, _), tiles in zip(
                scenes, pool.map(partial(_cut_scene, store), scenes.values()), strict=True
            ):
                found.update(((slug, path), tile) for path, tile in tiles)
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def _cut_scene(store: TileStore, scene: _Scene) -> list[tuple[str, _Tile]]:
    data = pictures.read(scene.picture, "embed")
    kinds = {path: _KINDS[path.rpartition(".")[2]] for path in scene.windows}
    try:
        tiles = cutting.cut(
            data, [(scene.windows[path], kinds[path]) for path in kinds], partial(_kept, store)
        )
    except PictureError as error:
        return [(path, _Tile(fault=error.args[0], detail=error.args[1])) for path in kinds]
    return list(zip(kinds, tiles, strict=True))


def _kept(store: TileStore, write: Write) -> _Tile:
    """A tile in the store. Raises OSError where the disk is full."""
    stored = store.add(write)
    data = stored.read()
    if not images.header(data).whole:  # Pillow does not look how much of a tile was written
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    digest = hashlib.sha256(data).hexdigest()
    return _Tile(digest, images.quick_hash(data), len(data), stored)


def _with_facts(rows: pa.Table, shown: npt.NDArray[np.int64], found: list[_Tile]) -> pa.Table:
    """Rows with the hashes, sizes and homes of tiles in place of those of their scenes."""
    rows = rows.combine_chunks()
    lists = rows["image_sha256"].combine_chunks()
    hashes = lists.flatten().to_numpy(zero_copy_only=False)
    starts = np.asarray(lists.offsets)[:-1] - lists.offsets[0].as_py()
    hashes[starts[shown]] = [tile.sha256 or None for tile in found]
    sizes = np.array(rows["image_bytes"].combine_chunks())
    sizes[shown] = [tile.size for tile in found]
    quick = rows["quick_hashes"].combine_chunks()
    quick_hashes = quick.flatten().to_numpy(zero_copy_only=False)
    quick_hashes[starts[shown]] = [tile.quick_hash or None for tile in found]
    homes = np.array(rows["home"].combine_chunks(), object)
    homes[shown] = shards.homes([tile.sha256 for tile in found])
    offsets = pa.array(np.asarray(lists.offsets) - lists.offsets[0].as_py(), pa.int32())
    mask = lists.is_null() if lists.null_count else None

    def lists_of(values: Any, kind: pa.DataType) -> pa.ListArray:
        return pa.ListArray.from_arrays(offsets, pa.array(values, kind), mask=mask)

    changed = {
        "image_sha256": lists_of(hashes, pa.string()),
        "quick_hashes": lists_of(quick_hashes, QUICK_HASH),
        "image_bytes": pa.array(sizes, pa.int64()),
        "home": pa.array(homes.tolist(), rows.schema.field("home").type),
    }
    columns = [changed.get(name, rows[name]) for name in rows.schema.names]
    return pa.table(columns, schema=rows.schema)
