"""Expressions with their box in lines of text, one a line in one file for all pictures.

RSVG-HR, `columns = ["image", "x1", "y1", "x2", "y2", "expression"]`::

    604079_3722556_2048_32615_sport_baseball.jpg,556.5,461.5,611.1,602.12,the field on the left

Coordinates are pixels and taken as they stand. An expression may hold commas. Where a line has a
number too many (a comma for a decimal point), nobody knows which one is which, and it is rejected.
Expressions of one box share its region. A region has no class: the lines say none.
Source: Lan et al. 2024, https://github.com/LANMNG/LQVG.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from converters.read.box_fields import BadLine
from converters.read.box_scenes import LineRules, Scene, scenes_of
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures, text_records
from converters.regions.line_boxes import shape_of
from schemas.sample import Expression, Kind, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("expression", "region")
_LINE_BYTES = 120


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the text files. images: picture path from `{image}` (as written),
    `{name}` (without folder), `{stem}`, `{split}` and the pattern's names. columns: what the fields
    of a line are (`converters.read.box_fields`). delimiter: what stands between them.
    """

    annotations: BySplit
    images: BySplit
    columns: list[str]
    delimiter: str = ","


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_LINE_BYTES
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture with its expressions, and a Reject for each line without a box."""
    paths = PicturePaths(folder, options.images)
    rules = LineRules(options.columns, options.delimiter)
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield text
            continue
        file = folder.relative(name)
        values = {**bound(options.annotations, name), "stem": stem(name), "split": span.split}
        scenes, rejects = scenes_of(rules, text, file, values)
        yield from rejects
        for scene in scenes:
            yield from _sample(paths, scene, file, span.split)


def _sample(paths: PicturePaths, scene: Scene, file: str, split: str) -> Iterator[Sample | Reject]:
    regions: dict[Shape, Region] = {}
    expressions = []
    for key, fields in scene.lines:
        try:
            shape = shape_of(fields)
            text = fields.get("expression", "")
            if not text:
                raise BadLine("missing_field", "no expression")
        except BadLine as bad:
            yield Reject(file, f"{scene.key}#{key}", split, *bad.args)
            continue
        region = regions.setdefault(shape, Region(key, "", shape))
        expressions.append(Expression(key, text, (region.key,)))
    items = max(1, len(expressions))
    pictures = record_pictures([(paths, scene.values)], file, scene.key, split, items)
    if isinstance(pictures, Reject):
        yield pictures
        return
    yield Sample(
        scene.key,
        file,
        split,
        pictures,
        regions=tuple(regions.values()),
        expressions=tuple(expressions),
    )
