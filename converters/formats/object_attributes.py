"""Attributes of objects in JSON, over the detection XML of the dataset that they belong to.

EVAttrs-95K, one record a picture::

    [{"img_id": "1050", "objs": [{"obj_id": 1, "obj_cls": "Dry Cargo Ship",
      "caption": {"deck color": "red", "cranes": "unknown"}}]}]

`obj_id` is the object's place in the XML file, counted from 1. All objects of the file become
regions, so that they can be counted; those that a record names have attributes. Where the class of
the object in that place is another one, the XML is not the one that was described, and the
attributes are rejected. `converters.regions.xml_leaves` has the geometries; corners are taken as
they stand.
Source: https://github.com/XiangTodayEatsWhat/EagleVision (EV_bench.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from msgspec import Struct

from converters.read import files
from converters.read.attributes import attributes_of
from converters.read.beside import Beside
from converters.read.encodings import xml_of
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.picture_paths import PicturePaths
from converters.read.plans import json_array_plan
from converters.read.records import json_records, record_pictures
from converters.read.xml_values import first_text, is_flag, pixels
from converters.regions.xml_leaves import Counting, Fault, shape_of
from schemas.sample import Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_RECORD_BYTES = 2000
_NAMES = ("name", "possibleresult/name")
_AS_THEY_STAND = Counting(0, False)


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON files with the attributes. boxes: the XML file of a picture,
    and images: the picture, from `{image}` and `{split}`. geometry: the leaf of the XML that holds
    the coordinates.
    """

    annotations: BySplit
    boxes: str
    images: BySplit
    geometry: Literal["points", "robndbox", "polygon"]


class _Object(Struct):
    place: int = msgspec.field(name="obj_id")
    label: str = msgspec.field(name="obj_cls")
    said: dict[str, Any] | str = msgspec.field(name="caption")


class _Record(Struct):
    image: str | int = msgspec.field(name="img_id")
    objects: list[_Object] = msgspec.field(name="objs")


def plan(folder: Folder, options: Options) -> Plan:
    """Byte spans of the JSON files. Raises SourceError where there is none."""
    return json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys={"img_id", "objs"},
        record_bytes=_RECORD_BYTES,
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a record, and a Reject for what of it cannot be read or joined."""
    paths, boxes = PicturePaths(folder, options.images), Beside(folder, options.boxes)
    file = folder.relative(span.names[0])
    for _, record in json_records(folder, span, _Record, named=["img_id"]):
        if isinstance(record, Reject):
            yield record
            continue
        key, items = str(record.image), max(1, len(record.objects))
        values = {"image": key, "split": span.split}
        pictures = record_pictures([(paths, values)], file, key, span.split, items)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        try:
            root = _xml(folder, boxes.path(values))
        except SourceError as error:
            yield Reject(file, key, span.split, "dangling_reference", str(error)[:200], items)
            continue
        yield from _sample(options, record, root, pictures[0].path, file, span.split)


def _xml(folder: Folder, name: str) -> Element:
    """The root of a picture's XML. Raises SourceError where there is none that can be read."""
    path = files.join(folder.base, name)
    if not files.exists(path):
        raise SourceError(f"no XML {folder.relative(name)}")
    try:
        return xml_of(files.store(path).read(path))
    # LookupError: an encoding that nobody knows
    except (ParseError, DefusedXmlException, ValueError, LookupError, files.MemberError) as error:
        raise SourceError(f"{folder.relative(name)}: {error}") from None


def _sample(
    options: Options, record: _Record, root: Element, picture: str, file: str, split: str
) -> Iterator[Sample | Reject]:
    key = str(record.image)
    nodes = [*root.iter("object")]
    said: dict[int, dict[str, str]] = {}
    for item in record.objects:
        there = first_text(nodes[item.place - 1], _NAMES) if 0 < item.place <= len(nodes) else ""
        if _letters(there) != _letters(item.label):
            detail = f"{item.label} is {there or 'no object'} in the XML"
            yield Reject(file, f"{key}#{item.place}", split, "dangling_reference", detail)
        else:
            said[item.place - 1] = _attributes(item.said)
    regions: list[Region] = []
    unplaced: list[str] = []
    for place, node in enumerate(nodes):
        label = first_text(node, _NAMES)
        try:
            if not label:
                raise Fault("missing_field", "object without a name")
            shape = shape_of(node, [options.geometry], _AS_THEY_STAND)
        except Fault as fault:
            unplaced += [label] if label else []
            yield Reject(file, f"{key}#object[{place}]", split, *fault.args)
            continue
        ignored = is_flag(node.findtext("difficult") or "")
        more = said.get(place, {})
        region = Region(f"object[{place}]", label, shape, ignored=ignored, attributes=more)
        regions.append(region)
    size = pixels(root, "size/width"), pixels(root, "size/height")
    shown = (Picture(picture, *size),)
    yield Sample(key, file, split, shown, regions=tuple(regions), unplaced=tuple(unplaced))


def _attributes(said: dict[str, Any] | str) -> dict[str, str]:
    """Attributes of an object, or of the JSON text of one; other text is a caption."""
    if isinstance(said, str):
        try:
            said = msgspec.json.decode(said, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return attributes_of({"caption": said})
    return attributes_of(said)


def _letters(label: str) -> str:
    """A class without what is spelled in several ways: case, blanks, hyphens."""
    return re.sub(r"[\W_]", "", label.lower())
