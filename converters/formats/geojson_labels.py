"""Classes of places in GeoJSON: one feature a place, whose pictures lie in a folder of its own.

One native file (METER-ML)::

    {"type": "FeatureCollection", "features": [{"type": "Feature",
      "properties": {"Type": "WWTreatment-Landfills", "Image_Folder": "train_images/12"},
      "geometry": {...}}]}

A place may have several classes, in a list or in one text. The entry names the properties, several
where authors' files differ: the first that a feature has is taken.
Source: https://stanfordmlgroup.github.io/projects/meter-ml/ and the loader of
https://github.com/stanfordmlgroup/USat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns
from converters.read.plans import json_array_plan
from converters.read.records import json_records, record_pictures
from schemas.sample import Kind, Label, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
_FEATURE_BYTES = 300


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the GeoJSON files. images: picture path from `{place}`, or of its last part
    `{name}` and what stands before that (`{above}`, which ends in a slash or is empty), `{split}`
    and the pattern's names. place, label: the properties that name a place's pictures and its
    class. separator: between the classes of one text.
    """

    annotations: BySplit
    images: BySplit
    place: list[str]
    label: list[str]
    separator: str | None = None


class _Feature(Struct):
    properties: dict[str, Any]


def plan(folder: Folder, options: Options) -> Plan:
    """Byte spans of the features. Raises SourceError where there is no file of them."""
    found = json_array_plan(
        folder,
        options.annotations,
        (),  # a place is a path, so that no pattern finds its pictures
        keys={"properties"},
        record_bytes=_FEATURE_BYTES,
        table="features",
    )
    return found._replace(pictures=picture_patterns(options.images))


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a place with its classes."""
    file = folder.relative(span.names[0])
    paths = PicturePaths(folder, options.images)
    own = bound(options.annotations, span.names[0])
    for where, feature in json_records(folder, span, _Feature, table="features"):
        if isinstance(feature, Reject):
            yield feature
            continue
        place = _first(feature.properties, options.place)
        if not isinstance(place, str | int) or isinstance(place, bool) or place == "":
            detail = f"no {' or '.join(options.place)}"
            yield Reject(file, where, span.split, "missing_field", detail)
            continue
        key = str(place)
        said = _first(feature.properties, options.label)
        listed = said if isinstance(said, list) else [said]
        texts = [text for text in listed if isinstance(text, str)]
        if options.separator:
            texts = [part for text in texts for part in text.split(options.separator)]
        names = [text.strip() for text in texts if text.strip()]
        if not names:
            detail = f"no {' or '.join(options.label)}"
            yield Reject(file, key, span.split, "no_label", detail)
            continue
        path = key.strip("/")
        name = path.rpartition("/")[2]
        above = path.removesuffix(name)
        values = {**own, "place": path, "above": above, "name": name, "split": span.split}
        pictures = record_pictures([(paths, values)], file, key, span.split)
        if isinstance(pictures, Reject):
            yield pictures
        else:
            several = isinstance(said, list) or options.separator is not None
            label = Label(key, tuple(dict.fromkeys(names)), several)
            yield Sample(key, file, span.split, pictures, labels=(label,))


def _first(properties: dict[str, Any], names: list[str]) -> Any:
    return next((properties[name] for name in names if properties.get(name) is not None), None)
