"""LLaVA-style conversations (GeoChat_Instruct, VRSBench, TEOChatlas, ShareGPT files and their kin).

One native record of a JSON array, or of a line of JSON Lines::

    {"id": 7, "image": "a/0001.png",
     "conversations": [{"from": "human", "value": "<image>\\nWhere is the ship?"},
                       {"from": "gpt", "value": "{<10><20><30><40>|<0>}"}]}

`image` is a path, a list of paths, or absent where a record shows none; TEOChatlas has `video`, a
list of pictures, with their dates in `timestamp`. The pictures stay in the record's order unless
the entry says that dates give it. ShareGPT files name their fields otherwise::

    {"messages": [{"role": "user", "content": "<image>What is it?"},
                  {"role": "assistant", "content": "A dam."}], "images": ["a.jpg"]}

`converters.read.turns` shows the other forms. GeoPixelD has the outlines of its `[SEG]` marks in
a file beside (`converters.regions.outline_files`), GeoLLaVA the pictures and dates of its videos
in a sheet (`converters.read.video_pairs`).

Turns come through as they stand: placeholders and boxes are left to later steps. The dialect of
the boxes is what the entry declares, and never guessed: one notation has several meanings.

What identifies a record is its pictures and its id together, since ids repeat; where there is
neither, a hash of its turns.
Source: Kuckreja et al. 2023, https://github.com/mbzuai-oryx/GeoChat; Irvin et al. 2024,
https://github.com/ermongroup/TEOChat; Shabbir et al. 2025, https://github.com/mbzuai-oryx/GeoPixel;
Pang et al. 2024, https://github.com/opendatalab/VHM (`source_dataset`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec
import pyarrow as pa
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.json_elements import BadRecord
from converters.read.json_rows import span_body
from converters.read.picture_paths import PicturePaths
from converters.read.plans import json_array_plan
from converters.read.records import json_records
from converters.read.turns import (
    Marks,
    Names,
    Role,
    TurnFields,
    dated,
    field_names,
    images_of,
    in_time,
    key_of,
    several,
    turns_of,
)
from converters.read.turns_at_once import talks_at_once
from converters.read.video_pairs import Sheet, VideoPairs, sheet_names
from converters.regions.outline_files import OutlineFiles
from schemas.sample import Conversation, Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("conversation",)
_RECORD_BYTES = 800
_HEAD_BYTES = 1 << 16
_OWN = frozenset({"image", "stem", "split", "root"})  # what is no field of a record
Values = dict[str, str]


class Outlines(Struct, frozen=True, forbid_unknown_fields=True):
    """field: names the file of a record's outlines. path: where it is, from `{image}` (what the
    field says) and the names of `images`. key: the outlines in it."""

    field: Names = "polygons"
    path: str = "{image}"
    key: str = "polygons"


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON or JSON Lines files. images: picture path from `{image}` (its
    field), `{stem}`, `{split}`, the names in `annotations`, `{root}`, and other fields of the
    record; several in time order where one name stands for a pair in two folders. table: the key
    under which the records stand, where they are no bare list. fields: names of the fields. roles:
    what a native role is (human, gpt or system), besides the usual names. boxes: the dialect of the
    boxes in the text. order: whether pictures stand in time order as they are `listed`, or are
    brought into it by their `dates`. strip: beginnings of native paths that are taken away. roots:
    what `{root}` is by the stem of the annotation file. escapes: line breaks are written as a
    backslash and an n. outlines: of marks in the text, in a file beside. sheet: says which pictures
    a video shows. marks: which records of a list are this set's.
    """

    annotations: BySplit
    images: BySplit | list[str] = "{image}"
    table: str | None = None
    fields: TurnFields = TurnFields()
    roles: dict[str, Role] = {}
    boxes: BySplit | None = None
    order: Literal["listed", "dates"] = "listed"
    strip: list[str] = []
    roots: dict[str, str] = {}
    escapes: bool = False
    outlines: Outlines | None = None
    sheet: Sheet | None = None
    marks: Marks | None = None


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of equal bytes. Raises SourceError where there are no annotations."""
    images = [] if "root" in _named(options) else options.images
    if options.sheet is not None:
        sheet_names(folder, options.sheet)
    return json_array_plan(
        folder,
        options.annotations,
        images,
        keys={_proof(folder, options)},
        record_bytes=_RECORD_BYTES,
        table=options.table,
    )


def _proof(folder: Folder, options: Options) -> str:
    """The field that every record has: of several names the one that the first file holds."""
    fields = options.fields
    names = (*several(fields.conversations), *several(fields.question))
    patterns = options.annotations
    for pattern in [patterns] if isinstance(patterns, str) else patterns.values():
        if len(names) > 1 and (found := next(files.find(folder.base, pattern), None)):
            path = files.join(folder.base, found.path)
            head = files.store(path).read(path, 0, _HEAD_BYTES)
            return next((name for name in names if f'"{name}"'.encode() in head), names[0])
    return names[0]


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a record, with its conversation."""
    name = span.names[0]
    fixed = {**bound(options.annotations, name), "split": span.split}
    shown = _Shown(folder, options, fixed, name)
    found = _read_at_once(folder, options, span, shown)
    yield from _read_records(folder, options, span, shown) if found is None else found


