"""Scene classification by folder (NWPU-RESISC45, AID, UC Merced and their kin).

The native layout is the annotation::

    NWPU-RESISC45/airplane/airplane_001.jpg         label "airplane"
    AID/BaseballField/baseballfield_12.jpg          label "BaseballField"
    RSI-CB256/transportation/bridge/bridge(1).tif   label "bridge", of the group "transportation"

Folders may lie at several depths side by side (Million-AID: two or three levels). Splits are
folders, or text files that name the pictures (EuroSAT: `eurosat-train.txt`).
Source: Cheng et al. 2017 (NWPU-RESISC45), Xia et al. 2017 (AID), Li et al. 2020 (RSI-CB), Long et
al. 2021 (Million-AID).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    ALL,
    Folder,
    Plan,
    Sides,
    Span,
    batched,
    deeper,
    picture_ending,
)
from converters.read.picture_lists import by_lists, list_files
from schemas.sample import Kind, Label, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
_FILES_A_SPAN = 2048
# What file managers leave in any folder.
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
# Folders around the class folders that the entry does not name: one or two.
_OUTER = ("{outer}/", "{outer}/{inner}/")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    images: pattern of the picture files, with `{label}` and, where the authors split by folder,
    `{split}`; a list of patterns where classes lie at several depths; or either for each split.
    names: what a label is made of, one name each: templates of the pattern's names. A name that a
    path lacks is left out. lists: pattern of the list files of each split, which others than the
    authors made; without them all pictures are of the split `all`. every: of the pictures of one
    folder every so many is taken, from the first one on: of the frames of a video, say.
    """

    images: str | list[str] | dict[str, str | list[str]]
    names: tuple[str, ...] = ("{label}",)
    lists: dict[str, str] = {}
    every: int = 1


