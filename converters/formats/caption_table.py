"""Captions in tables: CSV, TSV (also under the name .csv), Parquet, Arrow and xlsx.

One row names a picture and says something of it; other columns are skipped unread::

    title<TAB>filename
    A school is near a road.<TAB>rsitmd_school_12.png

    filepath,title,title_multi_objects
    images2/a198234555_CH_19.jpg,a satellite image of a farm,"a farm, surrounded by a road"

A row may have one caption column or several, and a picture several rows. A list, native or written
as text, is several captions. Hub sets hold the pictures themselves, in Parquet or Arrow::

    image: {"bytes": ..., "path": ...}, caption: "A village between fields.", img_name: "a.png"

Such a picture is `train-00000-of-00009.parquet!image/000000017`, that of row 17 counted from 0; it
is read where it lies.
What separates the cells of a CSV is seen from its header.
Source: Liu et al. 2024, https://github.com/ChenDelong1999/RemoteCLIP; Wang et al. 2024,
https://github.com/wangzhecheng/SkyScript; Liu et al. 2025,
https://github.com/Chen-Yang-Liu/Text2Earth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import files
from converters.read.captions import (
    Names,
    caption_sample,
    captions_at,
    several,
    split_name,
    text_at,
)
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, stem
from converters.read.forms import bound_in, first_form
from converters.read.json_elements import BadRecord
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns
from converters.read.records import record_pictures
from converters.read.table_columns import table_columns, texts
from converters.read.table_rows import column_names, table_ending
from converters.read.table_spans import delimiter_of, table_plan
from converters.read.tables import table_records
from converters.read.text_columns import (
    Part,
    Take,
    as_columns,
    caption_rows,
    cell_lists,
    first_of,
    picture_lists,
    row_places,
    split_parts,
)
from schemas.sample import Caption, Kind, Picture, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("caption",)
_ROW_BYTES = 200


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the columns; case does not matter where none matches as written.

    image, id, split, gsd: one name, or several of which the first that the table has is taken;
    without an id a row goes by its picture. captions: all that are read; a dot leads into a column
    of structs. gsd: metres a pixel. bytes: the column of Parquet or Arrow that holds the pictures.
    parts: what else picture patterns may name, as in `{ folder = "subset" }`.
    """

    image: Names = ("image", "filename", "file_name", "filepath", "name")
    captions: tuple[str, ...] = ("caption", "captions", "text", "title")
    id: Names = ()
    split: Names = ()
    gsd: Names = ()
    bytes: str | None = None
    parts: dict[str, str] = {}


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables; of several in a list the first that finds some. images:
    picture path from `{image}` (its column), `{stem}`, `{split}`, the names in the annotations'
    pattern and `parts`; a list in time order. fields: names of the columns. header: the columns'
    names where a CSV has no header. one_file: files of one split are versions of the same rows,
    and the first alone is read. lead: what stands before a caption and is no part of it, as in
    `{level}_GOOGLE_LEVEL_`.
    """

    annotations: BySplit | list[str]
    images: BySplit | list[str] = "{image}"
    fields: Fields = Fields()
    header: list[str] | None = None
    one_file: bool = False
    lead: str = ""


class _Table(NamedTuple):
    """Where a table has what is asked for.

    columns: native columns by the names that rows have here. image, captions, ...: paths in such a
    row. delimiter: of a CSV.
    """

    columns: dict[str, str]
    image: Names
    captions: list[str]
    id: Names
    split: Names
    gsd: Names
    parts: dict[str, str]
    embedded: str  # the column of pictures, or empty
    delimiter: str | None


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of rows."""
    annotations, notes = first_form(folder, options.annotations)
    found = table_plan(
        folder,
        annotations,
        options.images,
        record_bytes=_ROW_BYTES,
        one_file=options.one_file,
        header=options.header,
    )
    found = found._replace(notes=[*found.notes, *notes])
    if options.fields.bytes and _holds_pictures(found.spans[0].names[0]):
        if any(pattern.endswith("/") for pattern in picture_patterns(annotations)):
            return found._replace(pictures=())  # all tables below a folder, which no pattern finds
        # The tables are nearly all pictures, so their own sizes tell what the output will weigh.
        return found._replace(pictures=picture_patterns(annotations))
    return found


