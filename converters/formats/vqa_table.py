"""Questions or captions in tables, a row each: CSV, TSV, Parquet, Arrow, xlsx.

SARLANG-1M's captions, whose pictures are named::

    image,answer
    SARimages/a_0001.png,"A harbor with two ships."

XLRS-Bench and UrBench, whose pictures lie in the cells (`pictures`), one column each or a list in
one; options as a list, or as a list written as text::

    index  question                multi-choice options        answer  image
    0      What colour is the car? ["(A) Red", "(B) White"]    A       [{bytes, path}, ...]

Names of columns match in any case. A caption stands in the column that `fields.caption` names.
Source: Wei et al. 2025, https://github.com/Jimmyxichen/SARLANG-1M; Wang et al. 2025,
https://xlrs-bench.github.io; Zhou et al. 2024, https://opendatalab.github.io/UrBench.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.cells import TABLE_ENDINGS, cell_names
from converters.read.choices import Answers, text_of
from converters.read.column_bytes import body_of
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.json_elements import BadRecord
from converters.read.named_pictures import NamedPictures
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
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
)
from converters.read.table_columns import table_columns, texts
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from converters.read.text_columns import (
    Part,
    are_agreed,
    as_columns,
    caption_rows,
    picture_lists,
    question_rows,
    whole_of,
)
from schemas.sample import Caption, Kind, Picture, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("question", "caption")
_ROW_BYTES = 150


class Fields(QuestionFields, frozen=True, forbid_unknown_fields=True):
    """Names of the columns; of several names the first that a table has is taken.

    image: a picture's name. caption: a caption, where the table holds captions and no questions.
    """

    image: Names = "image"
    caption: Names | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables; one that ends in `/` stands for all tables below a folder.
    images: picture path from `{image}` (its column), `{stem}`, `{split}` and the names in
    `annotations`. pictures: columns that hold the pictures themselves, in time order, as far as a
    table has them; then nothing is read of `images`. fields: names of the columns. delimiter: of
    CSV, where it is not a comma (or a tab in `.tsv`). header: names of the columns, where a CSV has
    none. answers: what the answer of a multiple choice is (text, letter, index, index_from_1).
    prompts: words put before or behind every question, which are taken away. only, skip: values
    of columns that a row must have one of, or must not have.
    """

    annotations: BySplit
    images: BySplit = "{image}"
    pictures: list[str] = []
    fields: Fields = Fields()
    delimiter: str | None = None
    header: list[str] | None = None
    answers: Answers = "text"
    prompts: list[str] = []
    only: Where = {}
    skip: Where = {}


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table."""
    images: BySplit | list[str] = [] if options.pictures else options.images
    return files_plan(folder, options.annotations, images, files_a_span=1, record_bytes=_ROW_BYTES)


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Questions or captions as columns, or one Sample a row.

    Raises SourceError where a table cannot be read or lacks a column.
    """
    file = folder.relative(span.names[0])
    path = files.join(folder.base, span.names[0])
    columns = _columns(options, column_names(path, options.delimiter, options.header), file)
    kind: Kind = "question" if options.fields.caption is None else "caption"
    return as_columns(
        file,
        kind,
        lambda: _part(folder, options, span, columns),
        lambda: _agreed(folder, options, span, columns),
    )


# Columns


def _part(
    folder: Folder, options: Options, span: Span, columns: Sequence[str]
) -> list[Part] | None:
    fields = options.fields
    asks = fields.caption is None
    if options.pictures or options.only or options.skip or options.prompts or fields.choices:
        return None
    found = table_columns(
        folder,
        span,
        {column: column for column in columns},
        delimiter=options.delimiter,
        header=options.header,
    )
    if found is None:
        return None
    cells = {column: texts(found[column]) for column in columns}
    image = whole_of(cells, fields.image)
    said = whole_of(cells, fields.question if fields.caption is None else fields.caption)
    key = image if fields.id is None else whole_of(cells, fields.id)
    if image is None or said is None or key is None or b"\\" in body_of(image):
        return None
    fixed = {**bound(options.annotations, span.names[0]), "split": span.split}
    pictures = picture_lists([PicturePaths(folder, options.images)], "image", image, fixed)
    if pictures is None:
        return None
    if not asks:
        captions = caption_rows(key, pictures, {"caption[0]": said}, as_they_stand=True)
        return None if captions is None else [Part(span.split, captions)]
    answer = whole_of(cells, fields.answer)
    kinds = whole_of(cells, fields.type) if fields.type else None
    if answer is None or (fields.type and kinds is None):
        return None
    questions = question_rows(key, pictures, said, answer, kinds)
    if questions is None or (fields.id is not None and not are_agreed(questions)):
        return None
    return [Part(span.split, questions)]


# Rows


