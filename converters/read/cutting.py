"""Tiles cut from a scene: decoded once, each tile encoded by itself.

Memory: the decoded scenes, and one tile for each thread. Several scenes are decoded at a time in a
process while they have no more than `_MOST_PIXELS` together (0.13 GB), and a larger one alone, so a
worker needs that or 4 bytes for each pixel of the largest scene (1.6 GB for DOTA's 20,000 x
20,000).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from converters.read import images
from converters.read.headers import DAMAGED, PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

Window = tuple[int, int, int, int]  # x, y, width, height in pixels of the scene as it is shown
Kind = Literal["jpeg", "png"]
_THREADS = 4
# Level 1 of PNG takes a third of the time of Pillow's default and 9 % more bytes.
_SAVE: dict[Kind, dict[str, int]] = {"jpeg": {"quality": 95}, "png": {"compress_level": 1}}
_MOST_PIXELS = 1 << 25


class _Room:
    """Pixels that decoded scenes hold in this process: one that finds no room waits."""

    def __init__(self) -> None:
        self._used = 0
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        with self._freed:
            self._freed.wait_for(lambda: not self._used or self._used + pixels <= _MOST_PIXELS)
            self._used += pixels
        try:
            yield
        finally:
            with self._freed:
                self._used -= pixels
                self._freed.notify_all()


_room = _Room()
# Encoding releases the interpreter's lock, so threads use all cores. A few for all scenes, and not
# some for each: every thread keeps memory of its own.
_encoders = ThreadPoolExecutor(_THREADS)


def cut(data: bytes, windows: Sequence[tuple[Window, Kind]]) -> list[bytes]:
    """Windows of a picture as pictures of their own: 8-bit RGB without metadata.

    data: the scene's file. Windows lie inside it. Raises PictureError where it cannot be decoded.
    """
    from PIL import Image

    try:
        with images.opened(data) as file, _room.taken(file.width * file.height):
            scene = images.shown(file)
            scene.load()
            return _encoded(scene, windows)
    except (Image.DecompressionBombError, *DAMAGED) as error:
        raise PictureError("unreadable_image", str(error)) from None


def _encoded(scene: Image, windows: Sequence[tuple[Window, Kind]]) -> list[bytes]:
    def encode(wanted: tuple[Window, Kind]) -> bytes:
        (x, y, width, height), kind = wanted
        tile = scene.crop((x, y, x + width, y + height))
        return images.encoded(images.rgb(tile), kind, **_SAVE[kind])

    return list(_encoders.map(encode, windows))