class _Looked(NamedTuple):
    """What lies in the class folders: pictures by (split, pattern), and what is no picture.

    left: pictures that `every` leaves out.
    """

    pictures: dict[tuple[str, str], list[str]]
    classes: set[str]
    others: list[files.Found]
    left: list[str]


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some thousand pictures; the classes are the folders that hold them.

    Raises SourceError where no picture lies in a class folder.
    """
    looked, outer = _around(folder, options)
    loose = [
        entry.name
        for entry in files.listing(folder.base)
        if not entry.is_dir and picture_ending(entry.name)
    ]
    if not looked.pictures:
        raise SourceError(_nothing(folder, options, looked, loose))
    notes = [f"the class folders lie in {folder.relative(outer)}"] if outer else []
    groups = looked.pictures
    if lists := list_files(folder, options.lists):
        groups, more = _listed(folder, options, looked.pictures)
        notes += more
    elif options.lists and not folder.wants(ALL):
        wanted = ", ".join(options.lists.values())
        raise SourceError(f"{folder.slug}: no split list is there: {wanted}")
    if loose and folder.wants(ALL) and not lists:
        pattern = _patterns(options)[0][1]
        groups.setdefault((ALL, f"{outer}{pattern}"), []).extend(loose)
    spans: list[Span] = []
    for (split, pattern), names in sorted(groups.items()):
        spans += [
            Span(folder.slug, split, span.index, span.names, table=pattern, records=span.records)
            for span in batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
        ]
    patterns = tuple(dict.fromkeys(pattern for _, pattern in groups))
    notes += _passed_over(folder, patterns, looked)
    return Plan(spans, notes, pictures=patterns, classes=tuple(sorted(looked.classes)))


def _patterns(options: Options) -> list[tuple[str, str]]:
    """(split, pattern) of all that the entry names; the split is empty where its path tells it."""
    by_split = options.images if isinstance(options.images, dict) else {"": options.images}
    return [
        (split, pattern)
        for split, some in by_split.items()
        for pattern in ([some] if isinstance(some, str) else some)
    ]


def _around(folder: Folder, options: Options) -> tuple[_Looked, str]:
    """What lies in the class folders, and the folder around them that the entry does not name.

    Such a folder is looked into where it is the only one, and holds two classes at least: else
    what lies in class folders would be taken for them.
    """
    first = _look(folder, options, "")
    if first.pictures:
        return first, ""
    for depth, lead in enumerate(_OUTER, 1):
        around = {
            "/".join(found.path.split("/")[:depth])
            for _, pattern in _patterns(options)
            for found in files.find(folder.base, f"{lead}{pattern}")
            if picture_ending(found.path)
        }
        if len(around) == 1:
            outer = f"{around.pop()}/"
            looked = _look(folder, options, outer)
            if len(looked.classes) > 1:
                return looked, outer
    return first, ""


def _look(folder: Folder, options: Options, outer: str) -> _Looked:
    looked = _Looked({}, set(), [], [])
    in_folder: dict[str, int] = {}
    for named, pattern in _patterns(options):
        known = {"split": named} if named else {}
        whole = f"{outer}{pattern}"
        for found in files.find(folder.base, whole, **known):
            split = named or found.values.get("split", ALL)
            if not folder.wants(split) and not options.lists:
                continue
            if picture_ending(found.path):
                place = found.path.rpartition("/")[0]
                at = in_folder[place] = in_folder.get(place, -1) + 1
                if at % options.every:
                    looked.left.append(found.path)
                    continue
                looked.pictures.setdefault((split, whole), []).append(found.path)
                looked.classes.add(found.values["label"])
            elif found.path.rpartition("/")[2].lower() not in _LITTER:
                looked.others.append(found)
    return looked


def _listed(
    folder: Folder, options: Options, pictures: dict[tuple[str, str], list[str]]
) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """The pictures by the split of their list, and notes."""
    pattern_of = {name: pattern for (_, pattern), names in pictures.items() for name in names}
    by_split, notes = by_lists(folder, options.lists, {name: name for name in pattern_of})
    groups: dict[tuple[str, str], list[str]] = {}
    for split, names in by_split.items():
        for name in names:
            groups.setdefault((split, pattern_of[name]), []).append(name)
    return groups, notes


def _nothing(folder: Folder, options: Options, looked: _Looked, loose: list[str]) -> str:
    """Why no picture lies in a class folder, with what is there instead."""
    wheres = [files.join(folder.base, pattern) for _, pattern in _patterns(options)]
    hint = f"; {len(loose)} picture(s) outside a class folder, such as {loose[0]}" if loose else ""
    if looked.others:
        example = folder.relative(looked.others[0].path)
        hint += f"; {len(looked.others)} file(s) there have no picture's ending, such as {example}"
    if not hint and (there := [entry.name for entry in files.listing(folder.base)]):
        more = ", ..." if len(there) > 5 else ""
        hint = f"; there: {', '.join(there[:5])}{more}"
    return f"no class folders found: {' or '.join(dict.fromkeys(wheres))}{hint}"


def _passed_over(folder: Folder, patterns: tuple[str, ...], looked: _Looked) -> list[str]:
    """Notes of what is not read: other files, pictures one folder deeper, and whole classes."""
    read_paths = {name for names in looked.pictures.values() for name in names}
    below = [
        found
        for pattern in patterns
        for reading in deeper(pattern)
        for found in files.find(folder.base, reading)
        if picture_ending(found.path)
        and folder.wants(found.values.get("split", ALL))
        and found.path not in read_paths
    ]
    notes = []
    for some, what in (
        (
            [found.path for found in looked.others],
            "file(s) in class folders have no picture's ending",
        ),
        ([found.path for found in below], "picture(s) lie one folder below their class folder"),
    ):
        if some:
            notes.append(f"{len(some)} {what} and are not read, such as {folder.relative(some[0])}")
    if looked.left:
        example = folder.relative(looked.left[0])
        notes.append(
            f"{len(looked.left)} picture(s) are left out of their folders' series, such as "
            f"{example}"
        )
    gone = {found.values["label"] for found in [*looked.others, *below]} - looked.classes
    if gone:
        notes.append(f"no picture is read of the class folder(s) {', '.join(sorted(gone))}")
    return notes


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture; its label is the folder's name, or what `names` make of its path."""
    for name in span.names:
        path = folder.relative(name)
        values = files.bind(span.table, name)
        if values is None:
            detail = "a picture outside any class folder"
            yield Reject(path, name, span.split, "no_label", detail)
            continue
        names = [
            files.fill(template, values)
            for template in options.names
            if files.variables(template) <= values.keys()
        ]
        label = Label(name, tuple(dict.fromkeys(names)))
        yield Sample(name, path, span.split, (Picture(path),), labels=(label,))
