"""RSVQA: three JSON tables a split, joined by id (RSVQA-LR, RSVQA-HR, RSVQAxBEN, CDVQA).

::

    LR_split_train_questions.json
        {"questions": [{"id": 7203, "img_id": 72, "type": "count", "question": "...",
                        "answers_ids": [7203], "active": true}, ...]}
    LR_split_train_answers.json
        {"answers": [{"id": 7203, "question_id": 7203, "answer": "69", "active": true}, ...]}
    LR_split_train_images.json
        {"images": [{"id": 72, "original_name": "S2B_...", "sensor": "S2", "active": true}, ...]}

Every file repeats the ids of all splits; a row of another split is exactly
{"id": 52, "active": false} and is no item of this one. Position is not id: rows are joined by id,
a question to its picture by `img_id` and to its answer by the first of `answers_ids`, or by the
answer's `question_id`. Where two answers of one id differ, their questions are Rejects.

CDVQA names its pictures (`picture_name`), shows two of one name, and gives each pair 16 rows of the
table of images, some without a question; a pair's questions are told by the name::

    Val_images.json
        {"images": [{"id": 0, "questions_ids": [0, 1], "file_name": "02180.png", "active": true},
                    {"id": 1, "questions_ids": [2], "file_name": "02180.png", "active": true}, ...]}

Source: Lobry et al. 2020, https://rsvqa.sylvainlobry.com; Yuan et al. 2022,
https://github.com/YZHJessica/CDVQA.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.files import Found, NotThere
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, stem
from converters.read.joins import disputed, find_answers, find_ids
from converters.read.json_spans import read_columns
from converters.read.json_tables import table_spans
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns
from schemas.sample import Kind, Reject
from schemas.table import QUESTIONS, Columns

YIELDS: tuple[Kind, ...] = ("question",)
_SIDES = ("answers", "images")
_RECORD_BYTES = 200
_LOOSE_BYTES = 4096  # an unreadable record is looked at this far, to tell its id
_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "questions": {
        "id": pa.int64(),
        "img_id": pa.int64(),
        "type": pa.string(),
        "question": pa.string(),
        "answers_ids": pa.list_(pa.int64()),
        "active": pa.bool_(),
    },
    "answers": {
        "id": pa.int64(),
        "question_id": pa.int64(),
        "answer": pa.string(),
        "active": pa.bool_(),
    },
    "images": {"id": pa.int64(), "active": pa.bool_()},
}


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    tables: pattern of the files, with `{split}` and `{table}` (questions, answers, images), or
    one for each split. images: picture path from `{id}` (or `{name}`) and `{split}`; a list in time
    order. picture_name: the column of the images table that names the picture's file, if any.
    """

    tables: BySplit
    images: str | list[str]
    picture_name: str | None = None


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of the question tables, and of the tables that they are joined to.

    A split that lacks one of its tables is left out. Raises SourceError where all do.
    """
    notes: list[str] = []
    asked = {file.values["split"] for file in _files(folder, options, "questions")}
    lacking = _lacking(folder, options, asked)
    if lacking and lacking.keys() == asked:
        name = lacking[min(lacking)]
        raise NotThere(f"annotations not found: {files.join(folder.base, name)}")
    notes += [
        f"{folder.relative(name)} is not there, so split {split} is not read"
        for split, name in sorted(lacking.items())
    ]
    spans = _spans(folder, options, ("questions",), notes, lacking)
    sides = _spans(folder, options, _SIDES, notes, lacking)
    notes += [
        f"{folder.relative(files.shown(_pattern(options, 'questions', split)))} is not there, "
        f"so split {split} is not read"
        for split in (options.tables if isinstance(options.tables, dict) else ())
        if folder.wants(split) and split not in asked
    ]
    return Plan(spans, notes, picture_patterns(options.images), sides, columnar=True)


def _lacking(folder: Folder, options: Options, asked: Collection[str]) -> dict[str, str]:
    """The first table that is not there, by split, of the splits that have questions."""
    found: dict[str, str] = {}
    for table in _SIDES:
        there = {file.values["split"] for file in _files(folder, options, table)}
        for split in set(asked) - there:
            found.setdefault(split, _pattern(options, table, split).replace("{split}", split))
    return found


def _pattern(options: Options, table: str, split: str = "") -> str:
    """The pattern of one table; of the first split that has one, where none is asked for."""
    tables = options.tables
    if isinstance(tables, dict):
        tables = tables[split or next(iter(tables))]
    return tables.replace("{table}", table)


def _files(folder: Folder, options: Options, table: str) -> list[Found]:
    if isinstance(options.tables, str):
        found = [*files.find(folder.base, _pattern(options, table))]
    else:
        found = [
            file._replace(values={**file.values, "split": split})
            for split in options.tables
            for file in files.find(folder.base, _pattern(options, table, split), split=split)
        ]
    return [file for file in found if folder.wants(file.values["split"])]


def _spans(
    folder: Folder,
    options: Options,
    tables: tuple[str, ...],
    notes: list[str],
    left_out: Collection[str],
) -> list[Span]:
    """Spans of the tables of all splits but some. Raises SourceError where none has a table."""
    spans: list[Span] = []
    for table in tables:
        there = _files(folder, options, table)
        found = [file for file in there if file.values["split"] not in left_out]
        if not found:
            name = _pattern(options, table)
            raise NotThere(f"annotations not found: {files.join(folder.base, name)}")
        for file in found:
            path, split = files.join(folder.base, file.path), file.values["split"]
            for start, end in table_spans(path, table, {"id"}, notes):
                records = (end - start) // _RECORD_BYTES + 1
                at = len(spans)
                spans.append(Span(folder.slug, split, at, (file.path,), start, end, table, records))
    return spans


def read_side(folder: Folder, options: Options, span: Span) -> pa.Table:
    """The active rows of a span of answers or images, as columns.

    `fault` says what is wrong with a record that cannot be used; its other columns may be null. One
    whose id cannot be told is left out: its question then dangles, by name.
    """
    name = span.names[0]
    path = files.join(folder.base, name)
    columns = dict(_COLUMNS[span.table])
    if span.table == "images" and options.picture_name:
        columns[options.picture_name] = pa.string()
    table, bad = read_columns(path, span.start, span.end, columns)
    table = table.filter(pc.and_(pc.fill_null(table["active"], True), pc.is_valid(table["id"])))
    table = table.select([column for column in table.column_names if column != "active"])
    table = table.append_column("fault", _unnamed(folder, options, table))
    if not bad:
        return table
    body = files.store(path).read(path, span.start, span.end)
    rows = []
    for fault in bad:
        record = _loosely(body[fault.offset - span.start :][:_LOOSE_BYTES])
        ids = {key: record.get(key) for key in ("id", "question_id") if _is_id(record.get(key))}
        if record.get("active") is not False and "id" in ids:
            rows.append({**ids, "fault": f"{folder.relative(name)}: {fault.detail}"})
    return pa.concat_tables([table, pa.Table.from_pylist(rows, table.schema)])


def _unnamed(folder: Folder, options: Options, table: pa.Table) -> pa.Array:
    """What is wrong with the names of pictures, null where nothing is."""
    column = options.picture_name
    if column not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    names = table[column].to_pylist()
    faults = [
        f"no {column}"
        if not name
        else None
        if files.inside(name)
        else f"{name!r} leaves its folder"
        for name in names
    ]
    return pa.array(faults, pa.string())


def _is_id(value: Any) -> bool:
    return type(value) is int and abs(value) < 1 << 63


def _loosely(text: bytes) -> dict[str, Any]:
    """The record at the head of a text as Python's own parser reads it, NaN included, or {}."""
    try:
        record, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Columns | Reject]:
    """The span's active questions with their answers.

    sides: `answers` and `images` of the same split, each sorted by id.
    """
    name = span.names[0]
    file = folder.relative(name)
    path = files.join(folder.base, name)
    table, bad = read_columns(path, span.start, span.end, _COLUMNS["questions"])
    for fault in bad:
        yield Reject(file, f"byte {fault.offset}", span.split, "unreadable_record", fault.detail)
    table = table.combine_chunks()
    active = pc.fill_null(table["active"], True)
    written = pc.is_valid(table["question"])
    for key in table.filter(pc.and_(pc.invert(active), written))["id"].to_pylist():
        yield Reject(file, str(key), span.split, "inactive", "active is false")
    table = table.filter(active)
    if not table.num_rows:
        return
    answers, images = sides["answers"], sides["images"]
    answer, answered = find_answers(answers, table)
    picture, pictured = find_ids(np.asarray(images["id"]), table["img_id"])
    whole = np.asarray(pc.and_(pc.is_valid(table["id"]), pc.is_valid(table["question"])))
    bad_answer = _faulty(answers, answer, answered)
    differing = disputed(answers, answer, answered, "answer")
    bad_picture = _faulty(images, picture, pictured)
    good = whole & answered & pictured & ~bad_answer & ~bad_picture & ~differing
    for i in np.flatnonzero(~good).tolist():
        wrong = ""
        if bad_answer[i]:
            wrong = answers["fault"][int(answer[i])].as_py()
        elif answered[i] and bad_picture[i]:
            wrong = images["fault"][int(picture[i])].as_py()
        is_whole, is_answered, differs = bool(whole[i]), bool(answered[i]), bool(differing[i])
        yield _reject(file, span.split, table, i, is_whole, is_answered, differs, wrong)
    joined = _joined(folder, options, span.split, table, answer, picture, good, sides)
    yield Columns(file, span.split, joined)


