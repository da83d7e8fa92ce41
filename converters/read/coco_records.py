"""The records of COCO annotation files, in their several spellings.

::

    "images":      [{"id": 7, "file_name": "0007.jpg", "width": 800, "height": 800}, ...]
    "categories":  [{"id": 1, "name": "ship", "supercategory": null}, ...]
    "annotations": [{"id": 31, "image_id": 7, "category_id": 1, "bbox": [10.0, 20, 30, 40],
                     "segmentation": [[10, 20, 40, 20, 40, 60]], "area": 600, "iscrowd": 0}, ...]

Spellings in use: the keys `annotation`, `image`, `category`; `filename` for `file_name`; ids that
are texts; `ignore` and `difficult` beside `iscrowd`; corners under `poly`. Of an annotation all but
`image_id` and `category_id` may be absent.
Source: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Raw, Struct

from converters.read import files
from converters.read.folder import Folder, Span
from converters.read.json_elements import UNREADABLE
from converters.read.json_values import listed, number_of
from converters.read.records import json_records
from schemas.sample import Reject

Ints = npt.NDArray[np.int64]
Id = int | str | float
Flag = bool | int | float | str | None
# The keys of a file's tables, the usual spelling first.
TABLES: dict[str, tuple[str, ...]] = {
    "images": ("images", "image"),
    "annotations": ("annotations", "annotation"),
    "categories": ("categories", "category"),
}
NO_ID = np.iinfo(np.int64).min  # of a record that names none
BOX_NUMBERS = 5  # kept of each box: x, y, w, h and perhaps an angle
_BEYOND = 1 << 63
_NOTHING = (b"", b"null", b"[]", b"{}", b"[[]]")


class Annotation(Struct, gc=False):
    """One annotation. segmentation, poly: as they stand in the file."""

    image_id: Id | None = None
    category_id: Id | None = None
    id: Id | None = None
    bbox: list[float] | None = None
    segmentation: Raw = Raw()
    poly: Raw = Raw()
    iscrowd: Flag = None
    ignore: Flag = None
    difficult: Flag = None

    @property
    def ignored(self) -> bool:
        """True where its authors mark it as a crowd, difficult or to be ignored."""
        return _is_set(self.iscrowd) or _is_set(self.ignore) or _is_set(self.difficult)

    @property
    def is_crowd(self) -> bool:
        """True where it stands for several objects."""
        return _is_set(self.iscrowd)

    @property
    def outline(self) -> bytes | None:
        """The JSON of its corners, polygons or run lengths, or None where it has none."""
        for text in (bytes(self.poly), bytes(self.segmentation)):
            if text not in _NOTHING:
                return text
        return None

    @property
    def name(self) -> str | None:
        """Its id as text."""
        return None if self.id is None else str(plain_id(self.id))


class Image(Struct):
    """One picture. file_name may hold folders."""

    id: Id
    file_name: str | None = None
    filename: str | None = None
    width: float | str | None = None
    height: float | str | None = None

    @property
    def key(self) -> str:
        """Its id as text."""
        return str(plain_id(self.id))

    @property
    def file(self) -> str:
        """Its path as written, with forward slashes."""
        return (self.file_name or self.filename or "").strip().replace("\\", "/")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.file.rpartition("/")[2]

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height, where both are stated."""
        sides = [side for side in map(number_of, (self.width, self.height)) if side >= 1]
        return (int(sides[0]), int(sides[1])) if len(sides) == 2 else None

    def values(self, split: str) -> dict[str, str]:
        """What the names of a picture's pattern stand for."""
        name = self.name
        return {"file": self.file, "name": name, "stem": name.rpartition(".")[0], "split": split}


class Category(Struct):
    """One class."""

    id: Id
    name: str | None = None


def _is_set(flag: Flag) -> bool:
    """True for 1, true, "1" or "true"; what says nothing is not set."""
    if isinstance(flag, str):
        return flag.strip().lower() in ("1", "1.0", "true", "yes")
    return bool(flag)


def ids_of(values: Sequence[Id | None]) -> Ints:
    """Ids as numbers, NO_ID for None: whole numbers as they are, also where texts or floats write
    them.

    Other texts become 63 bits of their hash.
    """
    try:
        return np.asarray(pa.array(values, pa.int64()).fill_null(NO_ID), np.int64)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # texts, or beyond all bounds
        return np.array([_number(value) for value in values], np.int64)


def _number(value: Id | None) -> int:
    if value is None:
        return int(NO_ID)
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if len(text) < 20 and text.removeprefix("-").isdecimal() and str(int(text)) == text:
        number = int(text)
        if -_BEYOND < number < _BEYOND:
            return number
    digest = hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@functools.cache
def annotation_type(attributes: tuple[str, ...]) -> type[Annotation]:
    """`Annotation` with a field `attribute_0`, ... for each of the given keys, as they stand."""
    fields = [(f"attribute_{i}", Raw, Raw()) for i in range(len(attributes))]
    keys = {f"attribute_{i}": key for i, key in enumerate(attributes)}
    made = msgspec.defstruct("Attributed", fields, bases=(Annotation,), rename=keys, gc=False)
    assert issubclass(made, Annotation)
    return made


