"""What a picture file's own bytes say before they are decoded: size, orientation, whether it ends.

Sizes are those of the picture as it is shown: the orientation of its EXIF or XMP block is applied,
as `datasets` and every viewer apply it. JPEG and PNG are walked here, segment by segment, which
takes 5 µs a file; Pillow is asked where a block may hold an orientation, and for all other formats.
"""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from converters.read import files
from converters.read.arrays import NUMPY
from converters.read.stores import MAX_PIXELS as MAX_PIXELS
from converters.read.stores import PictureError as PictureError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# What Pillow may open: no Ghostscript, no guesses.
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000", "PPM")
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_MAGIC = (b"\xff\xd8", b"\x89PNG", b"BM", b"RIFF", b"GIF8", *_TIFF)
_PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"
# What a PNG's chunk begins with that may hold an orientation, its type first.
_PNG_ORIENTED = (b"eXIf", b"iTXtXML:com.adobe.xmp", b"tEXtRaw profile", b"zTXtRaw profile")
_DEEP = ("I", "F")  # modes of Pillow: whole numbers of 16 or 32 bits, floats
_ORIENTATION = 274
_TURNED = (5, 6, 7, 8)  # orientations that swap width and height
_IMAGE_WIDTH, _IMAGE_HEIGHT, _BITS, _BANDS = 256, 257, 258, 277
# Tags of places, lengths, width and height: of strips, which are as wide as the picture; of tiles.
_PIECES = ((273, 279, _IMAGE_WIDTH, 278), (324, 325, 322, 323))
_TAGS = (_IMAGE_WIDTH, _IMAGE_HEIGHT, _BITS, _BANDS, *(tag for of in _PIECES for tag in of))

# Pillow logs what it also raises; without a handler of its own that reaches the terminal.
logging.getLogger("PIL").addHandler(logging.NullHandler())

# What Pillow raises for a file that is damaged or of a kind that it does not know.
DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Header(NamedTuple):
    """width, height: pixels, as the picture is shown. orientation: 1 (as stored) to 8, as in EXIF.

    whole: the format's end marker, or the last of the pixels, is there. deep: a band has more than
    8 bits, or its pixels are no whole numbers.
    """

    width: int
    height: int
    orientation: int = 1
    whole: bool = True
    deep: bool = False


def header(data: bytes) -> Header:
    """The header of a file or of its first bytes. Raises PictureError."""
    if not data:
        raise PictureError("unreadable_image", "the file is empty")
    if data.startswith(files.LFS_POINTER):
        raise PictureError("unreadable_image", "a Git LFS pointer, not the picture")
    if files.is_page(data):
        raise PictureError("unreadable_image", "a web page, not the picture; download it again")
    if data.startswith(b"\xff\xd8\xff"):
        found = _jpeg(data)
    elif data.startswith(NUMPY):
        raise _array(data)
    elif data.startswith(_PNG_BEGIN) and data[12:16] == b"IHDR" and len(data) >= 25:
        found = _png(data)
    else:
        found = _by_pillow(data)
    if found.width * found.height > MAX_PIXELS:
        raise PictureError("oversized_image", f"{found.width} x {found.height} pixels")
    if found.width == 0 or found.height == 0:
        raise PictureError("unreadable_image", f"{found.width} x {found.height} pixels")
    return found


def opened(data: bytes) -> ImageFile:
    """A picture as Pillow opens it, not yet decoded. Raises what Pillow raises, see `DAMAGED`."""
    from PIL import Image, UnidentifiedImageError

    # `header` refuses more; Pillow's own limit is below DOTA's pictures.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        # Pillow's own words hold an address in memory, another one in each run.
        raise UnidentifiedImageError(f"no picture: begins {data[:4]!r}") from None


def may_be_turned_later(head: bytes, tail: bytes) -> bool:
    """True where a picture's orientation may stand behind its first bytes.

    head, tail: the first and the last bytes of the file. In a JPEG it stands before the first scan.
    """
    if head.startswith(b"\xff\xd8"):
        return _JPEG_SCAN not in head
    if head.startswith(_PNG_BEGIN):
        return any(begin in tail for begin in _PNG_ORIENTED)
    return False


def _jpeg(data: bytes) -> Header:
    """Walks the segments to the first scan; a frame header is SOF0 to SOF15 less DHT, JPG, DAC."""
    at, width, height, has_block = 2, -1, -1, False
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        elif marker == 0xDA:
            break
        else:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack_from(">HH", data, at + 5)
            has_block |= marker == 0xE1  # EXIF or XMP
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    if width < 0 and at + 9 < len(data):
        raise PictureError("unreadable_image", "a JPEG without a frame header")
    if width < 0:
        raise PictureError("truncated_image", "the file ends within its header")
    # Within a scan no byte FF is followed by D9, so the last pair stands at the picture's end, or
    # behind it where a camera added something.
    found = Header(width, height, 1, data.rfind(_JPEG_END, at) > 0)
    return _turned(data, found) if has_block else found


