"""Files by path or URL, and the path patterns of the catalogue.

Everything that reads a source goes through `store(path)`, so that the same reader serves a local folder and an object store.
A pattern names one path component with `{name}` and lists alternatives with `{a|b}`::

    {split}/{part}/labelXml{|s}/{stem}.xml     binds split, part and stem
    Images/Data/{id}.{tif|png}                 the first of the two that exists
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol

LFS_POINTER = b"version https://git-lfs"
_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_VARIABLE = re.compile(r"\{([a-z_]+)\}")


class SourceError(Exception):
    """A source cannot be read as a whole: one line that says what, where, and what to do."""


class Entry(NamedTuple):
    """One name in a folder. size: bytes, 0 for a folder."""

    name: str
    is_dir: bool
    size: int


class Store(Protocol):
    """Where files are. Paths are absolute; a missing one raises FileNotFoundError."""

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes: ...
    def size(self, path: str) -> int: ...
    def listing(self, path: str) -> list[Entry]: ...


@contextmanager
def _named(path: str) -> Iterator[None]:
    """A native name may be anything: one that no file can have is a missing file's."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise FileNotFoundError(path) from None
        raise


class LocalStore:
    """The local file system."""

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a file."""
        with _named(path), open(path, "rb", buffering=0) as file:
            if start:
                file.seek(start)
            if end is None:
                return file.readall()
            parts = []
            left = end - start
            while left > 0 and (part := file.read(left)):
                parts.append(part)
                left -= len(part)
            return parts[0] if len(parts) == 1 else b"".join(parts)

    def size(self, path: str) -> int:
        with _named(path):
            return os.stat(path).st_size

    def listing(self, path: str) -> list[Entry]:
        """Entries sorted by name, so that no result depends on the file system's order."""
        with os.scandir(path) as entries:
            return sorted(
                Entry(e.name, e.is_dir(), _bytes(e)) for e in entries if not e.name.startswith(".")
            )


def _bytes(entry: os.DirEntry[str]) -> int:
    try:
        return 0 if entry.is_dir() else entry.stat().st_size
    except FileNotFoundError:  # a link to nowhere
        return 0


_LOCAL = LocalStore()
_STORES: dict[str, Store] = {}


def scheme(path: str) -> str:
    """`s3` of `s3://bucket/key`, empty for a local path."""
    head, mark, _ = path.partition("://")
    return head if mark else ""


def missing(path: str) -> FileNotFoundError:
    """What a store raises where nothing is at `path`."""
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def register_store(name: str, store_: Store) -> None:
    """Serve paths of the scheme `name` from `store_`."""
    _STORES[name] = store_


def store(path: str) -> Store:
    """The store that holds `path`."""
    name = scheme(path)
    if not name:
        return _LOCAL
    if name not in _STORES:
        raise SourceError(
            f"{path}: no storage for {name}://; known: local paths{''.join(f', {s}://' for s in sorted(_STORES))}"
        )
    return _STORES[name]


def join(root: str, relative: str) -> str:
    """`relative` below `root`.

    Raises SourceError where it would leave the root: a native file is data and may name any path.
    """
    if not inside(relative):
        raise SourceError(f"{relative!r} leaves its folder")
    return f"{root.rstrip('/')}/{relative}" if relative else root


def inside(relative: str) -> bool:
    """True where a relative path cannot leave the folder it is joined to."""
    if relative.startswith(("/", "\\")) or "\x00" in relative:
        return False
    return ".." not in relative or ".." not in PurePosixPath(relative.replace("\\", "/")).parts


def exists(path: str) -> bool:
    """True where a file stands at `path`."""
    if not scheme(path):
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


def read_annotation(root: str, relative: str) -> bytes:
    """The whole of an annotation file, without a byte order mark.

    Raises SourceError where it is missing, empty, or a Git LFS pointer instead of the file.
    """
    path = join(root, relative)
    try:
        data = store(path).read(path)
    except FileNotFoundError:
        raise SourceError(f"annotations not found: {path}") from None
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
    """A file that matched a pattern. path: relative to the root; values: what the pattern's names stand for."""

    path: str
    values: dict[str, str]
    size: int


def find(root: str, pattern: str, **known: str) -> Iterator[Found]:
    """Files below `root` that match a pattern, in path order. known: names whose value is given."""
    seen = set()
    for reading in expand(pattern):
        for found in _find(root, "", reading.split("/"), known):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _find(root: str, at: str, components: list[str], values: dict[str, str]) -> Iterator[Found]:
    head, rest = components[0], components[1:]
    names = _VARIABLE.findall(head)
    if rest and all(n in values for n in names):
        yield from _find(root, f"{at}{fill(head, values)}/", rest, values)
        return
    match = _component(head, values)
    for entry in listing(join(root, at.rstrip("/"))):
        if entry.is_dir == (not rest) or not (bound := match.fullmatch(entry.name)):
            continue
        now = {**values, **bound.groupdict()}
        if rest:
            yield from _find(root, f"{at}{entry.name}/", rest, now)
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
    return re.compile("".join(out))


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
