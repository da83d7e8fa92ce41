"""A dataset read whole, in plain Python: for a look at it, for tests, for notebooks."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import msgspec
import pyarrow as pa

from converters.catalogue import entry_of, reader
from converters.read import copies, entries, files
from converters.read.archives import is_archive, packed_name
from converters.read.files import Damaged, NothingBelow, NotThere, SourceError
from converters.read.folder import (
    Folder,
    JoiningFormat,
    Plan,
    Sides,
    Span,
    open_folder,
)
from converters.read.instead import said_instead
from converters.read.outer_folders import folders_inside
from converters.read.places import alike, unpacked
from schemas.entry import Entry
from schemas.sample import Picture, Question, Reject, Sample
from schemas.table import Columns, sorted_by_id

_DEPTH = 3  # folders one in the other around a dataset's files


def read_dataset(
    entry: Entry | str, root: str | os.PathLike[str], splits: Sequence[str] | None = None
) -> Iterator[Sample | Reject]:
    """All Samples and Rejects of a dataset, as its reader gives them.

    entry: a catalogue entry or its slug. root: the dataset's folder, in its authors' layout.
    splits: those to read, all where None. Raises SourceError where the dataset cannot be read.
    """
    found = entry_of(entry) if isinstance(entry, str) else entry
    wanted = None if splits is None else frozenset(splits)
    folder, plan = open_dataset(found, os.fspath(root), wanted)
    for item in _without_collector(read_items(found, folder, plan)):
        if isinstance(item, Columns):
            yield from _samples(item)
        else:
            yield item


def _without_collector(
    items: Iterator[Sample | Columns | Reject],
) -> Iterator[Sample | Columns | Reject]:
    """The same items. While one is made, Python does not look for cycles.

    Readers make many small objects and no cycles: looking for them takes as long as the reading.
    """
    while True:
        was_on = gc.isenabled()
        gc.disable()
        try:
            item = next(items)
        except StopIteration:
            return
        finally:
            if was_on:
                gc.enable()
        yield item


def open_dataset(
    entry: Entry, root: str, splits: frozenset[str] | None = None
) -> tuple[Folder, Plan]:
    """A dataset's folder, and how it will be read.

    Where nothing is found in the folder itself, its only folder or archive is looked into, and the
    only one in that: archives have top folders of many names. Of several folders side by side the
    only one that holds it, or whose only folder does, is taken. Raises SourceError where it cannot
    be read.
    """
    folder = open_folder(entry.slug, entry.folder, root, entry.inside, splits, entry.size)
    try:
        plan = plan_of(entry, folder)
        return folder, _below(folder, plan) if _is_further_in(entry, folder) else plan
    except SourceError as error:
        fault = error
    if isinstance(fault, Damaged):  # what lies in a folder below is a part of it, or another set
        raise fault
    for _ in range(_DEPTH):
        try:
            with _in_one_line(folder):
                inner = folders_inside(folder, entry.splits, isinstance(fault, NothingBelow))
        except SourceError as error:
            if str(error) not in str(fault):  # not a damaged archive that the plan has named
                fault.args = (f"{fault}; {error}",)
            break
        if len(inner) != 1:
            found = _holding(entry, inner)
            if len(found) == 1:
                return found[0]
            if found:
                places = " and in ".join(one.inside for one, _ in found)
                fault.args = (f"{fault}; its files lie in {places}: name one by --path",)
            break
        folder = inner[0]
        try:
            plan = plan_of(entry, folder)
        except SourceError as error:
            # What an archive lacks, or why what is found in a folder alone cannot be read.
            is_found = isinstance(fault, NotThere) and not isinstance(error, NotThere)
            if folder.inside.endswith("!") or is_found:
                fault.args = (f"{fault}; {folder.inside.rstrip('!')} was looked into: {error}",)
            continue
        return folder, _below(folder, plan)
    raise fault


def _holding(entry: Entry, folders: Sequence[Folder]) -> list[tuple[Folder, Plan]]:
    """Those of some folders side by side that a dataset can be read from.

    One that holds a single folder, as of archives that were unpacked into folders of their names,
    stands for that.
    """
    found = []
    for folder in folders:
        inner = [folder]
        for _ in range(_DEPTH):
            try:
                found.append((inner[0], _below(inner[0], plan_of(entry, inner[0]))))
                break
            except SourceError as error:
                below_none = isinstance(error, NothingBelow)
            try:
                inner = folders_inside(inner[0], entry.splits, below_none)
            except SourceError:
                break
            if len(inner) != 1:
                break
    return found


def _is_further_in(entry: Entry, folder: Folder) -> bool:
    """True where the archive's own top folder lies in a folder that the entry does not name."""
    named = {_top(place) for place in files.expand(entry.inside)}
    return bool(entry.inside and folder.inside) and _top(folder.inside) not in named


