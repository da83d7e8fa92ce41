"""Files by path or URL, and the path patterns of the catalogue.

Everything that reads native files goes through `store(path)`, so that the same reader serves a
local folder, an object store, the members of an archive (`shard-0001.tar!a.jpg`, see
`converters.read.archives`), pictures in tables and in arrays (`converters.read.cells`,
`converters.read.arrays`). A pattern names one
path component with `{name}` and lists alternatives with `{a|b}`::

    {split}/{part}/labelXml{|s}/{stem}.xml     binds split, part and stem
    Images/Data/{id}.{tif|png}                 the first of the two that exists
    images-{shard}.tar!{stem}.jpg              members of several archives
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import product
from typing import IO, NamedTuple

from converters.read.archives import ArchiveStore, Member, split_member
from converters.read.arrays import ArrayStore, array_member
from converters.read.cells import CellStore, split_cell
from converters.read.recipes import RecipeStore, made
from converters.read.stores import Entry as Entry
from converters.read.stores import LocalStore, open_ranges
from converters.read.stores import MemberError as MemberError
from converters.read.stores import NotRegular as NotRegular
from converters.read.stores import SourceError as SourceError
from converters.read.stores import Store as Store
from converters.read.stores import Unopenable as Unopenable
from converters.read.stores import inside as inside
from converters.read.stores import missing as missing

LFS_POINTER = b"version https://git-lfs"
_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_COMPONENT_END = re.compile(r"/|(?<=!)")  # between path components; an archive is one


_LOCAL = LocalStore()
_CLOSED: ContextVar[dict[str, str] | None] = ContextVar("closed", default=None)
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
    return f"{root.rstrip('/')}/{relative}" if relative else root


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
def closed_folders() -> Iterator[dict[str, str]]:
    """Collects folders that may not be listed, with the system's words, which `find` passes over.

    Outside of this `find` raises PermissionError.
    """
    found: dict[str, str] = {}
    token = _CLOSED.set(found)
    try:
        yield found
    finally:
        _CLOSED.reset(token)


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
    """Files below `root` that match a pattern, in path order. known: names whose value is given."""
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
    end = "" if in_archive or not rest else "/"
    if rest and all(name in values for name in names):
        yield from _find(root, f"{at}{fill(head, values)}{end}", rest, values)
        return
    match = _component(head.removesuffix("!") if in_archive else head, values)
    for entry in _open_listing(join(root, at.rstrip("/"))):
        wants_folder = bool(rest) and not in_archive
        if entry.is_dir != wants_folder or not (bound := match.fullmatch(entry.name)):
            continue
        now = {**values, **bound.groupdict()}
        if rest:
            mark = "!" if in_archive else "/"
            yield from _find(root, f"{at}{entry.name}{mark}", rest, now)
        else:
            yield Found(at + entry.name, now, entry.size)


def _component(text: str, values: Mapping[str, str]) -> re.Pattern[str]:
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
    return re.compile("".join(out), re.DOTALL)  # a name may hold a line break


def bind(pattern: str, path: str) -> dict[str, str] | None:
    """What a pattern's names stand for in a path that it matches, else None."""
    for reading in expand(pattern):
        components, names = reading.split("/"), path.split("/")
        if len(components) != len(names):
            continue
        values: dict[str, str] = {}
        for component, name in zip(components, names, strict=True):
            match = _component(component, values).fullmatch(name)
            if match is None:
                break
            values.update(match.groupdict())
        else:
            return values
    return None
