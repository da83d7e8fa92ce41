"""Expressions whose region is a mask picture.

A phrase a line, behind the picture's name (RefSegRS: a number; RISBench: a file name)::

    1066 the impervious surface along the road
    1066 vehicles on the right

One JSON file a picture (EarthReason); an empty answer means that there is no such thing::

    QAs/a_1.json   {"questions": ["Where can planes land?", "..."], "answer": ["The runway ..."]}

Or an array of records, or a record on each line::

    {"image": "a.png", "text": "the red roof", "mask": "a_7.png"}

A mask marks its pixels by any value from `least` on (RefSegRS writes 255), and is as large as its
picture. Where two expressions have one mask file, it is the region of both. EarthReason's answers
are sentences that belong to no single question, so only their absence is read.
Source: https://github.com/zhu-xlab/rrsis, https://github.com/HIT-SIRS/CroBIM,
https://github.com/earth-insights/SegEarth-R1 (docs/Preparation.md and its loaders).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    BySplit,
    Folder,
    Plan,
    Sides,
    Span,
    bound,
    picture_stem,
    stem,
)
from converters.read.headers import PictureError
from converters.read.json_elements import BadRecord, decode_record
from converters.read.mask_pictures import marked
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan, json_array_plan
from converters.read.records import json_records, record_key, text_lines, text_records
from converters.regions.shapes import mask_from_array
from schemas.sample import Expression, Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("expression", "region")
_LINE_BYTES = 45
_RECORD_BYTES = 150
_FILES_A_SPAN = 128
_MASK = "mask"  # the key of the one region
_RECORD = msgspec.json.Decoder(dict[str, Any])


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of a JSON record's fields.

    image: the picture's name; a file of one picture has its name. text: the expression, or a
    list of them. mask: the mask's name, where the record has one. answer: what is empty where
    there is no target. id: the record's own identifier.
    """

    image: str = "image"
    text: str = "text"
    mask: str | None = None
    answer: str | None = None
    id: str | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: text files with a phrase a line, JSON files of many records, or, with `{stem}` in
    the pattern, one JSON file a picture. images, masks: paths from `{image}`, `{stem}`,
    `{split}`, `{mask}` where the record has one, and the pattern's names. least: the smallest
    value of a marked pixel.
    """

    annotations: BySplit
    images: BySplit
    masks: BySplit
    fields: Fields = Fields()
    least: int = 1


class _Record(NamedTuple):
    """One record. texts: expressions by their keys in it; nothing: it says there is no target."""

    key: str
    texts: dict[str, Any]
    nothing: bool
    values: dict[str, str]


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of whole lists, of JSON files, or of bytes of a JSON array.

    Raises SourceError where there is no annotation file, and names what is there.
    """
    if _a_file_each(options.annotations):
        return files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)
    if all(pattern.lower().endswith(".txt") for pattern in _patterns(options.annotations)):
        return files_plan(
            folder,
            options.annotations,
            options.images,
            files_a_span=1,
            record_bytes=_LINE_BYTES,
        )
    keys = {options.fields.image, options.fields.text}
    return json_array_plan(
        folder, options.annotations, options.images, keys=keys, record_bytes=_RECORD_BYTES
    )


def _patterns(annotations: BySplit) -> list[str]:
    return [annotations] if isinstance(annotations, str) else [*annotations.values()]


def _a_file_each(annotations: BySplit) -> bool:
    return all("stem" in files.variables(pattern) for pattern in _patterns(annotations))


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a record, with the mask as its one region."""
    pictures, masks = PicturePaths(folder, options.images), PicturePaths(folder, options.masks)
    if span.names[0].lower().endswith(".txt"):
        found = _lines(folder, span)
    elif _a_file_each(options.annotations):
        found = _objects(folder, options, span)
    else:
        found = _records(folder, options, span)
    for name, record in found:
        if isinstance(record, Reject):
            yield record
            continue
        file = folder.relative(name)
        values = {**bound(options.annotations, name), **record.values, "split": span.split}
        try:
            picture, mask = pictures.path(values), masks.path(values)
        except SourceError as error:
            items = max(1, len(record.texts))
            yield Reject(file, record.key, span.split, "bad_value", str(error), items)
            continue
        expressions = []
        for key, text in record.texts.items():
            if isinstance(text, str) and text.strip():
                regions = () if record.nothing else (_MASK,)
                expressions.append(Expression(key, text, regions))
            else:
                where = f"{record.key}#{key}"
                yield Reject(file, where, span.split, "missing_field", "no text")
        if record.nothing or not expressions:
            said = tuple(expressions)
            yield Sample(record.key, file, span.split, (Picture(picture),), expressions=said)
            continue
        try:
            shape = mask_from_array(marked(folder.absolute(mask), options.least))
        except PictureError as error:
            reason, detail = error.args
            detail = f"the mask {mask}: {detail}"
            yield Reject(file, record.key, span.split, reason, detail, len(expressions))
            continue
        yield Sample(
            record.key,
            file,
            span.split,
            (Picture(picture, shape.width, shape.height),),
            regions=(Region(_MASK, "", shape),),
            expressions=tuple(expressions),
        )


_Found = Iterator[tuple[str, _Record | Reject]]  # the file and what stands in it


def _lines(folder: Folder, span: Span) -> _Found:
    """The phrases of lists: a picture's name, blanks, and the words."""
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield name, text
            continue
        for _, line in text_lines(text):
            image, *words = line.split(None, 1)
            yield name, _Record(image, {"phrase": "".join(words)}, False, _named(image, {}))


def _objects(folder: Folder, options: Options, span: Span) -> _Found:
    """The JSON files of one picture each."""
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield name, text
            continue
        try:
            record = decode_record(text.encode(), _RECORD)
        except BadRecord as bad:
            yield name, Reject(folder.relative(name), stem(name), span.split, *bad.args)
            continue
        key = stem(name)
        yield name, _record(key, record, options.fields, {"image": key, "stem": key})


def _records(folder: Folder, options: Options, span: Span) -> _Found:
    """The records of a JSON array, or of a file with one on each line."""
    fields, name = options.fields, span.names[0]
    named = [field for field in (fields.id, fields.image) if field]
    for place, record in json_records(folder, span, dict[str, Any], named=named):
        if isinstance(record, Reject):
            yield name, record
            continue
        key = record_key(record, named[:1]) or place
        image = record.get(fields.image)
        if not isinstance(image, str | int) or isinstance(image, bool) or image == "":
            detail = f"no {fields.image}"
            yield name, Reject(folder.relative(name), key, span.split, "missing_field", detail)
            continue
        yield name, _record(key, record, fields, _named(str(image), record))


def _named(image: str, record: Mapping[str, Any]) -> dict[str, str]:
    """What fills the paths of a record: its own fields, its picture's name and stem."""
    own = {name: str(value) for name, value in record.items() if isinstance(value, str | int)}
    return {**own, "image": image, "stem": picture_stem(image.rsplit("/", 1)[-1])}


def _record(key: str, record: Mapping[str, Any], fields: Fields, values: dict[str, str]) -> _Record:
    text = record.get(fields.text)
    texts = (
        {f"{fields.text}[{i}]": one for i, one in enumerate(text)}
        if isinstance(text, list) and text
        else {fields.text: text}
    )
    nothing = False
    if fields.answer is not None:
        answer = record.get(fields.answer)
        several = answer if isinstance(answer, list) else [answer]
        nothing = fields.answer in record and not any(several)
    mask = record.get(fields.mask) if fields.mask else None
    more = {"mask": mask} if isinstance(mask, str) else {}
    return _Record(key, texts, nothing, {**values, **more})
