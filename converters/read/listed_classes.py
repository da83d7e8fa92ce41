"""Pictures of class folders that are not there, as the split lists name them.

A list that says a picture's folder says its class too::

    Forest/Forest_12.jpg
    Forest/Forest_12.jpg,Forest

A bare name (`Forest_12.jpg`) says none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from converters.read import files
from converters.read.archives import is_archive
from converters.read.class_folders import PACKED
from converters.read.folder import Folder, picture_ending
from converters.read.split_lists import list_entries

_DEPTH = 4  # folders below the dataset's own in which pictures are looked for

Named = dict[tuple[str, str], list[str]]  # paths below the folder's base, by (split, reading)


def named_pictures(
    folder: Folder, lists: Mapping[str, Sequence[str]], patterns: Sequence[str]
) -> tuple[Named, set[str], list[str]]:
    """The pictures that lists name with their folders, their classes, and notes.

    Nothing where any picture or archive lies in the dataset's folder: it is not known then where
    its pictures are. lists: files by split, as `list_files` gives them. patterns: of the pictures.
    """
    named: Named = {}
    classes: set[str] = set()
    notes: list[str] = []
    if not lists or _holds_pictures(folder.root, _DEPTH):
        return named, classes, notes
    readings = [reading for pattern in patterns for reading in files.expand(pattern)]
    taken: dict[str, str] = {}  # the split of each picture: that of the first list with it
    for split, path in [(split, path) for split, paths in lists.items() for path in paths]:
        lead = files.parent(path)[0]
        ordered = sorted(readings, key=lambda one: not _begins(folder, one, lead))
        lost: list[str] = []
        twice: list[str] = []
        for entry in dict.fromkeys(list_entries(folder, path)):
            if (found := _bound(entry, ordered)) is None:
                lost.append(entry or "one without a picture")
            elif found[1] in taken:
                twice += [entry] if taken[found[1]] != split else []
            else:
                taken[found[1]] = split
                if folder.wants(split):
                    named.setdefault((split, found[0]), []).append(found[1])
                    classes.add(found[2])
        for some, what in (
            (lost, "name no class folder"),
            (twice, "name pictures of another split's list, whose they stay"),
        ):
            if some and folder.wants(split):
                notes.append(f"{len(some)} line(s) of {path} {what}, such as {some[0]}")
    count = sum(map(len, named.values()))
    if count:
        notes.insert(0, f"no picture is there: the {count} that the split lists name are read")
    return named, classes, notes


def _begins(folder: Folder, reading: str, lead: str) -> bool:
    """True where a reading's pictures lie beside a list. lead: the list's folder."""
    return folder.relative(reading.partition("{")[0]) == lead


def _bound(entry: str, readings: Sequence[str]) -> tuple[str, str, str] | None:
    """The first reading that an entry's class folder and name fit, its path, and its class."""
    short = "/".join(entry.replace("\\", "/").split("/")[-2:])
    if "/" not in short:
        return None
    for reading in readings:
        name = reading.partition("{")[0] + short
        values = files.bind(reading, name)
        if values is not None and "label" in values:
            return reading, name, values["label"]
    return None


def _holds_pictures(place: str, depth: int) -> bool:
    """True also where a folder may not be listed, and they may lie in it."""
    try:
        return any(_is_picture(name) for name in _names(place, depth))
    except PermissionError:
        return True


def _is_picture(name: str) -> bool:
    return bool(picture_ending(name)) or is_archive(name) or name.lower().endswith(PACKED)


def _names(place: str, depth: int) -> Iterator[str]:
    """The names of the files below a folder."""
    for entry in files.listing(place):
        if not entry.is_dir:
            yield entry.name
        elif depth:
            yield from _names(files.join(place, entry.name), depth - 1)
