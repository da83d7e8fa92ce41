"""All that is said of a picture in one JSON record: captions, questions, objects with phrases.

A list below a key (RSIEval, LHRS-Bench; GEOBench-VLM's captions)::

    {"annotations": [{"filename": "P1384_0054.png", "caption": "...",
                      "qa_pairs": [{"question": "...", "answer": "Yes.", "type": "presence"}]}]}

A record on each line, where the file's name ends in `.jsonl` (RSVLM-QA)::

    {"image": "RSVLM-QA/WHU/0.tif", "caption": "...", "vqa_pairs": [{"question": "...", ...}]}

An object keyed by the picture, whose values are its questions (EarthVQA)::

    {"2522.png": [{"Type": "Basic Counting", "Question": "How many ...?", "Answer": 3}, ...]}

A file a picture (VRSBench; nearly JSON in places, so what JSON does not know is read as JSON5)::

    {"image": "00002_0000.png", "caption": "...",
     "objects": [{"obj_id": 0, "obj_cls": "vehicle", "obj_coord": [0.31, 0.16, 0.42, 0.2],
                  "obj_corner": [0.31, 0.16, ...], "referring_sentence": "The ..."}],
     "qa_pairs": [{"ques_id": 1, "question": "...", "answer": "2", "type": "object quantity"}]}

An object's corners (four points, 8 numbers) are taken where it has them, else its box, two opposite
corners x1, y1, x2, y2: pixels, or fractions of the picture where the entry says its size (`frame`).
The phrase of an object is an expression that picks out that object.
Source: Hu et al. 2023, https://github.com/Lavender105/RSGPT; Li et al. 2024,
https://github.com/lx709/VRSBench; Wang et al. 2024, https://github.com/Junjue-Wang/EarthVQA.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.choices import Answers, is_scalar, text_of
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.json_elements import BadRecord
from converters.read.json_loose import document
from converters.read.json_values import listed, number_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan, json_array_plan
from converters.read.questions import QuestionFields, picture_names, question_of, value_of
from converters.read.records import json_records, record_pictures
from converters.read.turns import without_beginning
from schemas.sample import (
    Box,
    Caption,
    Expression,
    Kind,
    Picture,
    Quad,
    Question,
    Region,
    Reject,
    Sample,
)

YIELDS: tuple[Kind, ...] = ("question", "caption", "region", "expression")
_RECORD_BYTES = 1000
_ANY: Any = dict[str, Any] | list[Any]


class Fields(QuestionFields, frozen=True, forbid_unknown_fields=True):
    """Names of the fields; `question`, `answer`, `type`, `id` and `choices` are a question's.

    image: the picture's name; where it is "", the name is the key of the object, or the file's name
    without its ending. caption: a text, or a list of its sentences. questions, objects: the lists.
    object_id, label, box, corners, phrase: of an object. attributes: what else is kept of it.
    """

    image: str = "image"
    caption: str | None = None
    questions: str | None = None
    objects: str | None = None
    object_id: str | None = None
    label: str = "label"
    box: str = "box"
    corners: str | None = None
    phrase: str | None = None
    attributes: tuple[str, ...] = ()


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON files; with `{stem}` a file is one picture's record. images:
    picture path from `{image}`, `{stem}`, `{split}` and the names in `annotations`. fields: names
    of the fields. table: the key under which the records stand. without: endings of names of files
    that are no annotations. strip: beginnings of pictures' names that are taken away. frame: width
    and height of the pictures, where boxes are fractions of them. answers: what the answer of a
    multiple choice is (text, letter, index, index_from_1). prompts: words put before or behind
    every question, which are taken away.
    """

    annotations: BySplit
    images: BySplit
    fields: Fields = Fields()
    table: str | None = None
    without: list[str] = []
    strip: list[str] = []
    frame: tuple[int, int] | None = None
    answers: Answers = "text"
    prompts: list[str] = []


