"""Objects in GeoJSON: one file a picture, or one file of many pictures.

Each feature is an object. Its numbers are pixels in a property (xView), or its outline is in pixels
(SpaceNet 7's `labels_match_pix`), or in map coordinates (RarePlanes)::

    {"type": "FeatureCollection", "features": [{"type": "Feature",
      "properties": {"bounds_imcoords": "2712,1145,2746,1177", "type_id": 73,
                     "image_id": "2355.tif"},
      "geometry": {"type": "Polygon", "coordinates": [[[-90.5, 14.7], ...]]}}]}

Pixels are taken as they stand: 0-based, x to the right, y down; xView's authors do not state where
they count from. Map coordinates become pixels by the georeference of the picture (in its file, or
in `.aux.xml` beside it), which needs rasterio; the file's `crs` is heeded, and where there is none
they are longitude and latitude (RFC 7946). One ring is a polygon; holes and several parts make a
mask. The class is a property, or one for all; a table of names says what its numbers mean.
Source: https://github.com/DIUx-xView/data_utilities, https://spacenet.ai/sn7-challenge/,
https://github.com/VisionSystemsInc/RarePlanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.encodings import utf8_of
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.georeference import (
    LONGITUDE_LATITUDE,
    Georeference,
    georeference,
    require_rasterio,
    to_pixels,
)
from converters.read.headers import PictureError
from converters.read.json_elements import UNREADABLE, BadRecord, decode_record, elements
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.sizes import PictureSizes
from converters.regions.conventions import BadShape, Convention, boxes_of, shape_of
from converters.regions.parts import moved, rings_of_geojson, shape_of_rings
from schemas.sample import Kind, Picture, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("region",)
_FEATURE_BYTES = 600
_FILES_A_SPAN = 64


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the GeoJSON files, one a picture where the pattern has `{stem}`. images: picture
    path from `{image}`, `{stem}`, `{split}` and the pattern's names. image: the property that
    names a feature's picture, in files of many. coordinates: what the outlines are in. box: the
    property that holds a box in pixels, to be taken instead of the outline; boxes: how it is
    written. label: the property that holds the class, or one_class: the class of all. names: what
    the values of `label` mean; one that it lacks is no class. id: the property that names an
    object. attributes: properties to keep.
    """

    annotations: BySplit
    images: BySplit
    image: str | None = None
    coordinates: Literal["pixels", "map"] = "pixels"
    box: str | None = None
    boxes: Convention = Convention()
    label: str | None = None
    one_class: str = ""
    names: dict[str, str] = {}
    id: str | None = None
    attributes: list[str] = []


class _Feature(Struct):
    """What is kept of a feature: the properties that the entry names, and the outline if needed."""

    properties: dict[str, Any] | None = None
    geometry: Any = None


class _Boxed(Struct):
    """A feature whose outline is not needed: the parser passes over it."""

    properties: dict[str, Any] | None = None


class _System(Struct):
    crs: Any = None


