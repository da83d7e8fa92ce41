"""Second copies of a file that systems and browsers leave beside it: `train (1).json`.

One whose original is gone stands for it, where a pattern names the file in full.

A copy has the name of another file with a mark, and the same bytes. What differs is no copy, and
is read. Pictures and label files, one a picture, may have such names of their own: their copies
stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar

from converters.read.endings import picture_ending
from converters.read.entries import Entry, collecting

_MARK = re.compile(r"(.+?)(?: ?\(\d+\)| - Copy(?: \(\d+\))?| copy(?: \d+)?)(\.[^.]+)$")
_TOLD: ContextVar[dict[str, None] | None] = ContextVar("copies", default=None)
_COMPARED = 1 << 20  # bytes at each end of two files of one size
Read = Callable[[str, int, int], bytes]  # of the file of a name, from and to a byte


def told() -> AbstractContextManager[dict[str, None]]:
    """Collects the paths of the copies that are passed over."""
    return collecting(_TOLD)


def unmarked(name: str) -> str:
    """A file's name, or path, without the mark of a copy: `a.json` of `a (1).json`."""
    found = _MARK.fullmatch(name)
    return f"{found[1]}{found[2]}" if found else name


def without_copies(above: str, entries: list[Entry], read: Read) -> list[Entry]:
    """The entries of a folder without second copies of files. above: how their paths begin."""
    marked = {one.name: name for one in entries if (name := _original(one)) is not None}
    if not marked:
        return entries
    sizes = {one.name: one.size for one in entries}
    copies = {
        name
        for name, original in marked.items()
        if sizes.get(original) == sizes[name] > 0 and _are_same(name, original, sizes[name], read)
    }
    if (seen := _TOLD.get()) is not None:
        seen.update(dict.fromkeys(f"{above}{name}" for name in sorted(copies)))
    return [one for one in entries if one.name not in copies]


def _original(entry: Entry) -> str | None:
    """The name of the file that an entry may be a copy of."""
    # Fast way: names without a blank or a bracket, which nearly all are, need no expression.
    if entry.is_dir or not (" " in entry.name or "(" in entry.name) or picture_ending(entry.name):
        return None
    name = unmarked(entry.name)
    return name if name != entry.name else None


def _are_same(name: str, other: str, size: int, read: Read) -> bool:
    return all(read(name, start, end) == read(other, start, end) for start, end in _compared(size))


def _compared(size: int) -> Iterator[tuple[int, int]]:
    yield 0, min(size, _COMPARED)
    if size > _COMPARED:
        yield max(_COMPARED, size - _COMPARED), size
