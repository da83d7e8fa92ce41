"""Boxes in Parquet: a picture a row, with its objects in lists (sets on the Hugging Face hub).

One row, as JSON would show it::

    {"image": {"bytes": ..., "path": null}, "path": "train/0417.JPG",
     "objects": {"bbox": [[120, 80, 190, 142]], "categories": ["Elephant"]}}

The objects may stand in a list too, each with its box and class. The picture is the row's own:
`train-00000-of-00002.parquet!image/000000017` is that of row 17, counted from 0. Classes that are
numbers have their names in the file's own metadata (`converters.read.class_names`) or in the entry.
Source: https://huggingface.co/datasets/danielz01/aerial-animal-population-4tu,
https://huggingface.co/docs/datasets/about_dataset_features.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from converters.read.class_names import class_names
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.plans import files_plan
from converters.read.tables import table_records
from converters.regions.conventions import BadShape, Convention, boxes_of, shape_of
from schemas.sample import Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_ROW_BYTES = 1 << 20  # a picture is in it


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the Parquet files. image, objects, key: the columns of the picture,
    its objects, and what the picture is called. boxes, labels: the lists in an object's column.
    written: how a box is (`converters.regions.conventions`). class_names: classes by number, where
    the file does not name them.
    """

    annotations: BySplit
    image: str
    objects: str
    boxes: str
    labels: str
    key: str | None = None
    written: Convention = Convention()
    class_names: dict[str, str] = {}


class _Row(Struct):
    objects: dict[str, Any] | list[dict[str, Any]] = {}
    key: str | int = ""


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none."""
    found = files_plan(folder, options.annotations, (), files_a_span=1, record_bytes=_ROW_BYTES)
    names = dict.fromkeys(
        name for span in found.spans for name in _names(folder, options, span.names[0]).values()
    )
    return found._replace(classes=tuple(names))


def _names(folder: Folder, options: Options, name: str) -> dict[str, str]:
    """Class names by number: the entry's, else those of the file itself."""
    if options.class_names:
        return options.class_names
    own = class_names(folder, name).get(f"{options.objects}.{options.labels}", [])
    return {str(number): label for number, label in enumerate(own)}


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row, and a Reject for each box that cannot be read."""
    file = folder.relative(span.names[0])
    names = _names(folder, options, span.names[0])
    columns = {"objects": options.objects}
    if options.key is not None:
        columns["key"] = options.key
    for number, (place, row) in enumerate(table_records(folder, span, _Row, columns)):
        if isinstance(row, Reject):
            yield row
            continue
        key = str(row.key) or place
        boxes, classes = _boxes_and_classes(row.objects, options)
        if len(boxes) != len(classes):
            detail = f"{len(boxes)} boxes and {len(classes)} classes"
            yield Reject(file, key, span.split, "missing_field", detail, max(1, len(boxes)))
            continue
        regions: list[Region] = []
        unplaced: list[str] = []
        for at, (box, written) in enumerate(zip(boxes, classes, strict=True)):
            label = names.get(str(written), "" if names else str(written))
            if not label:
                detail = f"class {written} of {len(names)} that have a name"
                yield Reject(file, f"{key}#{at}", span.split, "bad_value", detail)
                continue
            try:
                [numbers] = boxes_of([box], options.written.layout)
                shape = shape_of(numbers, options.written, None)
            except BadShape as bad:
                yield Reject(file, f"{key}#{at}", span.split, *bad.args)
                unplaced.append(label)
            else:
                regions.append(Region(str(at), label, shape))
        yield Sample(
            key,
            file,
            span.split,
            (Picture(f"{file}!{options.image}/{number:09d}"),),
            regions=tuple(regions),
            unplaced=tuple(unplaced),
        )


def _boxes_and_classes(objects: Any, options: Options) -> tuple[list[Any], list[Any]]:
    """The boxes and classes of a picture, which stand in two lists or in a list of objects."""
    if isinstance(objects, list):
        objects = {
            name: [one.get(name) for one in objects] for name in (options.boxes, options.labels)
        }
    return objects.get(options.boxes) or [], objects.get(options.labels) or []
