"""Sources and mixes in object stores: s3:// and gs:// URLs wherever a folder may stand.

Importing this module is what makes them known (`converters.read.files.store`).
`pipelines.storage.work_files` imports it, and so every process that runs a step of the pipeline
does, on any machine. A client is made at the first use, from Beam's own options as `FileSystems`
holds them: Beam carries them to its workers. Where an option is not given, the vendor's environment
variables and files hold (AWS_*, GOOGLE_*).

Requests go to the vendors' clients and not through `FileSystems`, which makes a new client for each
call, asks for a range by all that follows it, lists a folder with everything below it, and
completes an upload whose writer failed.

How a mix is seen, where nothing can be renamed at once
-------------------------------------------------------
An object appears when its upload is complete and never in part. Everything is first written below
OUT/.work, in a folder of the run's own. When all of it is well, OUT/manifest.json is removed, the
old files are removed, the new ones are copied into place by the store itself, and the new
manifest.json is written last. A folder without manifest is no mix: a reader that begins with the
manifest finds the old mix, none, or the new one. A reader that was in the middle of the old mix
when it was replaced may find its files gone or new; their sha256 in the manifest it holds tells it.
Should a run end while it copies, it removes what it copied; where even that fails, the next run to
the same OUT does. Between the two manifests there is no mix, for as long as the copies take: write
to a new OUT where that must not be.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from converters.read import files
from converters.read.entries import Entry, without_litter
from pipelines.storage.client import About, Client, CutOff, StoreError, in_threads, split

# Of a read that was cut off in the middle: the clients themselves try again only before the first
# byte.
_TRIES = 3


class ObjectStore:
    """A `converters.read.files.Store` that can write as well.

    make: a client from Beam's options.
    """

    def __init__(self, scheme: str, make: Callable[[Any], Client]) -> None:
        self._scheme, self._make = scheme, make
        self._lock = threading.Lock()
        self._made: tuple[Any, int, Client] | None = None

    def client(self) -> Client:
        """One for all threads of a process, and another one where the options are others."""
        options = _options()
        with self._lock:
            if self._made is None or self._made[0] is not options or self._made[1] != os.getpid():
                self._made = options, os.getpid(), self._make(options)
            return self._made[2]

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of an object; no others are asked for.

        Raises FileNotFoundError, and StoreError where the store does not give them.
        """
        bucket, key = split(path)
        if end is not None and end <= start:
            return b""
        client = self.client()
        for tried in range(_TRIES):
            try:
                return client.get(bucket, key, start, end)
            except CutOff as error:
                last = error
                time.sleep(0.2 * tried)
        raise StoreError(f"{path}: cannot be read: {last}")

    def size(self, path: str) -> int:
        """Bytes of an object. Raises FileNotFoundError."""
        return self.about(path).size

    def about(self, path: str) -> About:
        """What the store says of an object. Raises FileNotFoundError."""
        return self.client().head(*split(path))

    def listing(self, path: str) -> list[Entry]:
        """What lies right below a folder, by name, hidden names left out as on a local disk.

        One without anything in it does not exist.
        """
        bucket, key = split(path)
        prefix = f"{key.rstrip('/')}/" if key else ""
        entries, there = [], False
        for child, size in self.client().children(bucket, prefix):
            there = True
            name = child.removeprefix(prefix).rstrip("/")
            if name:  # an object of the folder's own name is a mark that some tools leave
                entries.append(Entry(name, size is None, size or 0))
        if not there:
            raise files.missing(path)
        return sorted(without_litter(path, entries))

    def put(self, path: str, data: bytes, over: str | None = None) -> str | None:
        """See `Client.put`."""
        return self.client().put(*split(path), data, over)

    def upload(self, path: str, local: str) -> None:
        """A local file's content as an object, in parts where it is large."""
        self.client().upload(*split(path), local)

    def below(self, path: str) -> list[str]:
        """URLs of an object and of all objects below it as a folder."""
        bucket, key = split(path)
        keys = [
            found
            for found in self.client().below(bucket, key.rstrip("/"))
            if found == key or found.startswith(f"{key.rstrip('/')}/")
        ]
        return [f"{self._scheme}://{bucket}/{found}" for found in keys]

    def remove(self, paths: Sequence[str]) -> None:
        """Objects; one that is not there is none."""
        by_bucket: dict[str, list[str]] = {}
        for path in paths:
            bucket, key = split(path)
            by_bucket.setdefault(bucket, []).append(key)
        for bucket, keys in by_bucket.items():
            self.client().delete(bucket, keys)

    def copy(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Objects, by the store itself: (from, to)."""
        client = self.client()
        in_threads(lambda pair: client.copy(*split(pair[0]), *split(pair[1])), pairs)


def _options() -> Any:
    """Beam's options in this process: the launcher sets them, and in a worker Beam does."""
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.value_provider import RuntimeValueProvider

    return FileSystems._pipeline_options or RuntimeValueProvider.runtime_options


def set_options(options: Any) -> None:
    """Beam's options for what is read before there is a pipeline."""
    from apache_beam.io.filesystems import FileSystems

    FileSystems.set_options(options)


def _s3(options: Any) -> Client:
    from pipelines.storage.s3 import S3

    return S3(options)


def _gcs(options: Any) -> Client:
    from pipelines.storage.gcs import Gcs

    return Gcs(options)


STORES = {"s3": ObjectStore("s3", _s3), "gs": ObjectStore("gs", _gcs)}
for _scheme, _store in STORES.items():
    files.register_store(_scheme, _store)


def of(path: str) -> ObjectStore:
    """The object store that holds a URL."""
    if files.scheme(path) not in STORES:
        files.store(path)  # its line says which there are
    return STORES[files.scheme(path)]