def _faulty(
    side: pa.Table, at: npt.NDArray[np.int64], found: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Which of the rows found in a side table hold a record that cannot be read."""
    if side["fault"].null_count == side.num_rows:
        return np.zeros(len(at), bool)
    bad: npt.NDArray[np.bool_] = found & np.asarray(pc.is_valid(side["fault"]))[at]
    return bad


def _reject(
    file: str,
    split: str,
    table: pa.Table,
    i: int,
    whole: bool,
    answered: bool,
    differing: bool,
    fault: str,
) -> Reject:
    """differing: it has several answers. fault: what is wrong with its answer or picture, where it
    is there."""
    row = table.slice(i, 1).to_pylist()[0]
    key = str(row["id"])
    if not whole:
        return Reject(file, key, split, "missing_field", "no id or no question")
    which = f"question {key}, answer {row['answers_ids']}, picture {row['img_id']}"
    if fault:
        return Reject(file, key, split, "bad_value", f"{which}: {fault}")
    if differing:
        detail = f"{which}: answers of one id that differ"
        return Reject(file, key, split, "ambiguous_reference", detail)
    what = f"picture {row['img_id']}" if answered else f"answer {row['answers_ids']}"
    return Reject(
        file,
        key,
        split,
        "dangling_reference",
        f"{what} of question {key} is not there or not active",
    )


def _joined(
    folder: Folder,
    options: Options,
    split: str,
    table: pa.Table,
    answer: npt.NDArray[np.int64],
    picture: npt.NDArray[np.int64],
    good: npt.NDArray[np.bool_],
    sides: Sides,
) -> pa.Table:
    some, place = np.unique(picture[good], return_inverse=True)
    names = sides["images"][options.picture_name or "id"].take(pa.array(some)).cast(pa.string())
    encoded = names.combine_chunks().dictionary_encode()  # CDVQA repeats a name 16 times
    several = options.images if isinstance(options.images, list) else [options.images]
    paths = [PicturePaths(folder, template) for template in several]
    key = "name" if options.picture_name else "id"
    known = [
        one.path({key: name, "stem": stem(name), "split": split})
        for name in encoded.dictionary.to_pylist()
        for one in paths
    ]
    place = np.asarray(encoded.indices)[place][:, None] * len(paths) + np.arange(len(paths))
    kept = table.filter(pa.array(good))
    offsets = np.arange(0, place.size + 1, len(paths), dtype=np.int32)
    shown = pa.ListArray.from_arrays(
        pa.array(offsets),
        pa.DictionaryArray.from_arrays(
            pa.array(place.ravel().astype(np.int32)), pa.array(known, pa.string())
        ),
    )
    return pa.table(
        [
            kept["id"].cast(pa.string()),
            shown,
            kept["question"],
            sides["answers"]["answer"].take(pa.array(answer[good])),
            kept["type"],
        ],
        schema=QUESTIONS,
    )
