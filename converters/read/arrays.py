"""Pictures in the arrays of HDF5 and MATLAB files, as files: `training.h5!sen2@nhwc/12.npy`.

Behind the mark stand the array's name, what its dimensions are in turn, and which picture. n
counts the pictures, h, w and c are rows, columns and bands; an array without n is one picture,
`a.h5!event/0/pre@hwc.npy`. The file so served is numpy's own: an array of rows, columns and
bands, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

Of HDF5 (.h5, .hdf5, .mat of MATLAB 7.3) only the picture that is asked for is read. A .mat of an
older version can only be read as a whole, so the last array is kept in memory.
"""

from __future__ import annotations

import errno
import io
import math
import re
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.read.entries import Entry
from converters.read.stores import (
    Damaged,
    MemberError,
    SourceError,
    Store,
    missing,
    needs,
    open_ranges,
    said,
)

# What h5py and scipy raise on files with wrong bytes (seen by changing some).
DAMAGED = (
    *(OSError, RuntimeError, KeyError, IndexError, ValueError, TypeError, OverflowError),
    *(EOFError, UnboundLocalError, ZeroDivisionError, zlib.error, struct.error),
)
HDF5 = b"\x89HDF\r\n\x1a\n"
NUMPY = b"\x93NUMPY"
MAX_ARRAY = 4 << 30  # bytes of an array that is read as a whole
MAX_PICTURE = 1 << 30
_OPEN = 2  # arrays of an HDF5 file that stay open
# Fast way: a compressed piece holds many pictures; it stays unpacked while they are read in turn.
_CHUNKS, _SLOTS = 128 << 20, 10_007  # bytes of each array's pieces; a prime, as HDF5 wants
_MEMBER = re.compile(
    r"(.*?\.(?:h5|hdf5|mat))!(.+)@([nhwc]{2,4})(?:/(\d+))?\.npy", re.IGNORECASE | re.DOTALL
)


class ArrayMember(NamedTuple):
    """A picture in an array. axes: the dimensions in turn; number: which of n, or None."""

    file: str
    name: str
    axes: str
    number: int | None


def array_member(path: str) -> ArrayMember | None:
    """The parts of a path into an array, else None."""
    found = _MEMBER.fullmatch(path) if "@" in path else None
    if found is None:
        return None
    file, name, axes, number = found.groups()
    if len({*axes}) != len(axes) or ("n" in axes) != (number is not None):
        return None
    return ArrayMember(file, name, axes, None if number is None else int(number))


