"""Expressions with their boxes in JSON: an array, a record on each line, or a keyed dictionary.

One expression a record (refGeo; pixels)::

    {"image_id": "a.jpg", "question": "the red car", "question_id": 7, "bbox": [10, 20, 42, 60]}

Sentences and boxes in lists side by side (GeoText-1652; fractions, centre and size)::

    {"image": "train/0839/image-43.jpeg", "caption": "In the center ...",
     "sentences": ["a large office building", null], "bboxes": [[0.4, 0.7, 0.4, 0.6], null]}

A request to a model, of which the expression is a part (CHOICE; four corners in fractions)::

    {"image_path": "a.png", "question": "Output the coordinates of the dam in the format (x1, y1).",
     "answer": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4], [0.1, 0.4]]}

One caption of several regions (AerialVG; the first is meant, the others help to find it)::

    {"filename": "a.jpg", "width": 1360, "height": 765, "grounding": {"caption": "the van behind",
     "regions": [{"bbox": [1, 2, 30, 40], "phrase": "van"}, {"bbox": [...], "phrase": "car"}]}}

The entry names the fields and says how boxes are written (`converters.regions.conventions`). An
expression picks out every box of its field: none where that is an empty list, which says that
there is no such thing. Where the field is null or absent nothing is said, and the expression is
rejected. Boxes in fractions need the picture's size: from the record, or from the picture itself.
A region has no class unless the entry names a field for it.
Source: https://github.com/zytx121/GeoGround, https://github.com/MultimodalGeo/GeoText-1652,
https://github.com/Ideal-ljl/AerialVG, https://huggingface.co/datasets/MBZUAI/GeoChat-Bench.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.json_values import number_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import json_array_plan
from converters.read.records import json_records, record_key, record_pictures
from converters.read.sizes import PictureSizes
from converters.regions.conventions import BadShape, Convention, Size, boxes_of, shape_of
from schemas.sample import Caption, Expression, Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("expression", "region", "caption")
_RECORD_BYTES = 250


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields; `a.b` is the field b of the object in a.

    image: the picture's name, or "" where the record's key in a dictionary is it. text: the
    expression, or a list of them. box: its box or boxes, or the list of boxes beside a list of
    texts. regions: a list of objects that hold `box` and `label` (and, with `picks = "each"`,
    `text`). id: the record's own identifier. caption: sentences about the whole picture. width,
    height: the picture's size in pixels.
    """

    image: str = "image"
    text: str = "text"
    box: str = "bbox"
    regions: str | None = None
    label: str | None = None
    id: str | None = None
    caption: str | None = None
    width: str | None = None
    height: str | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the JSON file or files of each split. images: picture path from `{image}`,
    `{stem}`, `{split}`, the record's own fields and the pattern's names. records: the key under
    which the records stand, where they are not the whole document. boxes: how they are written.
    picks: which of the record's `regions` its text means: all, the first, or each has a text of
    its own. until: what ends the expression in its text, with all that follows.
    """

    annotations: BySplit
    images: BySplit
    fields: Fields = Fields()
    records: str | None = None
    boxes: Convention = Convention()
    picks: Literal["all", "first", "each"] = "all"
    until: str | None = None


class _Said(NamedTuple):
    """One expression of a record: its key in it, its text, and its boxes as they stand there.

    labels: the class of each box; picked: how many of the boxes are meant; fault: why nobody knows.
    """

    key: str
    text: Any
    boxes: list[Any]
    labels: list[str]
    picked: int
    fault: str = ""


_FILLING = (str, int)  # values of a record that may stand in a picture's path


class _Found(NamedTuple):
    """What the expressions of a record came to. regions: keys by label and shape."""

    regions: dict[Any, Region]
    expressions: list[Expression]
    rejects: list[Reject]


def plan(folder: Folder, options: Options) -> Plan:
    """Byte spans of arrays and of JSON Lines, one span for a dictionary.

    Raises SourceError where there is no annotation file, and names what is there.
    """
    fields = options.fields
    return json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys={field.partition(".")[0] for field in (fields.image, fields.text) if field},
        record_bytes=_RECORD_BYTES,
        table=options.records,
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a record, and a Reject for each expression that cannot be used."""
    at = _Place(
        folder.relative(span.names[0]),
        span.split,
        bound(options.annotations, span.names[0]),
        PicturePaths(folder, options.images),
        PictureSizes(folder),
    )
    named = [field for field in (options.fields.id, options.fields.image) if field]
    for place, record in json_records(folder, span, Any, table=options.records, named=named):
        if isinstance(record, Reject):
            yield record
            continue
        # In a dictionary a picture may have a list of records.
        for one in record if isinstance(record, list) else [record]:
            if isinstance(one, dict):
                yield from _sample(place, one, at, options)
            else:
                detail = f"a record is {type(one).__name__}"
                yield Reject(at.file, place, span.split, "unreadable_record", detail)


class _Place(NamedTuple):
    """Where records stand: their file and split, what its path tells, and their pictures."""

    file: str
    split: str
    told: dict[str, str]
    paths: PicturePaths
    sizes: PictureSizes


