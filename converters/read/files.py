"""Files by path or URL, and the path patterns of the catalogue.

Everything that reads native files goes through `store(path)`, so that the same reader serves a
local folder, an object store, the members of an archive (`shard-0001.tar!a.jpg`, see
`converters.read.archives`), pictures in tables and in arrays (`converters.read.cells`,
`converters.read.arrays`). A pattern names one path component with `{name}` and lists
alternatives with `{a|b}`::

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

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import IO, NamedTuple

from converters.read.archives import ArchiveStore, Member, packed_name, split_member
from converters.read.arrays import ArrayStore, array_member
from converters.read.cells import CellStore, split_cell
from converters.read.copies import unmarked, without_copies
from converters.read.encodings import is_wide
from converters.read.entries import Entry as Entry
from converters.read.entries import collecting
from converters.read.patterns import COMPONENT_END, around_one, matcher
from converters.read.patterns import bind as bind
from converters.read.patterns import expand as expand
from converters.read.patterns import fill as fill
from converters.read.patterns import shown as shown
from converters.read.patterns import variables as variables
from converters.read.patterns import without_address as without_address
from converters.read.places import other_place
from converters.read.recipes import RecipeStore, made
from converters.read.split_parts import joined
from converters.read.stores import LFS_POINTER as LFS_POINTER
from converters.read.stores import Damaged as Damaged
from converters.read.stores import LocalStore, open_ranges
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

_FETCHED = 512  # bytes that tell a web page or a pointer from a file
_LOCAL = LocalStore()
_STEM = "stem"  # what the name of a label file, one a picture, is bound to
_OTHER_ENDING = {"json": "jsonl", "jsonl": "json"}
_CLOSED: ContextVar[dict[str, str] | None] = ContextVar("closed", default=None)
_STORES: dict[str, Store] = {}
_ARCHIVES = ArchiveStore(lambda archive: _outer_store(archive))
_CELLS = CellStore(lambda table: store(table))
_RECIPES = RecipeStore(lambda path: store(path))
_ARRAYS = ArrayStore(lambda file: _outer_store(file))


def scheme(path: str) -> str:
    """`s3` of `s3://bucket/key`, empty for a local path."""
    return path.partition("://")[0] if "://" in path else ""


def register_store(name: str, store_: Store) -> None:
    """Serve paths of the scheme `name` from `store_`."""
    _STORES[name] = store_


def store(path: str) -> Store:
    """The store that holds `path`. Raises SourceError for an unknown scheme."""
    if made(path):
        return _RECIPES
    if array_member(path):
        return _ARRAYS
    if split_cell(path):
        return _CELLS
    return _ARCHIVES if split_member(path) else _outer_store(path)


def _outer_store(path: str) -> Store:
    name = scheme(path)
    if not name:
        return _LOCAL
    if name not in _STORES:
        known = ", ".join(["local paths", *(f"{other}://" for other in sorted(_STORES))])
        raise SourceError(f"{path}: no storage for {name}://; known: {known}")
    return _STORES[name]


def opened(path: str) -> IO[bytes]:
    """A file for a library that reads here and there in it.

    Raises FileNotFoundError, and SourceError where it is something else (see `check_fetched`).
    """
    file = open_ranges(path, store(path))
    check_fetched(path, file.read(_FETCHED))
    file.seek(0)
    return file


def passed_over(path: str) -> list[str]:
    """Members of the archive at `path` that are not served, and why, one a line."""
    return _ARCHIVES.passed_over(path)


def members(path: str) -> dict[str, Member]:
    """The members of the archive at `path` in its order, with their places.

    Raises SourceError where it is no archive that can be read.
    """
    return _ARCHIVES.members(path)


def join(root: str, relative: str) -> str:
    """`relative` below `root`.

    Raises SourceError where it would leave the root: a native file is data and may name any path.
    """
    if not inside(relative):
        raise SourceError(f"{relative!r} leaves its folder")
    return below(root.rstrip("/"), relative) if relative else root


def below(folder: str, name: str) -> str:
    """The path of a name in a folder, which may be the top of an archive (`a.zip!`)."""
    return f"{folder}{name}" if folder.endswith("!") else f"{folder}/{name}"


def _inside_file(path: str) -> bool:
    """True where a path names something inside a file: an archive, a table or an array."""
    return "!" in path and bool(split_member(path) or split_cell(path) or array_member(path))


def exists(path: str) -> bool:
    """True where a file stands at `path`."""
    if not scheme(path) and not _inside_file(path):
        return os.path.isfile(path)
    try:
        store(path).size(path)
    except FileNotFoundError:
        return False
    return True


def around(path: str) -> str:
    """The archive that a file lies in, else its folder."""
    member = split_member(path)
    return f"{member[0]}!" if member else path.rpartition("/")[0]


def may_hold(place: str) -> bool:
    """False where there is no such folder or archive (see `around`)."""
    if not place.endswith("!"):
        return "!" in place or os.path.isdir(place)  # of a table or an array nothing is said here
    try:
        members(place[:-1])
    except FileNotFoundError:
        return False
    except (OSError, SourceError):  # one that is damaged
        pass
    return True


def listing(path: str) -> list[Entry]:
    """Entries of a folder by name; empty where there is no such folder.

    An archive that lies there in parts is one entry (`converters.read.split_parts`).
    """
    try:
        return joined(store(path).listing(path))
    except (FileNotFoundError, NotADirectoryError):
        return []


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


@contextmanager
def wanted(path: str) -> Iterator[None]:
    """Raises SourceError where a file that a dataset cannot do without is missing or damaged.

    path: to be named where the system names none.
    """
    try:
        yield
    except (Unopenable, MemberError, PermissionError) as error:
        where = error.filename or path
        raise Damaged(f"{where} cannot be read: {error.strerror}") from None
    except FileNotFoundError as error:
        raise NotThere(f"annotations not found: {error.filename or path}") from None


def read_annotation(root: str, relative: str) -> bytes:
    """The whole of an annotation file, without a byte order mark.

    Raises SourceError where it is missing, empty, or something else (see `check_fetched`).
    """
    path = join(root, relative)
    with wanted(path):
        data = store(path).read(path)
    if not data.strip():
        raise Damaged(f"{path} is empty")
    check_fetched(path, data)
    return data.removeprefix(b"\xef\xbb\xbf")


def check_utf8(path: str, head: bytes) -> None:
    """Raises SourceError where `head` begins a file in UTF-16, which is not cut into spans."""
    if is_wide(head):
        raise SourceError(f"{path} is in UTF-16; save it as UTF-8 (`iconv -f UTF-16 -t UTF-8`)")


def check_fetched(path: str, head: bytes) -> None:
    """Raises SourceError where `head` begins what stands for a file that was not fetched."""
    if head.startswith(LFS_POINTER):
        raise Damaged(f"{path} is a Git LFS pointer, not the file; fetch it with `git lfs pull`")
    if is_page(head):
        raise Damaged(f"{path} is a web page, not the file; download it again")


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
    if _is_folder(join(root, f"{at}{name}")):
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
    return f"{at}{name}/" if _is_folder(join(root, f"{at}{name}")) else None


def _is_folder(path: str) -> bool:
    """Whether a folder is there, without a look at what it holds where that can be told so."""
    is_local = not scheme(path) and not _inside_file(path)
    return os.path.isdir(path) if is_local else bool(listing(path))


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
