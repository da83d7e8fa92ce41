"""Picture files: header, end marker, sha256, and safe decoding.

A picture that is read has its header parsed and its end checked, so that a cut-off download is found without decoding; `verify` decodes it wholly.
"""

from __future__ import annotations

import functools
import hashlib
import io
import struct
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from converters.read import files

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

K = TypeVar("K")
T = TypeVar("T")
MAX_PIXELS = (
    1 << 30
)  # a 32,768-pixel square: DOTA's and LRS-VQA's largest pass, a decompression bomb does not
MAX_BYTES = 1 << 31  # Arrow's binary columns hold no more in one piece
_HEADER_BYTES = 1 << 16
_FORMATS = (
    "JPEG",
    "PNG",
    "TIFF",
    "BMP",
    "WEBP",
    "GIF",
    "JPEG2000",
    "PPM",
)  # what Pillow may open: no Ghostscript, no guesses
_MAGIC = (
    b"\xff\xd8",
    b"\x89PNG",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00",
    b"MM\x00+",
    b"BM",
    b"RIFF",
    b"GIF8",
)
_RUN = 32
_READERS = 4  # threads that read pictures: hashing and reading release the interpreter lock


class Facts(NamedTuple):
    """What is known of one picture file. fault: a Reject's reason, or empty; then detail says more and the numbers are 0."""

    width: int = 0
    height: int = 0
    size: int = 0
    sha256: str = ""
    fault: str = ""
    detail: str = ""


class PictureError(Exception):
    """A picture cannot be used; args: reason, detail."""


