"""Boxes in JSON, one record a picture: AU-AIR and its kin.

One native file (`categories` are names, their place is the class)::

    {"categories": ["Human", "Car", ...],
     "annotations": [{"image_name": "frame_1.jpg", "image_width": 1920.0, "image_height": 1080.0,
                      "bbox": [{"top": 163, "left": 1098, "height": 185, "width": 420,
                                "class": 1}]}]}

AU-AIR's boxes are pixels, taken as they stand: 0-based, the second corner is left + width,
top + height. The classes may also be written out, as text in each object.
Source: Bozcan and Kayacan 2020, https://github.com/bozcani/auairdataset.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct

from converters.read.encodings import utf8_of
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, stem
from converters.read.json_elements import UNREADABLE, elements
from converters.read.json_values import number_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import json_array_plan
from converters.read.records import json_records, record_pictures
from converters.read.sizes import PictureSizes
from converters.regions.conventions import BadShape, Convention, Size, boxes_of, shape_of
from schemas.sample import Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_RECORD_BYTES = 900
_CLASSES = "classes"  # the side table


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields.

    image: the picture's name. objects: the list of objects. label: an object's class. box: its
    box, or "" where the object itself holds the numbers. width, height: the picture's size in
    pixels.
    """

    image: str = "image"
    objects: str = "objects"
    label: str = "label"
    box: str = "bbox"
    width: str = "width"
    height: str = "height"


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the JSON files. images: picture path from `{image}`, `{stem}` and `{split}`.
    records: the key under which the records stand, where they are not the whole document.
    class_list: the key of the list of names that a class counts in, from 0, where it is a number.
    boxes: how they are written.
    """

    annotations: BySplit
    images: BySplit
    fields: Fields = Fields()
    records: str | None = None
    class_list: str | None = None
    boxes: Convention = Convention()


def plan(folder: Folder, options: Options) -> Plan:
    """Byte spans of the records; the list of classes is a side table.

    Raises SourceError where there is no annotation file, and names what is there.
    """
    keys = {options.fields.image, options.fields.objects}
    found = json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys=keys,
        record_bytes=_RECORD_BYTES,
        table=options.records,
    )
    if options.class_list is None:
        return found
    files = {span.names[0]: span.split for span in found.spans}
    sides = [
        Span(folder.slug, split, i, (name,), table=_CLASSES)
        for i, (name, split) in enumerate(files.items())
    ]
    names = {label for span in sides for label in _names(folder, options.class_list, span)}
    return found._replace(sides=sides, classes=tuple(sorted(names)))


def read_side(folder: Folder, options: Options, span: Span) -> pa.Table:
    """The class names of a file: `id` is the file's name and a class's number."""
    names = _names(folder, options.class_list or "", span)
    ids = [_class_id(span.names[0], number) for number in range(len(names))]
    return pa.table({"id": pa.array(ids, pa.string()), "name": pa.array(names, pa.string())})


def _class_id(file: str, number: int) -> str:
    return f"{file}#{number}"


def _names(folder: Folder, key: str, span: Span) -> list[str]:
    """The class names of a file, in order. Raises SourceError where they are no texts."""
    name = span.names[0]
    try:
        texts = [text for _, text in elements(utf8_of(folder.bytes_of(name)), key)]
        return [msgspec.json.decode(text, type=str) for text in texts]
    except UNREADABLE as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise SourceError(f"{where}: no list of class names under {key!r}: {error}") from None


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each object that cannot be read."""
    name = span.names[0]
    file, fields = folder.relative(name), options.fields
    paths, sizes = PicturePaths(folder, options.images), PictureSizes(folder)
    classes = _classes_of(sides, name)
    records = json_records(
        folder, span, dict[str, Any], table=options.records, named=[fields.image]
    )
    for place, record in records:
        if isinstance(record, Reject):
            yield record
            continue
        image = record.get(fields.image)
        objects = record.get(fields.objects)
        if not isinstance(image, str) or not image or not isinstance(objects, list):
            lacks = fields.objects if isinstance(image, str) and image else fields.image
            yield Reject(file, str(image or place), span.split, "missing_field", f"no {lacks}")
            continue
        values = {"image": image, "stem": stem(image), "split": span.split}
        found = record_pictures([(paths, values)], file, image, span.split, max(1, len(objects)))
        if isinstance(found, Reject):
            yield found
            continue
        width, height = _side(record.get(fields.width)), _side(record.get(fields.height))
        size: Size = (width, height) if width and height else None
        if size is None and options.boxes.unit != "pixels":
            size = sizes.of(found[0].path)
        regions: list[Region] = []
        unplaced: list[str] = []
        for i, item in enumerate(objects):
            label = _label(item, fields.label, classes)
            try:
                regions.append(_region(f"{fields.objects}[{i}]", item, label, options, size))
            except BadShape as fault:
                unplaced += [label] if label else []
                key = f"{image}#{fields.objects}[{i}]"
                yield Reject(file, key, span.split, *fault.args)
        yield Sample(
            image,
            file,
            span.split,
            (Picture(found[0].path, width, height),),
            regions=tuple(regions),
            unplaced=tuple(unplaced),
        )


def _classes_of(sides: Sides, file: str) -> list[str] | None:
    """The class names of a file in order; None where the objects write theirs out."""
    if _CLASSES not in sides:
        return None
    rows = sides[_CLASSES].to_pylist()
    names = {row["id"]: row["name"] for row in rows}
    return [names[_class_id(file, n)] for n in range(len(names)) if _class_id(file, n) in names]


def _label(item: Any, field: str, classes: Sequence[str] | None) -> str:
    """The class of an object, or "" where it names none that is known."""
    value = item.get(field) if isinstance(item, Mapping) else None
    number = number_of(value)
    if classes is None or (isinstance(value, str) and math.isnan(number)):
        return value.strip() if isinstance(value, str) else ""
    known = number.is_integer() and 0 <= number < len(classes)
    return classes[int(number)] if known else ""


def _region(key: str, item: Any, label: str, options: Options, size: Size) -> Region:
    """Raises BadShape."""
    fields = options.fields
    if not isinstance(item, Mapping):
        raise BadShape("bad_value", f"an object is {type(item).__name__}")
    if not label:
        value = item.get(fields.label)
        if value is None or value == "":
            raise BadShape("missing_field", f"no {fields.label}")
        raise BadShape("dangling_reference", f"{fields.label} {value!r} is no class of the file")
    boxes = boxes_of(item.get(fields.box) if fields.box else item, options.boxes.layout)
    if len(boxes) != 1:
        raise BadShape("bad_box", f"{len(boxes)} boxes of one object")
    return Region(key, label, shape_of(boxes[0], options.boxes, size))


def _side(value: Any) -> int | None:
    number = number_of(value)
    return int(number) if 1 <= number < 1 << 31 else None
