"""Files by path or URL, and the path patterns of the catalogue.

Everything that reads native files goes through `store(path)`, so that the same reader serves a
local folder, an object store, the members of an archive (`shard-0001.tar!a.jpg`, see
`converters.read.archives`), pictures in tables and in arrays (`converters.read.cells`,
`converters.read.arrays`). A pattern names one
path component with `{name}` and lists alternatives with `{a|b}`::

    {split}/{part}/labelXml{|s}/{stem}.xml     binds split, part and stem
    Images/Data/{id}.{tif|png}                 the first of the two that exists
    images-{shard}.tar!{stem}.jpg              members of several archives

Where a folder is not there as a pattern writes it, one that is written nearly so stands for it, or
an archive of its name (`converters.read.places`); a file may be written in another case.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import IO, NamedTuple

from converters.read.archives import ArchiveStore, Member, split_member
from converters.read.arrays import ArrayStore, array_member
from converters.read.cells import CellStore, split_cell
from converters.read.places import alike, other_place, unpacked
from converters.read.recipes import RecipeStore, made
from converters.read.stores import Entry as Entry
from converters.read.stores import LocalStore, open_ranges
from converters.read.stores import MemberError as MemberError
from converters.read.stores import NothingBelow as NothingBelow
from converters.read.stores import NotRegular as NotRegular
from converters.read.stores import SourceError as SourceError
from converters.read.stores import Store as Store
from converters.read.stores import Unopenable as Unopenable
from converters.read.stores import inside as inside
from converters.read.stores import missing as missing

LFS_POINTER = b"version https://git-lfs"
_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_SHOWN = 3  # readings of a pattern that a message can hold
_COMPONENT_END = re.compile(r"/|(?<=!)")  # between path components; an archive is one


_LOCAL = LocalStore()
_STORES: dict[str, Store] = {}
_ARCHIVES = ArchiveStore(lambda archive: _outer_store(archive))
_CELLS = CellStore(lambda table: store(table))
_RECIPES = RecipeStore(lambda path: store(path))
_ARRAYS = ArrayStore(lambda file: _outer_store(file))


def scheme(path: str) -> str:
    """`s3` of `s3://bucket/key`, empty for a local path."""
    head, mark, _ = path.partition("://")
    return head if mark else ""


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
    """A file for a library that reads here and there in it. Raises FileNotFoundError."""
    return open_ranges(path, store(path))


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
    return bool(split_member(path) or split_cell(path) or array_member(path))


def exists(path: str) -> bool:
    """True where a file stands at `path`."""
    if not scheme(path) and not _inside_file(path):
        return os.path.isfile(path)
    try:
        store(path).size(path)
    except FileNotFoundError:
        return False
    return True


def listing(path: str) -> list[Entry]:
    """Entries of a folder by name; empty where there is no such folder."""
    try:
        return store(path).listing(path)
    except (FileNotFoundError, NotADirectoryError):
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
        raise SourceError(f"{where} cannot be read: {error.strerror}") from None
    except FileNotFoundError as error:
        raise SourceError(f"annotations not found: {error.filename or path}") from None


def read_annotation(root: str, relative: str) -> bytes:
    """The whole of an annotation file, without a byte order mark.

    Raises SourceError where it is missing, empty, or a Git LFS pointer instead of the file.
    """
    path = join(root, relative)
    with wanted(path):
        data = store(path).read(path)
    if not data.strip():
        raise SourceError(f"{path} is empty")
    check_pointer(path, data)
    return data.removeprefix(b"\xef\xbb\xbf")


def check_pointer(path: str, head: bytes) -> None:
    """Raises SourceError where `head` begins a Git LFS pointer."""
    if head.startswith(LFS_POINTER):
        raise SourceError(
            f"{path} is a Git LFS pointer, not the file; fetch it with `git lfs pull`"
        )


def expand(pattern: str) -> list[str]:
    """All readings of a pattern's `{a|b}` alternatives, in the order written."""
    parts = _ALTERNATIVES.split(pattern)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


def shown(pattern: str) -> str:
    """A pattern as messages say it: of many readings the first, and how many more there are."""
    readings = expand(pattern)
    if len(readings) <= _SHOWN:
        return pattern
    return f"{readings[0]} (or one of {len(readings) - 1} other places)"