def read_facts(path: str, verify: bool = False) -> Facts:
    """Size, bytes and hash of one picture; faults are a result, not an exception."""
    try:
        size = files.store(path).size(path)
        if size > MAX_BYTES:
            return Facts(fault="oversized_image", detail=f"{size:,} bytes")
        data = files.store(path).read(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return Facts(fault="missing_image", detail=path.rsplit("/", 1)[-1])
    except PermissionError as error:
        return Facts(fault="unreadable_image", detail=error.strerror or "no permission")
    try:
        width, height = check(data)
        if verify:
            decode(data)
    except PictureError as error:
        return Facts(fault=error.args[0], detail=error.args[1])
    return Facts(width, height, len(data), hashlib.sha256(data).hexdigest())


def read_size(path: str) -> Facts:
    """Width and height from the file's head alone."""
    try:
        data = files.store(path).read(path, 0, _HEADER_BYTES)
        try:
            width, height = header(data)
        except PictureError as error:
            if len(data) < _HEADER_BYTES or error.args[0] != "truncated_image":
                raise
            width, height = header(files.store(path).read(path))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return Facts(fault="missing_image", detail=path.rsplit("/", 1)[-1])
    except PermissionError as error:
        return Facts(fault="unreadable_image", detail=error.strerror or "no permission")
    except PictureError as error:
        return Facts(fault=error.args[0], detail=error.args[1])
    return Facts(width, height)


def read_all(paths: list[str], verify: bool = False, sizes_only: bool = False) -> list[Facts]:
    """Facts of many pictures, in the order given."""
    return in_threads(
        read_size if sizes_only else functools.partial(read_facts, verify=verify), paths
    )


def in_threads(work: Callable[[K], T], keys: list[K]) -> list[T]:
    """`work` on each key (a path, say), by a few threads, in the order given.

    Each thread takes a run of keys at a time: a future costs more than a small picture.
    """
    runs = [keys[i : i + _RUN] for i in range(0, len(keys), _RUN)]
    with ThreadPoolExecutor(_READERS) as pool:
        return [
            result
            for some in pool.map(lambda run: [work(key) for key in run], runs)
            for result in some
        ]


def check(data: bytes) -> tuple[int, int]:
    """Width and height of a picture whose end is there. Raises PictureError."""
    width, height = header(data)
    if not _ends(data):
        raise PictureError("truncated_image", "the file's end is missing")
    return width, height


def header(data: bytes) -> tuple[int, int]:
    """Width and height from a picture's first bytes. Raises PictureError."""
    if not data:
        raise PictureError("unreadable_image", "the file is empty")
    if data.startswith(files.LFS_POINTER):
        raise PictureError("unreadable_image", "a Git LFS pointer, not the picture")
    if data.startswith(b"\xff\xd8\xff"):
        size = _jpeg_size(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        size = struct.unpack(">II", data[16:24])
    else:
        size = _pillow_size(data)
    if size[0] * size[1] > MAX_PIXELS:
        raise PictureError("oversized_image", f"{size[0]} x {size[1]} pixels")
    if 0 in size:
        raise PictureError("unreadable_image", f"{size[0]} x {size[1]} pixels")
    return size


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walks the segments to the frame header (SOF0 to SOF15, less DHT, JPG and DAC)."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            raise PictureError("unreadable_image", "a JPEG without a frame header")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise PictureError("truncated_image", "the file ends within its header")


def _pillow_size(data: bytes) -> tuple[int, int]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(data) as image:
                return image.size
    except UnidentifiedImageError:
        if data.startswith(_MAGIC):
            raise PictureError("truncated_image", "the file ends within its header") from None
        raise PictureError("unreadable_image", f"no picture: begins {data[:4]!r}") from None
    except Image.DecompressionBombError as error:
        raise PictureError("oversized_image", str(error)) from None
    except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise PictureError("truncated_image", str(error)) from None


def _ends(data: bytes) -> bool:
    """True where the format's end marker, or its last strip, is there."""
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" in data[-1024:]  # some cameras pad the end
    if data.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in data[-1024:]
    if data[:2] in (b"II", b"MM"):
        return _tiff_ends(data)
    if data.startswith(b"BM"):
        return len(data) >= int.from_bytes(data[2:6], "little")
    if data.startswith(b"RIFF"):
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    if data.startswith(b"GIF8"):
        return data.rstrip(b"\x00").endswith(b"\x3b")
    return True


def _tiff_ends(data: bytes) -> bool:
    """Every strip or tile of the first page lies inside the file."""
    with _opened(data) as image:
        tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
        for offsets, counts in ((273, 279), (324, 325)):
            if offsets in tags and counts in tags:
                return all(
                    at + size <= len(data)
                    for at, size in zip(tags[offsets], tags[counts], strict=False)
                )
    return False


def decode(data: bytes) -> None:
    """Decodes every pixel. Raises PictureError."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(data) as image:
                image.load()
    except (
        OSError,
        ValueError,
        SyntaxError,
        struct.error,
        EOFError,
        Image.DecompressionBombError,
    ) as error:
        raise PictureError(
            "truncated_image" if "truncated" in str(error) else "unreadable_image", str(error)
        ) from None


def _opened(data: bytes) -> ImageFile:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = (
        MAX_PIXELS  # `header` refuses more; Pillow's own limit is below DOTA's pictures
    )
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _eight_bits(image: Image) -> Image:
    """A picture of 16-bit pixels scaled to 8 bits, which Pillow would cut off at 255 instead. Raises PictureError for pixels that are no such numbers."""
    if image.mode == "F":
        raise PictureError(
            "unreadable_image", "floating-point pixels, of which nobody says what is white"
        )
    if image.mode == "I" or image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image


def reencode(data: bytes) -> bytes:
    """The picture as 8-bit RGB without metadata: JPEG (quality 95) stays JPEG, everything else becomes PNG. Raises PictureError."""
    from PIL import Image

    out = io.BytesIO()
    try:
        with _opened(data) as image:
            kind = (
                "JPEG" if image.format in ("JPEG", "MPO") else "PNG"
            )  # MPO: a drone's JPEG with a second picture behind it
            _eight_bits(image).convert("RGB").save(out, kind, quality=95)
    except (
        OSError,
        ValueError,
        SyntaxError,
        struct.error,
        EOFError,
        Image.DecompressionBombError,
    ) as error:
        raise PictureError("unreadable_image", str(error)) from None
    return out.getvalue()
