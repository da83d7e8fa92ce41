"""Captions in WebDataset shards, as img2dataset and others write them: tar files read in place.

Members of one name belong together; their endings say what they are::

    607.jpg  607.json                              RSTeller
    000000012.img_content  .img_name  .caption     RS5M
    000010003.png  .txt  .json                     what img2dataset downloaded

A picture is `train-000000.tar!607.jpg`. A member's ending is what the entry names (`input.caption`
too), or a picture's; what has another belongs to the group whose name it begins with. Members that
are neither the picture nor named by the entry are not read. Unpacked members are read in the same
way: one file of text beside each picture.

A group without a picture or without a caption is a Reject, and so is a link or a member outside
its archive. A shard that is cut off is an error, for what it lost is unknown.
Source: Ge et al. 2025, https://github.com/SlytherinGe/RSTeller; Zhang et al. 2024,
https://github.com/om-ai-lab/RS5M; https://github.com/rom1504/img2dataset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.captions import Names, Said, caption_sample, captions_at, several, text_at
from converters.read.encodings import text_of, utf8_of
from converters.read.entries import is_litter
from converters.read.folder import (
    ALL,
    PICTURE_ENDINGS,
    BySplit,
    Folder,
    Plan,
    Sides,
    Span,
    batched,
)
from converters.read.forms import first_form
from converters.read.json_elements import UNREADABLE, BadRecord
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns
from converters.read.plans import absent, chosen_files
from converters.read.records import record_pictures
from schemas.sample import Kind, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("caption",)
_SPAN_BYTES = 1 << 30  # of a tar
_GROUP_BYTES = 30_000
_FILES_A_SPAN = 256
_ARCHIVE = re.compile(r".*\.(tar|tar\.gz|tgz|zip)", re.IGNORECASE | re.DOTALL)
_PICTURES = tuple(ending[1:] for ending in PICTURE_ENDINGS)


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the shards (tar, tar.gz, zip), or of the texts where they are unpacked;
    of several in a list the first that finds some. captions: members, or fields of JSON members,
    of which the first that says anything is taken: `txt`, `json.captions`. id: where a record's
    own name stands, if not in its members'. pictures: endings of pictures besides the usual.
    """

    annotations: BySplit | list[str]
    captions: tuple[str, ...] = ("txt", "caption", "json.caption")
    id: Names = ()
    pictures: tuple[str, ...] = ()


class _Group:
    """The members of one name. load: gives the bytes of one."""

    def __init__(self, members: Mapping[str, str], load: Callable[[str], bytes]) -> None:
        self.members = members  # paths by ending
        self._load = load
        self._values: dict[str, Any] = {}

    def said(self, options: Options) -> Said:
        """The captions of the first place that has any. Raises BadRecord."""
        said = Said([], [])
        for place in options.captions:
            said = captions_at(self._record(place), [place])
            if said.captions or said.faults:
                break
        return said

    def name(self, options: Options) -> str:
        """The record's own name, or nothing. Raises BadRecord."""
        for place in several(options.id):
            if found := text_at(self._record(place), place).strip():
                return found
        return ""

    def picture(self, options: Options) -> str | None:
        """The path of the picture."""
        return next(
            (
                self.members[end]
                for end in (*_lower(options.pictures), *_PICTURES)
                if end in self.members
            ),
            None,
        )

    def _record(self, place: str) -> dict[str, Any]:
        """What a place leads into: the member's ending, or the first parts of it, and its value."""
        keys = place.split(".")
        for number in range(len(keys), 0, -1):
            ending = ".".join(keys[:number])
            if ending.lower() in self.members:
                value = self._value(ending.lower())
                for key in reversed(keys[:number]):
                    value = {key: value}
                found: dict[str, Any] = value
                return found
        return {}

    def _value(self, ending: str) -> Any:
        if ending not in self._values:
            data = self._load(self.members[ending])
            is_json = ending.rpartition(".")[2] == "json"
            self._values[ending] = _json(data) if is_json else _text(data)
        return self._values[ending]


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(utf8_of(data))
    except UNREADABLE as error:
        raise BadRecord("unreadable_record", str(error)) from None


