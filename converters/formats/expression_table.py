"""Expressions in tables, a row each, with its box and its picture: Parquet, Arrow.

One row of XLRS-Bench's visual grounding, as JSON would show it::

    {"question_id": "Visual grounding/001", "image_width": 4096.0, "image_height": 4096.0,
     "question": "Find the target. Description: The pool behind the white hall.",
     "bbox": [0.1, 0.2, 0.3, 0.4], "image": {"bytes": ..., "path": "a.png"}}

The picture is the row's own: `data-00000-of-00002.arrow!image/000000017` is that of row 17, counted
from 0.
Source: Wang et al. 2025, https://xlrs-bench.github.io,
https://huggingface.co/datasets/initiacms/XLRS-Bench_visual_grounding_en.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from converters.read import files
from converters.read.cells import cell_names
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.plans import files_plan
from converters.read.tables import table_records
from converters.regions.conventions import BadShape, Convention, boxes_of, shape_of
from schemas.sample import Expression, Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("expression", "region")
_ROW_BYTES = 1 << 20  # a picture is in it
_LONGEST_SIDE = 1 << 31  # pixels


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the columns. width, height: of the picture, in pixels."""

    image: str = "image"
    text: str = "text"
    box: str = "bbox"
    id: str = "id"
    width: str = "width"
    height: str = "height"


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables; one that ends in `/` stands for all tables below a folder.
    fields: names of the columns. boxes: how they are written (`converters.regions.conventions`).
    behind: what stands before the expression in its column, with all that is before it.
    """

    annotations: BySplit
    fields: Fields = Fields()
    boxes: Convention = Convention()
    behind: str | None = None


class _Row(Struct):
    id: str | int = ""
    text: str = ""
    box: Any = None
    width: float = 0.0
    height: float = 0.0


def _size(row: _Row) -> tuple[int, int] | None:
    """Width and height as stated, or None where they are not sides of a picture."""
    known = 1 <= row.width <= _LONGEST_SIDE and 1 <= row.height <= _LONGEST_SIDE
    return (int(row.width), int(row.height)) if known else None


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table. Raises SourceError where there is none."""
    return files_plan(folder, options.annotations, (), files_a_span=1, record_bytes=_ROW_BYTES)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row, with its expression and the region that it picks out.

    Raises SourceError where a table cannot be read or lacks a column.
    """
    name, fields = span.names[0], options.fields
    file, path = folder.relative(name), files.join(folder.base, name)
    columns = {own: getattr(fields, own) for own in ("id", "text", "box", "width", "height")}
    pictures = cell_names(path, files.store(path), [fields.image])
    rows = table_records(folder, span, _Row, columns, named="id")
    for (place, row), cells in zip(rows, pictures, strict=True):
        if isinstance(row, Reject):
            yield row
            continue
        key = str(row.id) or place
        _, mark, said = row.text.partition(options.behind) if options.behind else ("", "", "")
        text = (said if mark else row.text).strip()
        if not text or not cells:
            detail = f"no {fields.image if text else fields.text}"
            yield Reject(file, key, span.split, "missing_field", detail)
            continue
        size = _size(row)
        try:
            boxes = boxes_of(row.box, options.boxes.layout)
            regions = [
                Region(str(number), "", shape_of(box, options.boxes, size))
                for number, box in enumerate(boxes)
            ]
        except BadShape as bad:
            yield Reject(file, key, span.split, *bad.args)
            continue
        yield Sample(
            key,
            file,
            span.split,
            (Picture(folder.relative(f"{name}!{cells[0]}"), *(size or ())),),
            regions=tuple(regions),
            expressions=(Expression("text", text, tuple(one.key for one in regions)),),
        )
