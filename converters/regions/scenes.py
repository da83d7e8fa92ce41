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
from converters.regions.frames import Frame, moved
from converters.regions.geometry import Bools, Floats
from schemas.sample import Box, Expression, Mask, Region, Reject, Sample, Shape

Size = tuple[int, int] | None
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
    native: list[Region]
    shapes: list[Shape]
    sizes: Floats
    boxes: Floats
    areas: Floats
    names: list[str]
    reasons: Strings
    spoken: Mapping[str, str] = {}
    details: Sequence[str] = ()

    @cached_property
    def images(self) -> npt.NDArray[np.int64]:
        """Which of its scene's pictures each region lies on."""
        return _images(self.native)

    @cached_property
    def ignored(self) -> Bools:
        """Which regions their authors mark as difficult, crowded or to be ignored."""
        return np.fromiter((region.ignored for region in self.native), bool, len(self.native))

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one region, with its numbers as read and the frame they are in."""
        sample, region = self.samples[self.owner[item]], self.native[item]
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
        labels = [self.native[i].label for i in self.on(shown) if lost.get(i) in _UNSURE]
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
        return [item for item in items if self.native[item].image == shown.image]

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
            f"{self.scenes.native[i].key}: {self.scenes.reasons[i]}"
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
    native = [region for sample in samples for region in sample.regions]
    numbers_of = [len(sample.regions) for sample in samples]
    owner = np.repeat(np.arange(len(samples)), numbers_of)
    starts = np.concatenate([[0], np.cumsum(numbers_of)]).astype(np.int64)
    sizes = _sizes(samples, native, owner, size_of)
    framed, moves, conflicts = _framed(samples, native, owner, frame_of)
    clipped = shapes.clip(framed, np.where(np.isnan(sizes), np.inf, sizes))
    reasons = clipped.reasons.astype(object)
    for item, conflict in conflicts.items():
        reasons[item], clipped.details[item] = "size_conflict", conflict
    images = _images(native)
    pictures_of = np.fromiter((len(sample.pictures) for sample in samples), np.int64)
    reasons[images >= pictures_of[owner]] = "dangling_reference"
    _mark_repeats(native, owner.tolist(), reasons)
    spoken_names = {
        label: spoken(label, names) for label in dict.fromkeys(region.label for region in native)
    }
    _mark_unnamed(native, spoken_names, reasons, clipped.details)
    _explain_fractions(native, reasons, clipped.details)
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
        [spoken_names[region.label] for region in native],
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
        places = {scenes.native[i].key: i for i in scenes.of(scene)}
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


def _images(native: Sequence[Region]) -> npt.NDArray[np.int64]:
    """Which of its scene's pictures each region lies on."""
    return np.fromiter((region.image for region in native), np.int64, len(native))


def _sizes(
    samples: Sequence[Sample],
    native: Sequence[Region],
    owner: npt.NDArray[np.int64],
    size_of: Callable[[str], Size],
) -> Floats:
    """Width and height of each region's own picture: (n, 2), NaN where unknown."""
    unknown = (np.nan, np.nan)
    first = [size_of(s.pictures[0].path) or unknown if s.pictures else unknown for s in samples]
    sizes: Floats = np.array(first, float).reshape(-1, 2)[owner]
    # Nearly all regions lie on their scene's first picture; the others are looked at one by one.
    for item in np.flatnonzero(_images(native)).tolist():
        pictures, image = samples[owner[item]].pictures, native[item].image
        known = size_of(pictures[image].path) if image < len(pictures) else None
        sizes[item] = known or unknown
    return sizes


def _framed(
    samples: Sequence[Sample],
    native: Sequence[Region],
    owner: npt.NDArray[np.int64],
    frame_of: Callable[[str], Frame | None],
) -> tuple[list[Shape], dict[int, str], dict[int, str]]:
    """Shapes in the pixels of the shown pictures; how some were moved, and why some cannot be."""
    framed = [region.shape for region in native]
    moves: dict[int, str] = {}
    conflicts: dict[int, str] = {}
    paths = {picture.path for sample in samples for picture in sample.pictures}
    frames = {path: frame for path in paths if (frame := frame_of(path)) is not None}
    if not frames:
        return framed, moves, conflicts
    for item, (scene, region) in enumerate(zip(owner.tolist(), native, strict=True)):
        pictures = samples[scene].pictures
        frame = frames.get(pictures[region.image].path) if region.image < len(pictures) else None
        if frame is None or isinstance(region.shape, Mask):
            continue
        if frame.conflict:
            conflicts[item] = frame.conflict
        else:
            framed[item], moves[item] = moved(region.shape, frame), frame.repair
    return framed, moves, conflicts


def _mark_unnamed(
    native: Sequence[Region], names: Mapping[str, str], reasons: Strings, details: list[str]
) -> None:
    """Writes `bad_value` to each region whose class is a number that nobody has a name for."""
    unnamed = {label for label, name in names.items() if name and not any(map(str.isalpha, name))}
    if not unnamed:
        return
    for item, region in enumerate(native):
        if region.label in unnamed and not reasons[item]:
            reasons[item], details[item] = "bad_value", "its class has no name in words"


def _explain_fractions(native: Sequence[Region], reasons: Strings, details: list[str]) -> None:
    """Says of regions without an area whether their numbers look like fractions of a picture."""
    for item in np.flatnonzero(reasons == "zero_area").tolist():
        shape = native[item].shape
        values = () if isinstance(shape, Mask) else flat(shape)
        if values and all(abs(value) <= 1 for value in values) and any(v % 1 for v in values):
            details[item] = "its numbers look like fractions of the picture, and pixels were meant"


def _mark_repeats(native: Sequence[Region], owner: Sequence[int], reasons: Strings) -> None:
    """Writes `duplicate_region` to each region that stands in its scene a second time."""
    keys = [
        (scene, region.image, region.label, region.shape)
        for scene, region in zip(owner, native, strict=True)
    ]
    if len(set(keys)) == len(keys):
        return
    seen: set[tuple[object, ...]] = set()
    for item, key in enumerate(keys):
        if not reasons[item] and key in seen:
            reasons[item] = "duplicate_region"
        seen.add(key)
