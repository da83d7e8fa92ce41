"""Boxes in Parquet: a picture a row, with its objects in lists (sets on the Hugging Face hub).

One row, as JSON would show it::

    {"image": {"bytes": ..., "path": null}, "path": "train/0417.JPG",
     "objects": {"bbox": [[120, 80, 190, 142]], "categories": ["Elephant"]}}

The picture is the row's own: `train-00000-of-00002.parquet!image/000000017` is that of row 17,
counted from 0.
Source: https://huggingface.co/datasets/danielz01/aerial-animal-population-4tu.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

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
    written: how a box is (`converters.regions.conventions`). class_names: classes by number.
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
    objects: dict[str, Any] = {}
    key: str = ""


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none."""
    return files_plan(folder, options.annotations, (), files_a_span=1, record_bytes=_ROW_BYTES)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row, and a Reject for each box that cannot be read."""
    file = folder.relative(span.names[0])
    columns = {"objects": options.objects}
    if options.key is not None:
        columns["key"] = options.key
    for number, (place, row) in enumerate(table_records(folder, span, _Row, columns)):
        if isinstance(row, Reject):
            yield row
            continue
        key = row.key or place
        boxes = row.objects.get(options.boxes) or []
        classes = row.objects.get(options.labels) or []
        if len(boxes) != len(classes):
            detail = f"{len(boxes)} boxes and {len(classes)} classes"
            yield Reject(file, key, span.split, "missing_field", detail, max(1, len(boxes)))
            continue
        regions: list[Region] = []
        unplaced: list[str] = []
        for at, (box, written) in enumerate(zip(boxes, classes, strict=True)):
            label = options.class_names.get(str(written), str(written))
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