def _png(data: bytes) -> Header:
    """Walks the chunks to the last one, IEND."""
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    at, whole, has_block = 8, False, False
    while at + 12 <= len(data) and not whole:
        kind = data[at + 4 : at + 8]
        has_block |= data.startswith(_PNG_ORIENTED, at + 4)
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        whole = kind == b"IEND" and at <= len(data)
    found = Header(width, height, 1, whole, bits > 8)
    return _turned(data, found) if has_block else found


def _turned(data: bytes, stored: Header) -> Header:
    """The header as the picture is shown, by the orientation that Pillow finds."""
    if stored.width * stored.height > MAX_PIXELS:
        return stored
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened(data) as image:
                orientation = _orientation(image)
    except DAMAGED:
        return stored  # the walk found its size; decoding will say what is wrong
    if orientation not in _TURNED:
        return stored._replace(orientation=orientation)
    return stored._replace(width=stored.height, height=stored.width, orientation=orientation)


def _orientation(image: ImageFile) -> int:
    """1 to 8; what is none of these turns nothing."""
    found = image.getexif().get(_ORIENTATION)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _by_pillow(data: bytes) -> Header:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened(data) as image:
                tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
                orientation = _orientation(image)
                width, height = image.size
                # Pillow states a TIFF's size as shown where the tag says so, not where XMP does.
                if orientation in _TURNED and tags.get(_ORIENTATION) != orientation:
                    width, height = height, width
                whole = _has_pieces(tags, len(data)) if tags else _ends(data)
                deep = image.mode.startswith(_DEEP) or any(bits > 8 for bits in tags.get(_BITS, ()))
                return Header(width, height, orientation, whole, deep)
    except UnidentifiedImageError:
        if data.startswith(_TIFF):
            raise _unknown_tiff(data) from None
        if data.startswith(_MAGIC):
            raise PictureError("truncated_image", "the file ends within its header") from None
        raise PictureError("unreadable_image", f"no picture: begins {data[:4]!r}") from None
    except Image.DecompressionBombError as error:
        raise PictureError("oversized_image", str(error)) from None
    except DAMAGED as error:
        raise PictureError("truncated_image", str(error)) from None


def _array(data: bytes) -> PictureError:
    """Why an array is no picture: nobody has said what is to be seen of it."""
    file = io.BytesIO(data)
    try:
        np.lib.format.read_magic(file)
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
    except ValueError as error:
        return PictureError("truncated_image", str(error))
    bands = shape[2] if len(shape) == 3 else 1
    detail = f"an array of {bands} bands of {8 * kind.itemsize} bits, and the entry has no recipe"
    return PictureError("unreadable_image", detail)


def _ends(data: bytes) -> bool:
    """True where as many bytes are there as the format's header states, or its end marker."""
    if data.startswith(b"BM"):
        return len(data) >= int.from_bytes(data[2:6], "little")
    if data.startswith(b"RIFF"):
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    if data.startswith(b"GIF8"):
        return data.rstrip(b"\x00").endswith(b"\x3b")
    return True


def _has_pieces(tags: Mapping[int, Any], size: int) -> bool:
    """True where the strips or tiles of a TIFF's first page cover it and lie inside its file."""
    width, height = tags[_IMAGE_WIDTH], tags[_IMAGE_HEIGHT]
    for offsets, counts, across, down in _PIECES:
        if offsets in tags and counts in tags:
            pieces = [*zip(tags[offsets], tags[counts], strict=False)]
            needed = -(-width // tags.get(across, width)) * -(-height // tags.get(down, height))
            inside = all(at + length <= size for at, length in pieces)
            return inside and len(pieces) >= needed
    return False


def tiff_size(data: bytes) -> tuple[int, int] | None:
    """Width and height by a TIFF's tags, also where Pillow does not read its pixels."""
    try:
        tags = _tiff_tags(data)
        width, height = int(tags[_IMAGE_WIDTH]), int(tags[_IMAGE_HEIGHT])
    except (KeyError, TypeError, ValueError, *DAMAGED):
        return None
    return (width, height) if 0 < width * height <= MAX_PIXELS else None


def _tiff_tags(data: bytes) -> Mapping[int, Any]:
    """Those of a TIFF's tags that are looked at. Raises what Pillow raises (`DAMAGED`)."""
    from PIL import TiffImagePlugin

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begin = data[:16] if b"+" in data[:4] else data[:8]
        tags = TiffImagePlugin.ImageFileDirectory_v2(begin)
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        return {number: tags[number] for number in _TAGS if number in tags}


def _unknown_tiff(data: bytes) -> PictureError:
    """Why Pillow does not open a TIFF: it is cut off, or of bands and bits that are unknown."""
    try:
        tags = _tiff_tags(data)
        is_whole = {_IMAGE_WIDTH, _IMAGE_HEIGHT} <= tags.keys() and _has_pieces(tags, len(data))
    except DAMAGED as error:
        return PictureError("truncated_image", str(error))
    bits = tags.get(_BITS, (1,))
    bands = tags.get(_BANDS, len(bits))
    if not is_whole:
        return PictureError("truncated_image", "the file ends within its header")
    each = " and ".join(str(number) for number in sorted(set(bits)))
    detail = f"a TIFF of {bands} bands of {each} bits, which Pillow does not read"
    return PictureError("unreadable_image", detail)