def variables(pattern: str) -> set[str]:
    """Names that a pattern binds."""
    return set(_VARIABLE.findall(_ALTERNATIVES.sub("", pattern)))


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """A pattern without alternatives, its variables replaced."""
    return _VARIABLE.sub(lambda m: values[m[1]], pattern)


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
    """
    seen = set()
    for reading in expand(pattern):
        for found in _find(root, "", _COMPONENT_END.split(reading), known):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _find(root: str, at: str, components: list[str], values: dict[str, str]) -> Iterator[Found]:
    head, rest = components[0], components[1:]
    names = _VARIABLE.findall(head)
    in_archive = head.endswith("!")
    if rest and all(name in values for name in names):
        name = fill(head, values)
        place = f"{at}{name}" if in_archive else _folder(root, at, name)
        if place is not None:
            yield from _find(root, place, rest, values)
        return
    text = head.removesuffix("!") if in_archive else head
    wants_folder = bool(rest) and not in_archive
    entries = [entry for entry in _listing(root, at) if entry.is_dir == wants_folder]
    bound = _bound(text, values, entries)
    if not bound and not wants_folder:
        bound = _bound(text, values, entries, re.IGNORECASE)
    for entry, own in bound:
        now = {**values, **own}
        if rest:
            mark = "!" if in_archive else "/"
            yield from _find(root, f"{at}{entry.name}{mark}", rest, now)
        else:
            yield Found(at + entry.name, now, entry.size)


def _bound(
    text: str, values: Mapping[str, str], entries: list[Entry], flags: int = 0
) -> list[tuple[Entry, dict[str, str]]]:
    """The entries that match a component, and what its names stand for."""
    match = _component(text, values, flags)
    found = ((entry, match.fullmatch(entry.name)) for entry in entries)
    return [(entry, own.groupdict()) for entry, own in found if own]


def _listing(root: str, at: str) -> list[Entry]:
    return listing(join(root, at.rstrip("/")))


def _folder(root: str, at: str, name: str) -> str | None:
    """The folder `name` in `at`, or what stands for it; it ends in "/" or "!"."""
    exact = join(root, f"{at}{name}")
    is_local = not scheme(exact) and not _inside_file(exact)
    if os.path.isdir(exact) if is_local else listing(exact):
        return f"{at}{name}/"
    return other_place(lambda place: _listing(root, place), at, name)


def located(root: str, folder: str) -> str | None:
    """The folder below `root`, or what stands for it; it ends in "/" or "!", or is empty.

    None where there is none.
    """
    at: str | None = ""
    for name in filter(None, _COMPONENT_END.split(folder)):
        at = f"{at}{name}" if name.endswith("!") else _folder(root, at or "", name)
        if at is None:
            return None
    return at


def parent(path: str) -> tuple[str, str]:
    """(folder, name) of a path; the folder is empty, or it ends in "/" or "!"."""
    at = max(path.rfind("/"), path.rfind("!")) + 1
    return path[:at], path[at:]


def _component(text: str, values: Mapping[str, str], flags: int = 0) -> re.Pattern[str]:
    parts = _VARIABLE.split(text)
    named = set()
    out = []
    for i, part in enumerate(parts):
        if i % 2 == 0:
            out.append(re.escape(part))
        elif part in values:
            out.append(re.escape(values[part]))
        elif part in named:
            out.append(f"(?P={part})")
        else:
            named.add(part)
            out.append(f"(?P<{part}>.+)")
    return re.compile("".join(out), flags)


def bind(pattern: str, path: str) -> dict[str, str] | None:
    """What a pattern's names stand for in a path that `find` finds by it, else None."""
    for name, is_exact in ((path, True), (unpacked(path), False)):
        for reading in expand(pattern):
            values = _bind(reading.split("/"), name.split("/"), is_exact)
            if values is not None:
                return values
    return None


def _stands_for(name: str, component: str, values: Mapping[str, str]) -> bool:
    is_known = all(variable in values for variable in _VARIABLE.findall(component))
    return is_known and alike(fill(component, values)) == alike(name)


def _bind(components: list[str], names: list[str], is_exact: bool) -> dict[str, str] | None:
    if len(components) != len(names):
        return None
    values: dict[str, str] = {}
    for component, name in zip(components, names, strict=True):
        match = _component(component, values, 0 if is_exact else re.IGNORECASE).fullmatch(name)
        if match:
            values.update(match.groupdict())
        elif is_exact or not _stands_for(name, component, values):
            return None
    return values
