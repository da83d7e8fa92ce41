"""Questions and answers in one JSON array or object.

An object keyed by a string index (FloodNet-VQA; answers are numbers or strings; held-out splits have none)::

    {"0": {"Image_ID": "10165.JPG", "Question": "How many buildings are in this image?", "Ground_Truth": 4, "Question_Type": "Simple_Counting"}, ...}

An array of records, however large, is read in spans::

    [{"image": "P0000.png", "question": "is there a ship?", "answer": "yes"}, ...]

Source: Rahnemoonfar et al. 2021, https://github.com/BinaLab/FloodNet-Supervised_v1.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    ALL,
    BySplit,
    PicturePaths,
    Plan,
    Source,
    Span,
    annotation_files,
    stem,
)
from converters.read.json_spans import array_spans, read_columns
from schemas.sample import Picture, Question, Reject, Sample, Unit
from schemas.table import QUESTIONS, Questions

UNIT: Unit = "question"
_RECORD_BYTES = 150


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields. id: its own identifier; without one its place in the file is its key."""

    image: str = "image"
    question: str = "question"
    answer: str = "answer"
    type: str | None = None
    id: str | None = None


class Options(Struct, forbid_unknown_fields=True):
    """annotations: the JSON file of each split. images: picture path from `{image}` (its field), `{stem}` and `{split}`. fields: names of the fields."""

    annotations: BySplit
    images: BySplit
    fields: Fields = Fields()


def plan(source: Source, options: Options) -> Plan:
    """One span for an object, spans of equal bytes for an array."""
    spans: list[Span] = []
    for split, found in annotation_files(source, options.annotations):
        path = files.join(source.base, found.path)
        head = files.store(path).read(path, 0, 64).removeprefix(b"\xef\xbb\xbf").lstrip()
        files.check_pointer(path, head)
        ranges: list[tuple[int, int | None]] = [(0, None)]
        if head.startswith(b"["):
            ranges = [*array_spans(path, None, {options.fields.image, options.fields.question})]
        for start, end in ranges:
            records = ((end or found.size) - start) // _RECORD_BYTES + 1
            spans.append(
                Span(
                    source.slug,
                    split or ALL,
                    len(spans),
                    (found.path,),
                    start,
                    end,
                    records=records,
                )
            )
    return Plan(spans, [])


def read(source: Source, options: Options, span: Span) -> Iterator[Sample | Questions | Reject]:
    """Questions as columns for an array, one Sample a question for an object."""
    if span.end is None:
        yield from _read_object(source, options, span)
        return
    fields = options.fields
    name = span.names[0]
    file = source.relative(name)
    wanted = [
        fields.image,
        fields.question,
        fields.answer,
        *([fields.type] if fields.type else []),
        *([fields.id] if fields.id else []),
    ]
    table, bad = read_columns(
        files.join(source.base, name), span.start, span.end, dict.fromkeys(wanted, pa.string())
    )
    for fault in bad:
        yield Reject(file, f"byte {fault.offset}", span.split, "unreadable_record", fault.detail)
    table = table.combine_chunks()
    usable = pc.and_(
        pc.greater(pc.fill_null(pc.binary_length(table[fields.image]), 0), 0),
        pc.is_valid(table[fields.question]),
    )
    for row in table.filter(pc.invert(usable)).to_pylist():
        yield Reject(
            file,
            _key(row, fields),
            span.split,
            "missing_field",
            f"no {fields.image} or no {fields.question}",
        )
    table = table.filter(usable)
    paths, faults = _paths(source, options, span.split, table[fields.image])
    for row in table.filter(pc.is_null(paths)).to_pylist():
        yield Reject(file, _key(row, fields), span.split, "bad_value", faults[row[fields.image]])
    table, paths = table.filter(pc.is_valid(paths)), paths.drop_null()
    if table.num_rows:
        yield Questions(file, span.split, _columns(fields, table, paths))


def _key(row: dict[str, Any], fields: Fields) -> str:
    """A record's own id; without one a question is known by its picture and words, and its row's id holds both."""
    return row[fields.id or fields.image] or ""


def _paths(
    source: Source, options: Options, split: str, images: pa.ChunkedArray
) -> tuple[pa.Array, dict[str, str]]:
    """Picture paths of a column of names, null where a name leads out of the folder, and what is wrong with such names."""
    encoded = images.combine_chunks().dictionary_encode()
    pictures = PicturePaths(source, options.images)
    paths: list[str | None] = []
    faults: dict[str, str] = {}
    for name in encoded.dictionary.to_pylist():
        try:
            paths.append(pictures.path({"image": name, "stem": stem(name), "split": split}))
        except SourceError as error:
            paths.append(None)
            faults[name] = str(error)
    return pa.array(paths, pa.string()).take(encoded.indices), faults


def _columns(fields: Fields, table: pa.Table, paths: pa.Array) -> pa.Table:
    nothing = pa.nulls(table.num_rows, pa.string())
    columns = [
        table[fields.id or fields.image],
        paths,
        table[fields.question],
        table[fields.answer],
        table[fields.type] if fields.type else nothing,
    ]
    return pa.table(columns, schema=QUESTIONS)


def _read_object(source: Source, options: Options, span: Span) -> Iterator[Sample | Reject]:
    name = span.names[0]
    file = source.relative(name)
    try:
        records: dict[str, Any] = msgspec.json.decode(source.bytes_of(name), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{source.slug}: {file} cannot be read: {error}") from None
    pictures = PicturePaths(source, options.images)
    for key, record in records.items():
        if not isinstance(record, dict):
            yield Reject(file, key, span.split, "unreadable_record", "not an object")
            continue
        yield _sample(file, key, span.split, record, options.fields, pictures)


def _sample(
    file: str, key: str, split: str, record: dict[str, Any], fields: Fields, pictures: PicturePaths
) -> Sample | Reject:
    image, question = record.get(fields.image), record.get(fields.question)
    if not isinstance(image, str) or not isinstance(question, str) or not image:
        return Reject(
            file, key, split, "missing_field", f"no {fields.image} or no {fields.question}"
        )
    answer = record.get(fields.answer)
    if isinstance(answer, bool) or not isinstance(answer, str | int | float | None):
        return Reject(file, key, split, "bad_value", f"{fields.answer} is {type(answer).__name__}")
    try:
        path = pictures.path({"image": image, "stem": stem(image), "split": split})
    except SourceError as error:
        return Reject(file, key, split, "bad_value", str(error))
    text = (
        ""
        if answer is None
        else answer
        if isinstance(answer, str)
        else msgspec.json.encode(answer).decode()
    )
    kind = record.get(fields.type) if fields.type else None
    asked = Question(key, question, text, str(kind) if kind is not None else None)
    return Sample(key, file, split, (Picture(path),), questions=(asked,))
