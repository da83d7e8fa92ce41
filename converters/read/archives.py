"""Members of archives as files: `pictures/shard-0001.tar!a/0001.jpg`.

zip, tar, tar.gz (tgz) and tar.bz2 (tbz) are served where they lie, on disk or in a bucket. An
archive is data from strangers: members that lie outside its root, links, devices, and encrypted or
huge members are not served; `passed_over` names them. Its index is kept for the process. One that
was cut into parts is served as if it were whole (`converters.read.split_parts`).

A single text or table packed by gzip (`a.json.gz`) is an archive of that one file.

A tar.gz or tar.bz2 has no index and can only be read from its beginning, so it is unpacked once
into an unnamed temporary file, up to `MAX_UNPACKED`.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import re
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple, Protocol

from converters.read.entries import Entry, without_litter
from converters.read.split_parts import whole
from converters.read.stores import (
    LFS_POINTER,
    MemberError,
    SourceError,
    Store,
    inside,
    is_page,
    missing,
    open_ranges,
    said,
)
from converters.read.tar_index import tar_members

MAX_MEMBER = 1 << 30
MAX_UNPACKED = 8 << 30  # of what is copied into a temporary file
_HEAD_BYTES = 512
_KEPT = 1 << 19  # members of archives whose indexes are kept, about 0.2 GB
_MEMBER = re.compile(
    r"(.*?\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tbz2?|(?:json|jsonl|ndjson|geojson|csv|tsv|txt)\.gz))"
    r"!(.*)",
    re.IGNORECASE | re.DOTALL,
)
_SINGLE = re.compile(r"\.(?:json|jsonl|ndjson|geojson|csv|tsv|txt)\.gz$", re.IGNORECASE)
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile)


class Member(NamedTuple):
    """A file in an archive. start: where its bytes begin in a tar or table; 0 in a zip."""

    size: int
    start: int


def split_member(path: str) -> tuple[str, str] | None:
    """(archive, member) of a path into an archive, else None."""
    if "!" not in path:
        return None
    found = _MEMBER.fullmatch(path)
    return (found[1], found[2]) if found else None


def is_archive(name: str) -> bool:
    """True where a file is an archive that is served, by its name's ending."""
    return bool(_MEMBER.fullmatch(f"{name}!"))


def packed_name(name: str) -> str | None:
    """What the one file is called that a name such as `a.json.gz` stands for; None for others."""
    return name[: -len(".gz")] if _SINGLE.search(name) else None


def is_sequential(path: str) -> bool:
    """True for a member of an archive that can only be read from its beginning."""
    found = split_member(path)
    return found is not None and not found[0].lower().endswith((".zip", ".tar"))


class ArchiveStore:
    """The members of archives, as a `Store`. outer: gives the store in which an archive lies."""

    def __init__(self, outer: Callable[[str], Store]) -> None:
        self._outer = outer
        self._archives: OrderedDict[str, _Archive] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a member.

        Raises FileNotFoundError where there is none, MemberError where it is damaged.
        """
        archive, name = self._of(path)
        member = archive.members.get(name)
        if member is None:
            raise missing(path)
        last = member.size if end is None else min(end, member.size)
        try:
            return archive.source.read(name, member, start, max(start, last))
        except (*_BROKEN, RuntimeError, NotImplementedError) as error:
            raise MemberError(errno.EIO, f"damaged in its archive: {said(error)}", path) from None

    def size(self, path: str) -> int:
        archive, name = self._of(path)
        if name not in archive.members:
            raise missing(path)
        return archive.members[name].size

    def listing(self, path: str) -> list[Entry]:
        """Entries of a folder of an archive, sorted by name; the root is `a.tar!`."""
        archive, name = self._of(path)
        if name.rstrip("/") not in archive.folders:
            raise missing(path)
        return [*without_litter(path, archive.folders[name.rstrip("/")])]

    def passed_over(self, path: str) -> list[str]:
        """Members that are not served, and why, one a line. path: of the archive."""
        return self._of(f"{path}!")[0].passed_over

    def members(self, path: str) -> dict[str, Member]:
        """The members that are served, in the archive's order. path: of the archive."""
        return self._of(f"{path}!")[0].members

    def _of(self, path: str) -> tuple[_Archive, str]:
        parts = split_member(path)
        if parts is None:
            raise missing(path)
        name, member = parts
        with self._lock:
            if name in self._archives:
                self._archives.move_to_end(name)
            else:
                self._archives[name] = _Archive(name, whole(self._outer(name), name))
                while len(self._archives) > 1 and self._kept() > _KEPT:
                    self._archives.popitem(last=False)
            return self._archives[name], member

    def _kept(self) -> int:
        return sum(len(archive.members) for archive in self._archives.values())


