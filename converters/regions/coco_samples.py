"""The pictures of COCO files with their annotations as Samples.

Annotations are columns sorted by picture (`converters.read.coco_tables`), so those of a run of
pictures become shapes together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from converters.read.coco_records import BOX_NUMBERS, NO_ID, Classes, Image, ids_of
from converters.read.coco_tables import Tables, Twins, classes_of, image_place
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Span
from converters.read.picture_paths import PicturePaths
from converters.read.records import record_pictures
from converters.regions.coco import Convention, Fault, Geometry, Rule, Size, box_shapes
from converters.regions.columns import Regions, Run
from converters.regions.numbers import ShapeArray
from schemas.sample import Picture, Region, Reject, Sample, Shape

Ints = npt.NDArray[np.int64]
_MANY = 64  # pictures; of fewer a listing of their folder costs more than it saves


class CocoOptions(Struct, kw_only=True):
    """What an entry may say of its pictures and annotations.

    images: picture path from `{split}` and the picture's `{file}` as written, its last part
    `{name}`, or that without ending, `{stem}`. geometry: what of an annotation is its region:
    `bbox`, `segmentation` (polygons or run lengths), or `quad` (an outline of four corners); where
    it has no such outline, its box. box: what the four or five numbers of a box are. pixels:
    polygons name pixels and not places. label: the class of all annotations, where categories
    do not tell it. ignored_names: classes that mean "ignore this"; each annotation of these is a
    Reject. attributes: other keys of an annotation to keep.
    """

    images: BySplit
    geometry: Geometry
    box: Convention = "xywh"
    pixels: bool = False
    label: str | None = None
    ignored_names: list[str] = []
    attributes: list[str] = []


def samples(
    folder: Folder,
    options: CocoOptions,
    span: Span,
    images: Iterable[Image | Reject],
    tables: Tables,
) -> Iterator[Sample | Reject]:
    """One Sample a picture; a Reject for each picture or annotation that cannot be read.

    images: those of the span, in order; tables: of the whole file.
    """
    file = folder.relative(span.names[0])
    records: list[tuple[int, Image]] = []
    for place, image in enumerate(images):
        if isinstance(image, Reject):
            yield image
        else:
            records.append((place, image))
    ids = ids_of([image.id for _, image in records])
    first, behind = _places(tables.annotations, ids)
    many_of = (behind - first).tolist()
    sizes = [image.size for _, image in records]
    picked = tables.annotations.take(pa.array(_ranges(first, behind)))
    objects = _objects(options, picked, classes_of(tables.categories), sizes, many_of)
    twins, paths = Twins(tables.images), PicturePaths(folder, options.images)
    known = _paths(paths, [image.name for _, image in records], span.split)
    stop = 0
    for (place, image), size, number, many in zip(
        records, sizes, ids.tolist(), many_of, strict=True
    ):
        start, stop = stop, stop + many
        key, items = image.key, max(1, many)
        if wrong := twins.fault(number, image.file, image_place(span, place)):
            yield Reject(file, key, span.split, *wrong, items)
            continue
        path = known.get(image.name)
        if path is None:
            named = [(paths, image.values(span.split))]
            pictures = record_pictures(named, file, key, span.split, items)
            if isinstance(pictures, Reject):
                yield pictures
                continue
            path = pictures[0].path
        found = objects.of(start, stop)
        for name, fault in found.faults:
            yield Reject(file, f"{key}#{name}", span.split, *fault)
        picture = Picture(path, *(size or ()))
        regions = found.regions if isinstance(found.regions, Run) else tuple(found.regions)
        unplaced = tuple(dict.fromkeys(found.unplaced))
        yield Sample(key, file, span.split, (picture,), regions=regions, unplaced=unplaced)


def _paths(paths: PicturePaths, names: Sequence[str], split: str) -> dict[str, str]:
    """Paths by pictures' names, where the template asks for these and the split alone; or none."""
    # Fast way: many pictures are looked for together, where each alone takes a quarter of the time
    # that its Sample does. Where one of them has no path, each is looked for, and told, by itself.
    distinct = pa.array(dict.fromkeys(names), pa.string())
    if len(distinct) < _MANY:
        return {}
    try:
        found = paths.paths("name", distinct, {"split": split}, stems=False)
    except SourceError:
        return {}
    return dict(zip(distinct.to_pylist(), found.to_pylist(), strict=True))


def left_rejects(folder: Folder, span: Span, tables: Tables) -> Iterator[Reject]:
    """A Reject for each annotation that cannot be read, or whose picture is not there."""
    file = folder.relative(span.names[0])
    first, behind = _places(tables.images, np.asarray(tables.annotations["id"], np.int64))
    for row in tables.annotations.take(pa.array(np.flatnonzero(first == behind))).to_pylist():
        fault = Fault("dangling_reference", f"picture {row['id']} is not there")
        if row["fault"] is not None:
            fault = Fault("unreadable_record", row["fault"])
        elif row["id"] == NO_ID:
            fault = Fault("missing_field", "no image_id")
        yield Reject(file, row["key"] or "", span.split, *fault)


def _places(table: pa.Table, ids: Ints) -> tuple[Ints, Ints]:
    """The rows [first, behind) of each id in a table sorted by id."""
    known = np.asarray(table["id"], np.int64)
    return np.searchsorted(known, ids, "left"), np.searchsorted(known, ids, "right")


