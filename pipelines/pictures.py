"""Pictures of a shard: each distinct one is read once, and must be the one that was hashed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import pyarrow as pa

from converters.read import files, images
from converters.read.files import SourceError
from converters.read.images import PictureError
from pipelines.tile_store import StoredTile
from schemas.mix import ImageMode

_MOST_BYTES = (1 << 31) - 1  # of an Arrow binary column
_RUN = 32  # most pictures that a thread takes at once: a future costs more than a small picture


class Picture(NamedTuple):
    """A picture file as it was when its facts were read.

    quick_hash: see `images.quick_hash`. tile: where it lies if this run cut and encoded it, as it
    is to be written; file is then its scene's.
    """

    file: str
    sha256: str
    quick_hash: bytes
    tile: StoredTile | None = None


_Coming = dict[str, Future[dict[str, bytes]]]  # by sha256; a thread reads several pictures


def read(picture: Picture, mode: ImageMode) -> bytes:
    """The bytes that a row holds of a picture: the file's own, a tile, or those encoded anew.

    Raises SourceError, naming the picture, where the file is not what was hashed.
    """
    try:
        data = picture.tile.read() if picture.tile else files.store(picture.file).read(picture.file)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        reason = error.strerror or "it cannot be read"
        raise SourceError(
            f"{picture.file}: changed during the run: {reason}; let it rest and run again"
        ) from None
    except PictureError as error:  # what is made of it by a recipe
        raise SourceError(
            f"{picture.file}: changed during the run: {error.args[1]}; let it rest and run again"
        ) from None
    if images.quick_hash(data) != picture.quick_hash:
        raise SourceError(
            f"{picture.file}: changed during the run: its bytes are not those that were read "
            "before; let it rest and run again"
        )
    if mode != "reencode" or picture.tile:
        return data
    try:
        return images.reencode(data)
    except PictureError as error:
        raise SourceError(f"{picture.file}: cannot be encoded anew: {error.args[1]}") from None


def read_in_turn(
    groups: Sequence[Sequence[Picture]], load: Callable[[Picture], bytes]
) -> Iterator[pa.Array]:
    """The bytes of each group of distinct pictures, in order, as a binary column.

    A column holds until the next one is asked for. While a group is in use the next one is read,
    and what both show is read once: memory holds the bytes of two groups. Raises SourceError where
    a group is more than a column can hold.
    """
    coming: _Coming = {}
    # Fast way: one piece of memory for all groups. To get a fresh one for each, page by page, would
    # take longer than to copy the bytes, and threads wait for each other there.
    room = bytearray()
    first = next((group[0].file for group in groups if group), "")
    with ThreadPoolExecutor(images.readers(first)) as pool:
        try:
            for here, after in itertools.pairwise([*groups, ()]):
                found = coming or _order(pool, here, {}, load)
                coming = _order(pool, after, found, load)
                data = [found[picture.sha256].result()[picture.sha256] for picture in here]
                found.clear()
                ends = list(itertools.accumulate(map(len, data)))
                if ends and ends[-1] > _MOST_BYTES:
                    raise SourceError(
                        f"{here[0].file} and the pictures beside it in a row hold {ends[-1]:,} "
                        f"bytes; a row may hold {_MOST_BYTES:,}"
                    )
                if ends and ends[-1] > len(room):
                    room = bytearray(ends[-1])
                with memoryview(room) as view:
                    for end, some in zip(ends, data, strict=True):
                        view[end - len(some) : end] = some
                del data
                offsets = pa.array([0, *ends], pa.int32())
                yield pa.Array.from_buffers(
                    pa.binary(), len(here), [None, offsets.buffers()[1], pa.py_buffer(room)]
                )
        finally:
            pool.shutdown(cancel_futures=True)


def _order(
    pool: ThreadPoolExecutor,
    group: Sequence[Picture],
    before: _Coming,
    load: Callable[[Picture], bytes],
) -> _Coming:
    """Has those pictures of a group read that the group before does not show."""
    coming = {p.sha256: before[p.sha256] for p in group if p.sha256 in before}
    missing = [p for p in group if p.sha256 not in coming]
    length = max(1, min(_RUN, len(missing) // 8))
    for start in range(0, len(missing), length):
        some = missing[start : start + length]
        future = pool.submit(lambda run: {p.sha256: load(p) for p in run}, some)
        coming.update(dict.fromkeys((p.sha256 for p in some), future))
    return coming
