"""Questions and answers in one JSON array or object.

An object keyed by a string index (FloodNet-VQA; answers are numbers or strings; held-out splits
have none)::

    {"0": {"Image_ID": "10165.JPG", "Question": "How many buildings are in this image?",
           "Ground_Truth": 4, "Question_Type": "Simple_Counting"}, ...}

An array of records, or a record on each line, is read in spans, however large it is::

    [{"image": "P0000.png", "question": "is there a ship?", "answer": "yes"}, ...]

Multiple choice: the options stand in a list, in an object (letter to text), or in several fields,
and the answer is an option's text, letter or index::

    {"image": "P0.png", "question": "What is it?", "choices": ["ship", "dam"], "answer": "B"}

Source: Rahnemoonfar et al. 2021, https://github.com/BinaLab/FloodNet-Supervised_v1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, PicturePaths, Plan, Sides, Span, stem
from converters.read.json_lines import LINES
from converters.read.json_spans import read_columns
from converters.read.plans import json_array_plan
from converters.read.records import json_records, record_pictures
from schemas.sample import Kind, Question, Reject, Sample
from schemas.table import COLUMNS, Columns

YIELDS: tuple[Kind, ...] = ("question",)
_RECORD_BYTES = 150


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields.

    id: the record's own identifier; without one a question goes by its picture. choices: the
    field that holds the options of a multiple choice, or a list of fields with one option each.
    """

    image: str = "image"
    question: str = "question"
    answer: str = "answer"
    type: str | None = None
    id: str | None = None
    choices: str | list[str] | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the JSON file of each split. images: picture path from `{image}` (its field),
    `{stem}` and `{split}`. fields: names of the fields. answers: what the answer of a multiple
    choice is: the text of an option, its letter (A is the first), or its index from 0 or 1.
    """

    annotations: BySplit
    images: BySplit
    fields: Fields = Fields()
    answers: Literal["text", "letter", "index", "index_from_1"] = "text"


class _Fault(Exception):
    """A record cannot become a question; args: reason, detail."""


def plan(folder: Folder, options: Options) -> Plan:
    """One span for an object, spans of equal bytes for an array."""
    return json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys={options.fields.image, options.fields.question},
        record_bytes=_RECORD_BYTES,
    )


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Questions as columns for a part of an array, else one Sample a question."""
    if span.end is None or span.table == LINES or options.fields.choices is not None:
        return _read_records(folder, options, span)
    return _read_columns(folder, options, span)


# Columns


def _read_columns(folder: Folder, options: Options, span: Span) -> Iterator[Columns | Reject]:
    fields = options.fields
    name = span.names[0]
    file = folder.relative(name)
    wanted = [fields.image, fields.question, fields.answer, fields.type, fields.id]
    columns = {field: pa.string() for field in wanted if field}
    table, bad = read_columns(files.join(folder.base, name), span.start, span.end, columns)
    for fault in bad:
        yield Reject(file, f"byte {fault.offset}", span.split, "unreadable_record", fault.detail)
    table = table.combine_chunks()
    usable = pc.and_(
        pc.greater(pc.fill_null(pc.binary_length(table[fields.image]), 0), 0),
        pc.is_valid(table[fields.question]),
    )
    for row in table.filter(pc.invert(usable)).to_pylist():
        yield Reject(file, _key(row, fields), span.split, "missing_field", _lacking(fields))
    table = table.filter(usable)
    paths, faults = _paths(folder, options, span.split, table[fields.image])
    for row in table.filter(pc.is_null(paths)).to_pylist():
        yield Reject(file, _key(row, fields), span.split, "bad_value", faults[row[fields.image]])
    table, paths = table.filter(pc.is_valid(paths)), paths.drop_null()
    if table.num_rows:
        yield Columns("question", file, span.split, _questions(fields, table, paths))


def _key(row: Mapping[str, Any], fields: Fields) -> str:
    """A record's own id, or its picture: a row's id holds the question's words besides."""
    key = row.get(fields.id or fields.image)
    return str(key) if isinstance(key, str | int) else ""


def _lacking(fields: Fields) -> str:
    return f"no {fields.image} or no {fields.question}"


