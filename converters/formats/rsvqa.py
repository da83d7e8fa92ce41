"""RSVQA: three JSON tables a split, joined by id (RSVQA-LR, RSVQA-HR, RSVQAxBEN).

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
answer's `question_id`.
Source: Lobry et al. 2020, https://rsvqa.sylvainlobry.com.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.files import Found, SourceError
from converters.read.folder import Folder, PicturePaths, Plan, Sides, Span
from converters.read.json_spans import array_spans, read_columns
from schemas.sample import Kind, Reject
from schemas.table import COLUMNS, Columns

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

    tables: pattern of the files, with `{split}` and `{table}` (questions, answers, images).
    images: picture path from `{id}` and `{split}`.
    """

    tables: str
    images: str


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of the question tables, and of the tables that they are joined to.

    Raises SourceError where a split lacks one of its tables.
    """
    spans = _spans(folder, options, ("questions",))
    asked = {file.values["split"] for file in _files(folder, options, "questions")}
    for table in _SIDES:
        there = {file.values["split"] for file in _files(folder, options, table)}
        for split in sorted(asked - there):
            name = options.tables.replace("{split}", split).replace("{table}", table)
            raise SourceError(f"annotations not found: {files.join(folder.base, name)}")
    sides = _spans(folder, options, _SIDES)
    return Plan(spans, pictures=(options.images,), sides=sides)


def _files(folder: Folder, options: Options, table: str) -> list[Found]:
    found = files.find(folder.base, options.tables.replace("{table}", table))
    return [file for file in found if folder.wants(file.values["split"])]


def _spans(folder: Folder, options: Options, tables: tuple[str, ...]) -> list[Span]:
    spans: list[Span] = []
    for table in tables:
        found = _files(folder, options, table)
        if not found:
            name = options.tables.replace("{table}", table)
            raise SourceError(f"annotations not found: {files.join(folder.base, name)}")
        for file in found:
            path, split = files.join(folder.base, file.path), file.values["split"]
            for start, end in array_spans(path, table, {"id"}):
                records = (end - start) // _RECORD_BYTES + 1
                at = len(spans)
                spans.append(Span(folder.slug, split, at, (file.path,), start, end, table, records))
    return spans


def read_side(folder: Folder, options: Options, span: Span) -> pa.Table:
    """The active rows of a span of answers or images, as columns.

    `fault` says what is wrong with a record that cannot be read; its other columns are null. One
    whose id cannot be told is left out: its question then dangles, by name.
    """
    name = span.names[0]
    path = files.join(folder.base, name)
    table, bad = read_columns(path, span.start, span.end, _COLUMNS[span.table])
    table = table.filter(pc.and_(pc.fill_null(table["active"], True), pc.is_valid(table["id"])))
    table = table.select([column for column in table.column_names if column != "active"])
    table = table.append_column("fault", pa.nulls(table.num_rows, pa.string()))
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
    answer, answered = _answers(table, answers)
    picture, pictured = _find(images["id"], np.asarray(pc.fill_null(table["img_id"], -1)))
    whole = np.asarray(pc.and_(pc.is_valid(table["id"]), pc.is_valid(table["question"])))
    bad_answer = _faulty(answers, answer, answered)
    bad_picture = _faulty(images, picture, pictured)
    good = whole & answered & pictured & ~bad_answer & ~bad_picture
    for i in np.flatnonzero(~good).tolist():
        wrong = ""
        if bad_answer[i]:
            wrong = answers["fault"][int(answer[i])].as_py()
        elif answered[i] and bad_picture[i]:
            wrong = images["fault"][int(picture[i])].as_py()
        yield _reject(file, span.split, table, i, bool(whole[i]), bool(answered[i]), wrong)
    joined = _joined(folder, options, span.split, table, answer, picture, good, sides)
    yield Columns("question", file, span.split, joined)


def _faulty(
    side: pa.Table, at: npt.NDArray[np.int64], found: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Which of the rows found in a side table hold a record that cannot be read."""
    if side["fault"].null_count == side.num_rows:
        return np.zeros(len(at), bool)
    bad: npt.NDArray[np.bool_] = found & np.asarray(pc.is_valid(side["fault"]))[at]
    return bad


def _reject(
    file: str, split: str, table: pa.Table, i: int, whole: bool, answered: bool, fault: str
) -> Reject:
    """fault: what is wrong with the question's answer or picture, where it is there."""
    row = table.slice(i, 1).to_pylist()[0]
    key = str(row["id"])
    if not whole:
        return Reject(file, key, split, "missing_field", "no id or no question")
    if fault:
        which = f"question {key}, answer {row['answers_ids']}, picture {row['img_id']}"
        return Reject(file, key, split, "bad_value", f"{which}: {fault}")
    what = f"picture {row['img_id']}" if answered else f"answer {row['answers_ids']}"
    return Reject(
        file,
        key,
        split,
        "dangling_reference",
        f"{what} of question {key} is not there or not active",
    )


def _find(
    ids: pa.ChunkedArray, wanted: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Places of ids in a sorted column, and which were found."""
    known = np.asarray(ids)
    if not len(known):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted


def _answers(
    table: pa.Table, answers: pa.Table
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Each question's row among the answers, by its own reference, else by the answer's."""
    lists = table["answers_ids"].combine_chunks()
    some = pc.greater(pc.fill_null(pc.list_value_length(lists), 0), 0)
    firsts = np.asarray(
        pc.fill_null(pc.list_element(pc.if_else(some, lists, pa.scalar([-1], lists.type)), 0), -1)
    )
    at, found = _find(answers["id"], firsts)
    if not found.all():
        back = np.asarray(pc.fill_null(answers["question_id"], -1))
        order = np.argsort(back, kind="stable")
        other, there = _find(
            pa.chunked_array([back[order]]), np.asarray(pc.fill_null(table["id"], -1))
        )
        use = ~found & there
        at = np.where(use, order[other] if len(order) else 0, at)
        found = found | use
    return at, found


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
    paths = PicturePaths(folder, options.images)
    some, place = np.unique(picture[good], return_inverse=True)
    names = sides["images"]["id"].take(pa.array(some)).to_pylist()
    known = pa.array([paths.path({"id": str(name), "split": split}) for name in names], pa.string())
    kept = table.filter(pa.array(good))
    one_each = pa.ListArray.from_arrays(
        pa.array(np.arange(len(place) + 1, dtype=np.int32)),
        pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), known),
    )
    return pa.table(
        [
            kept["id"].cast(pa.string()),
            one_each,
            kept["question"],
            sides["answers"]["answer"].take(pa.array(answer[good])),
            kept["type"],
        ],
        schema=COLUMNS["question"],
    )
