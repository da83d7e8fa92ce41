"""Masks in Parquet: a row a picture or a pair of two dates, with its mask (sets on the hub).

One row, as JSON would show it::

    {"imageA": {"bytes": ..., "path": null}, "imageB": {"bytes": ..., "path": null},
     "label": {"bytes": ..., "path": null}}

The pictures and masks of row 17, counted from 0, are shown as
`train-00000-of-00005.parquet!imageA/000000017`. Numbers of masks are read as in `mask_raster`. A
region is all pixels of one class and not one object, so nothing here can be counted; of a pair it
lies in the later picture. One picture also has the classes that it shows as a label.
Source: https://huggingface.co/datasets/ericyu/SYSU_CD, https://huggingface.co/docs/datasets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from converters.read import files
from converters.read.cells import cell_names
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.mask_pairs import Paired, sizes_of
from converters.read.plans import files_plan
from converters.read.table_rows import column_names
from converters.regions.areas import read_runs
from converters.regions.pixel_classes import PixelClasses, PixelTable, areas, pixel_classes
from schemas.sample import Expression, Kind, Label, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region", "expression", "label")
OURS: tuple[Kind, ...] = ("expression",)
_ROW_BYTES = 300_000  # of pictures of 256 pixels a side


class Options(PixelTable, forbid_unknown_fields=True, kw_only=True):
    """What an entry may say, besides what `PixelTable` lists.

    annotations: pattern of the Parquet files. images: the column of the picture, or those of the
    earlier and the later one. mask: the column of the mask.
    """

    annotations: BySplit
    images: Annotated[list[str], Meta(min_length=1, max_length=2)]
    mask: str


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none, or one lacks a column."""
    classes = pixel_classes(options).names
    found = files_plan(folder, options.annotations, (), files_a_span=1, record_bytes=_ROW_BYTES)
    for span in found.spans:
        there = column_names(files.join(folder.base, span.names[0]))
        lacking = [name for name in (*options.images, options.mask) if name not in there]
        if lacking:
            file = folder.relative(span.names[0])
            has = ", ".join(there)
            raise SourceError(f"{folder.slug}: {file} has no column {lacking[0]}; it has: {has}")
    return found._replace(classes=classes)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row: its classes as regions. A row without a mask or a picture is a Reject."""
    [name] = span.names
    path = files.join(folder.base, name)
    classes = pixel_classes(options)
    columns = [*options.images, options.mask]
    for number, cells in enumerate(cell_names(path, files.store(path), columns)):
        key = f"row {number}"
        if len(cells) != len(columns):
            named = {cell.partition("/")[0] for cell in cells}
            lacking = next((column for column in columns if column not in named), "one cell each")
            yield Reject(folder.relative(name), key, span.split, "missing_field", f"no {lacking}")
            continue
        *pictures, mask = [f"{name}!{cell}" for cell in cells]
        shown = tuple(folder.relative(picture) for picture in pictures)
        row = Paired(mask, folder.relative(name), span.split, {}, shown, sizes_of(folder, shown))
        yield from _row(folder, options, classes, key, row)


def _row(
    folder: Folder, table: PixelTable, classes: PixelClasses, key: str, row: Paired
) -> Iterator[Sample | Reject]:
    runs = read_runs(folder, row.name, row.split, classes.form)
    if isinstance(runs, Reject):
        yield runs
        return
    pictures = row.pictures(runs.width, runs.height)
    if isinstance(pictures, Reject):
        yield pictures
        return
    found = areas(runs, classes)
    if found.unknown:
        yield Reject(row.file, key, row.split, "bad_value", found.unknown)
    names = tuple(name for name, _ in found.masks)
    labelled = bool(names) and len(pictures) == 1 and not found.unknown
    yield Sample(
        key,
        row.file,
        row.split,
        pictures,
        labels=(Label(key, names),) if labelled else (),
        regions=tuple(Region(name, name, area, len(pictures) - 1) for name, area in found.masks),
        expressions=tuple(Expression(name, table.phrase(name), (name,), True) for name in names),
    )
