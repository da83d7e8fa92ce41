"""Thumbnails: small JPEGs of whatever picture a row holds."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from converters.read import images, pixels
from converters.read.headers import DAMAGED, PictureError

SIDE = 1024  # pixels of the longer side of the largest ones
_QUALITY = 82
# Decoded whole, that many pixels take half a gigabyte. Larger ones are shown where they are JPEGs,
# which can be decoded at an eighth of their size.
_MOST_PIXELS = 1 << 27
_THREADS = 4
_ORIENTATION = 0x0112  # EXIF's tag
_ON_ITS_SIDE = (5, 6, 7, 8)


class Thumbnail(NamedTuple):
    """jpeg: its bytes. width, height: of the picture itself, as it is shown."""

    jpeg: bytes
    width: int
    height: int


def make(data: bytes, side: int = SIDE) -> Thumbnail:
    """A picture, turned as its EXIF data say, at most `side` pixels a side, 8-bit RGB.

    Raises PictureError for what cannot be decoded, or is too large to be.
    """
    from PIL import Image

    images.header(data)  # refuses decompression bombs
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata
            with images.opened(data) as image:
                size = image.size
                image.draft("RGB", (side, side))
                if image.width * image.height > _MOST_PIXELS:
                    raise PictureError(
                        "oversized_image", "{} x {}: too large to show".format(*size)
                    )
                image.load()  # what Pillow turns by itself (TIFF) has no orientation any more
                turned = image.getexif().get(_ORIENTATION, 1) in _ON_ITS_SIDE
                plain = pixels.shown(image)
                plain = plain if plain.mode == "RGB" else plain.convert("RGB")
                plain.thumbnail((side, side), Image.Resampling.HAMMING)
                jpeg = pixels.encoded(plain, "JPEG", quality=_QUALITY)
    except (Image.DecompressionBombError, *DAMAGED) as error:
        raise PictureError("unreadable_image", str(error)) from None
    return Thumbnail(jpeg, *(reversed(size) if turned else size))


def make_all(pictures: Sequence[bytes], side: int = SIDE) -> list[Thumbnail | PictureError]:
    """Thumbnails of many pictures, by a few threads: Pillow holds no lock while it works."""

    def attempt(data: bytes) -> Thumbnail | PictureError:
        try:
            return make(data, side)
        except PictureError as error:
            return error

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(attempt, pictures))


def smaller(jpegs: Sequence[bytes], side: int) -> list[bytes]:
    """Thumbnails of ours once more, at most `side` pixels a side."""
    made = make_all(jpegs, side)
    return [one.jpeg for one in made if isinstance(one, Thumbnail)]


def data_uri(jpeg: bytes) -> str:
    """A thumbnail as a page can hold it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
