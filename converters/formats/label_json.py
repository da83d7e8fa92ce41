"""Scene classes in JSON, one file beside each picture or one object for all pictures.

A file a picture, in the folder of its patch (BigEarthNet v1, whose picture is one file a band)::

    S2A_..._26_57/S2A_..._26_57_labels_metadata.json
    {"labels": ["Pastures", "Mixed forest"], "acquisition_date": "2017-06-13 10:10:31", ...}

or with the box of what the class means (fMoW). Boxes are [x, y, width, height] in pixels, counted
from 0 at the top left; one box may stand without its list::

    airport/airport_0/airport_0_1_rgb.json
    {"gsd": 0.51, "timestamp": "2015-08-14T...Z",
     "bounding_boxes": [{"ID": 0, "category": "airport", "box": [10, 20, 300, 200]}]}

`keyed` says that one file is an object of all pictures (TreeSatAI), each class with its share::

    {"Abies_alba_1_2_WEFL_NLF.tif": [["Abies", 0.93], ["Pinus", 0.07]], ...}

Source: Sumbul et al. 2019 (BigEarthNet), Christie et al. 2018 and
https://github.com/fMoW/baseline (fMoW), Astruc et al. 2024 (TreeSatAI-TS).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    ALL,
    BySplit,
    Folder,
    Plan,
    Sides,
    Span,
    batched,
    bound,
    stem,
)
from converters.read.json_values import number_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import json_file_records, json_records, record_pictures
from converters.read.split_lists import list_files, split_by_picture_lists
from schemas.sample import Box, Kind, Label, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label", "region")
_FILES_A_SPAN = 512
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON files. images: picture path from `{stem}`, `{split}` and the
    pattern's names; from `{image}` where one file is `keyed`. labels: the key of the class names,
    keys below one another joined by dots; lists between them are gone through. boxes: the key of
    the boxes, beside their class. time_key, gsd_key: keys of the picture's time, and of its metres
    a pixel. names: what codes stand for. lists: pattern of the list files of each split. called:
    what those call a picture, as a template. keyed: one file holds all pictures. min_share: of an
    area, the least that a class is said of. ignored: classes that mean "no such thing": a box of
    one is passed over, and counted.
    """

    annotations: BySplit
    images: BySplit
    labels: str = ""
    boxes: str | None = None
    time_key: str | None = None
    gsd_key: str | None = None
    names: dict[str, str] = {}
    lists: dict[str, str] = {}
    called: str = "{stem}"
    keyed: bool = False
    min_share: float = 0.0
    ignored: list[str] = []


class _Fault(Exception):
    """A record cannot become a label; args: reason, detail."""


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some hundred files, or one a split of a file of all pictures.

    Raises SourceError where there is none.
    """
    found = files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)
    if not options.lists:
        return found
    lists = list_files(folder, options.lists)
    if not lists:
        wanted = ", ".join(options.lists.values())
        if not folder.wants(ALL):
            raise SourceError(f"{folder.slug}: no split list is there: {wanted}")
        note = f"no split list ({wanted}) is there, so all pictures are of the split {ALL}"
        return found._replace(notes=[*found.notes, note])
    names = [name for span in found.spans for name in span.names]
    spans: list[Span] = []
    if options.keyed:
        by_split, notes = split_by_picture_lists(folder, lists, _keys(folder, found.spans))
        for split, keys in sorted(by_split.items()):
            count = len(keys)
            spans.append(Span(folder.slug, split, len(spans), tuple(names), records=count))
    else:
        by_split, notes = split_by_picture_lists(folder, lists, _called(options, names))
        for split, some in sorted(by_split.items()):
            spans += batched(folder.slug, split, some, _FILES_A_SPAN, len(spans))
    return found._replace(spans=spans, notes=[*found.notes, *notes])


def _called(options: Options, names: list[str]) -> dict[str, str]:
    """Files by what a split list may call them."""
    return {name: files.fill(options.called, _values(options, name, "")) for name in names}


def _values(options: Options, name: str, split: str) -> dict[str, str]:
    return {"stem": stem(name), **bound(options.annotations, name), "split": split}


def _keys(folder: Folder, spans: list[Span]) -> dict[str, str]:
    """The pictures of keyed files, as lists call them."""
    return {key: key for span in spans for key, _ in json_records(folder, span, msgspec.Raw)}


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for one without a class or with a damaged record."""
    paths = PicturePaths(folder, options.images)
    for name, key, record in _records(folder, options, span):
        if isinstance(record, Reject):
            yield record
            continue
        file = folder.relative(name)
        values = {**_values(options, name, span.split), "image": key}
        try:
            label, regions, no_objects = _said(options, record, key)
        except _Fault as fault:
            yield Reject(file, key, span.split, *fault.args)
            continue
        for box, said in no_objects:
            yield Reject(file, f"{key}#{box}", span.split, "ignored", said)
        found = record_pictures([(paths, values)], file, key, span.split)
        if isinstance(found, Reject):
            yield found
            continue
        time, gsd = _at(record, options.time_key), _at(record, options.gsd_key)
        picture = msgspec.structs.replace(found[0], time=_time(time), gsd=_metres(gsd))
        yield Sample(key, file, span.split, (picture,), labels=(label,), regions=regions)


