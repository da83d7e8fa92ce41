"""What readers know of files: the path patterns of the catalogue, and what they find.

A pattern names one path component with `{name}` and lists alternatives with `{a|b}`::

    {split}/{part}/labelXml{|s}/{stem}.xml     binds split, part and stem
    Images/Data/{id}.{tif|png}                 the first of the two that exists
    images-{shard}.tar!{stem}.jpg              members of several archives

Where a folder is not there as a pattern writes it, one that is written nearly so stands for it, or
an archive of its name (`converters.read.places`), and `a/a` stands for `a` where that holds nothing
of what is looked for; a file may be written in another case, or have the end of its address in its
name, and a text or table may be packed (`{stem}.json` finds `a.json.gz`, as its member
`a.json.gz!a.json`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import NamedTuple

from converters.read.archives import packed_name
from converters.read.copies import unmarked, without_copies
from converters.read.entries import Entry as Entry
from converters.read.entries import collecting
from converters.read.opening import around as around
from converters.read.opening import below as below
from converters.read.opening import check_fetched as check_fetched
from converters.read.opening import check_utf8 as check_utf8
from converters.read.opening import exists as exists
from converters.read.opening import is_folder as is_folder
from converters.read.opening import join as join
from converters.read.opening import listing as listing
from converters.read.opening import may_hold as may_hold
from converters.read.opening import members as members
from converters.read.opening import opened as opened
from converters.read.opening import passed_over as passed_over
from converters.read.opening import read_annotation as read_annotation
from converters.read.opening import register_store as register_store
from converters.read.opening import scheme as scheme
from converters.read.opening import store as store
from converters.read.opening import wanted as wanted
from converters.read.patterns import COMPONENT_END, around_one, matcher
from converters.read.patterns import bind as bind
from converters.read.patterns import expand as expand
from converters.read.patterns import fill as fill
from converters.read.patterns import shown as shown
from converters.read.patterns import variables as variables
from converters.read.patterns import without_address as without_address
from converters.read.places import other_place
from converters.read.stores import LFS_POINTER as LFS_POINTER
from converters.read.stores import Damaged as Damaged
from converters.read.stores import MemberError as MemberError
from converters.read.stores import MissingExtra as MissingExtra
from converters.read.stores import NothingBelow as NothingBelow
from converters.read.stores import NotRegular as NotRegular
from converters.read.stores import NotThere as NotThere
from converters.read.stores import SourceError as SourceError
from converters.read.stores import Store as Store
from converters.read.stores import Unopenable as Unopenable
from converters.read.stores import inside as inside
from converters.read.stores import is_page as is_page
from converters.read.stores import listed_once as listed_once
from converters.read.stores import local_names as local_names
from converters.read.stores import missing as missing
from converters.read.stores import needs as needs

_STEM = "stem"  # what the name of a label file, one a picture, is bound to
_OTHER_ENDING = {"json": "jsonl", "jsonl": "json"}
_CLOSED: ContextVar[dict[str, str] | None] = ContextVar("closed", default=None)


def closed_folders() -> AbstractContextManager[dict[str, str]]:
    """Collects folders that may not be listed, with the system's words, which `find` passes over.

    Outside of this `find` raises PermissionError.
    """
    return collecting(_CLOSED)


def _open_listing(path: str) -> list[Entry]:
    """The entries of a folder for `find`."""
    closed = _CLOSED.get()
    try:
        return listing(path)
    except PermissionError as error:
        if closed is None:
            raise
        closed[path] = error.strerror or "not permitted"
        return []


class Found(NamedTuple):
    """A file that matched a pattern.

    path: relative to the root. values: what the pattern's names stand for. size: bytes.
    """

    path: str
    values: dict[str, str]
    size: int


def find(root: str, pattern: str, **known: str) -> Iterator[Found]:
    """Files below `root` that match a pattern, in path order. known: names whose value is given.

    Files that are written in another case are found where none is written as in the pattern.

    Raises SourceError for an archive that cannot be read, unless another reading of the pattern
    finds files: it is left over from unpacking then.
    """
    seen = set()
    damaged: SourceError | None = None
    for reading in expand(pattern):
        try:
            for found in _find(root, "", COMPONENT_END.split(reading), known):
                if found.path not in seen:
                    seen.add(found.path)
                    yield found
        except SourceError as error:
            damaged = error
    if damaged and not seen:
        raise damaged


def _find(root: str, at: str, components: list[str], values: dict[str, str]) -> Iterator[Found]:
    head, rest = components[0], components[1:]
    names = variables(head)
    in_archive = head.endswith("!")
    if rest and names <= values.keys():
        name = fill(head, values)
        place = f"{at}{name}" if in_archive else _folder(root, at, name)
        if place is not None:
            is_found = False
            for found in _find(root, place, rest, values):
                is_found = True
                yield found
            if not is_found and not in_archive and (inner := _doubled(root, place)):
                yield from _find(root, inner, rest, values)
        return
    text = head.removesuffix("!") if in_archive else head
    wants_folder = bool(rest) and not in_archive
    entries = [entry for entry in _listing(root, at) if entry.is_dir == wants_folder]
    if not rest and _STEM not in names:
        entries = without_copies(at, entries, lambda *asked: _part_of(root, at, *asked))
    bound = _bound(text, values, entries)
    if not bound and not wants_folder:
        bound = _bound(text, values, entries, re.IGNORECASE)
    if not bound and not rest and "!" not in at:
        bound = _packed(root, at, text, values, entries) or _addressed(text, values, entries)
        bound = bound or _marked(text, values, entries)
    for entry, own in bound:
        now = {**values, **own}
        if rest:
            mark = "!" if in_archive else "/"
            yield from _find(root, f"{at}{entry.name}{mark}", rest, now)
        else:
            yield Found(at + entry.name, now, entry.size)


def _part_of(root: str, at: str, name: str, start: int, end: int) -> bytes:
    """Bytes of a file; none of one that cannot be read, which another way finds out."""
    path = join(root, f"{at}{name}")
    try:
        return store(path).read(path, start, end)
    except (OSError, SourceError):
        return b""


def _bound(
    text: str, values: Mapping[str, str], entries: list[Entry], flags: int = 0
) -> list[tuple[Entry, dict[str, str]]]:
    """The entries that match a component, and what its names stand for."""
    if not flags and (parts := around_one(text, values)) is not None:
        # Fast way: see `match`, which does the same for one name.
        before, of, behind = parts
        if not of:
            return [(entry, {}) for entry in entries if entry.name == before]
        first, least = len(before), len(before) + len(behind)
        return [
            (entry, {of: name[first : len(name) - len(behind)]})
            for entry in entries
            if (name := entry.name).startswith(before)
            and name.endswith(behind)
            and len(name) > least
        ]
    found = matcher(text, values, flags)
    matched = ((entry, found.fullmatch(entry.name)) for entry in entries)
    return [(entry, own.groupdict()) for entry, own in matched if own]


def _packed(
    root: str, at: str, text: str, values: Mapping[str, str], entries: list[Entry]
) -> list[tuple[Entry, dict[str, str]]]:
    """The files packed by gzip that match a component when unpacked, as members of themselves."""
    names = {name: one.name for one in entries if (name := packed_name(one.name)) is not None}
    inner = [Entry(name, False, 0) for name in names]
    found = _bound(text, values, inner) or _bound(text, values, inner, re.IGNORECASE)
    members = [(f"{names[one.name]}!{one.name}", own) for one, own in found]
    sizes = [store(path).size(path) for path in (join(root, at + name) for name, _ in members)]
    return [
        (Entry(name, False, size), own) for (name, own), size in zip(members, sizes, strict=True)
    ]


def _addressed(
    text: str, values: Mapping[str, str], entries: list[Entry]
) -> list[tuple[Entry, dict[str, str]]]:
    """The texts that match a component without the end of their address (`without_address`)."""
    names = {without_address(one.name): one for one in entries if "?" in one.name}
    found = _bound(text, values, [Entry(name, False, 0) for name in names])
    return [(names[one.name], own) for one, own in found]


def _marked(
    text: str, values: Mapping[str, str], entries: list[Entry]
) -> list[tuple[Entry, dict[str, str]]]:
    """What stands for the file that a component names in full, where one file alone does: a copy
    of it, or JSON Lines for JSON and the other way round."""
    if not variables(text) <= values.keys():
        return []
    name = fill(text, values)
    before, dot, ending = name.rpartition(".")
    names = {name, f"{before}{dot}{_OTHER_ENDING.get(ending, ending)}"}
    found = [one for one in entries if unmarked(one.name) in names]
    return [(found[0], {})] if len(found) == 1 else []


def _listing(root: str, at: str) -> list[Entry]:
    return _open_listing(join(root, at.rstrip("/")))


def _folder(root: str, at: str, name: str) -> str | None:
    """The folder `name` in `at`, or what stands for it; it ends in "/" or "!"."""
    if is_folder(join(root, f"{at}{name}")):
        return f"{at}{name}/"
    place = other_place(lambda place: _listing(root, place), at, name)
    if place is None and (inner := _doubled(root, at)):
        return _folder(root, inner, name)
    return place


def _doubled(root: str, at: str) -> str | None:
    """The folder of its own name in a folder, as unpacking leaves it (`images/images/`)."""
    above, name = parent(at[:-1]) if at.endswith("/") else ("", "")
    if not name or parent(above[:-1])[1] == name:  # once: a link may lead back
        return None
    return f"{at}{name}/" if is_folder(join(root, f"{at}{name}")) else None


def located(root: str, folder: str) -> str | None:
    """The folder below `root`, or what stands for it; it ends in "/" or "!", or is empty.

    None where there is none.
    """
    at: str | None = ""
    for name in filter(None, COMPONENT_END.split(folder)):
        at = f"{at}{name}" if name.endswith("!") else _folder(root, at or "", name)
        if at is None:
            return None
    return at


def parent(path: str) -> tuple[str, str]:
    """(folder, name) of a path; the folder is empty, or it ends in "/" or "!"."""
    at = max(path.rfind("/"), path.rfind("!")) + 1
    return path[:at], path[at:]
