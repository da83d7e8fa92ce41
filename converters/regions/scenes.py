"""The regions of a batch of samples made fit for rows: clipped, ordered, without repeats.

All columns are as long as the batch has regions, those that cannot stay included, so that one
index means one region everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from converters.ledger import Strings
from converters.regions import shapes
from converters.regions.attributes import spoken
from converters.regions.columns import Regions, joined
from converters.regions.frames import Frame, moved
from converters.regions.geometry import Floats
from converters.regions.numbers import ShapeArray
from schemas.sample import Box, Expression, Mask, Reject, Sample, Shape

Size = tuple[int, int] | None
# Of a mix of 64 bits whose results spread evenly: 2**64 over the golden ratio.
_FACTOR, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
# Reasons of regions that are objects of the picture all the same, only without a usable place.
_UNSURE = frozenset({"zero_area", "bad_box", "bad_value", "size_conflict"})


class Shown(NamedTuple):
    """A picture that words speak of.

    scene: the number of its scene in the batch; image: its own in the scene. None stands for all
    pictures of the scene together.
    """

    scene: int
    image: int | None


class Scenes(Struct, frozen=True, dict=True):
    """Regions of a batch, and the expressions that pick them out.

    samples: one scene each, all of one split; owner: the scene of each region; starts: where each
    scene's regions begin, and behind the last. native: regions as read; shapes: their shapes,
    clipped and put in order.
    sizes: (n, 2) of each region's own picture, NaN where unknown. boxes: (n, 4) upright pixels;
    areas: (n,); names: the classes as spoken. reasons: why a region cannot stay, or "". spoken:
    what the catalogue calls some of the classes. details: what is wrong with a region in words,
    where its numbers alone do not say.
    """

    split: str
    samples: list[Sample]
    owner: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    native: Regions
    shapes: Sequence[Shape]
    sizes: Floats
    boxes: Floats
    areas: Floats
    names: list[str]
    reasons: Strings
    spoken: Mapping[str, str] = {}
    details: Sequence[str] = ()

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one region, with its numbers as read and the frame they are in."""
        sample, region = self.samples[self.owner[item]], self.native.one(item)
        size = self.sizes[item]
        frame = "" if np.isnan(size).any() else f" in {size[0]:g} x {size[1]:g}"
        detail = f"{region.label} {numbers(region.shape)}{frame}"
        if self.details and self.details[item] and reason == self.reasons[item]:
            detail = f"{detail}: {self.details[item]}"
        if reason in ("no_size", "missing_image"):
            path = sample.pictures[region.image].path
            detail = f"{region.label}: the size of its picture is needed: {path}"
        key = f"{sample.key}#{region.key}"
        return Reject(sample.file, key, self.split, reason, detail, kind="region")

    def valid(self, shown: Shown) -> dict[str, list[int]]:
        """The regions of a picture that can stay, by class as spoken: all that can be counted."""
        groups: dict[str, list[int]] = {}
        lost, names = self._lost, self.names
        for item in self.on(shown):
            if item not in lost:
                groups.setdefault(names[item], []).append(item)
        return groups

    def unsure(self, shown: Shown) -> list[str]:
        """Labels of which the picture may show more than its regions say."""
        lost, unplaced = self._lost, self.samples[shown.scene].unplaced
        if not lost:
            return [*unplaced]
        labels = [self.native.labels[i] for i in self.on(shown) if lost.get(i) in _UNSURE]
        return [*labels, *unplaced]

    @cached_property
    def _lost(self) -> dict[int, str]:
        """The reasons of the regions that cannot stay, which are few, by their indices."""
        items = np.flatnonzero(self.reasons != "")
        return dict(zip(items.tolist(), self.reasons[items].tolist(), strict=True))

    def uncountable(self, shown: Shown) -> set[str]:
        """The same classes as spoken."""
        return {spoken(label, self.spoken) for label in self.unsure(shown)}

    def of(self, scene: int) -> range:
        """The indices of a scene's regions."""
        return range(self._bounds[scene], self._bounds[scene + 1])

    @cached_property
    def _bounds(self) -> list[int]:
        """`starts` as plain numbers, which are faster one by one."""
        bounds: list[int] = self.starts.tolist()
        return bounds

    def on(self, shown: Shown) -> Sequence[int]:
        """The indices of a picture's regions; of a scene of one picture, all."""
        items = self.of(shown.scene)
        if not self.is_one_of_several(shown):
            return items
        return [item for item in items if self.native.images[item] == shown.image]

    def is_one_of_several(self, shown: Shown) -> bool:
        """True for one picture of a pair or series, which words must tell from the others."""
        return shown.image is not None and len(self.samples[shown.scene].pictures) > 1


