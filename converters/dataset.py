"""A dataset read whole, in plain Python: for a look at it, for tests, for notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import pyarrow as pa
from msgspec.structs import replace

from converters.catalogue import entry_of, reader
from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import Folder, JoiningFormat, Plan, Sides, Span, open_folder
from converters.read.instead import said_instead
from schemas.entry import Entry
from schemas.sample import Caption, Picture, Question, Reject, Sample
from schemas.table import Columns


def read_dataset(
    entry: Entry | str, root: str, splits: Sequence[str] | None = None
) -> Iterator[Sample | Reject]:
    """All Samples and Rejects of a dataset, as its reader gives them.

    entry: a catalogue entry or its slug. root: the dataset's folder, in its authors' layout.
    splits: those to read, all where None. Raises SourceError where the dataset cannot be read.
    """
    found = entry_of(entry) if isinstance(entry, str) else entry
    wanted = None if splits is None else frozenset(splits)
    folder = open_folder(found.slug, found.folder, root, found.inside, wanted)
    for item in read_items(found, folder, plan_of(found, folder)):
        if isinstance(item, Columns):
            yield from _samples(item)
        else:
            yield item


@contextmanager
def _in_one_line(folder: Folder) -> Iterator[None]:
    """Raises SourceError, whatever names and keys it cites in one line, for what cannot be read."""
    try:
        with files.wanted(folder.root):
            yield
    except SourceError as error:
        error.args = (" ".join(str(error).splitlines()),)
        raise


def plan_of(entry: Entry, folder: Folder) -> Plan:
    """How a dataset will be read. Raises SourceError where it cannot be."""
    module, options = reader(entry)
    with _in_one_line(folder):
        try:
            return module.plan(folder, options)
        except SourceError as error:
            raise said_instead(folder, error) from None


def read_items(entry: Entry, folder: Folder, plan: Plan) -> Iterator[Sample | Columns | Reject]:
    """What all spans of a dataset hold, in order; side tables are joined."""
    sides = read_sides(entry, folder, plan)
    for span in plan.spans:
        yield from read_span(entry, folder, span, sides.get(span.split, {}))


def read_span(
    entry: Entry, folder: Folder, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """What the dataset's reader finds in a span. Raises SourceError where it cannot be read."""
    module, options = reader(entry)
    with _in_one_line(folder):
        yield from module.read(folder, options, span, sides)


def read_sides(entry: Entry, folder: Folder, plan: Plan) -> dict[str, Sides]:
    """The side tables of a dataset by split and name, each sorted by id."""
    parts: dict[str, dict[str, list[pa.Table]]] = {}
    for span in plan.sides:
        tables = parts.setdefault(span.split, {}).setdefault(span.table, [])
        tables.append(read_side(entry, folder, span))
    return {
        split: {name: pa.concat_tables(some).sort_by("id") for name, some in tables.items()}
        for split, tables in parts.items()
    }


def read_side(entry: Entry, folder: Folder, span: Span) -> pa.Table:
    """The rows of one span of a side table. Raises SourceError where it cannot be read."""
    module, options = reader(entry)
    joining = cast(JoiningFormat, module)  # a plan with sides comes from a format that has them
    with _in_one_line(folder):
        return joining.read_side(folder, options, span)


def _samples(columns: Columns) -> Iterator[Sample]:
    """Rows of columns as Samples, one item each."""
    for row in columns.table.to_pylist():
        pictures = tuple(Picture(path) for path in row["pictures"])
        sample = Sample(row["key"], columns.file, columns.split, pictures)
        if columns.kind == "caption":
            yield replace(sample, captions=(Caption(row["key"], row["text"]),))
        else:
            asked = Question(row["key"], row["question"], row["answer"] or "", row["type"])
            yield replace(sample, questions=(asked,))