_FEATURE = msgspec.json.Decoder(_Feature)
_BOXED = msgspec.json.Decoder(_Boxed)
_SYSTEM = msgspec.json.Decoder(_System)


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few dozen files, or one for each file of many pictures.

    Raises SourceError where there is none, or rasterio is needed and not installed.
    """
    if options.coordinates == "map" and options.box is None:
        require_rasterio(folder.slug)
    many = options.image is not None
    return files_plan(
        folder,
        options.annotations,
        options.images,
        files_a_span=1 if many else _FILES_A_SPAN,
        record_bytes=_FEATURE_BYTES,
    )


class _Scene(NamedTuple):
    """What the features of one picture came to. unplaced: classes whose place is lost."""

    regions: list[Region]
    rejects: list[Reject]
    unplaced: list[str]


class _Lost(NamedTuple):
    """Why nothing of a picture can be placed: a Reject's reason and detail."""

    reason: str
    detail: str


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each feature that cannot be used."""
    paths, sizes = PicturePaths(folder, options.images), PictureSizes(folder)
    for name in span.names:
        file = folder.relative(name)
        try:
            features, system = _features(folder, name, options)
        except (SourceError, files.MemberError) as error:
            yield Reject(file, stem(name), span.split, "unreadable_file", str(error))
            continue
        own = bound(options.annotations, name)
        by_picture: dict[str, list[tuple[str, _Feature]]] = {}
        if options.image is None:
            by_picture[own.get("stem", stem(name))] = []
        for place, feature in features:
            if isinstance(feature, BadRecord):
                yield Reject(file, place, span.split, *feature.args)
                continue
            image = _picture_of(feature, options, own.get("stem", stem(name)))
            if image:
                by_picture.setdefault(image, []).append((place, feature))
            else:
                detail = f"no {options.image}"
                yield Reject(file, place, span.split, "missing_field", detail)
        for image, some in by_picture.items():
            values = {**own, "image": image, "split": span.split, "stem": stem(image)}
            try:
                picture = paths.path(values if options.image else {**values, "stem": image})
                scene = _scene(folder, picture, some, options, system, sizes)
            except SourceError as error:
                items = max(1, len(some))
                yield Reject(file, image, span.split, "bad_value", str(error), items)
                continue
            for reject in scene.rejects:
                key = f"{image}#{reject.key}"
                yield msgspec.structs.replace(reject, file=file, split=span.split, key=key)
            yield Sample(
                image,
                file,
                span.split,
                (Picture(picture),),
                regions=tuple(scene.regions),
                unplaced=tuple(scene.unplaced),
            )


def _features(
    folder: Folder, name: str, options: Options
) -> tuple[list[tuple[str, _Feature | BadRecord]], str]:
    """The features of a file, and the reference system of its coordinates.

    Raises SourceError where it cannot be read.
    """
    body = utf8_of(folder.bytes_of(name))
    named = {options.image, options.box, options.label, options.id, *options.attributes}
    found: list[tuple[str, _Feature | BadRecord]] = []
    try:
        for place, text in elements(body, "features"):
            try:
                found.append((place, _feature(text, options.box is not None, named)))
            except BadRecord as bad:
                found.append((place, bad))
        system = _SYSTEM.decode(body).crs if options.coordinates == "map" else None
    except UNREADABLE as error:
        raise SourceError(f"{folder.slug}: {folder.relative(name)}: {error}") from None
    said = system.get("properties") if isinstance(system, Mapping) else None
    crs = said.get("name") if isinstance(said, Mapping) else None
    return found, crs if isinstance(crs, str) and crs else LONGITUDE_LATITUDE


def _feature(text: msgspec.Raw | bytes, is_boxed: bool, named: set[str | None]) -> _Feature:
    """What is kept of a feature. Raises BadRecord."""
    geometry: Any = None
    if is_boxed:
        properties = decode_record(text, _BOXED).properties
    else:
        whole = decode_record(text, _FEATURE)
        properties, geometry = whole.properties, whole.geometry
    kept = {key: value for key, value in (properties or {}).items() if key in named}
    return _Feature(kept, geometry)


def _picture_of(feature: _Feature, options: Options, own: str) -> str:
    if options.image is None:
        return own
    value = (feature.properties or {}).get(options.image)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _scene(
    folder: Folder,
    picture: str,
    features: list[tuple[str, _Feature]],
    options: Options,
    system: str,
    sizes: PictureSizes,
) -> _Scene:
    """The regions of one picture. Raises SourceError for an unknown reference system."""
    scene = _Scene([], [], [])
    lies: Georeference | _Lost | None = None
    if options.coordinates == "map" and options.box is None and features:
        try:
            lies = georeference(folder.absolute(picture))
        except PictureError as error:
            reason, detail = error.args
            lies = _Lost(reason, f"{picture}: {detail}")
    for place, feature in features:
        label = _label(feature, options)
        key = _key(feature, options, place)
        try:
            if not label:
                raise _no_class(feature, options)
            shape = _shape(feature, options, system, lies, picture, sizes)
        except BadShape as fault:
            scene.unplaced.extend([label] if label else [])
            reason, detail = fault.args
            scene.rejects.append(Reject("", key, "", reason, detail))
            continue
        kept = {
            name: str(value)
            for name in options.attributes
            if (value := (feature.properties or {}).get(name)) is not None
        }
        scene.regions.append(Region(key, label, shape, attributes=kept))
    return scene


def _key(feature: _Feature, options: Options, place: str) -> str:
    value = (feature.properties or {}).get(options.id) if options.id else None
    return str(value) if isinstance(value, str | int) and value != "" else place


def _label(feature: _Feature, options: Options) -> str:
    """The class of a feature, or "" where it has none that is known."""
    if options.label is None:
        return options.one_class
    value = (feature.properties or {}).get(options.label)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return options.names.get(text, "") if options.names else text


def _no_class(feature: _Feature, options: Options) -> BadShape:
    value = (feature.properties or {}).get(options.label or "")
    if value is None or value == "":
        return BadShape("missing_field", f"no {options.label}")
    return BadShape("dangling_reference", f"{options.label} {value!r} is no class that has a name")


def _shape(
    feature: _Feature,
    options: Options,
    system: str,
    lies: Georeference | _Lost | None,
    picture: str,
    sizes: PictureSizes,
) -> Shape:
    """Raises BadShape."""
    if options.box is not None:
        boxes = boxes_of((feature.properties or {}).get(options.box), options.boxes.layout)
        if len(boxes) != 1:
            raise BadShape("bad_box", f"{len(boxes)} boxes of one object")
        return shape_of(boxes[0], options.boxes, None)
    if isinstance(lies, _Lost):
        raise BadShape(lies.reason, lies.detail)
    rings = rings_of_geojson(feature.geometry)
    if lies is not None:
        rings = moved(rings, lambda points: to_pixels(points, system, lies))
    return shape_of_rings(rings, sizes.of(picture) if len(rings) > 1 else None)
