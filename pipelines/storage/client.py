"""What an object store's client is asked for, and what every client needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

from converters.read.files import SourceError

T = TypeVar("T")
_THREADS = 16  # requests at once, where many are made of one kind


class StoreError(SourceError):
    """A store does not answer, or does not let us in: one line that says what to set."""


class CutOff(Exception):
    """A reply that ended too early."""


class About(NamedTuple):
    """An object.

    version: another one whenever it is written; modified: seconds, by the store's clock.
    """

    size: int
    version: str
    modified: float


class Client(Protocol):
    """What a vendor's client is asked for.

    Keys are without the bucket; a missing object is a FileNotFoundError, every other fault a
    StoreError.
    """

    def get(self, bucket: str, key: str, start: int, end: int | None) -> bytes:
        """Bytes [start, end) of an object; to its end without one. Raises CutOff as well."""
        ...

    def head(self, bucket: str, key: str) -> About:
        """What the store says of an object."""
        ...

    def children(self, bucket: str, prefix: str) -> Iterator[tuple[str, int | None]]:
        """Keys and sizes right below a prefix; a folder's key ends in / and has no size."""
        ...

    def below(self, bucket: str, prefix: str) -> Iterator[str]:
        """Every key that begins so."""
        ...

    def put(self, bucket: str, key: str, data: bytes, over: str | None) -> str | None:
        """Writes an object and gives its version.

        over: only over this version, "" only where there is none; None comes back where that is not
        so.
        """
        ...

    def upload(self, bucket: str, key: str, path: str) -> None:
        """Writes a local file as an object, whole or not at all."""
        ...

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        """Copies an object within the store."""
        ...

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Removes objects; those that are not there are no fault."""
        ...


def split(path: str) -> tuple[str, str]:
    """Bucket and key of a URL; the key is empty for the bucket itself.

    Raises StoreError where there is no bucket.
    """
    scheme, _, rest = path.partition("://")
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise StoreError(f"{path}: no bucket; write {scheme}://BUCKET/FOLDER")
    return bucket, key


def in_threads(work: Callable[[T], object], items: Iterable[T]) -> None:
    """`work` on each of many; the first fault comes through."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(work, items):
            pass


def option(options: Any, view: str, name: str) -> Any:
    """One of Beam's options, None where it is not given.

    view: the class of options that knows it.
    """
    from apache_beam.options import pipeline_options

    if isinstance(options, pipeline_options.PipelineOptions):
        return getattr(options.view_as(getattr(pipeline_options, view)), name)
    return (options or {}).get(name)
