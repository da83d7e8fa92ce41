"""The members of a tar in their order, several times faster than `tarfile` lists them.

A plain header is 512 bytes: name, size and type at fixed places. Pax headers that say nothing of
name or size (a time of change, as Python's own `tarfile` writes) are stepped over. Any other
header is left to `tarfile`, so that long names, sparse files and links are what it says.
Source: POSIX.1-2017, pax, ustar Interchange Format.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, NamedTuple

_BLOCK = 512
_MOST_PAX = 1 << 16
_TELLING = (b" path=", b" size=", b" linkpath=", b" hdrcharset=", b" GNU.")


class TarMember(NamedTuple):
    """A member that is no folder. start: where its bytes begin. is_plain: no link, no device."""

    name: str
    size: int
    start: int
    is_plain: bool


def tar_members(file: IO[bytes]) -> Iterator[TarMember]:
    """All members but folders, in the archive's order.

    Raises tarfile.TarError where the file is no tar, or is cut off.
    """
    size = file.seek(0, 2)
    at = 0
    while True:
        file.seek(at)
        header = file.read(_BLOCK)
        if not header.strip(b"\0") and at:  # the archive's end
            break
        if (kind := _kind(header)) == b"x" and _says_nothing(file, header):
            at += _BLOCK + _padded(_number(header[124:136]))
            continue
        length = _number(header[124:136])
        if kind in (b"0", b"\0") and length >= 0:
            name = _name(header)
            if not (kind == b"\0" and name.endswith("/")):
                yield TarMember(name, length, at + _BLOCK, True)
            at += _BLOCK + _padded(length)
        elif kind == b"5" and length == 0:
            at += _BLOCK
        elif kind == b"g":  # holds for all that follows
            yield from _plainly(file, at)
            return
        else:
            found, at = _one(file, at)
            if found is None:
                break
            if not found.isdir():
                yield _member(found)
    if at > size:
        raise tarfile.ReadError("unexpected end of data")


def _kind(header: bytes) -> bytes:
    """The type of a header whose sum is right, else nothing."""
    if len(header) < _BLOCK:
        return b""
    told = _number(header[148:156])
    return header[156:157] if told == sum(header) - sum(header[148:156]) + 256 else b""


def _number(field: bytes) -> int:
    """An octal number, or -1 where it is none (as GNU tar writes what is very large)."""
    try:
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return -1


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _name(header: bytes) -> str:
    name, prefix = (part.partition(b"\0")[0] for part in (header[:100], header[345:500]))
    whole = prefix + b"/" + name if prefix else name
    return whole.decode("utf-8", "surrogateescape")


def _says_nothing(file: IO[bytes], header: bytes) -> bool:
    """True where a pax header in front of a member leaves its name and its size alone."""
    length = _number(header[124:136])
    if not 0 <= length <= _MOST_PAX:
        return False
    body = file.read(length)
    return len(body) == length and not any(key in body for key in _TELLING)


def _one(file: IO[bytes], at: int) -> tuple[tarfile.TarInfo | None, int]:
    """The member whose headers begin at a place, and where the next ones begin."""
    file.seek(at)
    with tarfile.open(fileobj=file, mode="r:") as tar:
        return tar.next(), tar.offset


def _plainly(file: IO[bytes], at: int) -> Iterator[TarMember]:
    file.seek(at)
    with tarfile.open(fileobj=file, mode="r:") as tar:
        yield from (_member(info) for info in tar if not info.isdir())


def _member(info: tarfile.TarInfo) -> TarMember:
    is_plain = info.isreg() and not info.issparse()
    return TarMember(info.name, info.size, info.offset_data, is_plain)
