"""Pixels of pictures: as they are shown, and encoded anew."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from converters.read.headers import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Write = Callable[[IO[bytes]], None]  # writes a picture's file into a file of the system
DARKEST, BRIGHTEST = 0.02, 0.98  # shares of the pixels of a 16-bit picture
_DIM = 64  # of 256: the least that 16-bit colours must reach
_ROWS_A_BLOCK = 1024


def rgb(image: Image) -> Image:
    """The picture in RGB: itself where it is so, which Pillow's `convert` would copy."""
    return image if image.mode == "RGB" else image.convert("RGB")


def encoded(image: Image, kind: str, **options: int) -> bytes:
    """A picture's file in one of Pillow's formats, with the format's options."""
    return written(lambda file: image.save(file, kind, **options))


def written(write: Write) -> bytes:
    """What is written."""
    # Fast way: Pillow encodes a JPEG into a file of the system without holding the interpreter's
    # lock, so that threads use all cores. Into memory (io.BytesIO) it holds the lock.
    with _unnamed_file() as out:
        write(out)
        out.seek(0)
        return out.read()


def _unnamed_file() -> IO[bytes]:
    """A file of the system that has no name: in memory where the system has such, else on disk."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("picture"), "w+b")
    return tempfile.TemporaryFile()


def shown(file: ImageFile) -> Image:
    """The pixels of a picture as they are shown: turned by its orientation, 8 bits a band.

    Grey pixels of 16 bits are stretched: the darkest 2 % become black, the brightest 2 % white,
    and what lies between is spread evenly. Colours of 16 bits come from Pillow as their upper
    eight bits; they are refused where 98 % of them lie in the darkest quarter, for the picture
    would be nearly black.

    Raises PictureError for pixels that cannot be shown so, and what Pillow raises (`DAMAGED`).
    """
    from PIL import ImageOps

    is_deep = _is_deep(file)
    ImageOps.exif_transpose(file, in_place=True)
    image: Image = file
    if image.mode == "F":
        raise PictureError(
            "unreadable_image", "floating-point pixels, of which nobody says what is white"
        )
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _stretched(image)
    if is_deep and image.mode in ("RGB", "RGBA") and _brightest(image) < _DIM:
        raise PictureError("unreadable_image", "16-bit colours that use little of their range")
    return image


def _is_deep(file: ImageFile) -> bool:
    """True where a band has 16 bits in the file, by the way in which Pillow will unpack it."""
    return any(";16" in str(tile.args) for tile in file.tile)


def _brightest(image: Image) -> int:
    """The value that 98 % of all bands' pixels are not above."""
    counts = np.array(image.convert("RGB").histogram()).reshape(3, 256).sum(axis=0)
    return int(np.searchsorted(np.cumsum(counts), BRIGHTEST * counts.sum()))


def _stretched(image: Image) -> Image:
    from PIL import Image

    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() >= 1 << 16:
        raise PictureError(
            "unreadable_image", "pixels of more than 16 bits, of which nobody says what is white"
        )
    counts = np.zeros(1 << 16, np.int64)
    # In blocks of rows: counting takes eight bytes a pixel, and a scene has 400 million.
    for begin in range(0, len(pixels), _ROWS_A_BLOCK):
        block = pixels[begin : begin + _ROWS_A_BLOCK].ravel()
        counts += np.bincount(block, minlength=1 << 16)
    table = _stretch_table(counts)
    return Image.fromarray(table[pixels])


def _stretch_table(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """The 8-bit value of each 16-bit one. counts: how many pixels have each value."""
    shares = np.cumsum(counts) / counts.sum()
    low, high = (int(np.searchsorted(shares, share)) for share in (DARKEST, BRIGHTEST))
    if low == high:  # nearly all pixels are one value: of no data, as a rule
        low, high = (int(place) for place in np.flatnonzero(counts)[[0, -1]])
    if low == high:
        low, high = 0, (1 << 16) - 1
    spread = (np.arange(1 << 16) - low) * 255 / (high - low)
    return np.clip(np.round(spread), 0, 255).astype(np.uint8)
