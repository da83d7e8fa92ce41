"""Archives that were cut into parts, read as one: `a.tar.gz.part_aa` and `.part_ab` as `a.tar.gz`.

Parts are numbered as `split` does it (`aa`, `ab`, ... or `00`, `01`, ...) or as 7-Zip does
(`a.zip.001`). A zip of volumes (`a.z01`, `a.zip`) is no such file: its parts know of each other.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import NamedTuple

from converters.read.entries import Entry
from converters.read.stores import SourceError, Store, Unopenable, missing

_PART = re.compile(
    r"(?P<archive>.+\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tbz2?))"
    r"(?P<mark>[._-]?(?:part[._-]?)?)(?P<order>\d{1,5}|[a-z]{2,3})",
    re.IGNORECASE | re.DOTALL,
)
_CUT = (".zip", ".tar", ".tgz", ".tbz")  # what a part's name holds


class _Part(NamedTuple):
    order: int
    entry: Entry


def joined(entries: list[Entry]) -> list[Entry]:
    """A folder's entries, sorted by name, with the parts of an archive as one file.

    Parts beside a file of the archive's own name are left over, and stay what they are.
    """
    groups = _groups(entries)
    if not groups:
        return entries
    parts = {part.entry for group in groups.values() for part in group}
    whole = [
        Entry(name, False, sum(part.entry.size for part in group)) for name, group in groups.items()
    ]
    return sorted([entry for entry in entries if entry not in parts] + whole)


def whole(store: Store, path: str) -> Store:
    """The store itself, or where `path` is an archive in parts there, one that joins them.

    Raises SourceError where one of the parts is missing.
    """
    try:
        store.size(path)
    except Unopenable:
        return store
    except FileNotFoundError:
        folder, _, name = path.rpartition("/")
        try:
            group = _groups(store.listing(folder)).get(name)
        except (FileNotFoundError, NotADirectoryError):
            return store
        if group:
            _check_whole(path, group)
            return _Joined(store, folder, [part.entry for part in group])
    return store


def _groups(entries: list[Entry]) -> dict[str, list[_Part]]:
    """The parts of each archive that is there in parts alone, in order."""
    # Fast way: folders hold a hundred thousand pictures, whose names no pattern need look at, and
    # in nearly all of them one look at all names shows that none is a part.
    names = "\n".join([one.name for one in entries]).lower()
    if not any(cut in names for cut in _CUT):
        return {}
    some = [one for one in entries if any(cut in one.name.lower() for cut in _CUT)]
    found: dict[tuple[str, str, bool, int], list[_Part]] = {}
    for entry in some:
        match = _PART.fullmatch(entry.name)
        if match and not entry.is_dir:
            order = match["order"].lower()
            key = match["archive"], match["mark"], order.isdigit(), len(order)
            found.setdefault(key, []).append(_Part(_number(order), entry))
    there = {entry.name for entry in some}
    return {
        key[0]: sorted(group)
        for key, group in sorted(found.items())
        if key[0] not in there and min(group).order in ((0, 1) if key[2] else (0,))
    }


def _number(order: str) -> int:
    """`012` as 12, `aa` as 0, `ab` as 1, `ba` as 26."""
    if order.isdigit():
        return int(order)
    number = 0
    for letter in order:
        number = number * 26 + ord(letter) - ord("a")
    return number


def _check_whole(path: str, group: list[_Part]) -> None:
    for before, after in pairwise(group):
        if after.order != before.order + 1:
            raise SourceError(
                f"{path} is there in parts, and none follows {before.entry.name} before "
                f"{after.entry.name}; fetch what is missing"
            )


class _Joined:
    """Parts as one file, as a `Store` of that file alone."""

    def __init__(self, store: Store, folder: str, parts: list[Entry]) -> None:
        self._store = store
        self._paths = [f"{folder}/{part.name}" for part in parts]
        self._ends = list(accumulate(part.size for part in parts))

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        last = self._ends[-1] if end is None else end
        pieces = []
        begin = 0
        for part, stop in zip(self._paths, self._ends, strict=True):
            if begin < last and start < stop:
                inner = max(0, start - begin), min(last, stop) - begin
                pieces.append(self._store.read(part, *inner))
            begin = stop
        return b"".join(pieces)

    def size(self, path: str) -> int:
        return self._ends[-1]

    def listing(self, path: str) -> list[Entry]:
        raise missing(path)