def _records(folder: Folder, options: Options, span: Span) -> Iterator[tuple[str, str, Any]]:
    """(file, key, record or Reject) of a span. A file's own key is its path without ending."""
    if not options.keyed:
        for name, record in json_file_records(folder, span, dict[str, Any]):
            yield name, name.rpartition(".")[0], record
        return
    wanted: set[str] | None = None
    if lists := list_files(folder, options.lists):
        by_split, _ = split_by_picture_lists(folder, lists, _keys(folder, [span]))
        wanted = set(by_split.get(span.split, ()))
    for name in span.names:
        one = msgspec.structs.replace(span, names=(name,))
        for key, shares in json_records(folder, one, list[Any]):
            if wanted is None or key in wanted:
                yield name, key, shares


def _said(
    options: Options, record: Any, key: str
) -> tuple[Label, tuple[Region, ...], list[tuple[str, str]]]:
    """The label and the regions of a record, and its boxes that mean "no such thing".

    Those are named, each with what its class is called. Raises _Fault.
    """
    above, _, last = options.labels.rpartition(".")
    names: list[str] = []
    regions: list[Region] = []
    no_objects: list[tuple[str, str]] = []
    several = False
    for number, node in enumerate(_nodes(record, above)):
        found = _at(node, last) if last else node
        several = several or isinstance(found, list)
        here = _names(found, options)
        if options.boxes is not None and (box := _at(node, options.boxes)) is not None:
            name = f"{options.boxes}[{number}]"
            if not here and found in options.ignored:
                no_objects.append((name, f"its class is {found}"))
                continue
            if len(here) != 1:
                raise _Fault("missing_field", f"a box of {len(here)} classes")
            several = several or (bool(names) and here[0] not in names)
            regions.append(Region(name, here[0], _box(box)))
        names += here
    if not names:
        if no_objects:
            raise _Fault("ignored", no_objects[0][1])
        raise _Fault("no_label", f"no {options.labels or 'class'}")
    return Label(key, tuple(dict.fromkeys(names)), several), tuple(regions), no_objects


def _nodes(record: Any, keys: str) -> list[Any]:
    """What stands below keys joined by dots; the elements of a list, one object alone."""
    found = [record]
    for key in keys.split(".") if keys else []:
        found = [node.get(key) for node in found if isinstance(node, dict)]
        found = [one for node in found for one in (node if isinstance(node, list) else [node])]
    return [node for node in found if node is not None]


def _at(node: Any, key: str | None) -> Any:
    return node.get(key) if key and isinstance(node, dict) else None


def _names(found: Any, options: Options) -> list[str]:
    """Class names of a text, a list of texts, or a list of texts with shares. Raises _Fault."""
    names = []
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, list):
            if len(one) != 2 or not isinstance(one[1], int | float):
                raise _Fault("bad_value", f"{one!r} is no class with its share"[:200])
            if one[1] < options.min_share:
                continue
            one = one[0]
        text = "" if one is None or isinstance(one, dict | bool) else str(one).strip()
        if options.names and text and text not in options.names:
            raise _Fault("bad_value", f"no class is called {text!r}"[:200])
        if text and text not in options.ignored:
            names.append(options.names.get(text, text))
    return names


def _box(box: Any) -> Box:
    """[x, y, width, height] from the top left, counted from 0. Raises _Fault."""
    try:
        x, y, width, height = msgspec.convert(box, tuple[float, float, float, float])
    except msgspec.ValidationError:
        raise _Fault("bad_box", f"{box!r} is not x, y, width, height"[:200]) from None
    if not all(map(math.isfinite, (x, y, width, height))):
        raise _Fault("bad_box", f"not a number: {box!r}"[:200])
    if width <= 0 or height <= 0:
        raise _Fault("zero_area", f"{width:g} wide and {height:g} high")
    return Box(x, y, x + width, y + height)


def _time(text: Any) -> str | None:
    """ISO 8601 with its T, or None for anything else."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    return found[0].replace(" ", "T", 1) if found else None


def _metres(value: Any) -> float | None:
    number = number_of(value)
    return number if 0 < number < math.inf else None
