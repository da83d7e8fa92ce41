"""Splits that stand apart from annotation files: in lists of stems, or where the pictures lie.

A list is a text file for each split, with a stem a line, or one table of all pictures with a column
`split`::

    image_path,label_path,split
    Images/trainval/00001.jpg,Annotations/trainval/00001.xml,train

Source of the table: https://huggingface.co/datasets/torchgeo/dior.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import Struct

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import Found, SourceError
from converters.read.folder import Folder, Span, picture_ending, stem
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from schemas.sample import Reject

UNLISTED = "unlisted"  # the split of a file that no list names, and of which no split has a picture
_ENDING = re.compile(r"\.(jpe?g|png|tiff?|bmp|xml|txt)$", re.IGNORECASE)
_PICTURE_COLUMNS = ("image_path", "image", "file_name", "filename", "name")


class _List(NamedTuple):
    """The stems that a list names. name: the file's, relative to the dataset's folder."""

    split: str
    name: str
    stems: list[str]


class _Row(Struct):
    picture: str
    split: str


def split_by_lists(
    folder: Folder,
    lists: str | Sequence[str],
    found: Iterable[Found],
    splits: Collection[str] | None,
) -> tuple[dict[str, list[str]], list[str]]:
    """Annotation files by split, and notes of what is odd about the lists.

    lists: pattern of text files with one stem a line, `{split}` in it, or of tables, without it; or
    several patterns. The first alternative that has lists of these splits counts, and the first
    list that names a stem has it. splits: those of the dataset, or None for every list. Files that
    no list names are of the split `unlisted`, which is all of them where there is no list.

    Raises SourceError where there are lists, and none names a file that is there.
    """
    there = {stem(file.path): file.path for file in found}
    by_split: dict[str, list[str]] = {}
    notes = []
    listed: dict[str, str] = {}  # the split of each picture that a list names
    patterns = [lists] if isinstance(lists, str) else lists
    some, strangers = _first_lists(folder, patterns, splits)
    is_listed = bool(some or strangers)
    for split, name, stems in some:
        absent = sum(picture not in there for picture in stems)
        if absent and folder.wants(split):
            count = f"{absent} of {len(stems)} pictures"
            notes.append(f"{name} names {count} that have no annotation file")
        named = [picture for picture in dict.fromkeys(stems) if picture in there]
        notes += _named_twice(name, named, listed)
        fresh = [picture for picture in named if picture not in listed]
        listed.update(dict.fromkeys(fresh, split))
        if folder.wants(split):
            by_split.setdefault(split, []).extend(there[picture] for picture in fresh)
    if strangers:
        notes.append(_no_lists_of_splits(strangers))
    if is_listed and not listed:
        example = next((one.name for one in some), strangers[0] if strangers else "")
        raise SourceError(f"{folder.slug}: no split list, such as {example}, names a file there")
    if not is_listed:
        notes.append(f"there is no split list {folder.relative(files.shown(patterns[0]))}")
    loose = [path for picture, path in there.items() if picture not in listed]
    if loose and folder.wants(UNLISTED):
        notes.append(f"{len(loose)} annotation files are in no split list")
        by_split[UNLISTED] = loose
    return by_split, notes


def _first_lists(
    folder: Folder, patterns: Sequence[str], splits: Collection[str] | None
) -> tuple[list[_List], list[str]]:
    """The lists of the first alternative that has some of these splits, and other lists' names."""
    strangers: dict[str, None] = {}
    for reading in chain.from_iterable(map(files.expand, patterns)):
        found: list[_List] = []
        for file in files.find(folder.base, reading):
            for one in _lists_of(folder, file):
                if splits is not None and one.split not in splits:
                    strangers[one.name] = None
                else:
                    found.append(one)
        if found:
            return found, [*strangers]
    return [], [*strangers]


def _lists_of(folder: Folder, file: Found) -> Iterator[_List]:
    """A file of one list, or a table of several. Raises SourceError where it cannot be read."""
    name = folder.relative(file.path)
    if "split" in file.values:
        yield _List(file.values["split"], name, _stems(folder, file.path))
        return
    header = column_names(files.join(folder.base, file.path))
    picture = next((column for column in _PICTURE_COLUMNS if column in header), None)
    if picture is None or "split" not in header:
        raise SourceError(
            f"{folder.slug}: {name} is no table of splits: it has no column split, or none of "
            f"{', '.join(_PICTURE_COLUMNS)}"
        )
    by_split: dict[str, list[str]] = {}
    span = Span(folder.slug, "", 0, (file.path,))
    for _, row in table_records(folder, span, _Row, {"picture": picture, "split": "split"}):
        if not isinstance(row, Reject):
            by_split.setdefault(row.split, []).append(_stem_of(row.picture))
    for split, stems in by_split.items():
        yield _List(split, name, stems)


def _named_twice(name: str, named: Iterable[str], listed: Mapping[str, str]) -> list[str]:
    """A note for each split that has pictures of the list `name` already."""
    notes = []
    for other in sorted({listed[picture] for picture in named if picture in listed}):
        twice = [picture for picture in named if listed.get(picture) == other]
        notes.append(
            f"{len(twice)} of the pictures of {name} are in the list of {other} too and stay "
            f"in {other}, such as {twice[0]}"
        )
    return notes


def _no_lists_of_splits(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is the list of no split of this dataset"
    return f"{len(names)} lists are of no split of this dataset, such as {names[0]}"


def _stems(folder: Folder, path: str) -> list[str]:
    """The stems that a split list names, with or without folder and ending.

    Raises SourceError where it is no text.
    """
    try:
        entries = text_of(folder.bytes_of(path)).split()
        return [_stem_of(entry) for entry in entries]
    except UnicodeDecodeError as error:
        where = f"{folder.slug}: {folder.relative(path)}"
        raise SourceError(f"{where} cannot be read: {error}") from None


def _stem_of(entry: str) -> str:
    return _ENDING.sub("", entry.rpartition("/")[2])


def split_by_pictures(
    folder: Folder, images: Mapping[str, str], found: Iterable[Found]
) -> tuple[dict[str, list[str]], list[str]]:
    """Annotation files by the split whose pattern of `images` has a picture of their stem.

    Of several the first has it. What has a picture nowhere is of the split `unlisted`.
    """
    split_of: dict[str, str] = {}
    for split, pattern in images.items():
        if split == UNLISTED:
            continue
        for reading in files.expand(pattern):
            place = re.sub(r"\{stem\}\.[a-z]+$", "{picture}", reading)
            for picture in files.find(folder.base, place, split=split):
                if picture_ending(picture.path):
                    split_of.setdefault(stem(picture.path), split)
    by_split: dict[str, list[str]] = {}
    for file in found:
        split = split_of.get(stem(file.path), UNLISTED)
        by_split.setdefault(split, []).append(file.path)
    notes = []
    if loose := by_split.get(UNLISTED, []):
        notes.append(
            f"{len(loose)} annotation files have a picture in no split's folder, such as "
            f"{folder.relative(loose[0])}"
        )
    return {split: names for split, names in by_split.items() if folder.wants(split)}, notes