def _text(data: bytes) -> str:
    try:
        return text_of(data)
    except UnicodeDecodeError as error:
        raise BadRecord("unreadable_record", str(error)) from None


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a gigabyte of a tar, of a whole zip or tar.gz, or of some files of text."""
    annotations, notes = first_form(folder, options.annotations)
    spans: list[Span] = []
    loose: dict[str, list[str]] = {}
    for split, found in chosen_files(folder, annotations, notes):
        if not _ARCHIVE.fullmatch(found.path):
            loose.setdefault(split or ALL, []).append(found.path)
            continue
        step = _SPAN_BYTES if found.path.lower().endswith(".tar") else found.size + 1
        for start in range(0, found.size or 1, step):
            end = start + step if start + step < found.size else None
            records = (min(found.size, start + step) - start) // _GROUP_BYTES + 1
            names = (found.path,)
            spans.append(
                Span(folder.slug, split or ALL, len(spans), names, start, end, records=records)
            )
    for split, names_of in sorted(loose.items()):
        spans += batched(folder.slug, split, names_of, _FILES_A_SPAN, len(spans))
    # Shards are nearly all pictures, so their own sizes tell what the output will weigh.
    return Plan(spans, [*notes, *absent(folder, annotations)], picture_patterns(annotations))


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a group, in the order of the archive.

    Raises SourceError where a shard cannot be read.
    """
    split_off = _splitter(options)
    if not _ARCHIVE.fullmatch(span.names[0]):
        yield from _loose(folder, options, span, split_off)
        return
    file = folder.relative(span.names[0])
    archive = files.join(folder.base, span.names[0])

    load = _loader(archive)
    if not span.start:
        for fault in files.passed_over(archive):
            name, _, why = fault.rpartition(": ")
            yield Reject(file, name, span.split, "unreadable_file", why)
    for stem, members in _groups(archive, span, split_off).items():
        group = _Group(members, load)
        try:
            said, key = group.said(options), group.name(options) or stem
        except (BadRecord, files.MemberError) as bad:
            yield _bad(file, stem, span.split, bad)
            continue
        picture = group.picture(options)
        if picture is None:
            reason = "missing_image" if said.captions else "missing_field"
            yield Reject(file, key, span.split, reason, "no picture in the archive", said.number)
            continue
        yield from caption_sample(file, key, span.split, (Picture(f"{file}!{picture}"),), said)


def _loader(archive: str) -> Callable[[str], bytes]:
    """Reads members that are asked for in about the archive's order."""
    if not archive.lower().endswith(".tar"):

        def member_of(name: str) -> bytes:
            path = f"{archive}!{name}"
            return files.store(path).read(path)

        return member_of
    # Fast way: through one buffer, as texts lie between small pictures; the store would open the
    # file for each (0.4 s for 20,000 texts).
    places, file = files.members(archive), files.opened(archive)

    def part_of(name: str) -> bytes:
        file.seek(places[name].start)
        return file.read(places[name].size)

    return part_of


def _groups(
    archive: str, span: Span, split_off: Callable[[str], tuple[str, str] | None]
) -> dict[str, dict[str, str]]:
    """Members by name and ending of the groups that begin in the span."""
    groups: dict[str, dict[str, str]] = {}
    elsewhere: set[str] = set()
    others: list[tuple[str, int]] = []

    def add(stem: str, ending: str, name: str, start: int) -> None:
        if stem not in groups and stem not in elsewhere:
            here = span.start <= start and (span.end is None or start < span.end)
            if not here:
                elsewhere.add(stem)
        if stem not in elsewhere:
            groups.setdefault(stem, {}).setdefault(ending, name)

    for name, member in files.members(archive).items():
        if parts := split_off(name):
            add(*parts, name, member.start)
        elif not is_litter(name.rpartition("/")[2]):
            others.append((name, member.start))
    for name, start in others:
        above, mark, base = name.rpartition("/")
        words = base.split(".")
        stems = [f"{above}{mark}{'.'.join(words[:n])}" for n in range(len(words) - 1, 0, -1)]
        stem = next((one for one in stems if one in groups or one in elsewhere), None)
        if stem is None:
            stem = stems[-1] if stems else name
        add(stem, name[len(stem) + 1 :].lower(), name, start)
    return groups


def _loose(
    folder: Folder, options: Options, span: Span, split_off: Callable[[str], tuple[str, str] | None]
) -> Iterator[Sample | Reject]:
    """Unpacked members: one file of text a picture."""
    paths = PicturePaths(folder, "{path}.{" + "|".join(("jpg", *_PICTURES)) + "}")
    for name in span.names:
        file = folder.relative(name)
        stem, ending = split_off(name) or (name, "")
        group = _Group({ending: name}, folder.bytes_of)
        key = stem.rpartition("/")[2]
        try:
            said, key = group.said(options), group.name(options) or key
        except (BadRecord, files.SourceError) as bad:
            yield _bad(file, key, span.split, bad)
            continue
        pictures = record_pictures([(paths, {"path": stem})], file, key, span.split, said.number)
        if isinstance(pictures, Reject):
            yield pictures
        else:
            yield from caption_sample(file, key, span.split, pictures, said)


def _bad(file: str, key: str, split: str, error: Exception) -> Reject:
    if isinstance(error, BadRecord):
        return Reject(file, key, split, *error.args)
    return Reject(file, key, split, "unreadable_file", str(error))


def _lower(endings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(ending.lower() for ending in endings)


def _splitter(options: Options) -> Callable[[str], tuple[str, str] | None]:
    """Splits a member's path into its name and its ending, in small letters, if that is known."""
    named = {*_lower(options.pictures), *_PICTURES, "json", "txt"}
    for place in (*options.captions, *several(options.id)):
        head = place.lower().partition(".")[0]
        named |= {head} if head == "json" else {place.lower()}
    known = sorted(map(re.escape, named), key=len, reverse=True)
    pattern = re.compile(rf"(.+?)\.({'|'.join(known)})", re.IGNORECASE | re.DOTALL)

    def split_off(path: str) -> tuple[str, str] | None:
        found = None if is_litter(path.rpartition("/")[2]) else pattern.fullmatch(path)
        return (found[1], found[2].lower()) if found else None

    return split_off
