"""Described objects in Parquet: a picture a row, its objects with masks in a list (GeoPixInstruct).

One row, as JSON would show it::

    {"image_id": "P0017_0001", "image_path": "images/P0017_0001.png",
     "instances": [{"bbox": [12, 40, 60, 90], "category": "ship", "description": "the ship at ...",
                    "instance_id": 3, "mask": {"size": [1024, 1024], "counts": "oQ3..."}}]}

A mask is COCO's run lengths, plain or compressed, down the columns of the picture. `bbox` is not
read: its convention is not stated, and the mask says more. A description is an expression that
picks out its object. Source: https://github.com/Norman-Ou/GeoPix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from converters.read.choices import is_scalar, text_of
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.json_elements import BadRecord
from converters.read.named_pictures import NamedPictures
from converters.read.nested import objects_of
from converters.read.plans import files_plan
from converters.read.tables import table_records
from converters.read.turns import without_beginning
from converters.regions.coco import mask_of_segmentation
from schemas.sample import Expression, Kind, Mask, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("expression", "region")
_ROW_BYTES = 1500


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the Parquet files. images: picture path from `{image}` (its column),
    `{stem}`, `{split}` and the pattern's names. strip: beginnings of native paths that are taken
    away. key, image, objects: the columns of the picture's id, its path and its objects. id, label,
    text, mask: of an object.
    """

    annotations: BySplit
    images: BySplit = "{image}"
    strip: list[str] = []
    key: str = "image_id"
    image: str = "image_path"
    objects: str = "instances"
    id: str = "instance_id"
    label: str = "category"
    text: str = "description"
    mask: str = "mask"


class _Row(Struct):
    image: str
    key: str = ""
    objects: Any = None


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_ROW_BYTES
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row, and a Reject for each object that cannot be read."""
    file = folder.relative(span.names[0])
    columns = {"key": options.key, "image": options.image, "objects": options.objects}
    fixed = {**bound(options.annotations, span.names[0]), "split": span.split}
    named = NamedPictures(folder, options.images, fixed)
    for place, row in table_records(folder, span, _Row, columns, named="key"):
        if isinstance(row, Reject):
            yield row
            continue
        key = row.key or place
        try:
            pictures = named.of([without_beginning(row.image, options.strip)])
            objects = objects_of(row.objects, options.objects)
        except BadRecord as bad:
            yield Reject(file, key, span.split, *bad.args)
            continue
        regions: list[Region] = []
        expressions: list[Expression] = []
        unplaced: list[str] = []
        for number, found in enumerate(objects):
            own, label, text = _names(found, number, options)
            try:
                regions.append(Region(own, label, _mask(found, options)))
            except BadRecord as bad:
                yield Reject(file, f"{key}#{own}", span.split, *bad.args)
                unplaced.append(label)
                continue
            if text:
                expressions.append(Expression(own, text, (own,)))
        yield Sample(
            key,
            file,
            span.split,
            _sized(pictures, regions),
            regions=tuple(regions),
            expressions=tuple(expressions),
            unplaced=tuple(unplaced),
        )


def _sized(pictures: tuple[Picture, ...], regions: Sequence[Region]) -> tuple[Picture, ...]:
    """The picture with the size that all masks state, where they agree."""
    sizes = {(one.shape.width, one.shape.height) for one in regions if isinstance(one.shape, Mask)}
    if len(sizes) != 1:
        return pictures
    [(width, height)] = sizes
    return tuple(Picture(one.path, width, height) for one in pictures)


def _names(found: Any, number: int, options: Options) -> tuple[str, str, str]:
    """An object's key, class and description; its place is its key where it has no id."""
    record = found if isinstance(found, Mapping) else {}
    values = [record.get(name) for name in (options.id, options.label, options.text)]
    own, label, text = (text_of(value) if is_scalar(value) else "" for value in values)
    return own or str(number), label, text.strip()


def _mask(found: Any, options: Options) -> Mask:
    """The mask of an object, in a picture of the size that it states. Raises BadRecord."""
    value = found.get(options.mask) if isinstance(found, Mapping) else None
    size = value.get("size") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(size, list) or len(size) != 2:
        raise BadRecord("missing_field", f"no {options.mask} with its size")
    try:
        height, width = int(size[0]), int(size[1])
        return mask_of_segmentation({**value, "size": [height, width]}, width, height)
    except (ValueError, TypeError) as error:
        raise BadRecord("bad_value", f"{options.mask}: {error}") from None
