"""COCO: pictures, classes and annotations in one JSON file, joined by id.

One native file, usually one for each split::

    {"images": [{"id": 7, "file_name": "0007.jpg", "width": 800, "height": 800}, ...],
     "categories": [{"id": 1, "name": "ship"}, ...],
     "annotations": [{"id": 31, "image_id": 7, "category_id": 1, "bbox": [10, 20, 30, 40],
                      "segmentation": [[10, 20, 40, 20, 40, 60]], "iscrowd": 0}, ...]}

The tables stand in any order, ids are any numbers or texts, the annotations of a picture may stand
anywhere. A picture without annotations is a Sample without regions. What is a crowd, difficult or
to be ignored is kept as an ignored region. An id that two pictures have is nobody's, and so is a
file that two pictures name: both are rejected with their annotations.
`converters.read.coco_records` has the spellings, `converters.regions.coco` the geometries.
Source: https://cocodataset.org/#format-data.

The annotations are a side table, cut where they stand and sorted by picture, so that workers share
a large file: each reads a run of pictures and takes their annotations out of the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pyarrow as pa
from msgspec.structs import replace

from converters.read import files
from converters.read.coco_records import TABLES, Category, Classes, Image, annotations_of
from converters.read.coco_tables import Tables, annotation_table, category_table, image_table
from converters.read.files import SourceError
from converters.read.folder import ALL, BySplit, Folder, Plan, Sides, Span
from converters.read.json_document import Range, value_ranges
from converters.read.json_spans import SPAN_BYTES, element_spans
from converters.read.picture_patterns import picture_patterns, pictures_elsewhere
from converters.read.plans import absent, chosen_files, not_served
from converters.read.records import json_records
from converters.regions.coco_samples import CocoOptions, left_rejects, samples
from schemas.sample import Kind, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_RECORD_BYTES = 150
_BLANK = 100  # bytes; an array of no elements is shorter
_LEFT = "left"  # the table of a span that tells which annotations no picture has


class Options(CocoOptions, forbid_unknown_fields=True):
    """What an entry may say: annotations, the pattern of the files, and all keys of `CocoOptions`.

    They are explained in `converters.regions.coco_samples`.
    """

    annotations: BySplit


def plan(folder: Folder, options: Options) -> Plan:
    """Runs of pictures, and the tables that they are joined to, a few for each file.

    Raises SourceError where there is no file, or none that has all three tables.
    """
    spans: list[Span] = []
    sides: list[Span] = []
    notes: list[str] = []
    faults: list[SourceError] = []
    classes: dict[str, None] = {}
    there = chosen_files(folder, options.annotations, notes)
    for number, (split, found) in enumerate(there):
        try:
            tables = _tables(folder, options, found.path)
        except SourceError as error:
            faults.append(error)
            continue
        of_file = Span(folder.slug, split or ALL, 0, (found.path,))
        asked = _spans(folder, of_file, tables, number)
        spans += _numbered(asked["images"], len(spans))
        spans += _numbered([replace(of_file, table=f"{_LEFT}-{number}")], len(spans))
        sides += _numbered([span for some in asked.values() for span in some], len(sides))
        names = [*_classes(folder, asked["categories"][0]).names.values()]
        if options.label:
            names = [options.label]
        classes |= dict.fromkeys(name for name in names if name not in options.ignored_names)
        if _is_empty(folder, found.path, tables["annotations"]):
            notes.append(f"{folder.relative(found.path)} has pictures and not one annotation")
    if not spans:
        raise faults[0]
    notes += [f"{fault}: not read" for fault in faults]
    notes += [*absent(folder, options.annotations), *not_served(folder, there)]
    notes += pictures_elsewhere(folder, options.images)
    return Plan(spans, notes, picture_patterns(options.images), sides, tuple(classes))


def _is_empty(folder: Folder, name: str, elements: Range) -> bool:
    begin, end = elements
    path = files.join(folder.base, name)
    return end - begin < _BLANK and not files.store(path).read(path, begin, end).strip()


def _tables(folder: Folder, options: Options, name: str) -> dict[str, Range]:
    """Where the elements of a file's three tables stand. Raises SourceError where one is absent."""
    path = files.join(folder.base, name)
    ranges = value_ranges(path)
    found: dict[str, Range] = {}
    for table, keys in TABLES.items():
        key = next((key for key in keys if key in ranges), None)
        if key is None and table == "categories" and options.label:
            found[table] = 0, 0
            continue
        if key is None:
            there = ", ".join(ranges) or "nothing"
            raise SourceError(f"{path} has no {table}; there: {there}"[:300])
        begin, end = ranges[key]
        if files.store(path).read(path, begin, begin + 1) != b"[":
            raise SourceError(f"{path}: {key} is no array")
        found[table] = begin + 1, end - 1
    return found


def _spans(
    folder: Folder, of_file: Span, tables: dict[str, Range], number: int
) -> dict[str, list[Span]]:
    """Spans of each table: of annotations by their bytes, of pictures about twice as many."""
    path = files.join(folder.base, of_file.names[0])
    (first, last), (begin, end) = tables["annotations"], tables["images"]
    annotations = element_spans(path, first, last, {"image_id"})
    # Two spans of pictures for each of annotations: workers end closer together than with one.
    share = (end - begin) // (2 * len(annotations)) + 1
    images = element_spans(path, begin, end, {"id"}, min(share, SPAN_BYTES))
    ranges = {"images": images, "annotations": annotations, "categories": [tables["categories"]]}
    return {
        table: [
            replace(
                of_file,
                start=start,
                end=stop,
                table=f"{table}-{number}",
                records=(stop - start) // _RECORD_BYTES + 1,
            )
            for start, stop in some
        ]
        for table, some in ranges.items()
    }


def _numbered(spans: list[Span], first: int) -> list[Span]:
    return [replace(span, index=index) for index, span in zip(count(first), spans, strict=False)]


def read_side(folder: Folder, options: Options, span: Span) -> pa.Table:
    """The rows of a span of a table (see `converters.read.coco_tables`)."""
    if span.table.startswith("annotations"):
        attributes, outlined = tuple(options.attributes), options.geometry != "bbox"
        return annotation_table(*annotations_of(folder, span, attributes), attributes, outlined)
    if span.table.startswith("images"):
        return image_table(span, (image for _, image in json_records(folder, span, Image)))
    return category_table(_classes(folder, span))


def _classes(folder: Folder, span: Span) -> Classes:
    found = (record for _, record in json_records(folder, span, Category))
    return Classes.of(one for one in found if isinstance(one, Category))


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture; a Reject for each annotation that is no region of a picture."""
    table, _, number = span.table.partition("-")
    tables = Tables(*(sides[f"{name}-{number}"] for name in Tables._fields))
    if table == _LEFT:
        yield from left_rejects(folder, span, tables)
        return
    records = json_records(folder, span, Image, named=("id", "file_name"))
    yield from samples(folder, options, span, (image for _, image in records), tables)
