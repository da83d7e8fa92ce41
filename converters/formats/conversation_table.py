"""Conversations in tables, a row each: Arrow and Parquet with their pictures in the cells, or CSV.

A row of EarthDial's training sets, as JSON would show it::

    {"jpg": <bytes>, "conversations": "[{\\"from\\": \\"human\\", \\"value\\": \\"[refer] ..."}

Pairs and series have a column a picture, `jpg_A`, `jpg_B`, ...; other sets of the hub have a list
of pictures in one column, and lists of turns in place of JSON. `converters.read.turns` shows the
forms. A picture in a cell is served where it lies: `data-00000-of-00002.arrow!jpg/000000017` is
that of row 17, counted from 0.

Turns come through as they stand, in the dialect of boxes that the entry declares.
Source: Soni et al. 2025, https://github.com/hiyamdebary/EarthDial (its mixtures,
Stage*.json); https://huggingface.co/docs/datasets (save_to_disk).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.cells import cell_names
from converters.read.column_bytes import body_of
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, batched, bound
from converters.read.json_elements import UNREADABLE, BadRecord
from converters.read.json_rows import may_hold_huge_number
from converters.read.named_pictures import NamedPictures
from converters.read.plans import absent, chosen_files
from converters.read.table_columns import table_columns, texts
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from converters.read.text_columns import row_places
from converters.read.turns import (
    ROLES,
    Role,
    TurnFields,
    Turns,
    dated,
    field_names,
    images_of,
    key_of,
    several,
    turns_of,
)
from converters.read.turns_at_once import form_of, told
from schemas.sample import Conversation, Kind, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("conversation",)
_ROW_BYTES = 800
_PICTURE_BYTES = 100 << 10
_PART = re.compile(r"(\d+)")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables; one that ends in `/` stands for all tables below a folder.
    pictures: columns that hold the pictures themselves, the first that a table has: a name, a list
    of names in time order, or a name such as `jpg_{part}` for all columns of that form in the
    order of their parts. images: where there are none of these, the picture path from `{image}`
    (the field). fields: names of the columns. roles: what a native role is, besides the usual
    names. boxes: the dialect of the boxes in the text. strip: beginnings of native paths that are
    taken away. escapes: line breaks are written as a backslash and an n.
    """

    annotations: BySplit
    pictures: list[str | tuple[str, ...]] = []
    images: BySplit = "{image}"
    fields: TurnFields = TurnFields()
    roles: dict[str, Role] = {}
    boxes: str | None = None
    strip: list[str] = []
    escapes: bool = False


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table. Raises SourceError where there is none."""
    notes: list[str] = []
    found = chosen_files(folder, options.annotations, notes)
    notes += absent(folder, options.annotations)
    by_split: dict[str, list[files.Found]] = {}
    for split, table in found:
        by_split.setdefault(split or "all", []).append(table)
    row = _PICTURE_BYTES if options.pictures else _ROW_BYTES
    spans: list[Span] = []
    for split, tables in by_split.items():
        records = [table.size // row + 1 for table in tables]
        names = [table.path for table in tables]
        spans += batched(folder.slug, split, names, 1, len(spans), records)
    return Plan(spans, notes)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row, with its conversation.

    Raises SourceError where a table cannot be read, or has no column of turns or of pictures.
    """
    name = span.names[0]
    file = folder.relative(name)
    there = column_names(files.join(folder.base, name))
    shown = _picture_columns(options.pictures, there)
    columns = [column for column in field_names(options.fields) if column in there]
    _check(folder, file, options, there, shown)
    columns = [column for column in columns if column not in shown]
    found = _read_at_once(folder, options, span, columns, shown)
    rows = _read_rows(folder, options, span, columns, shown)
    yield from rows if found is None else found


def _read_at_once(
    folder: Folder, options: Options, span: Span, columns: Sequence[str], shown: Sequence[str]
) -> Iterator[Sample] | None:
    # Fast way: where a row is turns in one text, perhaps an id, and pictures in cells, the columns
    # are read whole, and of each turn just its role and text (a third of the time). The plain way
    # reads whatever a row holds; it takes over where one is of another form.
    fields = options.fields
    said = next((name for name in several(fields.conversations) if name in columns), "")
    if not shown or not said or not {said, fields.id}.issuperset(columns) or fields.system:
        return None
    found = table_columns(folder, span, {column: column for column in columns})
    talks = None if found is None else texts(found[said])
    if found is None or talks is None or talks.null_count or not len(talks):
        return None
    keys = row_places(0, len(talks))
    if fields.id in columns:
        own = texts(found[fields.id])
        keys = None if own is None else pc.coalesce(own, keys)
    body = body_of(talks)
    form = form_of(talks[0].as_py().encode(), fields)
    if keys is None or form is None or may_hold_huge_number(body):
        return None
    if any(f'"{name}"'.encode() in body for name in form.absent):
        return None
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(form.kinds)
    roles = {**ROLES, **options.roles}
    try:
        told_turns = [told(decoder.decode(talk), roles) for talk in talks.to_pylist()]
    except (*UNREADABLE, KeyError):  # an unknown role among them
        return None
    return _samples(folder, options, span, keys, told_turns, shown) if all(told_turns) else None