class Expressions(Struct, frozen=True):
    """The authors' expressions of a batch of scenes: one item each.

    owner: the scene of each; regions: indices of the regions it picks out.
    """

    scenes: Scenes
    items: list[Expression]
    owner: list[int]
    regions: list[list[int]]
    reasons: Strings

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one expression: its words, and which region is at fault."""
        sample, expression = self.scenes.samples[self.owner[item]], self.items[item]
        faulty = [
            f"{self.scenes.native.keys[i]}: {self.scenes.reasons[i]}"
            for i in self.regions[item]
            if self.scenes.reasons[i]
        ]
        detail = "; ".join([expression.text[:200], *faulty])
        key = f"{sample.key}#{expression.key}"
        return Reject(sample.file, key, self.scenes.split, reason, detail, kind="expression")


def clean(
    samples: Sequence[Sample],
    size_of: Callable[[str], Size],
    names: Mapping[str, str],
    frame_of: Callable[[str], Frame | None] = lambda path: None,
) -> tuple[Scenes, Counter[str]]:
    """Scenes of samples of one split, and how many regions were repaired (clipped, swapped).

    size_of: of a picture by its path; a region is measured by its own picture, `pictures[image]`.
    names: what the catalogue calls some of the classes. frame_of: the frame of a picture's
    coordinates, where it is another than the picture's own.
    """
    native = joined([sample.regions for sample in samples])
    numbers_of = [len(sample.regions) for sample in samples]
    owner = np.repeat(np.arange(len(samples)), numbers_of)
    starts = np.concatenate([[0], np.cumsum(numbers_of)]).astype(np.int64)
    sizes = _sizes(samples, native, owner, size_of)
    framed, moves, conflicts = _framed(samples, native, owner, frame_of)
    clipped = shapes.clip(framed, np.where(np.isnan(sizes), np.inf, sizes))
    reasons = clipped.reasons.astype(object)
    for item, conflict in conflicts.items():
        reasons[item], clipped.details[item] = "size_conflict", conflict
    pictures_of = np.fromiter((len(sample.pictures) for sample in samples), np.int64)
    reasons[native.images >= pictures_of[owner]] = "dangling_reference"
    _mark_repeats(native, owner, reasons)
    spoken_names = {label: spoken(label, names) for label in dict.fromkeys(native.labels)}
    _mark_unnamed(native.labels, spoken_names, reasons, clipped.details)
    _explain_fractions(native.shapes, reasons, clipped.details)
    good = reasons == ""
    repairs = Counter(
        {
            "clipped": int((clipped.changed & good).sum()),
            "swapped": int((clipped.swapped & good).sum()),
            "uncrossed": int((clipped.mended & good).sum()),
        }
    )
    repairs.update(move for item, move in moves.items() if good[item])
    scenes = Scenes(
        samples[0].split if samples else "",
        list(samples),
        owner,
        starts,
        native,
        clipped.shapes,
        sizes,
        clipped.boxes,
        clipped.areas,
        [spoken_names[label] for label in native.labels],
        reasons,
        names,
        clipped.details,
    )
    return scenes, +repairs


def expressions(scenes: Scenes) -> Expressions:
    """The expressions of scenes. One whose region is not there, or cannot stay, has its reason."""
    items: list[Expression] = []
    owner: list[int] = []
    picked: list[list[int]] = []
    reasons: list[str] = []
    for scene, sample in enumerate(scenes.samples):
        places = {scenes.native.keys[i]: i for i in scenes.of(scene)}
        for expression in sample.expressions:
            known = [places[key] for key in expression.regions if key in places]
            dangling = len(known) < len(expression.regions)
            items.append(expression)
            owner.append(scene)
            picked.append(known)
            bad = next((scenes.reasons[i] for i in known if scenes.reasons[i]), "")
            reasons.append("dangling_reference" if dangling else bad)
    return Expressions(scenes, items, owner, picked, np.array(reasons, object))


def numbers(shape: Shape) -> str:
    """A shape's numbers as read, for messages."""
    if isinstance(shape, Mask):
        return f"a mask of {shape.width} x {shape.height}"
    return " ".join(f"{value:g}" for value in flat(shape))


def flat(shape: Shape) -> tuple[float, ...]:
    """A shape's numbers in native order: a mask's are its size and run lengths."""
    if isinstance(shape, Box):
        return shape.x1, shape.y1, shape.x2, shape.y2
    if isinstance(shape, Mask):
        return shape.width, shape.height, *shape.counts
    return shape.points