def plan(folder: Folder, options: Options) -> Plan:
    """A file a span, 256 files of one picture each, or equal parts of JSON Lines."""
    single = _is_single(options)
    if all(pattern.endswith(".jsonl") for pattern in _patterns(options)):
        return json_array_plan(
            folder, options.annotations, options.images, keys=set(), record_bytes=_RECORD_BYTES
        )
    found = files_plan(
        folder,
        options.annotations,
        options.images,
        files_a_span=256 if single else 1,
        record_bytes=None if single else _RECORD_BYTES,
    )
    endings = tuple(options.without)
    left = [name for span in found.spans for name in span.names if name.endswith(endings)]
    if not endings or not left:
        return found
    kept = [tuple(n for n in span.names if not n.endswith(endings)) for span in found.spans]
    spans = [
        msgspec.structs.replace(span, names=names)
        for span, names in zip(found.spans, kept, strict=True)
        if names
    ]
    note = f"{len(left)} file(s) are no annotations, such as {folder.relative(left[0])}"
    return found._replace(spans=spans, notes=[*found.notes, note])


def _is_single(options: Options) -> bool:
    """True where a file is the record of one picture."""
    return any("stem" in files.variables(pattern) for pattern in _patterns(options))


def _patterns(options: Options) -> list[str]:
    patterns = options.annotations
    return [patterns] if isinstance(patterns, str) else [*patterns.values()]


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture's record, and a Reject for each part of it that cannot be used."""
    paths = PicturePaths(folder, options.images)
    for name, place, record in _records(folder, options, span):
        if isinstance(record, Reject):
            yield record
            continue
        file = folder.relative(name)
        try:
            image, parts = _image(options, place, record)
        except BadRecord as bad:
            yield Reject(file, place, span.split, *bad.args)
            continue
        path = without_beginning(image, options.strip)
        values = {
            **bound(options.annotations, name),
            "image": path,
            "stem": stem(path),
            "split": span.split,
        }
        found = record_pictures([(paths, values)], file, image, span.split)
        if isinstance(found, Reject):
            yield found
            continue
        yield from _sample(options, file, span.split, image, found, parts)


def _records(
    folder: Folder, options: Options, span: Span
) -> Iterator[tuple[str, str, dict[str, Any] | list[Any] | Reject]]:
    """(file, place, record) of the pictures of a span."""
    if not _is_single(options):
        named = [options.fields.image] if options.fields.image else []
        is_list = bool(named)  # else a list is what is said of the picture that is its key
        records = json_records(
            folder, span, _ANY, table=options.table, named=named, wrapped=is_list
        )
        for place, record in records:
            yield span.names[0], place, record
        return
    for name in span.names:
        try:
            record = document(folder, name)
        except BadRecord as bad:
            reject = Reject(folder.relative(name), stem(name), span.split, *bad.args)
            yield name, stem(name), reject
        else:
            yield name, stem(name), record


def _image(
    options: Options, place: str, record: dict[str, Any] | list[Any]
) -> tuple[str, Mapping[str, Any]]:
    """A record's picture, and its parts by their fields. Raises BadRecord."""
    fields = options.fields
    if isinstance(record, list):
        if fields.image or not fields.questions:
            raise BadRecord("unreadable_record", "a list where an object should be")
        return place, {fields.questions: record}
    if not fields.image:
        return place, record
    names = picture_names(value_of(record, fields.image))
    if len(names) != 1:
        raise BadRecord("missing_field", f"no {fields.image}")
    return names[0], record