def _holds_pictures(name: str) -> bool:
    return table_ending(name) in ("parquet", "arrow")


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Captions as columns, or one Sample a row, with its captions in the entry's order.

    Raises SourceError where a table cannot be read, or has no column of pictures or of captions.
    """
    table = _table(folder, options, span.names[0])
    return as_columns(
        folder.relative(span.names[0]),
        "caption",
        lambda: _parts(folder, options, span, table),
        lambda: _read_rows(folder, options, span, table),
    )


# Columns


def _parts(folder: Folder, options: Options, span: Span, table: _Table) -> list[Part] | None:
    if options.lead or table.gsd or table.parts or any("." in path for path in _paths(table)):
        return None
    found = table_columns(
        folder, span, table.columns, delimiter=table.delimiter, header=options.header
    )
    if found is None:
        return None
    start, count = span.start if table.embedded else 0, found.num_rows
    cells = {name: texts(found[name]) for name in found.column_names}
    split, image, key = (
        first_of([cells[name] for name in several(names)], count)
        for names in (table.split, table.image, (*table.id, *table.image))
    )
    said = {name: cell for name in table.captions if (cell := cells[name]) is not None}
    if split is None or image is None or key is None or len(said) < len(table.captions):
        return None
    if table.embedded:
        key = pc.coalesce(key, row_places(start, count))
    elif image.null_count:
        return None
    known = bound_in(options.annotations, span.names[0])
    paths = _picture_paths(folder, options)
    cells_shown = cell_lists(folder.relative(span.names[0]), table.embedded, start, count)

    def captions(name: str, take: Take) -> pa.Table | None:
        if table.embedded:
            shown = take(cells_shown)
        else:
            shown = picture_lists(paths, "image", take(image), {**known, "split": name})
        if shown is None:
            return None
        return caption_rows(take(key), shown, {at: take(said[at]) for at in said})

    return split_parts(folder, split, span.split, captions)


def _paths(table: _Table) -> Iterator[str]:
    """Where a row has what is asked for."""
    yield from table.captions
    for names in (table.image, table.id, table.split):
        yield from several(names)


def _picture_paths(folder: Folder, options: Options) -> list[PicturePaths]:
    templates = options.images if isinstance(options.images, list) else [options.images]
    return [PicturePaths(folder, template) for template in templates]


# Rows


def _read_rows(
    folder: Folder, options: Options, span: Span, table: _Table
) -> Iterator[Sample | Reject]:
    name = span.names[0]
    file = folder.relative(name)
    pictures = _picture_paths(folder, options)
    lead = _lead(options.lead)
    known = bound_in(options.annotations, name)
    rows = table_records(
        folder,
        span,
        dict[str, Any],
        table.columns,
        delimiter=table.delimiter,
        header=options.header,
    )
    for place, row in rows:
        if isinstance(row, Reject):
            yield row
            continue
        split, key = span.split, place
        try:
            split = split_name(text_at(row, table.split)) or split
            image = text_at(row, table.image)
            key = text_at(row, table.id) or image or place
            parts = {part: text_at(row, path) for part, path in table.parts.items()}
        except BadRecord as bad:
            yield Reject(file, key, split, *bad.args)
            continue
        if not folder.wants(split):
            continue
        said = captions_at(row, table.captions)
        if options.lead:
            said.captions[:] = [Caption(one.key, lead.sub("", one.text)) for one in said.captions]
        found: tuple[Picture, ...] | Reject
        if table.embedded:
            number = int(place.rpartition(" ")[2]) - 1
            found = (Picture(f"{file}!{table.embedded}/{number:09d}"),)
        elif not image:
            lacking = f"no {' or '.join(several(options.fields.image))}"
            found = Reject(file, key, split, "missing_field", lacking, said.number)
        else:
            values = {**known, "image": image, "stem": stem(image), **parts, "split": split}
            pairs = [(paths, values) for paths in pictures]
            found = record_pictures(pairs, file, key, split, said.number)
        if isinstance(found, Reject):
            yield found
            continue
        if (gsd := _metres(row, table.gsd)) is not None:
            found = tuple(Picture(picture.path, gsd=gsd) for picture in found)
        yield from caption_sample(file, key, split, found, said)


def _table(folder: Folder, options: Options, name: str) -> _Table:
    """Raises SourceError where a table lacks what an entry needs of it."""
    delimiter = delimiter_of(folder, name) if table_ending(name) == "csv" else None
    there = options.header or column_names(files.join(folder.base, name), delimiter)
    fields = options.fields
    columns: dict[str, str] = {}

    def paths(names: Iterable[str]) -> list[str]:
        """Paths in a row of those names that the table has."""
        found = []
        for wanted in names:
            column, below = _column(there, wanted)
            if column is not None:
                alias = column.replace(".", "_")
                while columns.setdefault(alias, column) != column:
                    alias += "_"
                found.append(f"{alias}.{below}" if below else alias)
        return found

    embedded: str | None = None
    if fields.bytes and _holds_pictures(name):
        embedded = _column(there, fields.bytes)[0]
    # The pictures' own column is read by those who want the bytes.
    image = paths(of for of in several(fields.image) if _column(there, of)[0] != embedded)
    captions = paths(fields.captions)
    where = f"{folder.slug}: {folder.relative(name)}"
    for found, names in ((captions, fields.captions), (image or embedded, several(fields.image))):
        if not found:
            wanted = " or ".join(names)
            raise SourceError(f"{where} has no column {wanted}; it has: {', '.join(there)}")
    parts = {part: path for part, of in fields.parts.items() for path in paths([of])}
    return _Table(
        columns,
        tuple(image),
        captions,
        tuple(paths(several(fields.id))),
        tuple(paths(several(fields.split))),
        tuple(paths(several(fields.gsd))),
        parts,
        embedded or "",
        delimiter,
    )


def _column(there: Sequence[str], wanted: str) -> tuple[str | None, str]:
    """The column of a name, in any case, and what stands behind a dot where it is of structs."""
    folded = {column.strip().casefold(): column for column in reversed(there)}
    head, _, below = wanted.partition(".")
    for name, rest in ((wanted, ""), (head, below)):
        column = name if name in there else folded.get(name.casefold())
        if column is not None:
            return column, rest
    return None, ""


def _lead(pattern: str) -> re.Pattern[str]:
    """What stands before captions; a name in braces is a word without blanks."""
    parts = [re.escape(part) for part in re.split(r"\{[a-z_]+\}", pattern)]
    return re.compile(r"\A" + r"[^_\s]+".join(parts))


def _metres(row: Mapping[str, Any], names: Names) -> float | None:
    """The metres a pixel that a row states, where they are a number above 0."""
    for name in several(names):
        value = row.get(name)
        try:
            number = msgspec.convert(value, float, strict=False)
        except msgspec.ValidationError:
            continue
        if math.isfinite(number) and number > 0:
            return number
    return None
