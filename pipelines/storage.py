"""Files that a run writes and reads back: under OUT, local or in an object store."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from converters import files

_HASH_BYTES = 1 << 22


def is_local(path: str) -> bool:
    """True for a path of this machine's file systems."""
    return not files.scheme(path)


def make_folder(path: str) -> None:
    """A folder and its parents; an object store has none."""
    if is_local(path):
        os.makedirs(path, exist_ok=True)


def write_file(path: str, write: Callable[[Any], None]) -> None:
    """Writes a file under another name and renames it when it is whole. Makes no folder: in one that is gone nobody waits for the file.

    write: gets an open Arrow output stream.
    """
    part = f"{path}.{uuid.uuid4().hex[:8]}.part"
    try:
        with pa.OSFile(part, "wb") as sink:
            write(sink)
        os.replace(part, path)
    except BaseException:
        remove(part)
        raise


def write_bytes(path: str, data: bytes) -> None:
    """A small file, whole or not at all."""
    write_file(path, lambda sink: sink.write(data))


def read_bytes(path: str) -> bytes:
    """A whole file."""
    return files.store(path).read(path)


def open_file(path: str) -> Any:
    """A file to read at random: mapped into memory where it is local."""
    return pa.memory_map(path) if is_local(path) else pa.BufferReader(read_bytes(path))


def remove(path: str) -> None:
    """A file or a folder with all it holds; nothing where there is none."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def move(source: str, target: str) -> None:
    """Renames a file or folder into place; what stood there is gone."""
    remove(target)
    make_folder(os.path.dirname(target))
    os.replace(source, target)


def sha256(path: str) -> tuple[str, int]:
    """Hash and length of a file."""
    digest, at, size = hashlib.sha256(), 0, files.store(path).size(path)
    while at < size:
        part = files.store(path).read(path, at, min(size, at + _HASH_BYTES))
        digest.update(part)
        at += len(part)
    return digest.hexdigest(), size