def _sizes(
    samples: Sequence[Sample],
    native: Regions,
    owner: npt.NDArray[np.int64],
    size_of: Callable[[str], Size],
) -> Floats:
    """Width and height of each region's own picture: (n, 2), NaN where unknown."""
    unknown = (np.nan, np.nan)
    first = [size_of(s.pictures[0].path) or unknown if s.pictures else unknown for s in samples]
    sizes: Floats = np.array(first, float).reshape(-1, 2)[owner]
    # Nearly all regions lie on their scene's first picture; the others are looked at one by one.
    for item in np.flatnonzero(native.images).tolist():
        pictures, image = samples[owner[item]].pictures, int(native.images[item])
        known = size_of(pictures[image].path) if image < len(pictures) else None
        sizes[item] = known or unknown
    return sizes


def _framed(
    samples: Sequence[Sample],
    native: Regions,
    owner: npt.NDArray[np.int64],
    frame_of: Callable[[str], Frame | None],
) -> tuple[Sequence[Shape], dict[int, str], dict[int, str]]:
    """Shapes in the pixels of the shown pictures; how some were moved, and why some cannot be."""
    moves: dict[int, str] = {}
    conflicts: dict[int, str] = {}
    paths = {picture.path for sample in samples for picture in sample.pictures}
    frames = {path: frame for path in paths if (frame := frame_of(path)) is not None}
    if not frames:
        return native.shapes, moves, conflicts
    framed = [*native.shapes]
    every = zip(owner.tolist(), native.images.tolist(), native.shapes, strict=True)
    for item, (scene, image, shape) in enumerate(every):
        pictures = samples[scene].pictures
        frame = frames.get(pictures[image].path) if image < len(pictures) else None
        if frame is None or isinstance(shape, Mask):
            continue
        if frame.conflict:
            conflicts[item] = frame.conflict
        else:
            framed[item], moves[item] = moved(shape, frame), frame.repair
    return framed, moves, conflicts


def _mark_unnamed(
    labels: Sequence[str], names: Mapping[str, str], reasons: Strings, details: list[str]
) -> None:
    """Writes `bad_value` to each region whose class is a number that nobody has a name for."""
    unnamed = {label for label, name in names.items() if name and not any(map(str.isalpha, name))}
    if not unnamed:
        return
    for item, label in enumerate(labels):
        if label in unnamed and not reasons[item]:
            reasons[item], details[item] = "bad_value", "its class has no name in words"


def _explain_fractions(native: Sequence[Shape], reasons: Strings, details: list[str]) -> None:
    """Says of regions without an area whether their numbers look like fractions of a picture."""
    for item in np.flatnonzero(reasons == "zero_area").tolist():
        shape = native[item]
        values = () if isinstance(shape, Mask) else flat(shape)
        if values and all(abs(value) <= 1 for value in values) and any(v % 1 for v in values):
            details[item] = "its numbers look like fractions of the picture, and pixels were meant"


def _mark_repeats(native: Regions, owner: npt.NDArray[np.int64], reasons: Strings) -> None:
    """Writes `duplicate_region` to each region that stands in its scene a second time."""
    if isinstance(native.shapes, ShapeArray) and _all_differ(native, native.shapes, owner):
        return
    keys = [*zip(owner.tolist(), native.images.tolist(), native.labels, native.shapes, strict=True)]
    if len(set(keys)) == len(keys):
        return
    seen: set[tuple[object, ...]] = set()
    for item, key in enumerate(keys):
        if not reasons[item] and key in seen:
            reasons[item] = "duplicate_region"
        seen.add(key)


def _all_differ(native: Regions, shapes: ShapeArray, owner: npt.NDArray[np.int64]) -> bool:
    """True where no two regions of one scene are alike; False where two may be.

    Fast way: equal regions have equal sums of their numbers in 64 bits, so where all sums differ no
    two are equal. The plain way puts each region into a set, which takes four times as long.
    """
    codes = {label: code for code, label in enumerate(dict.fromkeys(native.labels))}
    labels = np.fromiter(map(codes.__getitem__, native.labels), np.int64, len(native.labels))
    bits = (shapes.numbers + 0.0).view(np.uint64)  # -0 is 0
    mixed = np.zeros(len(labels), np.uint64)
    for column in (owner, native.images, labels, *bits.T):
        mixed = (mixed ^ column.astype(np.uint64)) * _FACTOR
        mixed ^= mixed >> _SHIFT
    return len(np.unique(mixed)) == len(mixed)