class ArrayStore:
    """Pictures in arrays, as a `Store`. outer: gives the store in which a file lies."""

    def __init__(self, outer: Callable[[str], Store]) -> None:
        self._outer = outer
        self._lock = threading.Lock()
        self._file = ""
        self._source: Hdf5 | Mat | None = None

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a picture as numpy writes it. Raises FileNotFoundError."""
        member = array_member(path)
        if member is None:
            raise missing(path)
        with self._lock:
            picture = _cut(self._opened(member.file).array(member.name), member, path)
        rest = [axis for axis in member.axes if axis != "n"]
        order = [rest.index(axis) for axis in "hwc" if axis in rest]
        out = io.BytesIO()
        np.save(out, np.ascontiguousarray(picture.transpose(order)), allow_pickle=False)
        return out.getvalue()[start:end]

    def size(self, path: str) -> int:
        """Bytes of a picture in the array, without numpy's head: known without reading it."""
        member = array_member(path)
        if member is None:
            raise missing(path)
        with self._lock:
            array = self._opened(member.file).array(member.name)
        if array is None or (member.number or 0) >= _pictures(array, member):
            raise missing(path)
        return int(array.dtype.itemsize * math.prod(array.shape) // _pictures(array, member))

    def listing(self, path: str) -> list[Entry]:
        """None: the names of arrays are known from the annotations."""
        return []

    def _opened(self, file: str) -> Hdf5 | Mat:
        if self._source is None or self._file != file:
            self._source = open_arrays(file, open_ranges(file, self._outer(file)))
            self._file = file
        return self._source


@contextmanager
def _sound(path: str) -> Iterator[None]:
    """Raises SourceError for what a library finds damaged in a file."""
    try:
        yield
    except DAMAGED as error:
        raise SourceError(f"{path} is damaged: {said(error)}") from None


class Hdf5:
    """An HDF5 file. Raises SourceError where it is none, or h5py is not installed."""

    is_reversed = False  # a .mat of MATLAB 7.3 has its dimensions in reverse

    def __init__(self, path: str, file: IO[bytes]) -> None:
        try:
            import h5py
        except ImportError:
            raise needs(path, "h5py", "hdf5") from None
        self._h5py, self._path = h5py, path
        self._arrays: OrderedDict[str, Any] = OrderedDict()
        self.is_reversed = path.lower().endswith(".mat")
        try:
            self.root = h5py.File(file, "r", rdcc_nbytes=_CHUNKS, rdcc_nslots=_SLOTS)
        except DAMAGED as error:
            raise SourceError(f"{path} is no HDF5 that can be read: {said(error)}") from None

    def array(self, name: str) -> Any:
        """A dataset, not yet read, or None where there is none of the name.

        Raises SourceError for what lies in another file: HDF5 may name any.
        """
        if name in self._arrays:
            return self._arrays[name]
        node = self._node(name)
        if not isinstance(node, self._h5py.Dataset):
            return None
        with _sound(self._path):
            elsewhere = node.external or node.is_virtual
            _ = node.shape, node.dtype  # worked out at their first use, and may be damaged
        if elsewhere:
            raise SourceError(f"{self._path}: {name} lies in another file, which is not read")
        # HDF5 keeps the pieces of an array for as long as the array is open.
        self._arrays[name] = node
        if len(self._arrays) > _OPEN:
            self._arrays.popitem(last=False)
        return node

    def values(self, name: str) -> npt.NDArray[Any]:
        """A whole array that is there. Raises SourceError where it is damaged."""
        with _sound(self._path):
            return np.asarray(self.array(name)[()])

    def names(self) -> list[str]:
        """What stands at the top, sorted."""
        with _sound(self._path):
            return sorted(self.root)

    def below(self, name: str) -> list[str]:
        """What stands in a group, sorted; nothing where there is none of the name."""
        node = self._node(name)
        with _sound(self._path):
            return sorted(node) if isinstance(node, self._h5py.Group) else []

    def attribute(self, name: str, key: str) -> Any:
        """An attribute of a group, or None."""
        node = self._node(name)
        with _sound(self._path):
            return None if node is None else node.attrs.get(key)

    def _node(self, name: str) -> Any:
        """What has a name, or None. Raises SourceError for links, which may lead anywhere."""
        node = self.root
        for part in name.split("/"):
            with _sound(self._path):
                if not isinstance(node, self._h5py.Group) or part not in node:
                    return None
                if not isinstance(node.get(part, getlink=True), self._h5py.HardLink):
                    raise SourceError(f"{self._path}: {name} is a link, which is not followed")
                node = node[part]
        return node


class Mat:
    """A .mat file up to version 7.2. Raises SourceError where it is none, or scipy is missing."""

    is_reversed = False

    def __init__(self, path: str, file: IO[bytes]) -> None:
        try:
            from scipy import io as matlab
        except ImportError:
            raise needs(path, "scipy", "mat") from None
        self._path, self._file, self._matlab = path, file, matlab
        self._name, self._array = "", None
        try:
            self._there = {name: (shape, kind) for name, shape, kind in matlab.whosmat(file)}
        except (matlab.matlab.MatReadError, *DAMAGED) as error:
            raise SourceError(f"{path} is no .mat that can be read: {said(error)}") from None

    def array(self, name: str) -> Any:
        """An array, or None where there is none of the name. Raises SourceError for a huge one."""
        if name not in self._there:
            return None
        if self._name != name:
            shape, kind = self._there[name]
            if int(np.prod(shape, dtype=np.int64)) * _width(kind) > MAX_ARRAY:
                raise SourceError(f"{self._path}: the array {name} of {shape} is larger than 4 GiB")
            self._file.seek(0)
            try:
                found = self._matlab.loadmat(self._file, variable_names=[name])[name]
            except (self._matlab.matlab.MatReadError, *DAMAGED) as error:
                raise Damaged(f"{self._path}: {name} cannot be read: {said(error)}") from None
            self._name, self._array = name, found
        return self._array

    def values(self, name: str) -> npt.NDArray[Any]:
        """A whole array that is there."""
        return np.asarray(self.array(name))

    def names(self) -> list[str]:
        return sorted(self._there)


def open_arrays(path: str, file: IO[bytes]) -> Hdf5 | Mat:
    """The arrays of a file. Raises SourceError where it cannot be read, or an extra is missing."""
    head = file.read(len(HDF5))
    # MATLAB 7.3 writes HDF5 behind a head of 512 bytes of its own.
    file.seek(512)
    behind = file.read(len(HDF5))
    file.seek(0)
    is_hdf5 = HDF5 in (head, behind) or path.lower().endswith((".h5", ".hdf5"))
    return Hdf5(path, file) if is_hdf5 else Mat(path, file)


def _pictures(array: Any, member: ArrayMember) -> int:
    """How many pictures an array holds."""
    if len(array.shape) != len(member.axes):
        return 0
    return int(array.shape[member.axes.index("n")]) if "n" in member.axes else 1


def _cut(array: Any, member: ArrayMember, path: str) -> npt.NDArray[Any]:
    """One picture of an array, with its dimensions but n.

    Raises FileNotFoundError where there is none, MemberError where it is no picture.
    """
    if array is None or len(array.shape) != len(member.axes):
        raise missing(path)
    at = member.axes.find("n")
    sides = [side for place, side in enumerate(array.shape) if place != at]
    if array.dtype.kind not in "buif" or math.prod(sides) * array.dtype.itemsize > MAX_PICTURE:
        what = f"an array of {' x '.join(map(str, sides))} {array.dtype}"
        raise MemberError(errno.EIO, f"{what} is no picture that is read", path)
    if member.number is not None and member.number >= array.shape[at]:
        raise missing(path)
    try:
        if member.number is None:
            return np.asarray(array[()])
        return np.asarray(array[(slice(None),) * at + (member.number,)])
    except DAMAGED as error:
        raise MemberError(errno.EIO, f"damaged in its array: {said(error)}", path) from None


def _width(kind: str) -> int:
    """Bytes of a number of MATLAB's class."""
    bits = re.search(r"\d+", kind)
    return int(bits[0]) // 8 if bits else {"single": 4, "logical": 1, "char": 2}.get(kind, 8)
