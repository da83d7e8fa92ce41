"""Tiles cut from a scene: decoded once, each tile encoded by itself.

Memory: the decoded scenes, and one tile for each thread. Several scenes are decoded at a time in a
process while they have no more than `_MOST_PIXELS` together (0.27 GB), and a larger one alone, so a
worker needs that or 4 bytes for each pixel of the largest scene (1.6 GB for DOTA's 20,000 x
20,000).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal, TypeVar

from converters.read import images, pixels
from converters.read.headers import DAMAGED, PictureError
from converters.read.pixels import Write

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")
Window = tuple[int, int, int, int]  # x, y, width, height in pixels of the scene as it is shown
Kind = Literal["jpeg", "png"]
_THREADS = 4
# Level 1 of PNG takes a third of the time of Pillow's default and 9 % more bytes.
_SAVE: dict[Kind, dict[str, int]] = {"jpeg": {"quality": 95}, "png": {"compress_level": 1}}
_MOST_PIXELS = 1 << 26


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


def cut(data: bytes, windows: Sequence[tuple[Window, Kind]], keep: Callable[[Write], T]) -> list[T]:
    """Windows of a picture as pictures of their own: 8-bit RGB without metadata.

    data: the scene's file. Windows lie inside it. keep: takes what writes a tile's file (see
    `Write`), is called by several threads, and its answers are given in the order of the windows.
    Raises PictureError where the scene cannot be decoded, and whatever `keep` raises.
    """
    with ExitStack() as held:
        scene = _decoded(data, held)

        def encode(wanted: tuple[Window, Kind]) -> T:
            (x, y, width, height), kind = wanted
            tile = pixels.rgb(scene.crop((x, y, x + width, y + height)))
            return keep(lambda file: tile.save(file, kind, **_SAVE[kind]))

        return list(_encoders.map(encode, windows))


def _decoded(data: bytes, held: ExitStack) -> Image:
    """A scene's pixels. held: what they need while they are used, its room too."""
    from PIL import Image

    try:
        file = held.enter_context(images.opened(data))
        held.enter_context(_room.taken(file.width * file.height))
        scene = pixels.shown(file)
        scene.load()
    except (Image.DecompressionBombError, *DAMAGED) as error:
        raise PictureError("unreadable_image", str(error)) from None
    return scene
