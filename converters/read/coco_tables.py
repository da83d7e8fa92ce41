"""The tables of a COCO file as columns, each sorted by id once it is whole.

Column `id` is what records are joined by: of a picture its own id, of an annotation its picture's,
of a class its own; `ids_of` says how texts become numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.read.coco_records import (
    BOX_NUMBERS,
    Annotation,
    Classes,
    Id,
    Image,
    attributes_of,
    boxes_of,
    ids_of,
    plain_id,
)
from converters.read.folder import Span
from schemas.sample import Reject

Ints = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """The tables of one file, each sorted by id."""

    annotations: pa.Table
    images: pa.Table
    categories: pa.Table


def annotation_table(
    records: list[Annotation], rejects: list[Reject], attributes: tuple[str, ...], outlined: bool
) -> pa.Table:
    """Annotations as columns: id, category, key, box, outline, ignored, crowd, attributes, fault.

    key: the annotation's id as text, or null. box: `BOX_NUMBERS` as written, NaN where absent.
    outline: JSON, null where there is none or `outlined` is false. attributes: a JSON object, or
    null where none are asked for. fault: what is wrong with a record that cannot be read, whose
    picture is not known; null for the others.
    """
    outlines = [one.outline for one in records] if outlined else [None] * len(records)
    said: list[bytes | None] = [None] * len(records)
    if attributes:
        said = [msgspec.json.encode(attributes_of(one, attributes)) for one in records]
    nothing: list[Id | None] = [None] * len(rejects)
    # Fast way: most say nothing or 0 under all three keys, and need no further look.
    ignored = [
        bool(one.iscrowd or one.ignore or one.difficult) and one.ignored for one in records
    ] + [False] * len(rejects)
    crowds = [bool(one.iscrowd) and one.is_crowd for one in records] + [False] * len(rejects)
    faults = [None] * len(records) + [one.detail for one in rejects]
    no_boxes = np.full((len(rejects), BOX_NUMBERS), np.nan)
    boxes = np.vstack([boxes_of(records), no_boxes]).ravel()
    return pa.table(
        {
            "id": ids_of([one.image_id for one in records] + nothing),
            "category": ids_of([one.category_id for one in records] + nothing),
            "key": _keys([one.id for one in records] + [one.key for one in rejects]),
            "box": pa.FixedSizeListArray.from_arrays(pa.array(boxes), BOX_NUMBERS),
            "outline": pa.array(outlines + nothing, pa.large_binary()),
            "ignored": pa.array(ignored, pa.bool_()),
            "crowd": pa.array(crowds, pa.bool_()),
            "attributes": pa.array(said + nothing, pa.large_binary()),
            "fault": pa.array(faults, pa.string()),
        }
    )


def _keys(ids: list[Id | None]) -> pa.Array:
    try:
        return pa.array(ids, pa.int64()).cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # some are texts
        return pa.array([None if one is None else str(plain_id(one)) for one in ids], pa.string())


def image_table(span: Span, images: Iterable[Image | Reject]) -> pa.Table:
    """A span's pictures: id, name (the file), and place, which is what `image_place` gives."""
    records = [(place, one) for place, one in enumerate(images) if isinstance(one, Image)]
    return pa.table(
        {
            "id": ids_of([image.id for _, image in records]),
            "name": pa.array([image.file for _, image in records], pa.string()),
            "place": pa.array([image_place(span, place) for place, _ in records], pa.int64()),
        }
    )


def image_place(span: Span, number: int) -> int:
    """A place of the n-th picture of a span that no other picture of its file has."""
    return span.start + number  # a record is longer than a byte, so spans do not overlap


def category_table(classes: Classes) -> pa.Table:
    """The classes of a file: id, and name, or reason and fault of an id that has no one name."""
    numbers = [*classes.names, *classes.faults]
    faults = [classes.faults.get(one, (None, None)) for one in numbers]
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "name": pa.array([classes.names.get(one) for one in numbers], pa.string()),
            "reason": pa.array([reason for reason, _ in faults], pa.string()),
            "fault": pa.array([detail for _, detail in faults], pa.string()),
        }
    )


def classes_of(table: pa.Table) -> Classes:
    """The classes that `category_table` wrote."""
    rows = table.to_pylist()
    return Classes(
        {row["id"]: row["name"] for row in rows if row["name"] is not None},
        {row["id"]: (row["reason"], row["fault"]) for row in rows if row["fault"] is not None},
    )


class Twins:
    """Pictures of a file that share an id or a file name with another one.

    images: rows of `image_table` of the whole file.
    """

    def __init__(self, images: pa.Table) -> None:
        self._files: dict[int, set[str]] = {}  # of each id that stands twice
        self._first: dict[int, int] = {}  # the place of its first picture
        self._ids: dict[str, set[int]] = {}  # of each file that stands twice
        for row in images.filter(_repeated(images["id"])).to_pylist():
            self._files.setdefault(row["id"], set()).add(row["name"])
            first = self._first.get(row["id"], row["place"])
            self._first[row["id"]] = min(first, row["place"])
        for row in images.filter(_repeated(images["name"])).to_pylist():
            self._ids.setdefault(row["name"], set()).add(row["id"])

    def fault(self, number: int, file: str, place: int) -> tuple[str, str] | None:
        """The reason and detail of the Reject of a picture without a file of its own, or None.

        number: of its id; place: see `image_place`. Of records that say the very same, the first
        is right.
        """
        if not file:
            return "missing_field", "no file_name"
        if files := self._files.get(number):
            if len(files) > 1:
                several = ", ".join(sorted(files)[:3])
                return "ambiguous_reference", f"its id is that of several: {several}"
            if place != self._first[number]:
                return "bad_value", "it stands twice"
        if others := self._ids.get(file, set()) - {number}:
            return "ambiguous_reference", f"{file} is picture {min(others)} too"
        return None


def _repeated(values: pa.ChunkedArray) -> pa.Array:
    """Which values stand in a column twice or more."""
    counts = pc.value_counts(values)
    many = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    return pc.is_in(values, value_set=many)
