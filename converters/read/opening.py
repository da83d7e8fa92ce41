"""Files by path or URL: which store holds one, and what of it is there.

Everything that reads native files goes through `store(path)`, so that the same reader serves a
local folder, an object store, the members of an archive (`shard-0001.tar!a.jpg`, see
`converters.read.archives`), pictures in tables and in arrays (`converters.read.cells`,
`converters.read.arrays`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from converters.read.archives import ArchiveStore, Member, split_member
from converters.read.arrays import ArrayStore, array_member
from converters.read.cells import CellStore, split_cell
from converters.read.encodings import is_wide
from converters.read.entries import Entry
from converters.read.recipes import RecipeStore, made
from converters.read.split_parts import joined
from converters.read.stores import (
    LFS_POINTER,
    Damaged,
    LocalStore,
    MemberError,
    NotThere,
    SourceError,
    Store,
    Unopenable,
    inside,
    is_page,
    open_ranges,
)

_FETCHED = 512  # bytes that tell a web page or a pointer from a file
_LOCAL = LocalStore()
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


def inside_file(path: str) -> bool:
    """True where a path names something inside a file: an archive, a table or an array."""
    return "!" in path and bool(split_member(path) or split_cell(path) or array_member(path))


def exists(path: str) -> bool:
    """True where a file stands at `path`."""
    if not scheme(path) and not inside_file(path):
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


def is_folder(path: str) -> bool:
    """Whether a folder is there, without a look at what it holds where that can be told so."""
    is_local = not scheme(path) and not inside_file(path)
    return os.path.isdir(path) if is_local else bool(listing(path))
