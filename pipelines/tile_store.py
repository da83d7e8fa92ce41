"""The encoded tiles of a shard, while they wait for their rows to be written."""

from __future__ import annotations

import os
import tempfile
import threading
from types import TracebackType
from typing import IO, NamedTuple

from converters.read.pixels import Write


class TileStore:
    """Files without names that hold all tiles, so that nothing stays of them after a kill.

    Threads may use it together. Used with `with`: the files end there.
    """

    # Fast way: each thread has one file for all its tiles, into which they are encoded. A file for
    # each tile is the plain way, but making and removing thousands of them takes longer than to
    # write what they hold; one file for all threads needs each tile in memory first.

    def __init__(self, folder: str | None = None) -> None:
        """folder: a folder of the disk that is to hold the files; None for the system's own."""
        self._folder = folder
        self._files: list[IO[bytes]] = []
        self._mine = threading.local()

    def __enter__(self) -> TileStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files:
            file.close()

    def add(self, write: Write) -> StoredTile:
        """Keeps a tile. Raises OSError where the disk is full."""
        file = self._file()
        start = file.tell()
        write(file)
        return StoredTile(file, start, file.tell() - start)

    def _file(self) -> IO[bytes]:
        """The file of this thread."""
        found: IO[bytes] | None = getattr(self._mine, "file", None)
        if found is None:
            found = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 (see __exit__)
            self._files.append(found)
            self._mine.file = found
        return found


class StoredTile(NamedTuple):
    """Where a tile lies in a file of a store, in bytes."""

    file: IO[bytes]
    start: int
    length: int

    def read(self) -> bytes:
        """The tile's file, as it was encoded; less of it where the disk was full."""
        parts = []
        start, left = self.start, self.length
        while left and (part := os.pread(self.file.fileno(), left, start)):
            parts.append(part)
            start, left = start + len(part), left - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
