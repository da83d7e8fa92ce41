"""What a place of files can do: the local disk here, archives and buckets elsewhere."""

from __future__ import annotations

import errno
import io
import itertools
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

from converters.read.entries import Entry, without_litter

_BUFFER = 1 << 18
_MOST_LISTED = 1 << 18  # entries that are remembered, some 60 MB
_MOST_LARGER = 1024
_LARGER: dict[str, int] = {}  # folders that held more entries than so many, see `local_names`
# The last is how GDAL calls a file in memory where it says its name alone.
_IN_MEMORY = re.compile(
    r"/vsimem/[^\s']+|<_io\.BytesIO object at \w+>"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\w+"
)
# A square of 32,768 pixels: the largest pictures of DOTA and LRS-VQA pass, a bomb does not.
MAX_PIXELS = 1 << 30
LFS_POINTER = b"version https://git-lfs"
# What a server may send for a file: that there is none, or that one must log in.
_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)\b", re.IGNORECASE)


class SourceError(Exception):
    """A source cannot be read as a whole: one line that says what, where, and what to do."""


class NothingBelow(SourceError):
    """A dataset's files lie neither in its folder nor in a folder below that could be around them.

    For readers whose folders' names are the annotation: they look into such folders themselves.
    """


class NotThere(SourceError):
    """Annotations are not where they were looked for."""


class Damaged(SourceError):
    """Annotations are there, and cannot be read: cut off, empty, or something else."""


class MissingExtra(SourceError):
    """A file cannot be read without an extra that is not installed (see `needs`)."""

    package = ""
    extra = ""


def needs(what: str, package: str, extra: str) -> MissingExtra:
    """The error of a missing extra. what: the file, and what it is; the subject of the line."""
    error = MissingExtra(f"{what} needs {package}: pip install 'earthmix[{extra}]'")
    error.package, error.extra = package, extra
    return error


class MemberError(OSError):
    """A member of an archive is damaged. strerror: in what way."""


class PictureError(Exception):
    """A picture cannot be used; args: reason, detail."""


def said(error: Exception) -> str:
    """What a library says of a file, in one line.

    A file in memory is not called by the name that the library gave it for this once.
    """
    return _IN_MEMORY.sub("the file", " ".join(str(error).split()))


class Unopenable(FileNotFoundError):
    """Something stands there, and no file that can be read. strerror: what keeps us out."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(errno.ENOENT, why, path)


class NotRegular(Unopenable):
    """A FIFO, device or socket where a file is wanted: reading it might never end or begin."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "not a regular file")


class Store(Protocol):
    """Where files are. Paths are absolute; a missing one raises FileNotFoundError.

    Only regular files that can be opened are read: what is another thing raises Unopenable.
    """

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a file; to its end without one."""
        ...

    def size(self, path: str) -> int:
        """Bytes of a file."""
        ...

    def listing(self, path: str) -> list[Entry]:
        """What lies right below a folder, in order of names."""
        ...


def is_page(head: bytes) -> bool:
    """True for the beginning of a web page."""
    return _PAGE.match(head) is not None


@contextmanager
def picture_faults(path: str) -> Iterator[None]:
    """Turns what reading a picture's file raises into a PictureError with the reason that fits."""
    try:
        yield
    except Unopenable as error:
        raise PictureError("unreadable_image", error.strerror) from None
    except FileNotFoundError:
        raise PictureError("missing_image", path.rsplit("/", 1)[-1]) from None
    except OSError as error:
        raise PictureError("unreadable_image", error.strerror or str(error)) from None


@contextmanager
def _named(path: str) -> Iterator[None]:
    """A native name may be anything: one that no file can have is a missing file's.

    So is a folder's. What is wrong with one file alone, and not with its disk, raises Unopenable.
    """
    try:
        yield
    except UnicodeEncodeError:
        raise missing(path) from None
    except OSError as error:
        if error.errno == errno.ENXIO:  # what opening a socket says
            raise NotRegular(path) from None
        if error.errno in (errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR):
            raise missing(path) from None
        if error.errno in (errno.ELOOP, errno.EACCES, errno.EPERM):
            raise Unopenable(path, os.strerror(error.errno)) from None
        raise


def _open_regular(path: str, flags: int) -> int:
    """Opens a file, or a folder, without waiting for a FIFO's other end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        os.close(descriptor)
        raise NotRegular(path)
    return descriptor


class _Listed:
    """What local folders hold, as far as there is room. left: for how many entries."""

    def __init__(self) -> None:
        self.folders: dict[str, list[Entry]] = {}
        self.left = _MOST_LISTED

    def add(self, path: str, entries: list[Entry]) -> None:
        if len(entries) < self.left:
            self.left -= len(entries) + 1
            self.folders[path] = entries


_LISTED: ContextVar[_Listed | None] = ContextVar("listed", default=None)


@contextmanager
def listed_once() -> Iterator[None]:
    """Remembers what local folders hold. Inside of this no folder that is read may change."""
    token = _LISTED.set(_Listed())
    try:
        yield
    finally:
        _LISTED.reset(token)


class LocalStore:
    """The local file system."""

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a file."""
        with _named(path), open(path, "rb", buffering=0, opener=_open_regular) as file:
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
            status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise NotRegular(path)
        return status.st_size

    def listing(self, path: str) -> list[Entry]:
        """Entries sorted by name, so that no result depends on the file system's order."""
        # Fast way: an entry's patterns may have a dozen readings that lie in one folder, and each
        # would list it and ask for the size of all its files again.
        listed = _LISTED.get()
        if listed is not None and path in listed.folders:
            return listed.folders[path]
        with os.scandir(path) as entries:
            found = sorted(without_litter(path, map(_entry, entries)))
        if listed is not None:
            listed.add(path, found)
        return found


def local_names(path: str, most: int) -> list[str] | None:
    """Names of the regular files in a local folder, in no order; links to such files are too.

    None where it cannot be listed or holds more than so many entries.
    """
    # Fast way: a folder that was seen to hold more is not begun again for each span of a dataset.
    if most <= _LARGER.get(path, -1):
        return None
    try:
        with os.scandir(path) as entries:
            names = [one.name for one in itertools.islice(entries, most) if one.is_file()]
            if next(entries, None) is None:
                return names
    except (OSError, ValueError):
        return None
    if len(_LARGER) == _MOST_LARGER:
        _LARGER.clear()
    _LARGER[path] = most
    return None


def _entry(found: os.DirEntry[str]) -> Entry:
    try:
        is_folder = found.is_dir()
        return Entry(found.name, is_folder, 0 if is_folder else found.stat().st_size)
    except OSError:  # a link to nowhere or to itself: opening it will say so
        return Entry(found.name, False, 0)


def missing(path: str) -> FileNotFoundError:
    """What a store raises where nothing is at `path`."""
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def inside(relative: str) -> bool:
    """True where a relative path cannot leave the folder it is joined to."""
    if relative.startswith(("/", "\\")) or "\x00" in relative:
        return False
    return ".." not in relative or ".." not in PurePosixPath(relative.replace("\\", "/")).parts


class Ranges(io.RawIOBase):
    """A file of a store, read in ranges. size: of the file, in bytes."""

    def __init__(self, path: str, store: Store, size: int) -> None:
        self._path, self._store, self._size, self._at = path, store, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._size, self._at + len(buffer))
        data = self._store.read(self._path, self._at, end) if end > self._at else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_ranges(path: str, store: Store) -> IO[bytes]:
    """A file of a store as an open one, read where it is asked for. Raises FileNotFoundError."""
    return io.BufferedReader(Ranges(path, store, store.size(path)), _BUFFER)
