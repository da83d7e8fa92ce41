"""Picture files: facts about them, and their pixels as they are shown.

A picture that is read has its header parsed and its end checked, so that a cut-off download is
found without decoding; `verify` decodes it wholly. No file and no name raises here: what is wrong
with a picture is a fact about it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash

from converters.read import files
from converters.read.headers import DAMAGED, MAX_PIXELS, may_be_turned_later
from converters.read.headers import Header as Header
from converters.read.headers import PictureError as PictureError
from converters.read.headers import header as header
from converters.read.headers import opened as opened

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

K = TypeVar("K")
T = TypeVar("T")
Write = Callable[[IO[bytes]], None]  # writes a picture's file into a file of the system
MAX_BYTES = 1 << 31  # Arrow's binary columns hold no more in one piece
_HEADER_BYTES = 1 << 16
# Pillow refuses to open what has more pixels, unless a loader raises its limit.
_LOADER_PIXELS = 178_956_970
_KEYS_A_RUN = 32
_READERS = 4  # threads of a worker that read pictures of an object store
_DARKEST, _BRIGHTEST = 0.02, 0.98  # shares of the pixels of a 16-bit picture
_DIM = 64  # of 256: the least that 16-bit colours must reach
_ROWS_A_BLOCK = 1024


class Facts(NamedTuple):
    """What is known of one picture file.

    width, height: pixels, as the picture is shown. size: bytes. sha256: empty where it was not
    asked for. fault: a Reject's reason, or empty; then detail says more and the numbers are 0.
    orientation: 1 (stored as it is shown) to
    8, as in EXIF. quick_hash: see `quick_hash`. deep: a band has more than 8 bits.
    """

    width: int = 0
    height: int = 0
    size: int = 0
    sha256: str = ""
    fault: str = ""
    detail: str = ""
    orientation: int = 1
    quick_hash: bytes = b""
    deep: bool = False

    @property
    def name(self) -> str:
        """What tells the file from others by its bytes, where it was read: its sha256, or the
        quick hash of one that no row holds."""
        return self.sha256 or self.quick_hash.hex()


def quick_hash(data: bytes) -> bytes:
    """XXH3-128 of a file: tells whether it is still the one that was hashed by sha256.

    It takes a fortieth of sha256's time, which would be computed again for each picture when it
    is written.
    """
    return xxhash.xxh3_128_digest(data)


def read_facts(path: str, verify: bool = False, largest: int | None = None) -> Facts:
    """Size, bytes and hash of one picture; faults are a result, not an exception.

    largest: pixels; a picture with a longer side gets no sha256, as no row will hold it.
    """
    return _without_errors(functools.partial(_read_facts, verify=verify, largest=largest), path)


def read_size(path: str) -> Facts:
    """Width and height from the file's head alone."""
    return _without_errors(_read_size, path)