def _top(place: str) -> str:
    """The first folder of a place, as if all were unpacked, without what is written otherwise."""
    return alike(unpacked(f"{place}x" if place.endswith("!") else f"{place}/x").split("/")[0])


def _below(folder: Folder, plan: Plan) -> Plan:
    return plan._replace(notes=[f"its files lie in {folder.inside}", *plan.notes])


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
    """How a dataset will be read. Raises SourceError where it cannot be.

    A note names each folder below it that may not be listed, another what is passed over for its
    name.
    """
    module, options = reader(entry)
    with (
        files.listed_once(),
        files.closed_folders() as closed,
        entries.told() as hidden,
        copies.told() as second,
        _in_one_line(folder),
    ):
        try:
            plan = module.plan(folder, options)
        except SourceError as error:
            reasons = [f"{path} cannot be listed: {reason}" for path, reason in closed.items()]
            error.args = ("; ".join([str(error), *reasons]),)
            raise said_instead(folder, error) from None
    notes = [
        f"{path.removeprefix(folder.root + '/')} cannot be listed ({reason}): what is in it is "
        "passed over, unless a record names it"
        for path, reason in closed.items()
    ]
    if inner := _archives_inside(folder):
        example = f"{folder.inside.partition('!')[0]}!{inner[0]}"
        notes.append(f"{len(inner)} archive(s) in an archive are not read, such as {example}")
    if second:
        example = folder.relative(min(second))
        notes.append(f"{len(second)} file(s) are copies of others and are not read: {example}")
    if hidden:
        example = min(hidden).removeprefix(folder.root + "/")
        notes.append(f"{len(hidden)} name(s) begin with a dot and are not read, such as {example}")
    return plan._replace(notes=[*plan.notes, *notes])


def _archives_inside(folder: Folder) -> list[str]:
    """The archives in the archive that a dataset lies in, which are not served."""
    archive, mark, _ = folder.base.partition("!")
    names = files.members(archive) if mark else ()
    return [name for name in names if is_archive(name) and packed_name(name) is None]


def read_items(entry: Entry, folder: Folder, plan: Plan) -> Iterator[Sample | Columns | Reject]:
    """What all spans of a dataset hold, in order; side tables are joined.

    Columns only where the reader gives no Samples.
    """
    sides = read_sides(entry, folder, plan)
    for span in plan.spans:
        for item in read_span(entry, folder, span, sides.get(span.split, {})):
            if isinstance(item, Columns) and item.samples is not None:
                yield from item.samples()
                break
            yield item


def read_span(
    entry: Entry, folder: Folder, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """What the dataset's reader finds in a span. Raises SourceError where it cannot be read."""
    module, options = reader(entry)
    with _in_one_line(folder):
        for item in module.read(folder, options, span, sides):
            # What is wrong is said in the same words wherever the dataset lies.
            if isinstance(item, Reject) and folder.root in item.detail:
                detail = item.detail.replace(f"{folder.root.rstrip('/')}/", "")
                item = msgspec.structs.replace(item, detail=detail)
            yield item


def read_sides(entry: Entry, folder: Folder, plan: Plan) -> dict[str, Sides]:
    """The side tables of a dataset by split and name, each sorted by id."""
    parts: dict[str, dict[str, list[pa.Table]]] = {}
    for span in plan.sides:
        tables = parts.setdefault(span.split, {}).setdefault(span.table, [])
        tables.append(read_side(entry, folder, span))
    return {
        split: {name: sorted_by_id(pa.concat_tables(some)) for name, some in tables.items()}
        for split, tables in parts.items()
    }


def read_side(entry: Entry, folder: Folder, span: Span) -> pa.Table:
    """The rows of one span of a side table. Raises SourceError where it cannot be read."""
    module, options = reader(entry)
    joining = cast(JoiningFormat, module)  # a plan with sides comes from a format that has them
    with _in_one_line(folder):
        return joining.read_side(folder, options, span)


def _samples(columns: Columns) -> Iterator[Sample]:
    """Rows of columns as Samples, one question each."""
    for row in columns.table.to_pylist():
        pictures = tuple(Picture(path) for path in row["pictures"])
        asked = Question(row["key"], row["question"], row["answer"] or "", row["type"])
        yield Sample(row["key"], columns.file, columns.split, pictures, questions=(asked,))