def _sample(
    place: str, record: dict[str, Any], at: _Place, options: Options
) -> Iterator[Sample | Reject]:
    fields = options.fields
    image = _value(record, fields.image) if fields.image else place
    key = record_key(record, [fields.id] if fields.id else []) or str(image or place)
    if not isinstance(image, str | int) or isinstance(image, bool) or image == "":
        yield Reject(at.file, key, at.split, "missing_field", f"no {fields.image}")
        return
    own = {name: str(value) for name, value in record.items() if isinstance(value, _FILLING)}
    name = str(image)
    values = {**at.told, **own, "image": name, "stem": stem(name), "split": at.split}
    said = _said(record, options)
    pictures = record_pictures([(at.paths, values)], at.file, key, at.split, max(1, len(said)))
    if isinstance(pictures, Reject):
        yield pictures
        return
    picture = _sized(pictures[0], record, fields)
    found = _found(said, picture, at, options, key)
    yield from found.rejects
    yield Sample(
        key,
        at.file,
        at.split,
        (picture,),
        captions=_captions(record, fields),
        regions=tuple(found.regions.values()),
        expressions=tuple(found.expressions),
    )


def _value(record: Any, path: str) -> Any:
    """The value of a field, or None."""
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _sized(picture: Picture, record: Mapping[str, Any], fields: Fields) -> Picture:
    width, height = (_side(record, field) for field in (fields.width, fields.height))
    return Picture(picture.path, width, height) if width and height else picture


def _side(record: Mapping[str, Any], field: str | None) -> int | None:
    value = number_of(_value(record, field) if field else None)
    return int(value) if 1 <= value < 1 << 31 else None


def _captions(record: Mapping[str, Any], fields: Fields) -> tuple[Caption, ...]:
    value = _value(record, fields.caption) if fields.caption else None
    if isinstance(value, str):
        return (Caption(fields.caption or "", value),)
    texts = value if isinstance(value, list) else []
    return tuple(
        Caption(f"{fields.caption}[{i}]", text)
        for i, text in enumerate(texts)
        if isinstance(text, str)
    )


def _said(record: Mapping[str, Any], options: Options) -> list[_Said]:
    """The expressions of a record, with their boxes as they stand there."""
    fields = options.fields
    if fields.regions is not None:
        return _of_regions(record, fields, options.picks)
    text, box = _value(record, fields.text), _value(record, fields.box)
    label = _label(record, fields)
    if not isinstance(text, list):
        return [_Said(fields.text, text, [box], [label], 1)]
    boxes = box if isinstance(box, list) else [None] * len(text)
    if len(boxes) != len(text):
        fault = f"{len(text)} texts beside {len(boxes)} boxes"
        return [_Said(f"{fields.text}[{i}]", one, [], [], 0, fault) for i, one in enumerate(text)]
    return [_Said(f"{fields.text}[{i}]", one, [boxes[i]], [label], 1) for i, one in enumerate(text)]


def _of_regions(record: Mapping[str, Any], fields: Fields, picks: str) -> list[_Said]:
    found = _value(record, fields.regions or "")
    regions = found if isinstance(found, list) else [None]
    boxes = [_value(region, fields.box) for region in regions]
    labels = [_label(region, fields) for region in regions]
    if picks == "each":
        texts = [_value(region, fields.text) for region in regions]
        return [
            _Said(f"{fields.regions}[{i}]", text, [boxes[i]], [labels[i]], 1)
            for i, text in enumerate(texts)
        ]
    picked = 1 if picks == "first" else len(boxes)
    return [_Said(fields.text, _value(record, fields.text), boxes, labels, picked)]


def _label(record: Any, fields: Fields) -> str:
    value = _value(record, fields.label) if fields.label else None
    return value.strip() if isinstance(value, str) else ""


def _found(
    said: list[_Said], picture: Picture, at: _Place, options: Options, record: str
) -> _Found:
    """The regions and expressions of a record; a Reject for what cannot be used.

    Two expressions that mean the same box share its region.
    """
    size: Size = None
    if picture.width and picture.height:
        size = picture.width, picture.height
    elif options.boxes.unit != "pixels":
        size = at.sizes.of(picture.path)
    lost = "" if size or options.boxes.unit == "pixels" else f"the size of {picture.path} is needed"
    found = _Found({}, [], [])
    for one in said:
        kind: Kind = "expression"
        try:
            if not isinstance(one.text, str) or not one.text.strip():
                raise BadShape("missing_field", f"no {options.fields.text}")
            if one.fault:
                raise BadShape("bad_value", one.fault)
            if lost and any(one.boxes):
                raise BadShape("no_size", f"{lost}: {one.text[:60]}")
            meant = _regions(one, 0, one.picked, options, size, found)
            text = one.text.partition(options.until)[0] if options.until else one.text
            found.expressions.append(Expression(one.key, text, tuple(dict.fromkeys(meant))))
            kind = "region"
            _regions(one, one.picked, len(one.boxes), options, size, found)
        except BadShape as fault:
            key = f"{record}#{one.key}"
            reason, detail = fault.args
            found.rejects.append(Reject(at.file, key, at.split, reason, detail, kind=kind))
    return found


def _regions(
    said: _Said, first: int, last: int, options: Options, size: Size, found: _Found
) -> list[str]:
    """Keys of the regions of some of an expression's boxes. Raises BadShape."""
    keys = []
    for value, label in zip(said.boxes[first:last], said.labels[first:last], strict=True):
        for numbers in boxes_of(value, options.boxes.layout):
            shape = shape_of(numbers, options.boxes, size)
            fresh = Region(f"regions[{len(found.regions)}]", label, shape)
            keys.append(found.regions.setdefault((label, shape), fresh).key)
    return keys