def _sample(
    options: Options,
    file: str,
    split: str,
    key: str,
    pictures: tuple[Picture, ...],
    record: Mapping[str, Any],
) -> Iterator[Sample | Reject]:
    fields = options.fields
    if options.frame:
        width, height = options.frame
        pictures = tuple(msgspec.structs.replace(p, width=width, height=height) for p in pictures)
    captions: list[Caption] = []
    questions: list[Question] = []
    regions: list[Region] = []
    expressions: list[Expression] = []
    unplaced: list[str] = []
    taken: set[str] = set()
    if fields.caption and (said := value_of(record, fields.caption)) is not None:
        text = " ".join(map(str, said)) if isinstance(said, list) else said
        if isinstance(text, str):
            captions.append(Caption("caption", text))
        else:
            detail = f"{fields.caption} is {type(said).__name__}"
            yield Reject(file, key, split, "bad_value", detail, kind="caption")
    for place, part in _parts(record, fields.questions):
        try:
            questions.append(_question(f"{key}#{place}", part, options))
        except BadRecord as bad:
            yield _reject(file, f"{key}#{place}", split, bad, "question")
    for place, part in _parts(record, fields.objects):
        phrase = _phrase(part, fields)
        try:
            region = _region(place, part, options, taken)
        except BadRecord as bad:
            yield _reject(file, f"{key}#{place}", split, bad, "region")
            if phrase:
                yield _reject(file, f"{key}#{place}", split, bad, "expression")
            if isinstance(part, dict) and isinstance(label := part.get(fields.label), str):
                unplaced.append(label)
            continue
        regions.append(region)
        taken.add(region.key)
        if phrase:
            expressions.append(Expression(place, phrase, (region.key,)))
    yield Sample(
        key,
        file,
        split,
        pictures,
        captions=tuple(captions),
        questions=tuple(questions),
        regions=tuple(regions),
        expressions=tuple(expressions),
        unplaced=tuple(unplaced),
    )


def _reject(file: str, key: str, split: str, bad: BadRecord, kind: Kind) -> Reject:
    reason, detail = bad.args
    return Reject(file, key, split, reason, detail, kind=kind)


def _parts(record: Mapping[str, Any], field: str | None) -> Iterator[tuple[str, Any]]:
    """(place, part) of a list in a record; of an object its values."""
    found = value_of(record, field) if field else None
    if isinstance(found, dict):
        found = list(found.values())
    for i, part in enumerate(found if isinstance(found, list) else []):
        yield f"{field}[{i}]", part


def _question(key: str, part: Any, options: Options) -> Question:
    """One question of a picture. Raises BadRecord."""
    if not isinstance(part, dict):
        raise BadRecord("unreadable_record", f"a question is {type(part).__name__}")
    return question_of(part, key, options.fields, options.answers, options.prompts)


def _phrase(part: Any, fields: Fields) -> str:
    found = part.get(fields.phrase) if isinstance(part, dict) and fields.phrase else None
    return found.strip() if isinstance(found, str) else ""


def _region(place: str, part: Any, options: Options, taken: set[str]) -> Region:
    """One object of a picture. Raises BadRecord."""
    fields = options.fields
    if not isinstance(part, dict):
        raise BadRecord("unreadable_record", f"an object is {type(part).__name__}")
    label = value_of(part, fields.label)
    if not isinstance(label, str) or not label.strip():
        raise BadRecord("missing_field", f"no {fields.label}")
    corners = value_of(part, fields.corners) if fields.corners else None
    shape = Quad(_numbers(corners, 8, options)) if corners else None
    own = value_of(part, fields.object_id) if fields.object_id else None
    name = text_of(own) if is_scalar(own) else ""
    return Region(
        place if not name or name in taken else name,
        label.strip(),
        shape or Box(*_numbers(value_of(part, fields.box), 4, options)),
        attributes={
            field: text_of(said)
            for field in fields.attributes
            if is_scalar(said := part.get(field)) and said not in (None, "")
        },
    )


def _numbers(values: Any, count: int, options: Options) -> tuple[float, ...]:
    """Coordinates in pixels: x and y in turn. Raises BadRecord."""
    values = listed(values)
    flat = values if isinstance(values, list) else []
    if flat and all(isinstance(point, list) for point in flat):
        flat = [number for point in flat for number in point]
    flat = [number_of(number) for number in flat]
    if len(flat) != count or any(map(math.isnan, flat)):
        raise BadRecord("bad_box", f"no {count} numbers: {str(values)[:80]}")
    width, height = options.frame or (1, 1)
    return tuple(number * (height if i % 2 else width) for i, number in enumerate(flat))