def unwritable(path: str) -> Facts | None:
    """What is wrong with a path that no row can hold; None where it can."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return Facts(fault="unreadable_image", detail="its name is not UTF-8")
    return None


def _without_errors(read: Callable[[str], Facts], path: str) -> Facts:
    if fault := unwritable(path):
        return fault
    try:
        return read(path)
    except files.Unopenable as error:
        return Facts(fault="unreadable_image", detail=str(error.strerror))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return Facts(fault="missing_image", detail=path.rsplit("/", 1)[-1])
    except OSError as error:  # a damaged member or disk
        return Facts(fault="unreadable_image", detail=error.strerror or str(error))
    except PictureError as error:
        return Facts(fault=error.args[0], detail=error.args[1])


def _read_facts(path: str, verify: bool, largest: int | None) -> Facts:
    size = files.store(path).size(path)
    if size > MAX_BYTES:
        raise PictureError("oversized_image", f"{size:,} bytes")
    data = files.store(path).read(path)
    found = check(data)
    if verify:
        decode(data)
    is_held = largest is None or max(found.width, found.height) <= largest
    return Facts(
        found.width,
        found.height,
        len(data),
        hashlib.sha256(data).hexdigest() if is_held else "",
        orientation=found.orientation,
        quick_hash=quick_hash(data),
        deep=found.deep,
    )


def _read_size(path: str) -> Facts:
    store = files.store(path)
    data = store.read(path, 0, _HEADER_BYTES)
    if len(data) < _HEADER_BYTES:
        found = header(data)
    else:
        tail = b""
        if data.startswith(b"\x89PNG"):  # which may say behind its pixels how it is turned
            size = store.size(path)
            tail = store.read(path, max(0, size - _HEADER_BYTES), size)
        try:
            found = header(store.read(path) if may_be_turned_later(data, tail) else data)
        except PictureError as error:
            if error.args[0] != "truncated_image":
                raise
            found = header(store.read(path))
    return Facts(found.width, found.height, orientation=found.orientation)


def read_all(
    paths: list[str], verify: bool = False, sizes_only: bool = False, largest: int | None = None
) -> list[Facts]:
    """Facts of many pictures, in the order given. largest: see `read_facts`."""
    full = functools.partial(read_facts, verify=verify, largest=largest)
    read = read_size if sizes_only else full
    return in_threads(read, paths, readers(paths[0]) if paths else 1)


def readers(path: str) -> int:
    """How many threads of a worker read pictures that lie where this one does.

    An object store answers late, so several wait for it. A disk is read by one, beside as many
    workers as there are cores: more would wait for the interpreter lock instead.
    """
    return _READERS if files.scheme(path) else 1


def in_threads(work: Callable[[K], T], keys: list[K], threads: int) -> list[T]:
    """`work` on each key (a path, say), by a few threads, in the order given."""
    with ThreadPoolExecutor(threads) as pool:
        return in_pool(work, keys, pool)


def in_pool(work: Callable[[K], T], keys: list[K], pool: ThreadPoolExecutor) -> list[T]:
    """`work` on each key by the threads of a pool, in the order given."""
    # Fast way: a thread takes 32 keys at a time, since a future costs more than a small picture.
    # The plain way is pool.map(work, keys).
    runs = [keys[i : i + _KEYS_A_RUN] for i in range(0, len(keys), _KEYS_A_RUN)]
    done = pool.map(lambda run: [work(key) for key in run], runs)
    return [result for run in done for result in run]


def beyond_loaders(pictures: Iterable[Facts]) -> int:
    """How many pictures Pillow refuses to open, unless a loader raises its limit."""
    return sum(facts.width * facts.height > _LOADER_PIXELS for facts in pictures)


def deep_note(count: int) -> str:
    """What becomes of so many embedded pictures of more than 8 bits."""
    return (
        f"{count:,} picture(s) of more than 8 bits a band are embedded as they are: a loader that "
        "asks for 8-bit colours may show them white or black; --images reencode spreads their "
        "range"
    )


def stretched_note(count: int) -> str:
    """What became of so many pictures of more than 8 bits that were encoded anew."""
    return (
        f"{count:,} picture(s) of more than 8 bits a band are made 8-bit ones: of grey pixels the "
        f"darkest {_DARKEST:.0%} are black, the brightest {1 - _BRIGHTEST:.0%} white"
    )


def loader_note(count: int) -> str:
    """What a user must set to load so many pictures beyond Pillow's own limit."""
    pictures = "picture" if count == 1 else "pictures"
    return (
        f"{count:,} {pictures} of more than {_LOADER_PIXELS:,} pixels: Pillow refuses to open "
        f"them until a loader sets PIL.Image.MAX_IMAGE_PIXELS = {MAX_PIXELS}"
    )


def check(data: bytes) -> Header:
    """The header of a picture whose end is there. Raises PictureError."""
    found = header(data)
    if not found.whole:
        raise PictureError("truncated_image", "the file's end is missing")
    return found


def decode(data: bytes) -> None:
    """Decodes every pixel, as `reencode` does. Raises PictureError."""
    _decoded(data)


def reencode(data: bytes, wanted: str = "") -> bytes:
    """The picture as it is shown, in 8-bit RGB without metadata.

    wanted: JPEG (quality 95) or PNG; where it is empty, JPEG stays JPEG and everything else becomes
    PNG. Raises PictureError.
    """
    image, kind = _decoded(data)
    return encoded(image, wanted or kind, quality=95)


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


def _decoded(data: bytes) -> tuple[Image, str]:
    """The picture as 8-bit RGB, and the format that it is written anew in."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened(data) as file:
                # MPO: a drone's JPEG with a second picture behind it.
                kind = "JPEG" if file.format in ("JPEG", "MPO") else "PNG"
                image = shown(file)
                image.load()
                return rgb(image), kind
    except (Image.DecompressionBombError, *DAMAGED) as error:
        cut_off = "truncated" in str(error)
        raise PictureError(
            "truncated_image" if cut_off else "unreadable_image", str(error)
        ) from None


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
    return int(np.searchsorted(np.cumsum(counts), _BRIGHTEST * counts.sum()))


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
    low, high = (int(np.searchsorted(shares, share)) for share in (_DARKEST, _BRIGHTEST))
    if low == high:  # nearly all pixels are one value: of no data, as a rule
        low, high = (int(place) for place in np.flatnonzero(counts)[[0, -1]])
    if low == high:
        low, high = 0, (1 << 16) - 1
    spread = (np.arange(1 << 16) - low) * 255 / (high - low)
    return np.clip(np.round(spread), 0, 255).astype(np.uint8)
