"""Questions and answers in JSON or JSON Lines, one record a question.

An object keyed by a string index (FloodNet-VQA; answers are numbers or strings; held-out splits
have none; ConfigILM's form of RSVQAxBEN has the question's id as key)::

    {"0": {"Image_ID": "10165.JPG", "Question": "How many buildings are in this image?",
           "Ground_Truth": 4, "Question_Type": "Simple_Counting"}, ...}

An array of records, bare or below a key (`table`), or a record on each line, is read in spans,
however large it is::

    [{"image": "P0000.png", "question": "is there a ship?", "answer": "yes"}, ...]
    {"question": [{"id": 3, "img_id": "00003.png", "question": "...", "answer": "yes"}, ...]}

Multiple choice: the options stand in a list, in an object (letter to text), in several fields, in
one text, or behind the question, and the answer is an option's text, letter or index::

    {"image": "P0.png", "question": "What is it?", "choices": ["ship", "dam"], "answer": "B"}

Where records have ids, those of one id that ask the same and differ in the answer are all Rejects.
Source: Rahnemoonfar et al. 2021, https://github.com/BinaLab/FloodNet-Supervised_v1.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.choices import Answers
from converters.read.column_bytes import body_of
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.json_elements import BadRecord
from converters.read.json_lines import LINES
from converters.read.json_members import MEMBERS
from converters.read.json_rows import decoded, span_body, text_column
from converters.read.json_spans import read_columns
from converters.read.named_pictures import NamedPictures
from converters.read.picture_paths import PicturePaths
from converters.read.plans import json_array_plan
from converters.read.questions import (
    Names,
    QuestionFields,
    Where,
    first,
    left_out,
    picture_names,
    question_of,
    value_of,
    without_contradictions,
    without_prompts,
)
from converters.read.records import json_records
from converters.read.text_columns import Part, are_agreed, as_columns, picture_lists, question_rows
from schemas.sample import Kind, Reject, Sample
from schemas.table import QUESTIONS, Columns

YIELDS: tuple[Kind, ...] = ("question",)
_RECORD_BYTES = 150


class Fields(QuestionFields, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields; of several names the first that a record has is taken.

    image: a picture's name, or a list of names in time order. before: the field of an earlier
    picture, which is shown first. question: a text, or a list of paraphrases of which the first is
    taken. id: the record's own identifier; without one a question goes by its picture. choices: the
    field that holds the options of a multiple choice, a list of fields with one option each, or the
    question's field where they stand in its text.
    """

    image: Names = "image"
    before: str | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the JSON file of each split. images: picture path from `{image}` (its field),
    `{stem}`, `{split}` and the names in `annotations`; a list in time order where one name stands
    for several pictures. fields: names of the fields. table: the key under which the records stand.
    answers: what the answer of a multiple choice is: the text of an option, its letter (A is the
    first), or its index from 0 or 1. prompts: words put before or behind every question, which are
    taken away. only, skip: values of fields (or of names in `annotations`) that a record must have
    one of, or must not have.
    """

    annotations: BySplit
    images: BySplit | list[str]
    fields: Fields = Fields()
    table: str | None = None
    answers: Answers = "text"
    prompts: list[str] = []
    only: Where = {}
    skip: Where = {}


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of equal bytes; one span for an object that is small."""
    fields = options.fields
    plain = isinstance(fields.image, str) and isinstance(fields.question, str)
    found = json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys={first(fields.image), first(fields.question)} if plain else set(),
        record_bytes=_RECORD_BYTES,
        table=options.table,
    )
    in_columns = all(_has_columns(options, span) for span in found.spans if span.end is not None)
    return found._replace(columnar=in_columns)


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Questions as columns for a part of an array and for sound lines, else one Sample each."""
    if _has_columns(options, span):
        return _read_columns(folder, options, span)

    def one_by_one() -> Iterator[Sample | Reject]:
        found = _read_records(folder, options, span)
        return without_contradictions(found) if options.fields.id else found

    file = folder.relative(span.names[0])
    return as_columns(file, "question", lambda: _lines(folder, options, span), one_by_one)


def _has_columns(options: Options, span: Span) -> bool:
    """True for a part of an array whose records can be columns."""
    return span.end is not None and span.table not in (LINES, MEMBERS) and _is_flat(options)


def _is_flat(options: Options) -> bool:
    """True where each field is one text under one name, so that records can be columns."""
    fields = options.fields
    names = (fields.image, fields.question, fields.answer)
    plain = all(isinstance(name, str) for name in names) and fields.choices is None
    return plain and not (options.prompts or options.only or options.skip or fields.before)


# Columns


def _read_columns(folder: Folder, options: Options, span: Span) -> Iterator[Columns | Reject]:
    fields = options.fields
    image, question, answer = first(fields.image), first(fields.question), first(fields.answer)
    name = span.names[0]
    file = folder.relative(name)
    wanted = [image, question, answer, fields.type, fields.id]
    columns = {field: pa.string() for field in wanted if field}
    table, bad = read_columns(files.join(folder.base, name), span.start, span.end, columns)
    for fault in bad:
        yield Reject(file, f"byte {fault.offset}", span.split, "unreadable_record", fault.detail)
    table = table.combine_chunks()
    usable = pc.and_(
        pc.greater(pc.fill_null(pc.binary_length(table[image]), 0), 0),
        pc.is_valid(table[question]),
    )
    for row in table.filter(pc.invert(usable)).to_pylist():
        yield Reject(file, _key(row, fields), span.split, "missing_field", _lacking(fields))
    table = table.filter(usable)
    agrees = _agreeing(table, fields)
    for row in table.filter(pc.invert(agrees)).to_pylist():
        detail = f"asked twice with different answers, one is {row[answer]!r}"[:200]
        yield Reject(file, _key(row, fields), span.split, "ambiguous_reference", detail)
    table = table.filter(agrees)
    good, paths, faults = _paths(folder, options, span, table[image])
    for row in table.filter(pc.invert(good)).to_pylist():
        yield Reject(file, _key(row, fields), span.split, "bad_value", faults[row[image]])
    table, paths = table.filter(good), paths.filter(good)
    if table.num_rows:
        yield Columns(file, span.split, _questions(options, table, paths))


def _key(row: Mapping[str, Any], fields: Fields) -> str:
    """A record's own id, or its picture: a row's id holds the question's words besides."""
    key = value_of(row, fields.id or fields.image)
    key = key[0] if isinstance(key, list) and key else key
    key = int(key) if isinstance(key, float) and key.is_integer() else key
    return str(key) if isinstance(key, str | int) else ""


