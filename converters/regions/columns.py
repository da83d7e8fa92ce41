"""Regions of many pictures as columns.

A reader that has the numbers of a whole file at once gives them so: no object is made of a region
until somebody asks for it, and what is done to a batch is done to its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import overload

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from converters.regions.numbers import Indices, taken
from schemas.sample import Region, Shape


class Regions(Struct, frozen=True):
    """Regions, a column for each of their fields.

    keys, labels, shapes, images (n,), ignored (n,): as in `Region`. attributes: the same, or None
    where no region has any.
    """

    keys: Sequence[str]
    labels: Sequence[str]
    shapes: Sequence[Shape]
    images: Indices
    ignored: npt.NDArray[np.bool_]
    attributes: Sequence[Mapping[str, str]] | None = None

    @classmethod
    def of(cls, regions: Sequence[Region]) -> Regions:
        """The columns of regions."""
        count = len(regions)
        attributes = [region.attributes for region in regions]
        return cls(
            [region.key for region in regions],
            [region.label for region in regions],
            [region.shape for region in regions],
            np.fromiter((region.image for region in regions), np.int64, count),
            np.fromiter((region.ignored for region in regions), bool, count),
            attributes if any(attributes) else None,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def one(self, place: int) -> Region:
        """The region of an index."""
        return Region(
            self.keys[place],
            self.labels[place],
            self.shapes[place],
            int(self.images[place]),
            bool(self.ignored[place]),
            self.attributes[place] if self.attributes else {},
        )

    def take(self, places: Indices) -> Regions:
        """Some of the regions by their indices, in that order."""
        some = places.tolist()
        return Regions(
            [self.keys[place] for place in some],
            [self.labels[place] for place in some],
            taken(self.shapes, places),
            self.images[places],
            self.ignored[places],
            [self.attributes[place] for place in some] if self.attributes else None,
        )


class Run(Sequence[Region]):
    """The regions [start, stop) of columns, as the regions of one Sample: equal to a tuple of them.

    Each `Region` is made when it is asked for.
    """

    __slots__ = ("columns", "start", "stop")

    def __init__(self, columns: Regions, start: int, stop: int) -> None:
        self.columns = columns
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, place: int) -> Region: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Region, ...]: ...
    def __getitem__(self, place: int | slice) -> Region | tuple[Region, ...]:
        found = range(self.start, self.stop)[place]
        if isinstance(found, range):
            return tuple(map(self.columns.one, found))
        return self.columns.one(found)

    def __iter__(self) -> Iterator[Region]:
        return map(self.columns.one, range(self.start, self.stop))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Run, tuple)):
            return tuple(self) == tuple(other)
        return NotImplemented

    def __repr__(self) -> str:
        return repr(tuple(self))


def joined(some: Sequence[Sequence[Region]]) -> Regions:
    """The columns of the regions of several samples, one sample after the other."""
    runs = [one for one in some if isinstance(one, Run)]
    if len(runs) < len(some) or len({id(one.columns) for one in runs}) != 1:
        return Regions.of([*chain.from_iterable(some)])
    columns = runs[0].columns
    if sum(map(len, runs)) == len(columns) and all(
        one.stop == other.start for one, other in pairwise(runs)
    ):
        return columns  # all of them, in their order
    places = [np.arange(one.start, one.stop) for one in runs]
    return columns.take(np.concatenate(places))
