"""Scene classes in tables: CSV, TSV, Parquet or xlsx, a picture a row.

One column holds the class (DSCR, whose header calls the picture `class`), a number or code that
the entry names, or a list of classes (BigEarthNet v2)::

    class,label                            patch_id,labels,split
    P0001_3.bmp,destroyer                  S2A_..._26_57,"[Pastures, Mixed forest]",train

or each class has a column of its own, 1 where the picture shows it (MLRSNet, MultiScene)::

    image,airplane,airport,bare soil
    airplane_00001.jpg,1,1,0

A table without names has its pictures numbered as its rows (fMoW of WILDS: `rgb_img_0.png` is that
of the first row).

Source: Di et al. 2021 (DSCR), Qi et al. 2020 (MLRSNet), Hua et al. 2021 (MultiScene), Clasen et
al. 2024 (BigEarthNet v2), Koh et al. 2021 (WILDS).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import ALL, UNKNOWN, BySplit, Folder, Plan, Sides, Span, bound
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from converters.read.table_columns import table_columns, texts
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from converters.read.text_columns import (
    Part,
    Take,
    as_columns,
    label_rows,
    lists_of_one,
    picture_lists,
    row_numbers,
    split_parts,
)
from schemas.sample import Kind, Label, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("label",)
_ROW_BYTES = 120
_MARKS = pa.array(["0", "1", None])
_MARKED = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables. images: picture path from `{image}`, `{split}`, the
    pattern's names and those of `parts`. image: the column of the picture's name, or its number
    from 0; without it a picture is called by the number of its row, from 0. labels: the columns
    that hold classes; without any, every column but the others that the entry names is a class,
    marked with 0 or 1. separator: between the classes of one cell. names: what codes in the cells
    stand for; what is not among them is a bad value. split: the column of the split. skip: columns
    that are no classes. max_labels: rows with more are damaged. parts: a regular expression whose
    named groups are found in the picture's name. delimiter: of CSV.
    """

    annotations: BySplit
    images: BySplit
    image: str | int | None = None
    labels: list[str] = []
    separator: str | None = None
    names: dict[str, str] = {}
    split: str | None = None
    skip: list[str] = []
    max_labels: int | None = None
    parts: str | None = None
    delimiter: str | None = None


class _Fault(Exception):
    """A row cannot become a label; args: reason, detail."""


class _Head(NamedTuple):
    """Where a table's cells stand. marks: columns of one class each."""

    image: str | None
    labels: list[str]
    marks: list[str]
    split: str | None

    def columns(self) -> dict[str, str]:
        wanted = [self.image, *self.labels, *self.marks, self.split]
        return {name: name for name in wanted if name is not None}


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table.

    Raises SourceError where there is none, or one lacks a column.
    """
    unsplit = UNKNOWN if options.split else ALL
    found = files_plan(
        folder,
        options.annotations,
        options.images,
        files_a_span=1,
        record_bytes=_ROW_BYTES,
        unsplit=unsplit,
    )
    classes: dict[str, None] = dict.fromkeys(options.names.values())
    for span in found.spans:
        head = _head(folder, options, span.names[0])
        classes.update(dict.fromkeys(options.names.get(name, name) for name in head.marks))
    return found._replace(classes=tuple(sorted(classes)))


def _head(folder: Folder, options: Options, name: str) -> _Head:
    header = column_names(files.join(folder.base, name), options.delimiter)
    file = folder.relative(name)
    if isinstance(options.image, int):
        if not 0 <= options.image < len(header):
            many = f"{len(header)} columns"
            raise SourceError(f"{folder.slug}: {file} has {many}, none of number {options.image}")
        image: str | None = header[options.image]
    else:
        image = options.image
    named = {image, *options.labels, *options.skip, options.split}
    # A column without a name numbers the rows, as pandas writes them: it is no class.
    marks = [column for column in header if column and column not in named]
    marks = [] if options.labels else marks
    if not options.labels and not marks:
        raise SourceError(f"{folder.slug}: {file} has no column of a class")
    return _Head(image, options.labels, marks, options.split)


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Labels as columns, or one Sample a row and a Reject for one without a class or damaged."""
    head = _head(folder, options, span.names[0])
    return as_columns(
        folder.relative(span.names[0]),
        "label",
        lambda: _in_columns(folder, options, span, head),
        lambda: _read_rows(folder, options, span, head),
    )


# Columns


def _in_columns(folder: Folder, options: Options, span: Span, head: _Head) -> list[Part] | None:
    """Rows with marks, or with one class in one cell."""
    if options.parts or options.separator or len(head.labels) > 1:
        return None
    found = table_columns(folder, span, head.columns(), delimiter=options.delimiter)
    if found is None:
        return None
    cells = {column: texts(found[column]) for column in found.column_names}
    image = row_numbers(0, found.num_rows) if head.image is None else cells[head.image]
    split = cells[head.split] if head.split else pa.nulls(found.num_rows, pa.string())
    if head.labels:
        names = _classes(cells[head.labels[0]], options.names)
    else:
        names = _marked_classes([cells[column] for column in head.marks], head.marks, options)
    if image is None or image.null_count or split is None or names is None:
        return None
    if head.split and split.null_count:
        return None
    paths = [PicturePaths(folder, options.images)]
    known = bound(options.annotations, span.names[0])

    def labels(name: str, take: Take) -> pa.Table | None:
        keys = take(image)
        shown = picture_lists(paths, "image", keys, {**known, "split": name}, stems=False)
        if shown is None:
            return None
        return label_rows(keys, shown, take(names), several=bool(head.marks))

    return split_parts(folder, split, span.split, labels, usual=lambda written: written or "")


