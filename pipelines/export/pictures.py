"""Pictures of an export, each once, under the sha256 of its bytes in the mix."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from converters.read import files, images
from converters.read.images import PictureError
from pipelines.errors import UsageError
from pipelines.export.kit import Picture

_THREADS = 4  # hashing, decoding, encoding and writing release the interpreter lock
_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH = 24  # where a PNG says how many bits a channel has

Known = Picture | str  # a picture, or the reason why there is none


class Pictures:
    """The pictures of an export.

    out: the mix. folder: where each picture is written once. data_root: where the pictures lie that
    the mix only names, or None. inline: the target takes their bytes into its own files; then those
    that the mix holds stay in memory, as long as their row group does, and are not written here.
    """

    def __init__(self, out: str, folder: str, data_root: str | None, inline: bool) -> None:
        self._out, self._folder, self._data_root = out, folder, data_root
        self._inline = inline
        self._known: dict[int | str, Known] = {}
        self._last: list[pa.Array] = []
        self._digests: set[bytes] = set()  # of all pictures: about 100 bytes each
        self._pool = ThreadPoolExecutor(_THREADS)
        os.mkdir(folder)

    def of(self, column: pa.ListArray) -> list[list[Known]]:
        """The pictures of rows, written where they are new.

        column: `images`, bytes and paths as dictionaries. Raises UsageError for a picture that the
        mix only names where nobody said where it lies.
        """
        flat = column.flatten()
        data, paths = flat.field("bytes"), flat.field("path")
        self._begin([data.dictionary, paths.dictionary])
        # A picture is one value of the dictionary, however many rows show it.
        keys: list[int | str] = np.asarray(pc.fill_null(data.indices, -1)).tolist()
        if data.null_count:
            named = paths.cast(pa.string()).to_pylist()
            keys = [path if key == -1 else key for key, path in zip(keys, named, strict=True)]
        fresh = [key for key in dict.fromkeys(keys) if key not in self._known]

        def look(key: int | str) -> Known:
            if isinstance(key, str):
                return self._from_root(key)
            return self._picture(data.dictionary[key].as_py(), self._inline)

        self._known.update(zip(fresh, images.in_pool(look, fresh, self._pool), strict=True))
        shown = [self._known[key] for key in keys]
        ends = np.cumsum(column.value_lengths()).tolist()
        return [shown[start:end] for start, end in itertools.pairwise([0, *ends])]

    def count(self) -> int:
        """Pictures of the export so far."""
        return len(self._digests)

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown()

    def _begin(self, dictionaries: list[pa.Array]) -> None:
        """Forgets what belongs to another row group: there a number is another picture."""
        if list(map(_place, dictionaries)) != list(map(_place, self._last)):
            self._known = {}
        self._last = dictionaries  # kept, so that nothing else can come to lie in its place

    def _from_root(self, path: str) -> Known:
        """A picture that the mix only names."""
        if self._data_root is None:
            raise UsageError(
                f"{self._out} names its pictures and does not hold them (--images path): "
                "say by --data-root where they lie"
            )
        place = files.join(self._data_root, path)
        try:
            data = files.store(place).read(place)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return "missing_image"
        except PermissionError:
            return "unreadable_image"
        return self._picture(data, hold=False)

    def _picture(self, data: bytes, hold: bool) -> Known:
        """A picture as it is exported. hold: keep its bytes, and do not write them."""
        try:
            found = images.check(data)
            kept, suffix = fit(data, found)
            if kept is not data:
                found = images.header(kept)
        except PictureError as error:
            reason: str = error.args[0]
            return reason
        digest = hashlib.sha256(data)
        self._digests.add(digest.digest())
        name = f"{digest.hexdigest()}.{suffix}"
        if not hold:
            # The same bytes may stand in several row groups.
            with contextlib.suppress(FileExistsError), open(f"{self._folder}/{name}", "xb") as file:
                file.write(kept)
        return Picture(name, found.width, found.height, len(kept), kept if hold else b"")


def fit(data: bytes, found: images.Header) -> tuple[bytes, str]:
    """A picture's bytes as every program reads them, and their suffix.

    JPEG and PNG stay as they are. Everything else becomes an 8-bit RGB PNG, and so does a PNG of 16
    bits, of which many programs show white, and what an EXIF or XMP tag turns, since many programs
    ignore the tag. found: the picture's header. Raises PictureError.
    """
    if found.orientation == 1:
        if data.startswith(_JPEG):
            return data, "jpg"
        if data.startswith(_PNG) and data[_PNG_DEPTH] <= 8:
            return data, "png"
    return images.reencode(data, "PNG"), "png"


def _place(array: pa.Array) -> list[int]:
    """Where an array lies in memory."""
    return [buffer.address for buffer in array.buffers() if buffer is not None]