class _Archive:
    """The index of one archive. Raises SourceError where it is no readable one."""

    def __init__(self, path: str, store: Store) -> None:
        self.members: dict[str, Member] = {}
        self.passed_over: list[str] = []
        try:
            self.source = _source(path, store)
            for name, fault, member in self.source.index():
                fault = fault or ("" if _safe(name) else "lies outside the archive")
                fault = fault or ("larger than 1 GiB" if member.size > MAX_MEMBER else "")
                if fault:
                    self.passed_over.append(f"{name}: {fault}")
                else:  # of two members of one name the last counts, as unpacking would have it
                    self.members[_plain(name)] = member
        except (*_BROKEN, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            why = said(error)
            head = store.read(path, 0, _HEAD_BYTES)
            if head.startswith(LFS_POINTER):
                why = "it is a Git LFS pointer; fetch the file with `git lfs pull`"
            elif is_page(head):
                why = "it is a web page; download the file again"
            raise SourceError(f"{path} is no archive that can be read: {why}") from None
        self.folders = _folders(self.members)


def _plain(name: str) -> str:
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _safe(name: str) -> bool:
    return inside(name) and "\\" not in name and re.match(r"[A-Za-z]:", name) is None


def _folders(members: dict[str, Member]) -> dict[str, list[Entry]]:
    found: dict[str, dict[str, Entry]] = {"": {}}
    for path, member in members.items():
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, {})[name] = Entry(name, False, member.size)
        while folder:
            above, _, name = folder.rpartition("/")
            known = found.setdefault(above, {})
            if name in known:
                break
            known[name] = Entry(name, True, 0)
            folder = above
    return {folder: sorted(entries.values()) for folder, entries in found.items()}


class _Source(Protocol):
    """One kind of archive."""

    def index(self) -> Iterator[tuple[str, str, Member]]:
        """(name, why it is not served or "", member) of everything but folders."""
        ...

    def read(self, name: str, member: Member, start: int, end: int) -> bytes: ...


def _source(path: str, store: Store) -> _Source:
    ending = re.sub(r"\.tbz2?$", ".tar.bz2", path.lower())
    if ending.endswith(".zip"):
        return _Zip(open_ranges(path, store))
    if ending.endswith(".tar"):
        return _Tar(open_ranges(path, store), lambda start, end: store.read(path, start, end))
    packed = open_ranges(path, store)
    unpacked = _unpacked(path, packed, store.size(path), ending.endswith(".bz2"))
    if (name := packed_name(path)) is not None:
        return _Single(re.split(r"[/!]", name)[-1], unpacked)
    return _Tar(unpacked, _reader(unpacked))


def _reader(file: IO[bytes]) -> Callable[[int, int], bytes]:
    lock = threading.Lock()

    def read(start: int, end: int) -> bytes:
        with lock:
            file.seek(start)
            return file.read(end - start)

    return read


class _Tar:
    def __init__(self, file: IO[bytes], read: Callable[[int, int], bytes]) -> None:
        self._file, self._read = file, read

    def index(self) -> Iterator[tuple[str, str, Member]]:
        for found in tar_members(self._file):
            fault = "" if found.is_plain else "a link or no plain file"
            yield found.name, fault, Member(found.size, found.start)

    def read(self, name: str, member: Member, start: int, end: int) -> bytes:
        data = self._read(member.start + start, member.start + end)
        if len(data) < end - start:
            raise EOFError("the archive is cut off")
        return data


class _Single:
    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._name, self._read = name, _reader(file)
        self._size = file.seek(0, 2)

    def index(self) -> Iterator[tuple[str, str, Member]]:
        yield self._name, "", Member(self._size, 0)

    def read(self, name: str, member: Member, start: int, end: int) -> bytes:
        return self._read(start, end)


class _Zip:
    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file)
        self._names: dict[str, zipfile.ZipInfo] = {}

    def index(self) -> Iterator[tuple[str, str, Member]]:
        for info in self._zip.infolist():
            if info.is_dir():
                continue
            kind = info.external_attr >> 28  # of the file, where Unix packed it
            fault = "a link or no plain file" if kind not in (0, 8) else ""
            name = info.filename
            if "/" not in name:  # a program of Windows may have packed folders with backslashes
                name = name.replace("\\", "/")
            self._names[_plain(name)] = info
            yield (
                name,
                fault or ("encrypted" if info.flag_bits & 1 else ""),
                Member(info.file_size, 0),
            )

    def read(self, name: str, member: Member, start: int, end: int) -> bytes:
        with self._zip.open(self._names[name]) as file:
            file.seek(start)
            data = file.read(end - start)
        if len(data) < end - start:
            raise EOFError("the member is shorter than the archive says")
        return data


def _unpacked(path: str, file: IO[bytes], size: int, is_bz2: bool) -> IO[bytes]:
    """What is in a file packed by gzip or bzip2. size: of that, in bytes.

    Raises SourceError where it is longer than `MAX_UNPACKED`.
    """
    too_long = SourceError(
        f"{path} holds more than {MAX_UNPACKED >> 30} GiB; unpack it, or pack it as tar"
    )
    if size > MAX_UNPACKED:
        raise too_long
    out = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the index
    with bz2.open(file) if is_bz2 else gzip.open(file) as packed:
        total = 0
        while part := packed.read(1 << 20):
            total += len(part)
            if total > MAX_UNPACKED:
                out.close()
                raise too_long
            out.write(part)
    out.seek(0)
    return out