def _ranges(first: Ints, behind: Ints) -> Ints:
    """The numbers of all ranges [first, behind), one range after the other."""
    many = behind - first
    ends = np.cumsum(many)
    numbers: Ints = np.arange(int(many.sum())) + np.repeat(first - (ends - many), many)
    return numbers


class _Found(NamedTuple):
    """The objects of one picture. unplaced: classes of those that have no region of their own."""

    regions: Sequence[Region]
    faults: list[tuple[str, Fault]]
    unplaced: list[str]


class _PlainObjects(NamedTuple):
    """Rows of the annotation table that all have an id of their own and are regions of one object.

    Fast way: no row is looked at for itself, and no object made of it. The plain way is `_Objects`.
    """

    columns: Regions

    def of(self, start: int, stop: int) -> _Found:
        """Those of one picture."""
        return _Found(Run(self.columns, start, stop), [], [])


class _Objects(NamedTuple):
    """Rows of the annotation table as regions, or why they are none.

    keys: the annotations' ids; labels: their classes; None where there is none. crowds: which stand
    for several objects.
    """

    keys: list[str | None]
    labels: list[str | None]
    crowds: list[bool]
    regions: list[Region | Fault]

    def of(self, start: int, stop: int) -> _Found:
        """Those of one picture. Without an id the n-th of them is called [n]."""
        keys = self.keys[start:stop]
        regions: list[Region] = []
        found = _Found(regions, [], [])
        first: dict[str, Region | Fault] = {}
        differing: set[str] = set()
        own = self.regions[start:stop]
        names = [name or f"[{i}]" for i, name in enumerate(keys)]
        for key, region in zip(names, own, strict=True):
            if first.setdefault(key, region) != region:
                differing.add(key)
        for i, (name, key, region) in enumerate(zip(keys, names, own, strict=True)):
            if key in differing:
                detail = f"annotations of id {key} differ in this picture"
                region = Fault("ambiguous_reference", detail)
            elif first[key] is not region:
                region = Fault("bad_value", f"annotation {key} stands twice in this picture")
            if isinstance(region, Region):
                regions.append(region if name else replace(region, key=key))
                if self.crowds[start + i]:
                    found.unplaced.append(region.label)
                continue
            found.faults.append((key, region))
            if (label := self.labels[start + i]) and region.reason != "ignored":
                found.unplaced.append(label)
        return found


def _objects(
    options: CocoOptions,
    rows: pa.Table,
    classes: Classes,
    sizes: Sequence[Size],
    many_of: Sequence[int],
) -> _Objects | _PlainObjects:
    """Rows picture by picture. sizes: of the pictures; many_of: how many rows each has."""
    boxes = rows["box"].combine_chunks().flatten().to_numpy().reshape(-1, BOX_NUMBERS)
    shapes: Sequence[Shape | Fault]
    if options.geometry == "bbox":
        shapes, faults = box_shapes(boxes, options.box)
        if faults:
            shapes = [faults.get(row, shape) for row, shape in enumerate(shapes)]
    else:
        owned = [size for size, many in zip(sizes, many_of, strict=True) for _ in range(many)]
        rule = Rule(options.geometry, options.box, options.pixels)
        shapes = rule.shapes(boxes, rows["outline"].to_pylist(), owned)
    keys = rows["key"].to_pylist()
    categories = rows["category"].to_pylist()
    labels = [options.label or classes.names.get(category) for category in categories]
    ignored = rows["ignored"].combine_chunks().to_numpy(zero_copy_only=False)
    crowds = rows["crowd"].to_pylist()
    attributes: list[Mapping[str, str]] | None = None
    if options.attributes:
        attributes = [*map(msgspec.json.decode, rows["attributes"].to_pylist())]
    names = set(labels)
    is_sound = None not in names and names.isdisjoint(options.ignored_names)
    is_sound = is_sound and all(keys) and not any(crowds) and len(set(keys)) == len(keys)
    if is_sound and (isinstance(shapes, ShapeArray) or Fault not in set(map(type, shapes))):
        # Keys and labels are no None here, and shapes no Fault.
        images = np.zeros(len(keys), np.int64)
        columns: Any = (keys, labels, shapes, images, ignored, attributes)
        return _PlainObjects(Regions(*columns))
    regions = _regions(options, classes, keys, categories, labels, shapes, ignored.tolist())
    for i, (region, said) in enumerate(zip(regions, attributes or (), strict=False)):
        if said and isinstance(region, Region):
            regions[i] = replace(region, attributes=said)
    return _Objects(keys, labels, crowds, regions)


def _regions(
    options: CocoOptions,
    classes: Classes,
    keys: Sequence[str | None],
    categories: Sequence[int],
    labels: Sequence[str | None],
    shapes: Sequence[Shape | Fault],
    ignored: Sequence[bool],
) -> list[Region | Fault]:
    """Annotations as regions, or why they are none."""
    regions: list[Region | Fault] = []
    every = zip(keys, categories, labels, shapes, ignored, strict=True)
    for key, category, label, shape, flag in every:
        if label is None:
            regions.append(Fault(*classes.fault(category)))
        elif label in options.ignored_names:
            regions.append(Fault("ignored", f"{label} says that this is to be ignored"))
        elif isinstance(shape, Fault):
            regions.append(shape)
        else:
            regions.append(Region(key or "", label, shape, 0, flag))
    return regions
