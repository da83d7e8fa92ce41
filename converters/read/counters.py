"""Splits that are lists of counters: which numbers of a running count are in which split.

Some authors count the objects of all annotation files, one file after the other, and list the
numbers of each split, one a line, counted from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import SourceError
from converters.read.folder import Folder


class Counters(NamedTuple):
    """split_of: the split of each number. splits: those that have a list. twice: how many numbers
    are in two lists and stay in the first."""

    split_of: dict[int, str]
    splits: list[str]
    twice: int


def read_counters(folder: Folder, lists: Mapping[str, str]) -> Counters:
    """The counters of all lists. lists: a pattern for each split.

    Raises SourceError where there is no list, or one holds something else than whole numbers.
    """
    split_of: dict[int, str] = {}
    there: list[str] = []
    twice = 0
    for split, pattern in lists.items():
        for file in files.find(folder.base, pattern):
            there.append(split)
            for number in _numbers(folder, file.path):
                twice += split_of.setdefault(number, split) != split
    if not there:
        raise SourceError(f"{folder.slug}: no split list {' or '.join(lists.values())}")
    return Counters(split_of, [*dict.fromkeys(there)], twice)


def _numbers(folder: Folder, path: str) -> list[int]:
    where = f"{folder.slug}: {folder.relative(path)}"
    try:
        words = text_of(folder.bytes_of(path)).split()
    except UnicodeDecodeError as error:
        raise SourceError(f"{where} cannot be read: {error}") from None
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) < 10):
            raise SourceError(f"{where} holds {word[:40]!r}; it should list counters of objects")
    return [int(word) for word in words]


def misfit(split_of: Mapping[int, str], counted: int) -> str:
    """Why counters cannot be those of so many objects, or nothing where they can.

    Lists that name every number up to their highest are whole: then there are just so many objects.
    """
    listed = max(split_of, default=-1) + 1
    if counted == listed or (counted > listed and len(split_of) < listed):
        return ""
    return f"the split lists count {listed} objects, and {counted} are there"
