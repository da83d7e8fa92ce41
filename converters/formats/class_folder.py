"""Scene classification by folder (NWPU-RESISC45, AID, UC Merced and their kin).

The native layout is the annotation::

    NWPU-RESISC45/airplane/airplane_001.jpg         label "airplane"
    AID/BaseballField/baseballfield_12.jpg          label "BaseballField"
    RSI-CB256/transportation/bridge/bridge(1).tif   label "bridge", of the group "transportation"

Folders may lie at several depths side by side (Million-AID: two or three levels), below folders
that the entry does not name, or in a zip or tar (see `converters.read.class_folders`). Splits are
folders, or text files that name the pictures (EuroSAT: `eurosat-train.txt`). Where no picture is
there, those that such lists name with their folders are read from the lists alone.
Source: Cheng et al. 2017 (NWPU-RESISC45), Xia et al. 2017 (AID), Li et al. 2020 (RSI-CB), Long et
al. 2021 (Million-AID).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from converters.read import files
from converters.read.class_folders import Looked, around_notes, class_pictures, instead
from converters.read.files import NothingBelow, SourceError
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
from converters.read.listed_classes import named_pictures
from converters.read.split_lists import list_files, split_by_picture_lists
from schemas.sample import Kind, Label, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
# Splits that may be asked for where authors made none: others put folders for them around classes.
FOLDER_SPLITS = ("train", "val", "test")
_FILES_A_SPAN = 2048


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    images: pattern of the picture files, with `{label}` and, where the authors split by folder,
    `{split}`, of whose alternatives the first that finds pictures is read; a list of patterns,
    all of them read, where classes lie at several depths; or either for each split.
    names: what a label is made of, one name each: templates of the pattern's names. A name that a
    path lacks is left out. lists: pattern of the list files of each split, which others than the
    authors made; without them all pictures are of the split `all`. every: of the pictures of one
    folder every so many is taken, from the first one on: of the frames of a video, say.
    """

    images: str | list[str] | dict[str, str | list[str]]
    names: tuple[str, ...] = ("{label}",)
    lists: dict[str, str] = {}
    every: int = 1


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some thousand pictures; the classes are the folders that hold them.

    Raises SourceError where no picture lies in a class folder.
    """
    patterns = _patterns(options)
    looked = class_pictures(folder, patterns, options.every, all_splits=bool(options.lists))
    loose = [
        entry.name
        for entry in files.listing(folder.base)
        if not entry.is_dir and picture_ending(entry.name)
    ]
    if not looked.pictures and folder.splits is not None:
        every = class_pictures(folder, patterns, options.every, all_splits=True)
        _check_asked(folder, every.pictures)
    if not looked.pictures:
        lists = list_files(folder, options.lists)
        named, classes, notes = named_pictures(folder, lists, [one for _, one in patterns])
        if named:
            return _planned(folder, named, notes, classes)
        raise NothingBelow(_nothing(folder, options, looked, loose))
    notes = around_notes(folder, looked)
    groups = looked.pictures
    leads = [place.lead for place in looked.places]
    if lists := list_files(folder, options.lists, leads):
        groups, more = _listed(folder, lists, looked.pictures)
        notes += more
    elif options.lists:
        groups = {key: names for key, names in groups.items() if folder.wants(key[0])}
        if not groups and any(split != ALL for split, _ in looked.pictures):
            _check_asked(folder, looked.pictures)
        if not groups:
            wanted = ", ".join(files.expand(pattern)[0] for pattern in options.lists.values())
            raise SourceError(f"{folder.slug}: no split list is there: {wanted}")
    if loose and folder.wants(ALL) and not lists:
        pattern = f"{looked.places[0].lead}{patterns[0][1]}"
        groups.setdefault((ALL, pattern), []).extend(loose)
    read_patterns = tuple(dict.fromkeys(pattern for _, pattern in groups))
    notes += _passed_over(folder, read_patterns, looked)
    return _planned(folder, groups, notes, looked.classes)


def _check_asked(folder: Folder, pictures: Iterable[tuple[str, str]]) -> None:
    """Raises SourceError where there are pictures, all of splits that are not asked for.

    pictures: their splits and patterns.
    """
    if there := sorted({split for split, _ in pictures}):
        asked = ", ".join(sorted(folder.splits or ()))
        raise SourceError(
            f"{folder.slug}: no class folders of split {asked}; there: {', '.join(there)}"
        )


def _planned(
    folder: Folder,
    groups: Mapping[tuple[str, str], list[str]],
    notes: list[str],
    classes: Iterable[str],
) -> Plan:
    """Spans of some thousand of the pictures. groups: by split and pattern."""
    spans: list[Span] = []
    for (split, pattern), names in sorted(groups.items()):
        spans += [
            Span(folder.slug, split, span.index, span.names, table=pattern, records=span.records)
            for span in batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
        ]
    read_patterns = tuple(dict.fromkeys(pattern for _, pattern in groups))
    return Plan(spans, notes, pictures=read_patterns, classes=tuple(sorted(classes)))


def _patterns(options: Options) -> list[tuple[str, str]]:
    """(split, pattern) of all that the entry names; the split is empty where its path tells it."""
    by_split = options.images if isinstance(options.images, dict) else {"": options.images}
    return [
        (split, pattern)
        for split, some in by_split.items()
        for pattern in ([some] if isinstance(some, str) else some)
    ]


def _listed(
    folder: Folder,
    lists: dict[str, list[str]],
    pictures: dict[tuple[str, str], list[str]],
) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """The pictures by the split of their list, and notes."""
    pattern_of = {name: pattern for (_, pattern), names in pictures.items() for name in names}
    called = {name: name for name in pattern_of}
    by_split, notes = split_by_picture_lists(folder, lists, called)
    groups: dict[tuple[str, str], list[str]] = {}
    for split, names in by_split.items():
        for name in names:
            groups.setdefault((split, pattern_of[name]), []).append(name)
    return groups, notes


def _nothing(folder: Folder, options: Options, looked: Looked, loose: list[str]) -> str:
    """Why no picture lies in a class folder, with what is there instead."""
    wheres = [files.join(folder.base, files.shown(one)) for _, one in _patterns(options)]
    hint = f"; {len(loose)} picture(s) outside a class folder, such as {loose[0]}" if loose else ""
    if looked.others:
        example = folder.relative(looked.others[0].path)
        hint += f"; {len(looked.others)} file(s) there have no picture's ending, such as {example}"
    hint += instead(folder)
    return f"no class folders found: {' or '.join(dict.fromkeys(wheres))}{hint}"


def _passed_over(folder: Folder, patterns: tuple[str, ...], looked: Looked) -> list[str]:
    """Notes of what is not read: other files, pictures one folder deeper, and whole classes."""
    read_paths = {name for names in looked.pictures.values() for name in names}
    below = [
        found
        for pattern in patterns
        for found in files.find(folder.base, deeper(pattern))
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
    used = {name.split("/")[0] for name in [*read_paths, *looked.left]} | gone
    unused = [
        entry.name
        for entry in files.listing(folder.base)
        if entry.is_dir and entry.name not in used and folder.splits is None
    ]
    if unused:
        example = folder.relative(unused[0])
        notes.append(f"{len(unused)} folder(s) hold no picture that is read, such as {example}")
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
