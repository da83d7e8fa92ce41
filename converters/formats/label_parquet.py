"""Scene classes in tables that hold their pictures: Parquet of the Hugging Face hub, or Arrow.

One row a picture::

    image: {"bytes": ..., "path": "0001.jpg"}, label: 7           (SATIN and its constituents)
    image: {"bytes": ..., "path": null}, label_1: 0, label_2: 3   (several levels)
    image: {"bytes": ..., "path": null}, label: [0, 4, 11]        (several classes)

Numbers are read by the class names in the file's own metadata, else by those that the repository's
card has. The picture of row 17 is shown as `train-00000-of-00001.parquet!image/000000017`.

A repository keeps its files as `data/train-00000-of-00001.parquet` or in a folder for each of its
configurations; the hub's own conversion keeps them as `default/train/0000.parquet`, and `datasets`
saves `train/data-00000-of-00001.arrow`. Where the entry's pattern finds none, the others are looked
for.
Source: https://huggingface.co/docs/datasets/image_classification, Roberts et al. 2023 (SATIN).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from msgspec import Struct

from converters.read import files
from converters.read.card_names import card_names
from converters.read.class_names import class_names
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.plans import files_plan
from converters.read.table_columns import table_columns
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from converters.read.text_columns import (
    Part,
    as_columns,
    cell_lists,
    label_rows,
    lists_of_one,
    row_places,
)
from schemas.sample import Kind, Label, Picture, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("label",)
_ROW_BYTES = 50_000
# Where the hub and its own conversion keep the files of a repository, also one folder deeper.
_LAYOUTS = (
    "{data/|}{split}-{part}-of-{parts}.parquet",
    "{config}/{split}-{part}-of-{parts}.parquet",
    "{repository}/{config}/{split}-{part}-of-{parts}.parquet",
    "{config}/parquet-{split}.parquet",
    "{split}/data-{part}-of-{parts}.arrow",
    "{config}/{split}/data-{part}-of-{parts}.arrow",
    "{split}/{part}.parquet",
    "{config}/{split}/{part}.parquet",
    "{repository}/{config}/{split}/{part}.parquet",
)
_TELLS_SPLIT = re.compile(r"parquet-|.+-\d+-of-\d+$")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the Parquet files. image: the column of the pictures. labels: columns
    of classes, of which those that a file has are read. names: class names in the order of their
    numbers, where the files do not hold them. max_labels: rows with more are damaged.
    """

    annotations: BySplit
    image: str = "image"
    labels: tuple[str, ...] = ("label", "labels")
    names: list[str] = []
    max_labels: int | None = None


class _Fault(Exception):
    """A row cannot become a label; args: reason, detail."""


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file.

    Raises SourceError where there is none, or one lacks the column of the pictures or of classes.
    """
    pattern, notes = _there(folder, options)
    found = files_plan(folder, pattern, pattern, files_a_span=1, record_bytes=_ROW_BYTES)
    classes: dict[str, None] = dict.fromkeys(options.names)
    for span in found.spans:
        for names in _names_of(folder, options, span.names[0]).values():
            classes.update(dict.fromkeys(names))
    return found._replace(notes=[*notes, *found.notes], classes=tuple(sorted(classes)))


def _there(folder: Folder, options: Options) -> tuple[BySplit, list[str]]:
    """The entry's pattern, or that of a layout which finds files where it does not; and notes."""
    own = options.annotations
    patterns = [own] if isinstance(own, str) else list(own.values())
    if any(next(files.find(folder.base, pattern), None) for pattern in patterns):
        return own, []
    for layout in _LAYOUTS:
        first = next(files.find(folder.base, layout), None)
        # A file whose own name tells its split lies deeper: the folder around it is no split.
        if first and not _TELLS_SPLIT.match(first.values.get("part", "")):
            return layout, [f"the files lie as the hub has them: {folder.relative(first.path)}"]
    return own, []


def _names_of(folder: Folder, options: Options, name: str) -> dict[str, list[str]]:
    """The class names of each column of classes that a file has; none where it holds text."""
    header = column_names(files.join(folder.base, name))
    there = [column for column in options.labels if column in header]
    if not there or options.image not in header:
        lacking = "picture" if there else "class"
        wanted = " or ".join(options.labels if not there else [options.image])
        raise SourceError(
            f"{folder.slug}: {folder.relative(name)} has no column {wanted} ({lacking}); it has: "
            f"{', '.join(header)}"
        )
    own = class_names(folder, name) or card_names(folder, name)
    return {column: options.names or own.get(column, []) for column in there}


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Labels as columns, or one Sample a row."""
    names = _names_of(folder, options, span.names[0])
    return as_columns(
        folder.relative(span.names[0]),
        "label",
        lambda: _part(folder, options, span, names),
        lambda: _read_rows(folder, options, span, names),
    )


def _part(
    folder: Folder, options: Options, span: Span, names: Mapping[str, list[str]]
) -> list[Part] | None:
    """Rows with one column of classes, each a number or text."""
    if len(names) != 1:
        return None
    (column, known), *_ = names.items()
    found = table_columns(folder, span, {column: column})
    if found is None or pa.types.is_nested(found[column].type) or found[column].null_count:
        return None
    encoded = found[column].combine_chunks().dictionary_encode()
    try:
        called = [_name(cell, known) for cell in encoded.dictionary.to_pylist()]
    except _Fault:
        return None
    classes = lists_of_one(pa.array(called, pa.string()).take(encoded.indices))
    count = len(encoded)
    pictures = cell_lists(folder.relative(span.names[0]), options.image, 0, count)
    return [Part(span.split, label_rows(row_places(0, count), pictures, classes, several=False))]


def _read_rows(
    folder: Folder, options: Options, span: Span, names: Mapping[str, list[str]]
) -> Iterator[Sample | Reject]:
    file = folder.relative(span.names[0])
    columns = {column: column for column in names}
    for number, (place, row) in enumerate(table_records(folder, span, dict[str, Any], columns)):
        if isinstance(row, Reject):
            yield row
            continue
        try:
            several = any(isinstance(row.get(column), list) for column in names)
            label = Label(place, _label(row, names, options.max_labels), several)
        except _Fault as fault:
            yield Reject(file, place, span.split, *fault.args)
            continue
        picture = Picture(f"{file}!{options.image}/{number:09d}")
        yield Sample(place, file, span.split, (picture,), labels=(label,))


def _label(
    row: Mapping[str, Any], names: Mapping[str, list[str]], most: int | None
) -> tuple[str, ...]:
    """The classes of a row. Raises _Fault."""
    found: dict[str, None] = {}
    for column, known in names.items():
        cell = row.get(column)
        several = cell if isinstance(cell, list) else [cell]
        found.update((_name(one, known), None) for one in several if one is not None)
    if not found:
        raise _Fault("no_label", "the cell is empty")
    if most is not None and len(found) > most:
        raise _Fault("bad_value", f"{len(found)} labels, more than {most}")
    return tuple(found)


def _name(cell: Any, known: list[str]) -> str:
    """What one class is called. Raises _Fault."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        if not 0 <= cell < len(known):
            raise _Fault("bad_value", f"class {cell} of {len(known)} that have a name")
        return known[cell]
    if not isinstance(cell, str) or not cell.strip():
        raise _Fault("bad_value", f"{cell!r} is no class"[:200])
    return cell.strip()