def _earlier(record: Mapping[str, Any], name: str) -> list[str]:
    """The earlier pictures of a record. Raises BadRecord where it has none."""
    found = picture_names(value_of(record, name))
    if not found:
        raise BadRecord("missing_field", f"no {name}")
    return found


def _lacking(fields: Fields) -> str:
    return f"no {first(fields.image)} or no {first(fields.question)}"


def _agreeing(table: pa.Table, fields: Fields) -> pa.Array:
    """False for rows of one id that ask the same of a picture and differ in the answer."""
    agrees = np.ones(table.num_rows, bool)
    if fields.id and pc.count_distinct(table[fields.id]).as_py() < table.num_rows:
        names = [fields.id, first(fields.image), first(fields.question), fields.type]
        asked = [table[name].to_pylist() for name in names if name]
        said: dict[tuple[Any, ...], set[str]] = {}
        keys = list(zip(*asked, strict=True))
        for key, answer in zip(keys, table[first(fields.answer)].to_pylist(), strict=True):
            said.setdefault(key, set()).update({answer} if answer else ())
        agrees = np.array([key[0] is None or len(said[key]) < 2 for key in keys], bool)
    return pa.array(agrees)


def _paths(
    folder: Folder, options: Options, span: Span, images: pa.ChunkedArray
) -> tuple[pa.Array, pa.ListArray, dict[str, str]]:
    """Which names lead to pictures, each row's paths (list<dictionary>), and what is wrong."""
    encoded = images.combine_chunks().dictionary_encode()
    named = NamedPictures(folder, options.images, _fixed(folder, options, span))
    several = len(options.images) if isinstance(options.images, list) else 1
    paths: list[str] = []
    faults: dict[str, str] = {}
    for name in encoded.dictionary.to_pylist():
        try:
            paths += [picture.path for picture in named.of([name])]
        except BadRecord as bad:
            paths += [""] * several
            faults[name] = bad.args[1]
    rows = np.asarray(encoded.indices)
    known = pa.array(paths, pa.string())
    places = (rows[:, None] * several + np.arange(several)).ravel().astype(np.int32)
    shown = pa.ListArray.from_arrays(
        pa.array(np.arange(0, len(places) + 1, several, dtype=np.int32)),
        pa.DictionaryArray.from_arrays(pa.array(places), known),
    )
    good = np.array([name not in faults for name in encoded.dictionary.to_pylist()], bool)
    if faults:  # a path that cannot be must not stay in the dictionary
        flat = known.take(pa.array(places)).dictionary_encode()
        shown = pa.ListArray.from_arrays(shown.offsets, flat)
    return pa.array(good[rows]), shown, faults


