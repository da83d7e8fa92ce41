"""Files that a run writes and reads back: under OUT, local or in an object store."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from converters.read import files
from converters.read.stores import Ranges
from pipelines.errors import UsageError
from pipelines.storage import client, objects

_HASH_BYTES = 1 << 22
_HASH_OBJECT_BYTES = 1 << 26  # of an object: each part is a request
_WHOLE = 1 << 22  # an object up to so many bytes is read at once
_PAGE = 1 << 18  # of a larger one, the least that is asked for


def is_local(path: str) -> bool:
    """True for a path of this machine's file systems."""
    return not files.scheme(path)


def absolute(path: str) -> str:
    """A path as workers with another working folder must know it.

    Raises SourceError for a URL that no store serves, and UsageError for a name that is not UTF-8,
    which no manifest could hold.
    """
    if is_local(path):
        whole = os.path.abspath(path)
        try:
            whole.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{whole!r} is not UTF-8: name another folder") from None
        return whole
    client.split(path)
    objects.of(path)
    return path.rstrip("/")


def set_options(flags: Sequence[str], *paths: str) -> None:
    """Sets Beam's options for what is read of object stores before there is a pipeline.

    Where all paths are local, Beam is not imported.
    """
    if not all(map(is_local, paths)):
        logging.getLogger().setLevel(
            logging.CRITICAL
        )  # Beam's import warns of parts that are not installed
        from pipelines.beam_options import beam_options

        objects.set_options(beam_options(flags))


def make_folder(path: str) -> None:
    """A folder and its parents; an object store has none."""
    if is_local(path):
        os.makedirs(path, exist_ok=True)


def disk_folder(path: str) -> str | None:
    """A folder of this machine for large passing files: this one, which has the room that was
    asked for, or for one of an object store the system's own (None)."""
    make_folder(path)
    return path if is_local(path) else None


def log_file(folder: str, name: str) -> str:
    """Where processes of a run may write what nobody reads unless it fails.

    In an object store nothing can be appended to.
    """
    return f"{folder}/{name}" if is_local(folder) else os.devnull


def write_file(
    path: str, write: Callable[[Any], None], look: Callable[[str], None] | None = None
) -> None:
    """Writes a file under another name and renames it when it is whole.

    Makes no folder: in one that is gone nobody waits for the file.

    write: gets an open Arrow output stream. look: gets the whole file, on this machine's disk,
    before it has its name.
    """
    if not is_local(path):
        return _write_object(path, write, look)
    part = f"{path}.{uuid.uuid4().hex[:8]}.part"
    try:
        _write_local(part, write, look)
        os.replace(part, path)
    except BaseException:
        remove(part)
        raise


def _write_local(
    path: str, write: Callable[[Any], None], look: Callable[[str], None] | None
) -> None:
    with pa.OSFile(path, "wb") as sink:
        write(sink)
    if look is not None:
        look(path)


def write_hashed(path: str, write: Callable[[Any], None]) -> tuple[int, str]:
    """Writes a file as `write_file` does; gives its length and sha256."""
    # Fast way: the file is read again, from the system's memory of it. An output stream of Python
    # that hashes what passes is the plain way, but Arrow copies every piece into new bytes for it.
    found: list[tuple[str, int]] = []
    write_file(path, write, lambda part: found.append(sha256(part)))
    [(digest, size)] = found
    return size, digest


def _write_object(
    path: str, write: Callable[[Any], None], look: Callable[[str], None] | None
) -> None:
    """By way of this machine's disk: a shard may be larger than a worker's memory likes, and an
    upload begins when all is well.
    """
    with tempfile.TemporaryDirectory(prefix="earthmix-") as folder:
        local = f"{folder}/part"
        _write_local(local, write, look)
        objects.of(path).upload(path, local)


def write_bytes(path: str, data: bytes) -> None:
    """A small file, whole or not at all."""
    if is_local(path):
        write_file(path, lambda sink: sink.write(data))
    else:
        objects.of(path).put(path, data)


def read_bytes(path: str) -> bytes:
    """A whole file."""
    return files.store(path).read(path)


def open_file(path: str) -> Any:
    """A file to read at random.

    A local one is mapped into memory; a large object is read range by range.
    """
    if is_local(path):
        return pa.memory_map(path)
    store = files.store(path)
    size = store.size(path)
    if size <= _WHOLE:
        return pa.BufferReader(store.read(path))
    return pa.PythonFile(io.BufferedReader(Ranges(path, store, size), _PAGE), mode="r")


def remove(path: str) -> None:
    """A file or a folder with all it holds; nothing where there is none."""
    if not is_local(path):
        objects.of(path).remove(objects.of(path).below(path))
    elif os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def move(source: str, target: str) -> None:
    """Renames a file or folder into place; what stood there is gone.

    In an object store it is copied: one file after the other is there.
    """
    remove(target)
    if not is_local(source):
        store = objects.of(source)
        found = store.below(source)
        store.copy([(path, target + path[len(source) :]) for path in found])
        store.remove(found)
        return
    make_folder(os.path.dirname(target))
    os.replace(source, target)


def sha256(path: str) -> tuple[str, int]:
    """Hash and length of a file."""
    digest, at, size = hashlib.sha256(), 0, files.store(path).size(path)
    step = _HASH_BYTES if is_local(path) else _HASH_OBJECT_BYTES
    while at < size:
        part = files.store(path).read(path, at, min(size, at + step))
        digest.update(part)
        at += len(part)
    return digest.hexdigest(), size