def attributes_of(record: Annotation, attributes: tuple[str, ...]) -> dict[str, str]:
    """What a record says under the given keys, as text; an object's values stand for themselves."""
    found: dict[str, str] = {}
    for i, key in enumerate(attributes):
        text = getattr(record, f"attribute_{i}")
        try:
            value = msgspec.json.decode(text) if bytes(text) else None
        except UNREADABLE:  # a number beyond all bounds: as it is written
            value = bytes(text).decode("utf-8", "replace")
        for name, said in (value if isinstance(value, dict) else {key: value}).items():
            if said is not None and said != "":
                found[name] = said if isinstance(said, str) else msgspec.json.encode(said).decode()
    return found


def annotations_of(
    folder: Folder, span: Span, attributes: tuple[str, ...]
) -> tuple[list[Annotation], list[Reject]]:
    """The annotations of a span of an array, and a Reject for each that cannot be read."""
    path = files.join(folder.base, span.names[0])
    body = files.store(path).read(path, span.start, span.end)
    # Fast way: all at once. The plain way is record by record, where a broken one is found.
    try:
        return annotation_list(b"[" + body.strip(b", \r\n\t") + b"]", attributes), []
    except UNREADABLE:
        found = json_records(folder, span, dict[str, Any], named=("id",))
        records = [record for _, record in found]
    return (
        [loosely(one, attributes) for one in records if not isinstance(one, Reject)],
        [one for one in records if isinstance(one, Reject)],
    )


def annotation_list(text: bytes | Raw, attributes: tuple[str, ...]) -> list[Annotation]:
    """The annotations of a JSON array. Raises one of UNREADABLE where one of them is at fault."""
    return _list_decoder(attributes).decode(text)


@functools.cache
def _list_decoder(attributes: tuple[str, ...]) -> msgspec.json.Decoder[list[Annotation]]:
    return msgspec.json.Decoder(GenericAlias(list, (annotation_type(attributes),)))


def loosely(record: Mapping[str, Any], attributes: tuple[str, ...]) -> Annotation:
    """An annotation of a record some of whose values may be of a wrong type.

    Ids that are neither whole numbers nor texts are None, numbers of a box that are none are NaN.
    A box may be the text of a list.
    """
    values: dict[str, Any] = {
        key: plain_id(record.get(key)) for key in ("image_id", "category_id", "id")
    }
    if isinstance(box := listed(record.get("bbox")), list):
        values["bbox"] = [number_of(number) for number in box]
    for key in ("iscrowd", "ignore", "difficult"):
        if isinstance(flag := record.get(key), bool | int | float | str):
            values[key] = flag
    texts = {"segmentation": "segmentation", "poly": "poly"}
    texts |= {f"attribute_{i}": key for i, key in enumerate(attributes)}
    for field, key in texts.items():
        if key in record:
            values[field] = Raw(msgspec.json.encode(record[key]))
    return annotation_type(attributes)(**values)


def plain_id(value: Any) -> Id | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def boxes_of(records: Iterable[Annotation]) -> npt.NDArray[np.float64]:
    """The boxes' numbers, (n, BOX_NUMBERS), NaN where one has less; one that has more has none."""
    lists = [record.bbox or () for record in records]
    # Fast way for boxes of four numbers, which nearly all are.
    out = np.full((len(lists), BOX_NUMBERS), math.nan)
    lengths = np.array([len(numbers) for numbers in lists], np.int64)
    if (lengths == 4).all():
        flat = np.fromiter(chain.from_iterable(lists), float, 4 * len(lists))
        out[:, :4] = flat.reshape(-1, 4)
        return out
    for row, numbers in enumerate(lists):
        if len(numbers) <= BOX_NUMBERS:
            out[row, : len(numbers)] = numbers
    return out


class Classes(NamedTuple):
    """names: class names by the number of their id. faults: of ids that have no one name, the
    reason and detail of a Reject."""

    names: dict[int, str]
    faults: dict[int, tuple[str, str]]

    @classmethod
    def of(cls, records: Iterable[Category]) -> Classes:
        """The classes of records. An id that is given two names has neither."""
        found = cls({}, {})
        for record in records:
            [number] = ids_of([record.id]).tolist()
            name = (record.name or "").strip()
            if not name:
                found.faults[number] = "bad_value", f"category {record.id} has no name"
            elif (other := found.names.setdefault(number, name)) != name:
                detail = f"category {record.id} is both {other!r} and {name!r}"
                found.faults[number] = "ambiguous_reference", detail
        for number in found.faults:
            found.names.pop(number, None)
        return found

    def fault(self, category: int) -> tuple[str, str]:
        """The reason and detail of a Reject of an annotation whose class has no name."""
        if category == NO_ID:
            return "missing_field", "no category_id"
        if category in self.faults:
            return self.faults[category]
        return "dangling_reference", f"category {category} is not there"
