"""Buildings before and after a disaster (xBD): two JSON files a pair, outlines as WKT.

One native file, `labels/guatemala-volcano_00000000_post_disaster.json`::

    {"features": {"lng_lat": [...],
                  "xy": [{"properties": {"feature_type": "building", "subtype": "destroyed",
                                         "uid": "a7..."},
                          "wkt": "POLYGON ((12.5 3, 20 3, 20 9.5, 12.5 3))"}]},
     "metadata": {"width": 1024, "height": 1024, "gsd": 1.9, "sensor": "WORLDVIEW02",
                  "capture_date": "2018-06-22T16:15:51.000Z", "disaster_type": "volcano"}}

`xy` is in pixels of the picture, taken as it stands (0-based, y down); `lng_lat`, the same outlines
on the map, is not read. Before the disaster a building has no `subtype`. The earlier picture comes
first. A region's class is `subtype` in the later picture and `feature_type` in the earlier one.
Source: Gupta et al. 2019, https://github.com/DIUx-xView/xView2_baseline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.beside import Beside
from converters.read.encodings import utf8_of
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.json_elements import UNREADABLE, BadRecord, decode_record
from converters.read.json_values import number_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.regions.conventions import BadShape, Size
from converters.regions.parts import rings_of_wkt, shape_of_rings
from schemas.sample import Kind, Label, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region", "label")
_FILES_A_SPAN = 64


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations, before: patterns of the later picture's labels, with `{stem}`, and of the earlier
    one's. images: paths of the earlier and of the later picture. shows: both pictures, or the later
    one alone. ignored_names: classes that say nothing of a building.
    """

    annotations: BySplit
    before: str
    images: tuple[str, str]
    shows: Literal["pair", "after"] = "pair"
    ignored_names: list[str] = []


class _Features(Struct):
    xy: list[msgspec.Raw]


class _Labels(Struct):
    features: _Features
    metadata: dict[str, Any] = {}


class _Building(Struct):
    properties: dict[str, Any]
    wkt: str


_LABELS = msgspec.json.Decoder(_Labels)
_BUILDING = msgspec.json.Decoder(_Building)


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few dozen later label files, by split; a note of earlier ones that are alone.

    Raises SourceError where there is none, and names what is there.
    """
    found = files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)
    if options.shows == "after":
        return found
    before = Beside(folder, options.before)
    paired = {
        before.path({**bound(options.annotations, name), "split": span.split})
        for span in found.spans
        for name in span.names
    }
    alone = [
        other.path
        for other in files.find(folder.base, options.before)
        if folder.wants(other.values.get("split", "")) and other.path not in paired
    ]
    if alone:
        example = folder.relative(alone[0])
        found.notes.append(
            f"{len(alone)} label file(s) of an earlier picture have no later one and are not "
            f"read, such as {example}"
        )
    return found


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a pair (or later picture), and a Reject for each building that is not usable."""
    before, after = (PicturePaths(folder, template) for template in options.images)
    earlier = Beside(folder, options.before)
    for name in span.names:
        values = {**bound(options.annotations, name), "split": span.split}
        key = values["stem"]
        try:
            halves = [_half(folder, name, after.path(values), key, span.split, options)]
            if options.shows == "pair":
                first = earlier.path(values)
                half = _half(folder, first, before.path(values), key, span.split, options, True)
                halves.insert(0, half)
        except SourceError as error:  # a name that leads out of the folder
            yield Reject(folder.relative(name), key, span.split, "bad_value", str(error))
            continue
        for half in halves:
            yield from half.rejects
        disaster = next((half.disaster for half in reversed(halves) if half.disaster), "")
        yield Sample(
            key,
            folder.relative(name),
            span.split,
            tuple(half.picture for half in halves),
            labels=(Label("disaster_type", (disaster,)),) if disaster else (),
            regions=tuple(
                msgspec.structs.replace(region, image=image)
                for image, half in enumerate(halves)
                for region in half.regions
            ),
            unplaced=tuple(label for half in halves for label in half.unplaced),
        )


class _Half(NamedTuple):
    """One picture of a pair. unplaced: classes of buildings whose outline cannot be read."""

    picture: Picture
    regions: list[Region]
    rejects: list[Reject]
    unplaced: list[str]
    disaster: str


def _half(
    folder: Folder,
    name: str,
    path: str,
    pair: str,
    split: str,
    options: Options,
    is_earlier: bool = False,
) -> _Half:
    file = folder.relative(name)
    try:
        found = _LABELS.decode(utf8_of(folder.bytes_of(name)))
    except (SourceError, files.MemberError, *UNREADABLE) as error:
        reject = Reject(file, pair, split, "unreadable_file", str(error))
        return _Half(Picture(path), [], [reject], [], "")
    said = found.metadata
    width, height = _number(said, "width"), _number(said, "height")
    size: Size = (int(width), int(height)) if width and height else None
    picture = Picture(
        path,
        size[0] if size else None,
        size[1] if size else None,
        _text(said, "capture_date") or None,
        _number(said, "gsd"),
        _text(said, "sensor") or None,
    )
    half = _Half(picture, [], [], [], _text(said, "disaster_type"))
    for i, text in enumerate(found.features.xy):
        label, key = "", f"features.xy[{i}]"
        try:
            building = decode_record(text, _BUILDING)
            key = _text(building.properties, "uid") or key
            wanted = "feature_type" if is_earlier else "subtype"
            label = _text(building.properties, wanted)
            if not label:
                raise BadShape("missing_field", f"no {wanted}")
            shape = shape_of_rings(rings_of_wkt(building.wkt), size)
        except (BadRecord, BadShape) as fault:
            reason, detail = fault.args
            half.unplaced.extend([label] if label else [])
            half.rejects.append(Reject(file, f"{pair}#{key}", split, reason, detail))
            continue
        ignored = label in options.ignored_names
        where = "before" if is_earlier else "after"
        half.regions.append(Region(f"{where}/{key}", label, shape, ignored=ignored))
    return half


def _text(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(said: Mapping[str, Any], name: str) -> float | None:
    """A number above 0 that no picture exceeds, or None."""
    value = number_of(said.get(name))
    return value if 0 < value < 1 << 31 else None
