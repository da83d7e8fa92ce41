"""Referring expressions in detection XML: one file a picture, a text at each object.

One native file (DIOR-RSVG)::

    <annotation><filename>00256.jpg</filename><size><width>800</width>...</size>
      <object><name>vehicle</name><pose>Unspecified</pose>
        <bndbox><xmin>423</xmin><ymin>318</ymin><xmax>447</xmax><ymax>376</ymax></bndbox>
        <description>The vehicle on the left of the overpass</description>
      </object></annotation>

`splits_by = "counters"` (DIOR-RSVG, OPT-RSVG): `lists` are not names of files, but numbers of
objects, one a line. All objects of all XML files are counted from 0, the files in the order of
their names, so that one picture may have objects in several splits: there it is a Sample of each.
Where the lists cannot fit the objects that are there, which number is which object is unknown, and
all are of the split `unlisted`.

`splits_by = "tag"` (RRSIS-D): `<split>train</split>` in the file itself.

With `masks` (RRSIS-D) regions are masks instead of boxes, from a COCO file, joined by the
picture's name: there each picture has one object, and one annotation::

    {"images": [{"file_name": "02934.jpg", "height": 800, "width": 800, "id": 2934}],
     "annotations": [{"image_id": 2934, "segmentation": [{"size": [800, 800], "counts": "..."}]}]}

Boxes are bndbox as in `converters.formats.voc_xml`. Objects of one picture that have the same
class and box are one region with several expressions. What a picture shows besides is not
annotated, so nothing may be counted.
Source: Zhan et al. 2023 (DIOR-RSVG, https://github.com/ZhanYang-nwpu/RSVG-pytorch), Li et al. 2024
(OPT-RSVG, https://github.com/like413/OPT-RSVG), Liu et al. 2024 (RRSIS-D).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple
from xml.etree.ElementTree import Element

import msgspec
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from converters.read import files
from converters.read.counters import (
    Counters,
    in_several,
    misfit,
    numbered_spans,
    objects_in,
    read_counters,
)
from converters.read.files import NotThere, SourceError
from converters.read.folder import UNKNOWN, BySplit, Folder, Plan, Sides, Span, stem
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import json_records, record_pictures, xml_records
from converters.read.split_lists import UNLISTED
from converters.read.xml_values import first_text, pixels
from converters.regions.coco import mask_of_segmentation
from converters.regions.xml_leaves import Counting, Fault, shape_of
from schemas.sample import Expression, Kind, Mask, Picture, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("expression", "region")
_FILES_A_SPAN = 256


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the XML files; leave_out: what the names of files that it matches and
    that are no annotations end in. images: picture path from `{filename}` (the file's own tag,
    or its stem where it has none), `{stem}` and `{split}`. splits_by: whether `lists`, a pattern
    for each split, number objects, or each file has a `<split>`. one_based: True where boxes count
    pixels from 1, corners included. masks: path of a COCO file with the objects' masks, where
    files tell their split.
    """

    annotations: str
    images: BySplit
    splits_by: Literal["counters", "tag"]
    one_based: bool
    lists: dict[str, str] = {}
    leave_out: list[str] = []
    masks: str = ""


_Side = Annotated[int, msgspec.Meta(ge=-(1 << 31), lt=1 << 31)]  # pixels that a column can hold


class _Image(Struct):
    id: int | str
    file_name: str
    width: _Side
    height: _Side


class _Annotation(Struct):
    image_id: int | str
    segmentation: msgspec.Raw


