"""COCO in many small files, usually one a picture (SODA-A): each has its own tables.

One native file::

    {"images": {"id": 12, "file_name": "00012.jpg", "width": 4761, "height": 2777},
     "annotations": [{"id": 0, "image_id": 12, "category_id": 2, "area": 1200,
                      "poly": [10, 20, 40, 20, 40, 60, 10, 60]}, ...],
     "categories": [{"id": 2, "name": "small-vehicle"}, ...]}

`images` is one object or an array. An annotation of a file of one picture need not name it. All
else is as in `converters.formats.coco`; ids hold within their file.
Source: https://github.com/shaunyuan22/SODA-mmrotate, tools/data/sodaa.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from converters.read.coco_records import (
    TABLES,
    Annotation,
    Category,
    Classes,
    Image,
    annotation_list,
    loosely,
)
from converters.read.coco_tables import Tables, annotation_table, category_table, image_table
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.json_elements import UNREADABLE, BadRecord, decode_record, wrong_shape
from converters.read.plans import files_plan
from converters.read.records import text_records
from converters.regions.coco_samples import CocoOptions, left_rejects, samples
from schemas.sample import Kind, Reject, Sample
from schemas.table import sorted_by_id

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 64
_DOCUMENT = msgspec.json.Decoder(dict[str, Any])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
T = TypeVar("T")


class Options(CocoOptions, forbid_unknown_fields=True):
    """What an entry may say: annotations, the pattern of the files, and all keys of `CocoOptions`.

    They are explained in `converters.regions.coco_samples`.
    """

    annotations: BySplit


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some dozen files, by split. Raises SourceError where there is none."""
    return files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture; a Reject for each annotation that is no region of a picture."""
    for name, text in text_records(folder, span):
        of_file = replace(span, names=(name,))
        if isinstance(text, Reject):
            yield text
            continue
        try:
            if not text.strip():
                raise BadRecord("unreadable_file", "the file is empty")
            tables = _tables(options, _document(options, text.encode()))
        except BadRecord as bad:
            reason = "unreadable_file" if bad.args[0] == "unreadable_record" else bad.args[0]
            yield Reject(folder.relative(name), "", span.split, reason, bad.args[1])
            continue
        yield from _samples(folder, options, of_file, tables)


def _document(options: Options, text: bytes) -> dict[str, Any]:
    """The members of a document. Raises BadRecord for a text that is none."""
    # Fast way: annotations go straight into the fields that are needed. The plain way, for those
    # of which one has a value of a wrong type, makes dicts of all, which takes twice as long.
    try:
        return {
            key: annotation_list(value, tuple(options.attributes))
            if key in TABLES["annotations"]
            else msgspec.json.decode(value)
            for key, value in _MEMBERS.decode(text).items()
        }
    except UNREADABLE:
        return decode_record(text, _DOCUMENT)


def _tables(options: Options, document: dict[str, Any]) -> dict[str, list[Any]]:
    """The three tables of a document; `images` may be one picture.

    Raises BadRecord where one is absent or no array.
    """
    found: dict[str, list[Any]] = {}
    for table, keys in TABLES.items():
        key = next((key for key in keys if document.get(key) is not None), None)
        if key is None and table == "categories" and options.label:
            found[table] = []
            continue
        if key is None:
            raise BadRecord("missing_field", f"no {table}; there: {', '.join(document)}"[:200])
        value = document[key]
        found[table] = [value] if table == "images" and isinstance(value, dict) else value
        if not isinstance(found[table], list):
            raise BadRecord("bad_value", f"{key} is no array")
    return found


def _samples(
    folder: Folder, options: Options, span: Span, document: Mapping[str, list[Any]]
) -> Iterator[Sample | Reject]:
    file = folder.relative(span.names[0])
    images = [_converted(one, Image, file, span.split) for one in document["images"]]
    classes = Classes.of(
        one
        for one in (_converted(one, Category, file, span.split) for one in document["categories"])
        if isinstance(one, Category)
    )
    attributes = tuple(options.attributes)
    records: list[Annotation] = []
    rejects: list[Reject] = []
    for i, one in enumerate(document["annotations"]):
        if isinstance(one, Annotation):
            records.append(one)
        elif isinstance(one, dict):
            records.append(loosely(one, attributes))
        else:
            detail = f"no object: {str(one)[:80]}"
            key = f"annotations[{i}]"
            rejects.append(Reject(file, key, span.split, "unreadable_record", detail))
    if len(images) == 1 and isinstance(only := images[0], Image):
        for record in records:
            record.image_id = only.id if record.image_id is None else record.image_id
    outlined = options.geometry != "bbox"
    tables = Tables(
        sorted_by_id(annotation_table(records, rejects, attributes, outlined)),
        sorted_by_id(image_table(span, images)),
        category_table(classes),
    )
    yield from samples(folder, options, span, images, tables)
    yield from left_rejects(folder, span, tables)


def _converted(value: Any, kind: type[T], file: str, split: str) -> T | Reject:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return Reject(file, "", split, *wrong_shape(error).args)