def _agreed(
    folder: Folder, options: Options, span: Span, columns: Sequence[str]
) -> Iterator[Sample | Reject]:
    found = _read_rows(folder, options, span, columns)
    asks = options.fields.id is not None and options.fields.caption is None
    return without_contradictions(found) if asks else found


def _read_rows(
    folder: Folder, options: Options, span: Span, columns: Sequence[str]
) -> Iterator[Sample | Reject]:
    name = span.names[0]
    file = folder.relative(name)
    kind: Kind = "question" if options.fields.caption is None else "caption"
    fields = {f"column_{i}": column for i, column in enumerate(columns)}
    row_type = msgspec.defstruct("Row", [(field, Any, None) for field in fields])
    fixed = {**bound(options.annotations, name), "split": span.split}
    named = NamedPictures(folder, options.images, fixed)
    left: Counter[str] = Counter()
    rows = table_records(
        folder, span, row_type, fields, delimiter=options.delimiter, header=options.header
    )
    for (place, row), cells in zip(rows, _cells(folder, options, name), strict=False):
        if isinstance(row, Reject):
            yield msgspec.structs.replace(row, kind=kind)
            continue
        record = {column: getattr(row, field) for field, column in fields.items()}
        record = {column: value for column, value in record.items() if value is not None}
        if field := left_out({**fixed, **record}, options.only, options.skip):
            left[field] += 1
            continue
        own = text_of(value_of(record, options.fields.id)) if options.fields.id else ""
        key = own or (place if cells is not None else "")
        try:
            if cells is None:
                images = picture_names(value_of(record, options.fields.image))
                key = key or " ".join(images[:1]) or place
                shown = named.of(images)
            else:
                shown = tuple(Picture(folder.relative(f"{name}!{cell}")) for cell in cells)
            if not shown:
                raise BadRecord("missing_field", f"no {_pictures_called(options)}")
            yield _sample(options, record, key, file, span.split, shown)
        except BadRecord as bad:
            reason, detail = bad.args
            yield Reject(file, key or place, span.split, reason, detail, kind=kind)
    for field, number in sorted(left.items()):
        detail = f"{field} is not what the entry reads"
        yield Reject(file, "", span.split, "unselected", detail, number, kind)


def _pictures_called(options: Options) -> str:
    return ", ".join(options.pictures) or first(options.fields.image)


def _sample(
    options: Options,
    record: dict[str, Any],
    key: str,
    file: str,
    split: str,
    pictures: tuple[Picture, ...],
) -> Sample:
    """Raises BadRecord where the row holds no question or no caption."""
    if options.fields.caption is not None:
        said = value_of(record, options.fields.caption)
        several = said if isinstance(said, list) else [said]
        if not said or not all(isinstance(one, str) for one in several):
            raise BadRecord("missing_field", f"no {first(options.fields.caption)}")
        captions = tuple(Caption(f"caption[{i}]", one) for i, one in enumerate(several))
        return Sample(key, file, split, pictures, captions=captions)
    asked = question_of(record, key, options.fields, options.answers, options.prompts)
    return Sample(key, file, split, pictures, questions=(asked,))


def _columns(options: Options, there: Sequence[str], file: str) -> list[str]:
    """The columns of a table that are read. Raises SourceError where it lacks one that is needed.

    The answer may be absent (a held-out split), and so may what only some tables have.
    """
    fields = options.fields
    needed = [fields.caption] if fields.caption else [fields.question]
    needed += [] if options.pictures else [fields.image]
    choices = [fields.choices] if isinstance(fields.choices, str) else fields.choices or []
    more = [] if fields.caption else [fields.answer, fields.type, *choices]
    more += [fields.id, *options.only, *options.skip]
    folded = {name.casefold(): name for name in there}
    found: list[str] = []
    for names in (*needed, *more):
        several = () if names is None else (names,) if isinstance(names, str) else names
        own = [name if name in there else folded.get(name.casefold(), "") for name in several]
        own = [name for name in own if name]
        if names in needed and not own:
            wanted = " or ".join(map(repr, several))
            raise SourceError(f"{file} has no column {wanted}; it has: {', '.join(there)}")
        found += own
    return list(dict.fromkeys(found))


def _cells(folder: Folder, options: Options, name: str) -> Iterator[list[str] | None]:
    """For each row the pictures in its cells, or None where they are files of their own.

    Raises SourceError where the table is none that can hold pictures, or cannot be read.
    """
    if not options.pictures:
        yield from repeat(None)
    file = folder.relative(name)
    if not name.lower().endswith(TABLE_ENDINGS):
        raise SourceError(f"{folder.slug}: {file} holds no pictures; Parquet and Arrow tables do")
    path = files.join(folder.base, name)
    there = column_names(path)
    shown = [column for column in options.pictures if column in there]
    if not shown:
        lacking = " or ".join(map(repr, options.pictures))
        raise SourceError(f"{file} has no column {lacking}; it has: {', '.join(there)}")
    yield from cell_names(path, files.store(path), shown)
