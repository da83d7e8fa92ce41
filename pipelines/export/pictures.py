"""Pictures of an export: each written once, under the sha256 of its bytes in the mix."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct

import pyarrow as pa

from converters.read import files, images
from converters.read.images import PictureError
from pipelines.export.kit import Picture

_THREADS = 4  # decoding and encoding release the interpreter lock
_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_EXIF = (b"Exif\0\0",)
_PNG_EXIF = (b"eXIf", b"Raw profile type exif")
_ORIENTATION = 0x0112
_TURNS = range(2, 9)
_PNG_DEPTH = 24  # where a PNG says how many bits a channel has

Known = Picture | str  # a picture, or the reason why there is none


class Pictures:
    """The folder of an export's pictures.

    data_root: where the pictures of a mix in `path` mode lie, or None.
    """

    def __init__(self, folder: str, data_root: str | None) -> None:
        self._folder, self._data_root = folder, data_root
        self._known: dict[int | str, Known] = {}
        self._last: list[pa.Array] = []
        os.mkdir(folder)

    def of(self, column: pa.ListArray) -> list[list[Known]]:
        """The pictures of rows, written where they are new.

        column: `images`, bytes and paths as dictionaries.
        """
        flat = column.flatten()
        data, paths = flat.field("bytes"), flat.field("path").cast(pa.string())
        self._begin([data.dictionary, flat.field("path").dictionary])
        # A picture is one value of the dictionary, however many rows show it.
        keys: list[int | str] = [
            path if number is None else number
            for number, path in zip(data.indices.to_pylist(), paths.to_pylist(), strict=True)
        ]
        fresh = [key for key in dict.fromkeys(keys) if key not in self._known]

        def look(key: int | str) -> Known:
            if isinstance(key, str):
                return self._from_root(key)
            return self._keep(data.dictionary[key].as_py())

        self._known.update(zip(fresh, images.in_threads(look, fresh, _THREADS), strict=True))
        shown = iter([self._known[key] for key in keys])
        return [[next(shown) for _ in range(n)] for n in column.value_lengths().to_pylist()]

    def count(self) -> int:
        """Pictures that were written."""
        return sum(1 for _ in os.scandir(self._folder))

    def _begin(self, dictionaries: list[pa.Array]) -> None:
        """Forgets what belongs to another row group: there a number is another picture."""
        if list(map(_place, dictionaries)) != list(map(_place, self._last)):
            self._known = {}
        self._last = dictionaries  # kept, so that nothing else can come to lie in its place

    def _from_root(self, path: str) -> Known:
        """A picture that the mix only names."""
        assert self._data_root is not None  # `run.export` has seen to it
        place = files.join(self._data_root, path)
        try:
            data = files.store(place).read(place)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return "missing_image"
        except PermissionError:
            return "unreadable_image"
        return self._keep(data)

    def _keep(self, data: bytes) -> Known:
        """Writes a picture, unless it is there."""
        try:
            images.check(data)
            kept, suffix = fit(data)
            width, height = images.header(kept)[:2]
        except PictureError as error:
            reason: str = error.args[0]
            return reason
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        path = f"{self._folder}/{name}"
        with contextlib.suppress(FileExistsError), open(path, "xb") as file:
            file.write(kept)
        return Picture(name, width, height, len(kept))


def fit(data: bytes) -> tuple[bytes, str]:
    """A picture's bytes as every program reads them, and their suffix.

    JPEG and PNG stay as they are. Everything else becomes an 8-bit RGB PNG, and so does a PNG of 16
    bits, of which many programs show white, and what an EXIF tag turns, since many programs ignore
    the tag. Raises PictureError.
    """
    jpeg, png = data.startswith(_JPEG), data.startswith(_PNG)
    # Fast way: a picture without the marks of EXIF has no such tag, which is known without Pillow.
    marks = _JPEG_EXIF if jpeg else _PNG_EXIF if png else ()
    if any(mark in data for mark in marks):
        data, turned = _upright(data)
        jpeg = jpeg and not turned
    if jpeg:
        return data, "jpg"
    if png and data[_PNG_DEPTH] <= 8:
        return data, "png"
    fresh = images.reencode(data)
    return fresh, "png" if fresh.startswith(_PNG) else "jpg"


def _upright(data: bytes) -> tuple[bytes, bool]:
    """A JPEG or PNG turned as its EXIF tag says, as PNG, and True; or itself and False."""
    from PIL import Image, ImageOps

    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "MPO", "PNG")) as image:
            if image.getexif().get(_ORIENTATION, 1) not in _TURNS:
                return data, False
            upright = ImageOps.exif_transpose(image)
            (upright.convert("RGB") if upright.mode == "CMYK" else upright).save(out, "PNG")
    except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise PictureError("unreadable_image", str(error)) from None
    return out.getvalue(), True


def _place(array: pa.Array) -> list[int]:
    """Where an array lies in memory."""
    return [buffer.address for buffer in array.buffers() if buffer is not None]
