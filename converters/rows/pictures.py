"""The pictures of a batch of rows: their paths, and all that annotations and files say of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read.georeference import Georeference, Position, position
from converters.read.images import Facts
from converters.regions.frames import Frame, frame_of, tells_turn
from converters.regions.tiles import Tile
from schemas.entry import Entry
from schemas.sample import Picture

_PLACE = ("lon", "lat", "gsd")
DISAGREEING = 1.25  # a stated resolution is contradicted by one so many times as fine or coarse
_METRES = (1e-6, 1e6)  # a pixel: no microscope sees as much, no satellite as little
Size = tuple[int, int]  # width, height in pixels


class Pictures(Struct, frozen=True):
    """What each row of a batch shows.

    paths: list<dictionary<string>>, one list a row, relative to the dataset's folder. stated: what
    annotations say of a path; facts: what reading its file said, where it was read. absent: those
    that are not on disk where that is no fault, since their bytes are not wanted. tiles: of the
    paths that are no files of the dataset but will be cut from a scene. lies: how files lie on the
    map, of those that say so, where that was asked.
    """

    entry: Entry
    paths: pa.ListArray
    stated: Mapping[str, Picture]
    facts: Mapping[str, Facts]
    absent: frozenset[str] = frozenset()
    tiles: Mapping[str, Tile] = {}
    lies: Mapping[str, Georeference] = {}

    def of(self, paths: pa.ListArray | Sequence[Sequence[str]]) -> Pictures:
        """The same knowledge for other rows."""
        return msgspec.structs.replace(self, paths=path_lists(paths))

    def take(self, rows: pa.Array) -> Pictures:
        """The pictures of some of the rows."""
        return msgspec.structs.replace(self, paths=self.paths.take(rows))

    def size(self, path: str) -> Size | None:
        """Width and height: what reading the picture said, else the catalogue of all pictures of
        the dataset, else the annotation; None where nobody says."""
        if tile := self.tiles.get(path):
            return tile.width, tile.height
        facts, stated = self.facts.get(path), self.stated.get(path)
        if facts and facts.width:
            return facts.width, facts.height
        if self.entry.size:
            return self.entry.size
        if stated and stated.width and stated.height:
            return stated.width, stated.height
        return None

    def frame(self, path: str) -> Frame | None:
        """The frame of a picture's coordinates, where it is not the picture as it is shown.

        Known of pictures that were read, and of which somebody states a size.
        """
        facts = self.facts.get(path)
        if not facts or not facts.width or path in self.tiles:
            return None
        return frame_of((facts.width, facts.height), facts.orientation, self._stated_sizes(path))

    def _stated_sizes(self, path: str) -> list[Size]:
        """The sizes that a picture's record and the catalogue state, the record's first."""
        stated = self.stated.get(path)
        sizes = [(stated.width, stated.height)] if stated and stated.width and stated.height else []
        return sizes + ([self.entry.size] if self.entry.size else [])

    def either_way_up(self) -> int:
        """How many pictures are stored otherwise than shown, and no size tells on which of the two
        their coordinates were written: they are taken as of the picture as it is shown."""
        turned = {path: facts for path, facts in self.facts.items() if facts.orientation != 1}
        return sum(
            facts.width > 0 and not tells_turn(facts.orientation, self._stated_sizes(path))
            for path, facts in turned.items()
            if path not in self.tiles
        )

    def fault(self, path: str) -> str:
        """What is wrong with a picture that was read, as a Reject's reason; else empty."""
        facts = self.facts.get(path)
        return facts.fault if facts and path not in self.absent else ""

    def with_tiles(self, tiles: Mapping[str, Tile]) -> Pictures:
        """The same knowledge, of pictures that are tiles too.

        They are cut when it is known which of them are written. Until then the quick hash of their
        scene's file stands for theirs.
        """
        stated = {path: self.stated[tile.scene] for path, tile in tiles.items()}
        facts = {
            path: Facts(
                tile.width,
                tile.height,
                sha256=self.facts[tile.scene].quick_hash.hex(),
                quick_hash=self.facts[tile.scene].quick_hash,
            )
            for path, tile in tiles.items()
            if tile.scene in self.facts
        }
        return msgspec.structs.replace(
            self,
            stated={**self.stated, **stated},
            facts={**self.facts, **facts},
            tiles={**self.tiles, **tiles},
        )

    def identity(self, path: str) -> str:
        """What tells a picture from others: a hash of its bytes, else its folder and path.

        A tile is told by its scene, its place and how it is encoded.
        """
        if tile := self.tiles.get(path):
            ending = path.rpartition(".")[2]
            place = f"{tile.x},{tile.y},{tile.width},{tile.height}.{ending}"
            return f"{self.scene_identity(path)}@{place}"
        facts = self.facts.get(path)
        return facts.sha256 if facts and facts.sha256 else f"{self.entry.folder}/{path}"

    def scene_identity(self, path: str) -> str:
        """What tells the picture that a path's is cut from, or that picture itself.

        A scene is told by its quick hash, whether it has a sha256 too or not: so it has one name in
        every dataset of a mix, and its tiles are known as the same.
        """
        tile = self.tiles.get(path)
        if tile is None:
            return self.identity(path)
        facts = self.facts.get(tile.scene)
        known = facts.quick_hash.hex() if facts else ""
        return known or f"{self.entry.folder}/{tile.scene}"

    def counts(self) -> npt.NDArray[np.int64]:
        """How many pictures each row shows."""
        numbers: npt.NDArray[np.int64] = np.diff(np.asarray(self.paths.offsets)).astype(np.int64)
        return numbers

    def each(self, kind: pa.DataType, value: Callable[[str], Any]) -> pa.ListArray:
        """A list column beside the paths, its value worked out once for each distinct picture."""
        flat = self.paths.values
        distinct = [value(path) for path in flat.dictionary.to_pylist()]
        values = pa.array(distinct, kind).take(flat.indices)
        return pa.ListArray.from_arrays(self.paths.offsets, values)

    def gsd(self, places: pa.StructArray) -> pa.Array:
        """Metres a pixel of each row's first picture, null where nobody says.

        What the record states counts, else what the catalogue does, else the georeference. places:
        what `places` gives.
        """
        said = self._first(pa.float32(), _gsd, self.entry.gsd)
        return pc.coalesce(said, places.field("gsd").cast(pa.float32())) if self.lies else said

    def places(self) -> pa.StructArray:
        """Where the middle of each row's first picture lies, its fields null where nobody says.

        What the record states counts, else the georeference.
        """
        if not self.lies and not any(picture.place for picture in self.stated.values()):
            return pa.StructArray.from_arrays([pa.nulls(len(self.paths), pa.float64())] * 3, _PLACE)

        def value(path: str) -> dict[str, float | None]:
            found, stated = self.position(path), self.stated.get(path)
            values = dict.fromkeys(_PLACE) if found is None else found._asdict()
            if stated and stated.place and path not in self.tiles:
                values["lon"], values["lat"] = stated.place
            return values

        return self.of_first(pa.struct([(name, pa.float64()) for name in _PLACE]), value)

    def disagreeing(self) -> int:
        """How many pictures have metres a pixel stated that their georeference contradicts."""
        number = 0
        for path in self.stated.keys() & self.lies.keys():
            said, found = _gsd(self.stated[path]) or self.entry.gsd, self.position(path)
            if said and found:
                number += abs(math.log(said / found.gsd)) > math.log(DISAGREEING)
        return number

    def position(self, path: str) -> Position | None:
        """Where the middle of a picture lies, None where it does not say."""
        tile = self.tiles.get(path)
        lies = self.lies.get(tile.scene if tile else path)
        if lies is None:
            return None
        if tile:
            return position(lies, tile.x + tile.width / 2, tile.y + tile.height / 2)
        return position(lies, lies.size[0] / 2, lies.size[1] / 2)

    def sensors(self) -> pa.Array:
        """The sensor of each row's first picture, null where nobody says."""
        return self._first(pa.string(), lambda picture: picture.sensor, self.entry.sensor)

    def _first(self, kind: pa.DataType, stated: Callable[[Picture], Any], of_all: Any) -> pa.Array:
        """A value of each row's first picture: as its record states it, else as the catalogue."""
        if not any(stated(picture) for picture in self.stated.values()):
            # Fast way: no record says anything, so that one value stands for all rows.
            return pa.repeat(pa.scalar(of_all, kind), len(self.paths))

        def value(path: str) -> Any:
            picture = self.stated.get(path)
            return (stated(picture) if picture else None) or of_all

        return self.of_first(kind, value)

    def of_first(self, kind: pa.DataType, value: Callable[[str], Any]) -> pa.Array:
        """A value of each row's first picture, null of a row without pictures.

        It is worked out once for each distinct picture.
        """
        lists = self.each(kind, value)
        starts = np.asarray(lists.offsets)
        shows = starts[1:] > starts[:-1]
        return lists.values.take(pa.array(np.where(shows, starts[:-1], 0), mask=~shows))


def _gsd(picture: Picture) -> float | None:
    """What a record states, where it can be metres a pixel."""
    least, most = _METRES
    return picture.gsd if picture.gsd and least <= picture.gsd <= most else None


def path_lists(paths: pa.ListArray | Sequence[Sequence[str]]) -> pa.ListArray:
    """Lists of picture paths, one a row, with their dictionary."""
    lists = paths if isinstance(paths, pa.Array) else pa.array(paths, pa.list_(pa.string()))
    values = lists.values
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    return pa.ListArray.from_arrays(lists.offsets, values)
