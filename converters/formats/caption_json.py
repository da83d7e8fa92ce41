"""Captions in JSON: arrays, JSON Lines, and objects keyed by picture or by class.

Records in an array, in one under a key, or one a line (RSICap, ChatEarthNet, CapERA, LHRS-Align)::

    {"annotations": [{"image_id": "0", "filename": "P0378_0001.png",
                      "text_input": "Describe this image.", "text_output": "This is an ..."}]}

Pictures by name (CVG-Text), `by = "image"`; the value is a text, a list of texts, or a record::

    {"a.png": "A street with trees.", "b.png": ["One.", "Two."]}

Classes with lists of records (NWPU-Captions), `by = "class"`; the class is `{label}` in paths::

    {"airplane": [{"filename": "airplane_001.jpg", "split": "train", "raw": "Two planes .",
                   "raw_1": "Two airplanes .", "raw_4": "There are three planes ."}]}

A record may hold one caption or several, and a picture may have several records. All caption
fields that a record has are read, in the entry's order; a list that was written as text is a list.
Stock instructions beside a caption (RSICap's `text_input`) are not read: tasks have their own.
Source: Hu et al. 2023, https://github.com/Lavender105/RSGPT; Cheng et al. 2022,
https://github.com/HaiyanHuang98/NWPU-Captions; Bashmal et al. 2023,
https://github.com/yakoubbazi/CapEra.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.captions import (
    Names,
    caption_sample,
    captions_at,
    several,
    split_name,
    text_at,
)
from converters.read.encodings import utf8_of
from converters.read.files import Damaged
from converters.read.folder import (
    BySplit,
    Folder,
    Plan,
    Sides,
    Span,
    annotation_files,
    bound,
    stem,
)
from converters.read.json_elements import UNREADABLE, BadRecord, decode_record, elements
from converters.read.json_rows import (
    decoded,
    decoded_classes,
    span_body,
    text_column,
)
from converters.read.picture_paths import PicturePaths
from converters.read.plans import json_array_plan
from converters.read.questions import Where, left_out
from converters.read.records import json_records, record_pictures
from converters.read.text_columns import (
    Part,
    Take,
    as_columns,
    caption_columns,
    caption_rows,
    first_of,
    listed_captions,
    picture_lists,
    split_parts,
)
from schemas.sample import Kind, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("caption",)
_RECORD_BYTES = 600
_HEAD_BYTES = 4096
_VALUES = frozenset({"image", "stem", "label"})  # of a record, in its pictures' paths
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Any)


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields, with dots between keys.

    image, id, split: one name, or several of which the first that a record has is taken; without
    an id a record goes by its picture. captions: all that are read. parts: what else picture
    patterns may name, as in `{ folder = "SubFolder" }`.
    """

    image: Names = ("image", "image_id", "filename", "file_name")
    captions: tuple[str, ...] = ("caption", "captions")
    id: Names = ()
    split: Names = ()
    parts: dict[str, str] = {}


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON or JSON Lines files. images: picture path from `{image}` (its
    field), `{stem}`, `{split}`, `{label}`, the names in the annotations' pattern and `parts`; a
    list in time order. table: the key that the records stand under. by: what an object is keyed
    by. fields: names of the fields. only: values of fields of which a record must have one.
    """

    annotations: BySplit
    images: BySplit | list[str]
    table: str | None = None
    by: Literal["record", "image", "class"] = "record"
    fields: Fields = Fields()
    only: Where = {}


class _Read(NamedTuple):
    """A record as it was read, or a Reject for it.

    place: where it stands in the file. name: the picture that it is keyed by, or empty.
    """

    record: Any
    place: str = ""
    name: str = ""
    label: str = ""


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of equal bytes for arrays and lines, one span for an object."""
    image = several(options.fields.image)
    in_all = len(image) == 1 and "." not in image[0] and not options.only
    keys = set(image) if in_all else set[str]()
    return json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys=keys,
        record_bytes=_RECORD_BYTES,
        table=None if _is_bare(folder, options) else options.table,
    )