def _samples(
    folder: Folder,
    options: Options,
    span: Span,
    keys: pa.Array,
    talks: Sequence[Turns],
    shown: Sequence[str],
) -> Iterator[Sample]:
    file = folder.relative(span.names[0])
    cells = _cells(folder, span.names[0], shown)
    for key, turns, names in zip(keys.to_pylist(), talks, cells, strict=False):
        pictures = tuple([Picture(f"{file}!{cell}") for cell in names or ()])
        talk = Conversation("", turns, options.boxes, escapes=options.escapes)
        yield Sample(key, file, span.split, pictures, conversations=(talk,))


def _read_rows(
    folder: Folder, options: Options, span: Span, columns: Sequence[str], shown: Sequence[str]
) -> Iterator[Sample | Reject]:
    name = span.names[0]
    file = folder.relative(name)
    row_type = msgspec.defstruct("Row", [(f"c{i}", Any, None) for i in range(len(columns))])
    rows = table_records(folder, span, row_type, {f"c{i}": c for i, c in enumerate(columns)})
    fixed = {**bound(options.annotations, name), "split": span.split}
    named = NamedPictures(folder, options.images, fixed)
    for (place, row), cells in zip(rows, _cells(folder, name, shown), strict=False):
        if isinstance(row, Reject):
            yield row
            continue
        record = {column: getattr(row, f"c{i}") for i, column in enumerate(columns)}
        key = place
        try:
            images = images_of(record, options.fields, options.strip) if cells is None else []
            key = _key(record, options.fields, images, place)
            turns = turns_of(record, options.fields, options.roles)
            if cells is None:
                pictures = named.of(images)
            else:
                pictures = tuple(Picture(f"{file}!{cell}") for cell in cells)
        except BadRecord as bad:
            yield Reject(file, key, span.split, *bad.args)
            continue
        pictures = dated(pictures, record.get(options.fields.times or ""))
        talk = Conversation("", turns, options.boxes, escapes=options.escapes)
        yield Sample(key, file, span.split, pictures, conversations=(talk,))


def _key(record: Mapping[str, Any], fields: TurnFields, images: Sequence[str], place: str) -> str:
    """The first picture and the id, or the row's place where there is neither."""
    if images or record.get(fields.id) not in (None, ""):
        return key_of(record, fields, images)
    return place


def _picture_columns(
    wanted: Sequence[str | tuple[str, ...]], there: Sequence[str]
) -> tuple[str, ...]:
    """The columns that hold the pictures of a table, in time order; none where it has none."""
    for one in wanted:
        if not isinstance(one, str):
            if all(column in there for column in one):
                return one
        elif "{" not in one:
            if one in there:
                return (one,)
        elif found := [column for column in there if files.bind(one, column) is not None]:
            return tuple(sorted(found, key=_natural))
    return ()


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts names by the numbers in them: `jpg_2` before `jpg_10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _PART.split(name)]


def _check(
    folder: Folder, file: str, options: Options, there: Sequence[str], shown: Sequence[str]
) -> None:
    """Raises SourceError where a table lacks what makes a conversation about pictures."""
    fields = options.fields
    words = [*several(fields.conversations), *several(fields.question)]
    lacking = ""
    if not any(column in there for column in words):
        lacking = " or ".join(map(repr, words))
    elif options.pictures and not shown:
        lacking = " or ".join(map(repr, options.pictures))
    if lacking:
        has = ", ".join(there)
        raise SourceError(f"{folder.slug}: {file} has no column {lacking}; it has: {has}")


def _cells(folder: Folder, name: str, shown: Sequence[str]) -> Iterator[list[str] | None]:
    """For each row the pictures in its cells, or None where they are files of their own.

    Raises SourceError where the table cannot be read.
    """
    if not shown:
        yield from repeat(None)
    path = files.join(folder.base, name)
    yield from cell_names(path, files.store(path), shown)