class Masks(NamedTuple):
    """Segmentations by the name of their picture: what `read_side` gives. file: where they are."""

    file: str
    by_picture: dict[str, list[tuple[str, int, int]]]


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few hundred XML files, whose split their objects or files tell.

    By counters a span's `start` is the number of its first object. Raises SourceError where there
    is no XML file or, by counters, no list.
    """
    found = files_plan(
        folder,
        options.annotations,
        options.images,
        files_a_span=_FILES_A_SPAN,
        unsplit=UNKNOWN,
        leave_out=options.leave_out,
    )
    if options.splits_by == "tag":
        return found._replace(sides=_sides(folder, options.masks)) if options.masks else found
    counters = read_counters(folder, options.lists)
    spans, counts = numbered_spans(folder, found.spans, _FILES_A_SPAN)
    notes = [*found.notes, *_oddities(counters)]
    fault = misfit(counters.split_of, sum(counts))
    if not fault and (shared := in_several(counters.split_of, counts)):
        notes.append(f"{shared} of {len(counts)} pictures have objects in several splits")
    if fault:
        notes.append(f"{fault}: which is which is unknown, so all are of split {UNLISTED}")
        spans = [replace(span, split=UNLISTED) for span in spans]
    _check_wanted(folder, {UNLISTED} if fault else {*counters.splits, UNLISTED}, fault)
    return found._replace(spans=spans, notes=notes)


def _sides(folder: Folder, masks: str) -> list[Span]:
    """One span of the whole COCO file, for all files, whose split is not known yet."""
    file = next(files.find(folder.base, masks), None)
    if file is None:
        raise NotThere(f"masks not found: {files.join(folder.base, files.expand(masks)[0])}")
    return [Span(folder.slug, UNKNOWN, 0, (file.path,), table="masks")]


def read_side(folder: Folder, options: Options, span: Span) -> pa.Table:
    """Rows of id (the picture's name), segmentation (JSON), width and height.

    What cannot be read is left out: its expression then lacks a mask, by name.
    """
    images = {
        str(image.id): image
        for _, image in json_records(folder, span, _Image, table="images")
        if not isinstance(image, Reject)
    }
    rows = [
        (images[str(said.image_id)], bytes(said.segmentation).decode())
        for _, said in json_records(folder, span, _Annotation, table="annotations")
        if not isinstance(said, Reject) and str(said.image_id) in images
    ]
    return pa.table(
        {
            "id": pa.array([image.file_name for image, _ in rows], pa.string()),
            "segmentation": pa.array([text for _, text in rows], pa.string()),
            "width": pa.array([image.width for image, _ in rows], pa.int64()),
            "height": pa.array([image.height for image, _ in rows], pa.int64()),
        }
    )


def _masks(folder: Folder, options: Options, sides: Sides) -> Masks:
    columns = [
        sides["masks"][name].to_pylist() for name in ("id", "segmentation", "width", "height")
    ]
    by_picture: dict[str, list[tuple[str, int, int]]] = {}
    for picture, *said in zip(*columns, strict=True):
        by_picture.setdefault(picture, []).append((said[0], said[1], said[2]))
    return Masks(folder.relative(files.expand(options.masks)[0]), by_picture)


def _oddities(counters: Counters) -> list[str]:
    notes = ["the split lists number objects; files were counted in the order of their names"]
    if counters.twice:
        notes.append(f"{counters.twice} numbers are in two split lists and stay in the first")
    return notes


def _check_wanted(folder: Folder, there: set[str], why: str) -> None:
    """Raises SourceError where none of the splits asked for is there."""
    if not any(folder.wants(split) for split in there):
        asked = ", ".join(sorted(folder.splits or ()))
        hint = f"{why}; " if why else ""
        known = ", ".join(sorted(there))
        raise SourceError(f"{folder.slug}: no objects of split {asked}; {hint}there: {known}")


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture and split, and a Reject for each object or file that cannot be read."""
    paths = PicturePaths(folder, options.images)
    by_counters = options.splits_by == "counters" and span.split == UNKNOWN
    split_of = read_counters(folder, options.lists).split_of if by_counters else {}
    masks = _masks(folder, options, sides) if sides else None
    at = span.start
    for name, root in xml_records(folder, span):
        if isinstance(root, Reject):
            yield root
            at += objects_in(folder, name)
            continue
        nodes = [*root.iter("object")]
        by_split: dict[str, list[tuple[int, Element]]] = {}
        own = first_text(root, ["split"]) or UNLISTED
        for i, node in enumerate(nodes):
            split = split_of.get(at + i, UNLISTED) if options.splits_by == "counters" else own
            by_split.setdefault(split, []).append((i, node))
        at += len(nodes)
        for split, some in sorted(by_split.items()):
            if folder.wants(split):
                place = Place(folder.relative(name), split)
                yield from _items(root, some, place, paths, options, masks)


class Place(Struct, frozen=True):
    """Where a Sample comes from: its file, relative to the dataset's folder, and its split."""

    file: str
    split: str

    def reject(self, reason: str, detail: str, at: str) -> Reject:
        """An expression that is dropped; at: its object's place in the file."""
        return Reject(self.file, f"{stem(self.file)}#{at}", self.split, reason, detail)


def _items(
    root: Element,
    nodes: list[tuple[int, Element]],
    place: Place,
    paths: PicturePaths,
    options: Options,
    masks: Masks | None,
) -> Iterator[Sample | Reject]:
    key = stem(place.file)
    name = first_text(root, ["filename"]).replace("\\", "/").rpartition("/")[2] or key
    regions: dict[tuple[str, Shape], Region] = {}
    expressions = []
    for i, node in nodes:
        at = f"object[{i}]"
        label, text = first_text(node, ["name"]), first_text(node, ["description"])
        if not label or not text:
            lacking = "name" if not label else "description"
            yield place.reject("missing_field", f"object without a {lacking}", at)
            continue
        try:
            if masks is None:
                counting = Counting(int(options.one_based), options.one_based)
                shape = shape_of(node, ["bndbox"], counting)
            else:
                shape = _mask(masks, name, len(nodes))
        except Fault as fault:
            reason, detail = fault.args
            yield place.reject(reason, detail, at)
            continue
        region = regions.setdefault((label, shape), Region(at, label, shape))
        expressions.append(Expression(at, text, (region.key,)))
    values = {"filename": name, "stem": key, "split": place.split}
    items = max(1, len(expressions))
    pictures = record_pictures([(paths, values)], place.file, key, place.split, items)
    if isinstance(pictures, Reject):
        yield pictures
        return
    width, height = pixels(root, "size/width"), pixels(root, "size/height")
    yield Sample(
        key,
        place.file,
        place.split,
        (Picture(pictures[0].path, width, height),),
        regions=tuple(regions.values()),
        expressions=tuple(expressions),
    )


def _mask(masks: Masks, picture: str, objects: int) -> Mask:
    """The mask of a picture's one object. Raises Fault."""
    found = masks.by_picture.get(picture, [])
    if not found:
        raise Fault("dangling_reference", f"{masks.file} has no mask of {picture}")
    if len(found) > 1 or objects > 1:
        raise Fault("bad_value", f"{objects} objects and {len(found)} masks of {picture}")
    segmentation, width, height = found[0]
    try:
        return mask_of_segmentation(msgspec.json.decode(segmentation), width, height)
    except (ValueError, msgspec.DecodeError) as error:
        raise Fault("bad_value", f"mask of {picture}: {error}") from None