def _read_at_once(
    folder: Folder, options: Options, span: Span, shown: _Shown
) -> list[Sample] | None:
    # Fast way: where each turn has a role and a text, and each picture is a path, the records of a
    # span are decoded together to just that (two fifths of the time). The plain way decodes one
    # record after the other to whatever it holds; it takes over where one is of another form.
    body = span_body(folder, span)
    if body is None or not shown.by_name_alone or options.order != "listed":
        return None
    fields = options.fields
    talks = talks_at_once(body, span, fields, _once(fields), options.roles, options.strip)
    if talks is None:
        return None
    file = folder.relative(span.names[0])
    dialect = _dialect(options, span.split)
    samples = []
    try:
        known = shown.look_up(image for talk in talks for image in talk.images)
    except (SourceError, UnicodeEncodeError):  # a path that leads out, or is no UTF-8
        return None
    for key, images, turns in talks:
        if options.marks is not None and not options.marks.ours(turns, span.split):
            continue
        pictures = tuple([picture for image in images for picture in known[image]])
        talk = Conversation("", turns, dialect, (), options.escapes)
        samples.append(Sample(key, file, span.split, pictures, conversations=(talk,)))
    return samples


def _once(fields: TurnFields) -> list[str]:
    """Fields that must not stand twice in a record."""
    return [*_naming(fields), *_saying(fields)]


def _read_records(
    folder: Folder, options: Options, span: Span, shown: _Shown
) -> Iterator[Sample | Reject]:
    name = span.names[0]
    file = folder.relative(name)
    names = _fields(options, name)
    kind = _record_type(names, _required(options.fields))
    naming = _naming(options.fields)
    table, once = _table(folder, options, span), _once(options.fields)
    records = json_records(folder, span, kind, table=table, named=naming, once=once)
    for _, found in records:
        if isinstance(found, Reject):
            yield found
            continue
        record = dict(zip(names, msgspec.structs.astuple(found), strict=True))
        images: list[str] = []
        try:
            images = images_of(record, options.fields, options.strip)
            turns = turns_of(record, options.fields, options.roles)
            if options.marks is not None and not options.marks.ours(turns, span.split):
                continue
            pictures = shown.pictures(record, images)
            regions = shown.regions(record, pictures)
        except BadRecord as bad:
            key = key_of(record, options.fields, images)
            yield Reject(file, key, span.split, *bad.args)
            continue
        key = key_of(record, options.fields, images)
        talk = Conversation("", turns, _dialect(options, span.split), regions, options.escapes)
        yield Sample(key, file, span.split, pictures, conversations=(talk,))


class _Shown:
    """What the records of one file show. fixed: names in a picture's path that the file tells."""

    def __init__(self, folder: Folder, options: Options, fixed: Values, name: str) -> None:
        self._options, self._fixed = options, fixed
        self._fields = _extra(options, fixed)
        self._paths = [PicturePaths(folder, template) for template in _templates(options, name)]
        self._known: dict[tuple[str, ...], tuple[Picture, ...]] = {}
        self._videos = VideoPairs(folder, options.sheet) if options.sheet else None
        self._outlines = None
        if options.outlines is not None:
            path = PicturePaths(folder, options.outlines.path)
            self._outlines = OutlineFiles(folder, path, options.outlines.key)

    def pictures(self, record: Mapping[str, Any], images: list[str]) -> tuple[Picture, ...]:
        """The pictures in time order. Raises BadRecord."""
        times = record.get(self._options.fields.times or "")
        if self._videos is not None:
            images, times = self._videos.of(images, self._options.strip)
        values = self._values(record) if images else {}
        found = tuple(shown for image in images for shown in self._named(image, values))
        found = dated(found, times)
        return in_time(found) if self._options.order == "dates" else found

    @property
    def by_name_alone(self) -> bool:
        """True where the names of a record's pictures tell all that it shows."""
        return self._videos is None and self._outlines is None and not self._fields

    def look_up(self, images: Iterable[str]) -> dict[str, tuple[Picture, ...]]:
        """The pictures of names that tell all (`by_name_alone`). Raises SourceError."""
        names = [*dict.fromkeys(images)]
        column = pa.array(names, pa.string())
        found = [paths.paths("image", column, self._fixed, stems=True) for paths in self._paths]
        each = zip(*(paths.to_pylist() for paths in found), strict=True)
        return dict(zip(names, (tuple(map(Picture, some)) for some in each), strict=True))

    def _named(self, image: str, values: Values) -> tuple[Picture, ...]:
        """The pictures that a name stands for, looked up once. Raises BadRecord."""
        key = (image, *values.values())
        if key not in self._known:
            filled = {**values, "image": image, "stem": stem(image)}
            try:
                self._known[key] = tuple(Picture(path.path(filled)) for path in self._paths)
            except SourceError as error:
                raise BadRecord("bad_value", str(error)) from None
        return self._known[key]

    def regions(
        self, record: Mapping[str, Any], pictures: tuple[Picture, ...]
    ) -> tuple[Region, ...]:
        """The outlines that marks in the text stand for. Raises BadRecord."""
        if self._outlines is None or self._options.outlines is None:
            return ()
        named = TurnFields(image=several(self._options.outlines.field))
        paths = images_of(record, named, self._options.strip)
        if not paths:
            return ()
        if len(paths) > 1:
            raise BadRecord("bad_value", f"{len(paths)} files of outlines")
        return self._outlines.of({**self._values(record), "image": paths[0]}, pictures)

    def _values(self, record: Mapping[str, Any]) -> Values:
        """What stands for the names of a picture's path, but its own."""
        values = dict(self._fixed)
        for field in self._fields:
            value = record.get(field)
            if not isinstance(value, str) or not value:
                raise BadRecord("missing_field", f"no {field}")
            values[field] = value
        return values


