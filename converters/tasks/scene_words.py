"""What words say of the regions of a batch: worked out once, for all sources of a mix.

A column is a list as long as the batch has regions, those that cannot stay included.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.dialects import Rendered, dialect, rendered
from converters.regions import attributes
from converters.regions.geometry import Bools, Floats
from converters.regions.numbers import Indices, taken
from converters.regions.scenes import Scenes, Shown
from converters.rows import identity
from converters.rows.identity import FIELD, ITEM
from converters.rows.regions import native_texts, region_values
from converters.rows.xxh3 import Words

# A rival's centre this near to a third, as a share of the picture's side, may be said to lie in it.
_REACH = 0.02


class Census(NamedTuple):
    """What may be said of a picture's objects, whatever a filter left of them.

    groups: regions by class. unsure: classes that the picture may show more of. items: the regions
    of all groups, one group after the other.
    """

    groups: dict[str, list[int]]
    unsure: set[str]
    items: list[int]

    def sure(self, name: str) -> bool:
        """True where all objects of a class are known."""
        return name not in self.unsure

    def counted(self, name: str) -> str:
        """A class with its number, or in the plural where it cannot be counted."""
        if not self.sure(name):
            return attributes.plural(name, 2)
        return attributes.counted(name, len(self.groups[name]))


class _Written(NamedTuple):
    """What is known of all regions of a batch in a dialect. done: which are written yet."""

    all: Rendered
    done: Bools

    @classmethod
    def of(cls, count: int) -> _Written:
        """None is written yet."""
        texts, reasons = (np.full(count, "", object) for _ in range(2))
        enclosed, clamped, done = (np.zeros(count, bool) for _ in range(3))
        return cls(Rendered(texts, reasons, enclosed, clamped), done)


class SceneWords(Struct, dict=True):
    """Words for the regions of scenes; each column is made when it is first asked for."""

    scenes: Scenes
    _censuses: dict[Shown, Census] = {}
    _written: dict[tuple[str, str], _Written] = {}

    @cached_property
    def keys(self) -> pa.StringArray:
        """The key of each region's record."""
        owners = pa.array([sample.key for sample in self.scenes.samples], pa.string())
        own = pa.array(self.scenes.native.keys, pa.string())
        return pc.binary_join_element_wise(owners.take(pa.array(self.scenes.owner)), own, "#")

    @cached_property
    def native(self) -> pa.StringArray:
        """Each region as read: the same whatever the mix made of it."""
        return native_texts(self.scenes.native.labels, self.scenes.native.shapes)

    @cached_property
    def hashes(self) -> Words:
        """Hashes of each region as read."""
        return identity.hash128(self.native)

    def whole(self, shown: Sequence[Shown]) -> Words:
        """Hashes of all regions as read of pictures, and which one of several each is."""
        first, hashes = self._pictures
        return hashes[[first[scene] + (image or 0) for scene, image in shown]]

    @cached_property
    def _pictures(self) -> tuple[list[int], Words]:
        """The same of all pictures, and where in it each scene's begin."""
        scenes = self.scenes
        counts = np.array([len(sample.pictures) for sample in scenes.samples], np.int64)
        first = np.concatenate([[0], np.cumsum(counts)])
        count = counts[scenes.owner]
        # As `Scenes.on` says, all regions of a scene of one picture lie on it.
        shown = (count == 1) | ((scenes.native.images >= 0) & (scenes.native.images < count))
        there = first[scenes.owner] + np.where(count == 1, 0, scenes.native.images)
        order = np.flatnonzero(shown)[np.argsort(there[shown], kind="stable")]
        ends = np.concatenate([[0], np.cumsum(np.bincount(there[shown], minlength=first[-1]))])
        lists = pa.ListArray.from_arrays(
            pa.array(ends.astype(np.int32)), self.native.take(pa.array(order))
        )
        texts = pc.binary_join(lists, ITEM)
        if (counts > 1).any():
            leads = [
                f"{image}{FIELD}" if several > 1 else ""
                for several in counts.tolist()
                for image in range(several)
            ]
            texts = pc.binary_join_element_wise(pa.array(leads), texts, "")
        return first.tolist(), identity.hash128(texts)

    @cached_property
    def places(self) -> list[str]:
        """In which part of its picture each region lies."""
        return attributes.positions(self.scenes.boxes, self._sizes)

    @cached_property
    def near_places(self) -> Sequence[frozenset[str]]:
        """The parts of its picture that each region may be said to lie in."""
        return attributes.near_positions(self.scenes.boxes, self._sizes, _REACH)

    @cached_property
    def names(self) -> list[str]:
        """Size word and class of each region."""
        words = attributes.magnitudes(self.scenes.areas, self._sizes)
        pairs = [*zip(words, self.scenes.names, strict=True)]
        said = {
            (word, name): attributes.sized_name(word, attributes.plural(name, 1))
            for word, name in dict.fromkeys(pairs)
        }
        return [said[pair] for pair in pairs]

    @property
    def _sizes(self) -> Floats:
        """Of the regions' pictures; 1 where unknown, as nothing is said of these."""
        return np.nan_to_num(self.scenes.sizes, nan=1.0)

    def census(self, shown: Shown) -> Census:
        """All objects of a picture: statements speak of the whole picture."""
        if shown not in self._censuses:
            groups = self.scenes.valid(shown)
            items = [item for group in groups.values() for item in group]
            self._censuses[shown] = Census(groups, self.scenes.uncountable(shown), items)
        return self._censuses[shown]

    def written(
        self, name: str, unsayable: Literal["enclose", "reject"], items: Indices
    ) -> Rendered:
        """Some regions in a dialect, by their indices. Each is written once."""
        if (name, unsayable) not in self._written:
            self._written[name, unsayable] = _Written.of(len(self.scenes.native))
        known, done = self._written[name, unsayable]
        fresh = items[~done[items]]
        if len(fresh):
            shapes = taken(self.scenes.shapes, fresh)
            sizes = np.nan_to_num(self.scenes.sizes[fresh], nan=np.inf)
            found = rendered(dialect(name), shapes, sizes, unsayable)
            for column, values in zip(known, found, strict=True):
                column[fresh] = values
            done[fresh] = True
        texts, reasons, enclosed, clamped = known
        return Rendered(texts[items], reasons[items], enclosed[items], clamped[items])

    def regions(self, items: Sequence[int]) -> pa.StructArray:
        """Some regions that can stay as a column of rows, by their indices."""
        places, values = self._values
        return values.take(pa.array(places[items]))

    @cached_property
    def _values(self) -> tuple[Indices, pa.StructArray]:
        """All regions that can stay as a column, and where in it each is."""
        scenes, good = self.scenes, np.flatnonzero(self.scenes.reasons == "")
        places = np.zeros(len(scenes.native), np.int64)
        places[good] = np.arange(len(good))
        return places, region_values(
            scenes.native.take(good), taken(scenes.shapes, good), scenes.boxes[good]
        )
