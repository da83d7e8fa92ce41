"""Splits that stand apart from annotation files: in lists of stems, or where the pictures lie."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import Found, SourceError
from converters.read.folder import Folder, picture_ending, stem

UNLISTED = "unlisted"  # the split of a file that no list names, and of which no split has a picture
_ENDING = re.compile(r"\.(jpe?g|png|tiff?|bmp|xml|txt)$", re.IGNORECASE)


def split_by_lists(
    folder: Folder, lists: str, found: Iterable[Found], splits: Collection[str] | None
) -> tuple[dict[str, list[str]], list[str]]:
    """Annotation files by split, and notes of what is odd about the lists.

    lists: pattern of text files with one stem a line, `{split}` in it; the first that names a
    stem has it. splits: those of the dataset, or None for every list. Files that no list names are
    of the split `unlisted`, which is all of them where there is no list.

    Raises SourceError where there are lists, and none names a file that is there.
    """
    there = {stem(file.path): file.path for file in found}
    by_split: dict[str, list[str]] = {}
    notes = []
    strangers = []
    listed: dict[str, str] = {}  # the split of each picture that a list names
    is_listed = False  # whether there is any list
    for file in files.find(folder.base, lists):
        split, name, is_listed = file.values["split"], folder.relative(file.path), True
        if splits is not None and split not in splits:
            strangers.append(name)
            continue
        stems = _stems(folder, file.path)
        absent = sum(picture not in there for picture in stems)
        if absent and folder.wants(split):
            count = f"{absent} of {len(stems)} pictures"
            notes.append(f"{name} names {count} that have no annotation file")
        named = [picture for picture in dict.fromkeys(stems) if picture in there]
        notes += _named_twice(name, named, listed)
        fresh = [picture for picture in named if picture not in listed]
        listed.update(dict.fromkeys(fresh, split))
        if folder.wants(split):
            by_split[split] = [there[picture] for picture in fresh]
    if strangers:
        notes.append(_no_lists_of_splits(strangers))
    if is_listed and not listed:
        where = files.join(folder.base, lists)
        raise SourceError(f"{folder.slug}: no split list {where} names a file that is there")
    if not is_listed:
        notes.append(f"there is no split list {folder.relative(lists)}")
    loose = [path for picture, path in there.items() if picture not in listed]
    if loose and folder.wants(UNLISTED):
        notes.append(f"{len(loose)} annotation files are in no split list")
        by_split[UNLISTED] = loose
    return by_split, notes


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
        return [_ENDING.sub("", entry.rpartition("/")[2]) for entry in entries]
    except UnicodeDecodeError as error:
        where = f"{folder.slug}: {folder.relative(path)}"
        raise SourceError(f"{where} cannot be read: {error}") from None


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