def _paths(
    folder: Folder, options: Options, split: str, images: pa.ChunkedArray
) -> tuple[pa.Array, dict[str, str]]:
    """Picture paths of a column of names, as a dictionary array, and what is wrong with names.

    The path is null where a name leads out of the folder.
    """
    encoded = images.combine_chunks().dictionary_encode()
    pictures = PicturePaths(folder, options.images)
    paths: list[str | None] = []
    faults: dict[str, str] = {}
    for name in encoded.dictionary.to_pylist():
        try:
            paths.append(pictures.path({"image": name, "stem": stem(name), "split": split}))
        except SourceError as error:
            paths.append(None)
            faults[name] = str(error)
    known = pa.array(paths, pa.string())
    if not faults:
        return pa.DictionaryArray.from_arrays(encoded.indices, known), faults
    return known.take(encoded.indices).dictionary_encode(), faults


def _questions(fields: Fields, table: pa.Table, paths: pa.Array) -> pa.Table:
    nothing = pa.nulls(table.num_rows, pa.string())
    one_each = pa.array(np.arange(table.num_rows + 1, dtype=np.int32))
    columns = [
        table[fields.id or fields.image],
        pa.ListArray.from_arrays(one_each, paths),
        table[fields.question],
        table[fields.answer],
        table[fields.type] if fields.type else nothing,
    ]
    return pa.table(columns, schema=COLUMNS["question"])


# Records


def _read_records(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
    file = folder.relative(span.names[0])
    fields = options.fields
    pictures = PicturePaths(folder, options.images)
    named = [fields.id or fields.image]
    for place, record in json_records(folder, span, dict[str, Any], named=named):
        if isinstance(record, Reject):
            yield record
            continue
        in_object = span.end is None and not place.startswith("[")
        key = place if in_object else _key(record, fields)
        try:
            image, question = _question(key, record, options)
        except _Fault as fault:
            yield Reject(file, key, span.split, *fault.args)
            continue
        values = {"image": image, "stem": stem(image), "split": span.split}
        found = record_pictures([(pictures, values)], file, key, span.split)
        if isinstance(found, Reject):
            yield found
        else:
            yield Sample(key, file, span.split, found, questions=(question,))


def _question(key: str, record: Mapping[str, Any], options: Options) -> tuple[str, Question]:
    """The picture's name, and the question. Raises _Fault."""
    fields = options.fields
    image, question = record.get(fields.image), record.get(fields.question)
    if not isinstance(image, str) or not isinstance(question, str) or not image:
        raise _Fault("missing_field", _lacking(fields))
    answer = record.get(fields.answer)
    if isinstance(answer, bool) or not isinstance(answer, str | int | float | None):
        raise _Fault("bad_value", f"{fields.answer} is {type(answer).__name__}")
    text = _text(answer)
    choices: tuple[str, ...] = ()
    if fields.choices is not None:
        native = _choices(record, fields.choices)
        choices = tuple(option for option in native.values() if option)
        if len(choices) < 2:
            raise _Fault("bad_choices", f"{len(choices)} choices")
        if text:
            text = _chosen(text, native, options.answers)
    kind = record.get(fields.type) if fields.type else None
    asked = Question(key, question, text, None if kind is None else str(kind), choices)
    return image, asked


def _text(value: str | int | float | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _choices(record: Mapping[str, Any], fields: str | list[str]) -> dict[str, str]:
    """The options by their letters, in native order; "" where one is absent. Raises _Fault."""
    if isinstance(fields, list):
        values: Any = [record.get(field) for field in fields]
    else:
        values = record.get(fields)
    if isinstance(values, list):
        values = {chr(ord("A") + i): value for i, value in enumerate(values)}
    if not isinstance(values, dict):
        raise _Fault("bad_choices", f"{fields} is {type(values).__name__}")
    for value in values.values():
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise _Fault("bad_choices", f"a choice is {type(value).__name__}")
    found = {letter.strip().upper(): _text(value).strip() for letter, value in values.items()}
    if len(found) < len(values):
        raise _Fault("bad_choices", f"two choices of one letter: {', '.join(values)}")
    return found


def _chosen(answer: str, choices: Mapping[str, str], answers: str) -> str:
    """The text of the option that an answer names. Raises _Fault."""
    answer = answer.strip()
    found: str | None = None
    if answers == "text":
        found = answer if answer in choices.values() else None
    elif answers == "letter":
        found = choices.get(answer.strip("(). :").upper())
    elif answer.isascii() and answer.isdigit():
        at = int(answer) - (answers == "index_from_1")
        found = dict(enumerate(choices.values())).get(at)
    if not found:
        raise _Fault("bad_choices", f"{answer[:80]!r} is none of {list(choices.values())}"[:200])
    return found