def _classes(cells: pa.Array | None, known: Mapping[str, str]) -> pa.ListArray | None:
    """The one class of each row."""
    if cells is None or cells.null_count:
        return None
    encoded = cells.dictionary_encode()
    codes = [code.strip() for code in encoded.dictionary.to_pylist()]
    if any(not code or code.startswith("[") or (known and code not in known) for code in codes):
        return None
    classes = pa.array([known.get(code, code) for code in codes], pa.string())
    return lists_of_one(classes.take(encoded.indices))


def _marked_classes(
    cells: Sequence[pa.Array | None], columns: Sequence[str], options: Options
) -> pa.ListArray | None:
    """The classes of each row by the columns that mark them with 1; an empty cell is a 0."""
    marked = []
    for column in cells:
        if column is None or not pc.all(pc.is_in(column, value_set=_MARKS)).as_py():
            return None
        marked.append(np.asarray(pc.equal(pc.fill_null(column, "0"), "1")))
    rows, places = np.nonzero(np.array(marked).T)
    counts = np.bincount(rows, minlength=len(marked[0]))
    if not counts.all() or (options.max_labels and counts.max() > options.max_labels):
        return None
    classes = pa.array([options.names.get(column, column) for column in columns], pa.string())
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, classes.take(pa.array(places)))


# Rows


def _read_rows(
    folder: Folder, options: Options, span: Span, head: _Head
) -> Iterator[Sample | Reject]:
    paths = PicturePaths(folder, options.images)
    file = folder.relative(span.names[0])
    pattern = bound(options.annotations, span.names[0])
    rows = table_records(
        folder, span, dict[str, Any], head.columns(), delimiter=options.delimiter, named=head.image
    )
    for place, row in rows:
        if isinstance(row, Reject):
            yield row
            continue
        number = int(place.rpartition(" ")[2]) - 1  # from 0, below the header
        image = str(number) if head.image is None else str(row.get(head.image, ""))
        split = str(row.get(head.split, "")) if head.split else span.split
        if not folder.wants(split):
            continue
        try:
            if not image or not split:
                raise _Fault("missing_field", f"no {head.split if image else head.image}")
            names = _names(row, head, options)
        except _Fault as fault:
            yield Reject(file, image or place, split or span.split, *fault.args)
            continue
        values = {**pattern, **_parts(options.parts, image), "image": image, "split": split}
        found = record_pictures([(paths, values)], file, image, split)
        if isinstance(found, Reject):
            yield found
        else:
            label = Label(image, names, _shows_several(row, head, options))
            yield Sample(image, file, split, found, labels=(label,))


def _parts(pattern: str | None, image: str) -> dict[str, str]:
    found = re.fullmatch(pattern, image) if pattern else None
    return {name: text or "" for name, text in found.groupdict().items()} if found else {}


def _names(row: Mapping[str, Any], head: _Head, options: Options) -> tuple[str, ...]:
    """The classes of a row. Raises _Fault."""
    codes = [column for column in head.marks if _is_marked(column, row)]
    for column in head.labels:
        codes += _cell(row.get(column), options.separator)
    if not codes:
        raise _Fault("no_label", "no class is marked" if head.marks else "the cell is empty")
    if options.max_labels and len(codes) > options.max_labels:
        raise _Fault("bad_value", f"{len(codes)} labels, more than {options.max_labels}")
    if head.marks:
        return tuple(options.names.get(code, code) for code in codes)
    if unknown := [code for code in codes if options.names and code not in options.names]:
        raise _Fault("bad_value", f"no class is called {unknown[0]!r}")
    return tuple(dict.fromkeys(options.names.get(code, code) for code in codes))


def _shows_several(row: Mapping[str, Any], head: _Head, options: Options) -> bool:
    """True where a row tells all classes that its picture shows: in marks, or in a list."""
    cells = [row.get(column) for column in head.labels]
    return bool(head.marks or options.separator) or any(map(_is_list, cells))


def _is_list(cell: Any) -> bool:
    """True for a list, and for one written as text."""
    if isinstance(cell, str):
        return cell.lstrip().startswith("[")
    return isinstance(cell, Sequence) and not isinstance(cell, bytes)


def _is_marked(column: str, row: Mapping[str, Any]) -> bool:
    """Raises _Fault for a cell that is neither 0 nor 1."""
    cell = row.get(column, 0)
    # Fast way: nearly all cells are 0 and 1 as they stand.
    marked = _MARKED.get(cell) if isinstance(cell, str) else None
    if marked is None:
        marked = _MARKED.get(str(cell).strip().lower())
    if marked is None:
        raise _Fault("bad_value", f"{column}: {cell!r} is neither 0 nor 1"[:200])
    return marked


def _cell(cell: Any, separator: str | None) -> list[str]:
    """The classes that one cell holds, a list or text. Raises _Fault."""
    if _is_list(cell):
        texts = _listed(cell) if isinstance(cell, str) else [str(one).strip() for one in cell]
    else:
        text = "" if cell is None else str(cell).strip()
        texts = [part.strip() for part in text.split(separator)] if separator else [text]
    return [text for text in texts if text]


def _listed(cell: str) -> list[str]:
    """A list as text: JSON, or as Python and numpy print lists of text. Raises _Fault."""
    try:
        return [str(one).strip() for one in msgspec.json.decode(cell, type=list[str | int])]
    except msgspec.DecodeError:
        found = re.findall(r"'([^']*)'|\"([^\"]*)\"", cell)
    if not found:
        raise _Fault("bad_value", f"a list that cannot be read: {cell[:80]!r}")
    return [(one or other).strip() for one, other in found]