def _fixed(folder: Folder, options: Options, span: Span) -> dict[str, str]:
    """What fills picture paths besides a record's own values."""
    return {**bound(options.annotations, span.names[0]), "split": span.split}


def _questions(options: Options, table: pa.Table, paths: pa.Array) -> pa.Table:
    fields = options.fields
    nothing = pa.nulls(table.num_rows, pa.string())
    columns = [
        pc.fill_null(table[fields.id or first(fields.image)], ""),
        paths,
        table[first(fields.question)],
        table[first(fields.answer)],
        table[fields.type] if fields.type else nothing,
    ]
    return pa.table(columns, schema=QUESTIONS)


# Lines


def _lines(folder: Folder, options: Options, span: Span) -> list[Part] | None:
    """Records of JSON Lines whose fields are one text or number each."""
    fields = options.fields
    named = [fields.image, fields.question, fields.answer, fields.id, fields.type]
    names = [name for name in named if isinstance(name, str)]
    plain = len(names) == len({*names}) == len(named) - named.count(None)
    if span.table != LINES or not plain or fields.choices is not None:
        return None
    if options.only or options.skip or fields.before or "<" in "".join(options.prompts):
        return None
    types: dict[str, Any] = dict.fromkeys(names, str | int)
    types[first(fields.question)] = str
    body = span_body(folder, span)
    values = None if body is None else decoded(body, span, types)
    if values is None:
        return None
    cells = dict(zip(types, map(text_column, values), strict=True))
    image, question, answer = (
        cells[first(name)] for name in (fields.image, fields.question, fields.answer)
    )
    key = cells[fields.id] if fields.id else image
    if image.null_count or question.null_count or key.null_count or b"\\" in body_of(image):
        return None
    question = without_prompts(question, options.prompts)
    paths = [
        PicturePaths(folder, one)
        for one in (options.images if isinstance(options.images, list) else [options.images])
    ]
    pictures = picture_lists(paths, "image", image, _fixed(folder, options, span))
    if pictures is None:
        return None
    kinds = cells[fields.type] if fields.type else None
    found = question_rows(key, pictures, question, answer, kinds)
    if found is None or (fields.id and not are_agreed(found)):
        return None
    return [Part(span.split, found)]


# Records


def _read_records(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
    file = folder.relative(span.names[0])
    fields = options.fields
    fixed = _fixed(folder, options, span)
    pictures = NamedPictures(folder, options.images, fixed)
    named = [fields.id or first(fields.image)]
    left: Counter[str] = Counter()
    once = [*map(first, (fields.image, fields.question, fields.answer))]
    records = json_records(
        folder, span, dict[str, Any], table=options.table, named=named, once=once
    )
    for place, record in records:
        if isinstance(record, Reject):
            yield record
            continue
        if field := left_out({**fixed, **record}, options.only, options.skip):
            left[field] += 1
            continue
        in_object = span.table == MEMBERS or (span.end is None and not place.endswith("]"))
        has_id = fields.id is not None and value_of(record, fields.id) is not None
        key = place if in_object and not has_id else _key(record, fields)
        try:
            images = picture_names(value_of(record, fields.image))
            if not images or value_of(record, fields.question) is None:
                raise BadRecord("missing_field", _lacking(fields))
            if fields.before:
                images = _earlier(record, fields.before) + images
            question = question_of(record, key, fields, options.answers, options.prompts)
            shown = pictures.of(images)
        except BadRecord as bad:
            yield Reject(file, key, span.split, *bad.args)
            continue
        yield Sample(key, file, span.split, shown, questions=(question,))
    for field, number in sorted(left.items()):
        detail = f"{field} is not what the entry reads"
        yield Reject(file, f"byte {span.start}", span.split, "unselected", detail, number)
