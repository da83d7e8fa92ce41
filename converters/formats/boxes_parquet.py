"""Boxes in Parquet: a picture a row, with its objects in lists (sets on the Hugging Face hub).

One row, as JSON would show it::

    {"image": {"bytes": ..., "path": null}, "path": "train/0417.JPG",
     "objects": {"bbox": [[120, 80, 190, 142]], "categories": ["Elephant"]}}

The objects may stand in a list too, each with its box and class. Where the entry names them, each
has a text that refers to it (`"captions": ["The ship on the left"]`): objects of one class and box
are one region then, with several expressions. The picture is the row's own:
`train-00000-of-00002.parquet!image/000000017` is that of row 17, counted from 0. Classes that are
numbers have their names in the file's own metadata (`converters.read.class_names`) or in the entry.
Source: https://huggingface.co/datasets/danielz01/aerial-animal-population-4tu,
https://huggingface.co/datasets/danielz01/DIOR-RSVG,
https://huggingface.co/docs/datasets/about_dataset_features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from converters.read.class_names import class_names
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.plans import files_plan
from converters.read.tables import table_records
from converters.regions.conventions import BadShape, Convention, boxes_of, shape_of
from schemas.sample import Expression, Kind, Picture, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("region", "expression")
_ROW_BYTES = 1 << 20  # a picture is in it


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the Parquet files. image, objects, key: the columns of the picture,
    its objects, and what the picture is called. boxes, labels, texts: the lists in an object's
    column; texts refer to the objects.
    written: how a box is (`converters.regions.conventions`). class_names: classes by number, where
    the file does not name them.
    """

    annotations: BySplit
    image: str
    objects: str
    boxes: str
    labels: str
    texts: str | None = None
    key: str | None = None
    written: Convention = Convention()
    class_names: dict[str, str] = {}


def lacks(options: Mapping[str, Any]) -> tuple[Kind, ...]:
    """Kinds that an entry of such options does not hold."""
    return () if options.get("texts") else ("expression",)


class _Row(Struct):
    objects: dict[str, Any] | list[dict[str, Any]] = {}
    key: str | int = ""


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none."""
    found = files_plan(folder, options.annotations, (), files_a_span=1, record_bytes=_ROW_BYTES)
    names = dict.fromkeys(
        name for span in found.spans for name in _names(folder, options, span.names[0]).values()
    )
    return found._replace(classes=tuple(names))


def _names(folder: Folder, options: Options, name: str) -> dict[str, str]:
    """Class names by number: the entry's, else those of the file itself."""
    if options.class_names:
        return options.class_names
    own = class_names(folder, name).get(f"{options.objects}.{options.labels}", [])
    return {str(number): label for number, label in enumerate(own)}


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row, and a Reject for each box that cannot be read."""
    file = folder.relative(span.names[0])
    names = _names(folder, options, span.names[0])
    columns = {"objects": options.objects}
    if options.key is not None:
        columns["key"] = options.key
    for number, (place, row) in enumerate(table_records(folder, span, _Row, columns)):
        if isinstance(row, Reject):
            yield row
            continue
        key = str(row.key) or place
        objects = _objects(row.objects, options)
        if len({len(values) for values in objects}) > 1:
            boxes, classes, *texts = map(len, objects)
            detail = f"{boxes} boxes and {classes} classes"
            detail += f" and {texts[0]} texts" if texts else ""
            yield Reject(file, key, span.split, "missing_field", detail, max(1, boxes))
            continue
        found = _Found(file, key, span.split)
        for at, (box, written, *text) in enumerate(zip(*objects, strict=True)):
            label = names.get(str(written), "" if names else str(written))
            if not label:
                detail = f"class {written} of {len(names)} that have a name"
                yield Reject(file, f"{key}#{at}", span.split, "bad_value", detail)
                continue
            yield from found.add(str(at), label, box, text, options.written)
        yield found.sample(f"{file}!{options.image}/{number:09d}")


class _Found:
    """What the objects of a row are: regions, and the expressions that mean them."""

    def __init__(self, file: str, key: str, split: str) -> None:
        self._place = file, key, split
        self._regions: dict[tuple[str, Shape] | str, Region] = {}
        self._expressions: list[Expression] = []
        self._unplaced: list[str] = []

    def add(
        self, at: str, label: str, box: Any, texts: list[Any], written: Convention
    ) -> Iterator[Reject]:
        """Takes an object with its text, if it has one; a Reject where either cannot be read.

        Objects of one class and box are one region where they have texts.
        """
        file, key, split = self._place
        try:
            [numbers] = boxes_of([box], written.layout)
            shape = shape_of(numbers, written, None)
        except BadShape as bad:
            yield Reject(file, f"{key}#{at}", split, *bad.args)
            self._unplaced.append(label)
            return
        same = (label, shape) if texts else at
        region = self._regions.setdefault(same, Region(at, label, shape))
        for text in texts:
            if isinstance(text, str) and text.strip():
                self._expressions.append(Expression(at, text, (region.key,)))
            else:
                where, detail = f"{key}#{at}", "no text"
                yield Reject(file, where, split, "missing_field", detail, kind="expression")

    def sample(self, picture: str) -> Sample:
        """The row, which shows that picture."""
        file, key, split = self._place
        return Sample(
            key,
            file,
            split,
            (Picture(picture),),
            regions=tuple(self._regions.values()),
            expressions=tuple(self._expressions),
            unplaced=tuple(self._unplaced),
        )


def _objects(objects: Any, options: Options) -> list[list[Any]]:
    """Boxes, classes and texts (if the entry names them) of a picture, side by side.

    They stand in lists, or in a list of objects.
    """
    names = [options.boxes, options.labels, *([options.texts] if options.texts else [])]
    if isinstance(objects, list):
        return [[one.get(name) for one in objects] for name in names]
    return [objects.get(name) or [] for name in names]