def _patterns(options: Options, split: str | None = None) -> list[str]:
    """The patterns of the pictures' paths, of one split or of all."""
    if isinstance(options.images, dict):
        some = options.images.values() if split is None else [options.images.get(split, "")]
        return [*some]
    return [options.images] if isinstance(options.images, str) else options.images


def _named(options: Options, split: str | None = None) -> set[str]:
    """The names in the pictures' paths."""
    patterns = _patterns(options, split)
    return {name for pattern in patterns for name in files.variables(files.expand(pattern)[0])}


def _extra(options: Options, fixed: Mapping[str, str]) -> list[str]:
    """Fields of a record that stand in its pictures' paths."""
    return sorted(_named(options, fixed["split"]) - _OWN - fixed.keys())


def _templates(options: Options, name: str) -> list[BySplit]:
    """The paths of a name's pictures, `{root}` filled in by the name of an annotation file."""
    root = options.roots.get(stem(name), "")
    written, filled = ("{root}", root) if root else ("{root}/", "")
    if isinstance(options.images, dict):
        return [{split: one.replace(written, filled) for split, one in options.images.items()}]
    return [one.replace(written, filled) for one in _patterns(options)]


def _dialect(options: Options, split: str) -> str | None:
    return options.boxes.get(split) if isinstance(options.boxes, dict) else options.boxes


def _table(folder: Folder, options: Options, span: Span) -> str | None:
    """The key under which the records of a span stand; None for a bare list."""
    if options.table is None or span.end is not None:
        return options.table
    path = files.join(folder.base, span.names[0])
    head = files.store(path).read(path, 0, _HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    return None if head.startswith(b"[") else options.table


def _naming(fields: TurnFields) -> list[str]:
    """Fields that tell what a record is called which cannot be decoded."""
    names = [fields.image] if isinstance(fields.image, str) else fields.image
    return [*(name for some in names for name in several(some)), fields.id]


def _saying(fields: TurnFields) -> list[str]:
    """Fields that hold what a record says."""
    said = (fields.conversations, fields.question, fields.answer)
    return [name for some in said if some is not None for name in several(some)]


def _required(fields: TurnFields) -> str | None:
    """The field without which a record is none, where there is only one name for it."""
    single = isinstance(fields.conversations, str) and fields.question is None
    return str(fields.conversations) if single else None


def _fields(options: Options, name: str) -> tuple[str, ...]:
    """Every field of a record that is read."""
    fixed = {**bound(options.annotations, name), "split": ""}
    more = sorted(_named(options) - _OWN - fixed.keys())
    beside = several(options.outlines.field) if options.outlines else ()
    return tuple(dict.fromkeys([*field_names(options.fields), *more, *beside]))


@functools.cache
def _record_type(names: tuple[str, ...], required: str | None) -> type[Struct]:
    """A record whose field `names[i]` is its attribute `field_i`.

    Whatever else a record holds is skipped undecoded.
    """
    fields: list[Any] = [
        (f"field_{i}", Any) if name == required else (f"field_{i}", Any, None)
        for i, name in enumerate(names)
    ]
    rename = {f"field_{i}": name for i, name in enumerate(names)}
    return msgspec.defstruct("Record", fields, rename=rename, kw_only=True)
