"""The encoded tiles of a shard, while they wait for their rows to be written."""

from __future__ import annotations

import os
import tempfile
import threading
from types import TracebackType
from typing import NamedTuple


class TileStore:
    """One file without a name that holds all tiles, so that nothing stays of it after a kill.

    Threads may use it together. Used with `with`: the file ends there. Raises OSError where the
    disk is full.
    """

    # Fast way: a file for each tile is the plain one, but making and removing thousands of files
    # takes longer than to write what they hold.

    def __init__(self, folder: str | None = None) -> None:
        """folder: a folder of the disk that is to hold the file; None for the system's own."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by __exit__)
        self._end = 0
        self._lock = threading.Lock()

    def __enter__(self) -> TileStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, data: bytes) -> StoredTile:
        """Keeps a tile."""
        with self._lock:
            start, self._end = self._end, self._end + len(data)
        done = 0
        while done < len(data):
            done += os.pwrite(self._file.fileno(), data[done:], start + done)
        return StoredTile(self, start, len(data))

    def read(self, start: int, length: int) -> bytes:
        """Bytes of the file; fewer where it ends before."""
        parts = []
        while length and (part := os.pread(self._file.fileno(), length, start)):
            parts.append(part)
            start, length = start + len(part), length - len(part)
        return b"".join(parts)


class StoredTile(NamedTuple):
    """Where a tile lies in a store, in bytes."""

    store: TileStore
    start: int
    length: int

    def read(self) -> bytes:
        """The tile's file, as it was encoded."""
        return self.store.read(self.start, self.length)