def _is_bare(folder: Folder, options: Options) -> bool:
    """True where the first file is an array by itself, though the entry knows a key above it."""
    found = annotation_files(folder, options.annotations)[0][1]
    path = files.join(folder.base, found.path)
    return utf8_of(files.store(path).read(path, 0, _HEAD_BYTES)).lstrip().startswith(b"[")


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Captions as columns, or one Sample a record, with its captions in native order.

    Raises SourceError where the file is no such JSON.
    """
    return as_columns(
        folder.relative(span.names[0]),
        "caption",
        lambda: _in_columns(folder, options, span),
        lambda: _read_records(folder, options, span),
    )


# Columns


def _in_columns(folder: Folder, options: Options, span: Span) -> list[Part] | None:
    types = _types(options.fields)
    known = bound(options.annotations, span.names[0])
    if types is None or options.only or not _VALUES.isdisjoint(known):
        return None
    groups = _groups(folder, options, span, types)
    if groups is None:
        return None
    shown = _picture_paths(folder, options)
    tables: dict[str, list[pa.Table]] = {}
    for label, values in groups.items():
        found = _columns(options.fields, values)
        parts = found and _parts(folder, found, {**known, "label": label}, shown, span.split)
        if parts is None:
            return None
        for part in parts:
            tables.setdefault(part.split, []).append(part.table)
    return [Part(split, pa.concat_tables(tables[split])) for split in sorted(tables)]


class _Found(NamedTuple):
    """Columns of some records. splits: null where a record tells none. said: texts, or lists of
    texts in the only field, by field."""

    keys: pa.Array
    images: pa.Array
    splits: pa.Array
    said: dict[str, pa.Array]


def _parts(
    folder: Folder,
    found: _Found,
    known: Mapping[str, str],
    shown: Sequence[PicturePaths],
    unsaid: str,
) -> list[Part] | None:
    def captions(split: str, take: Take) -> pa.Table | None:
        pictures = picture_lists(shown, "image", take(found.images), {**known, "split": split})
        if pictures is None:
            return None
        keys, said = take(found.keys), {field: take(some) for field, some in found.said.items()}
        (field, first), *_ = said.items()
        if pa.types.is_list(first.type):
            return listed_captions(keys, pictures, field, first)
        return caption_rows(keys, pictures, said)

    return split_parts(folder, found.splits, unsaid, captions)


def _types(fields: Fields) -> dict[str, Any] | None:
    """What stands under each key of a record, in order; None where a key is not the record's own,
    or says several things."""
    names = [name for some in (fields.id, fields.image, fields.split) for name in several(some)]
    types: dict[str, Any] = dict.fromkeys(names, str | int | None)
    types |= dict.fromkeys(fields.captions, str | list[str])
    is_own = not any(sign in name for name in types for sign in ".[")
    is_one = len(types) == len({*names}) + len(fields.captions)
    return types if is_own and is_one and not fields.parts else None


def _groups(
    folder: Folder, options: Options, span: Span, types: Mapping[str, Any]
) -> dict[str, dict[str, list[Any]]] | None:
    """The values of each field by class, or of all records under ""."""
    if options.by == "record":
        text = span_body(folder, span)
        values = None if text is None else decoded(text, span, types)
        return None if values is None else {"": dict(zip(types, values, strict=True))}
    if options.by == "image" or options.table is not None:
        return None
    classes = decoded_classes(utf8_of(folder.bytes_of(span.names[0])), types)
    if classes is None:
        return None
    return {label: dict(zip(types, some, strict=True)) for label, some in classes.items()}


def _columns(fields: Fields, values: Mapping[str, list[Any]]) -> _Found | None:
    """None where a record has no image, or none of the usual captions."""
    count = len(values[fields.captions[0]])

    def first(names: Sequence[str]) -> pa.Array:
        return first_of([text_column(values[name]) for name in names], count)

    images = first(several(fields.image))
    said = caption_columns({field: values[field] for field in fields.captions})
    if images.null_count or said is None:
        return None
    keys = pc.coalesce(first(several(fields.id)), images)
    return _Found(keys, images, first(several(fields.split)), said)


def _picture_paths(folder: Folder, options: Options) -> list[PicturePaths]:
    templates = options.images if isinstance(options.images, list) else [options.images]
    return [PicturePaths(folder, template) for template in templates]


# Records


def _read_records(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
    pictures = _picture_paths(folder, options)
    names = bound(options.annotations, span.names[0])
    found = _by_class if options.by == "class" else _records
    left: Counter[str] = Counter()
    for one in found(folder, options, span):
        if isinstance(one.record, Reject):
            if one.record.split == span.split or folder.wants(one.record.split):
                yield one.record
            continue
        if isinstance(one.record, dict) and (field := left_out(one.record, options.only, {})):
            left[field] += 1
            continue
        yield from _items(folder, options, span, one, names, pictures)
    file = folder.relative(span.names[0])
    for field, number in sorted(left.items()):
        detail = f"{field} is not what the entry reads"
        yield Reject(file, f"byte {span.start}", span.split, "unselected", detail, number)


def _records(folder: Folder, options: Options, span: Span) -> Iterator[_Read]:
    fields = options.fields
    named = [name for name in (*several(fields.id), *several(fields.image)) if "." not in name]
    array = f"{options.table or ''}["
    by = fields.split if isinstance(fields.split, str) else ""
    once = [name for name in (*named, *several(fields.captions), by) if name and "." not in name]
    records = json_records(
        folder,
        span,
        Any,
        table=options.table,
        named=named,
        split=by,
        once=once,
        wrapped=options.by == "record",
    )
    for place, record in records:
        in_object = span.end is None and not place.startswith(array)
        yield _Read(record, place, place if in_object and options.by == "image" else "")


def _by_class(folder: Folder, options: Options, span: Span) -> Iterator[_Read]:
    """The records of all classes; what is broken costs its record, or its class alone."""
    file = folder.relative(span.names[0])
    try:
        classes = [*elements(utf8_of(folder.bytes_of(span.names[0])), options.table)]
    except UNREADABLE as error:
        raise Damaged(f"{folder.slug}: {file} cannot be read: {error}") from None
    for label, text in classes:
        try:
            for place, one in elements(bytes(text), None):
                try:
                    yield _Read(decode_record(one, _ANY), f"{label}{place}", label=label)
                except BadRecord as bad:
                    yield _Read(Reject(file, f"{label}{place}", span.split, *bad.args))
        except UNREADABLE as error:
            yield _Read(Reject(file, label, span.split, "unreadable_record", str(error)))


def _items(
    folder: Folder,
    options: Options,
    span: Span,
    one: _Read,
    names: Mapping[str, str],
    pictures: list[PicturePaths],
) -> Iterator[Sample | Reject]:
    file, fields = folder.relative(span.names[0]), options.fields
    record = one.record
    if one.name and not isinstance(record, dict):
        record = {several(fields.captions)[0]: record}
    if not isinstance(record, dict):
        detail = f"a {type(record).__name__} in place of a record"
        yield Reject(file, one.place, span.split, "unreadable_record", detail)
        return
    key, split = one.place, span.split
    try:
        split = split_name(text_at(record, fields.split)) or split
        image = text_at(record, fields.image) or one.name
        key = text_at(record, fields.id) or image or key
        parts = {part: text_at(record, path) for part, path in fields.parts.items()}
    except BadRecord as bad:
        yield Reject(file, key, split, *bad.args)
        return
    if not folder.wants(split):
        return
    if not image:
        lacking = f"no {' or '.join(several(fields.image))}"
        yield Reject(file, key, split, "missing_field", lacking)
        return
    values = {"image": image, "stem": stem(image), "split": split, "label": one.label}
    values |= {**names, **parts, "split": split}
    said = captions_at(record, several(fields.captions))
    pairs = [(paths, values) for paths in pictures]
    found = record_pictures(pairs, file, key, split, said.number)
    if isinstance(found, Reject):
        yield found
    else:
        yield from caption_sample(file, key, split, found, said)
