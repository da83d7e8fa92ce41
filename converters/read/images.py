"""Picture files: facts about them, and files encoded anew.

A picture that is read has its header parsed and its end checked, so that a cut-off download is
found without decoding; `verify` decodes it wholly. No file and no name raises here: what is wrong
with a picture is a fact about it.
"""

from __future__ import annotations

import functools
import hashlib
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import xxhash

from converters.read import files, pixels
from converters.read.headers import DAMAGED, MAX_PIXELS, may_be_turned_later
from converters.read.headers import Header as Header
from converters.read.headers import PictureError as PictureError
from converters.read.headers import header as header
from converters.read.headers import opened as opened

if TYPE_CHECKING:
    from PIL.Image import Image

K = TypeVar("K")
T = TypeVar("T")
MAX_BYTES = 1 << 31  # Arrow's binary columns hold no more in one piece
_HEADER_BYTES = 1 << 16
# Pillow refuses to open what has more pixels, unless a loader raises its limit.
_LOADER_PIXELS = 178_956_970
_KEYS_A_RUN = 32
_READERS = 4  # threads of a worker that read pictures of an object store


class Facts(NamedTuple):
    """What is known of one picture file.

    width, height: pixels, as the picture is shown. size: bytes. sha256: empty where it was not
    asked for. fault: a Reject's reason, or empty; then detail says more and the numbers are 0.
    orientation: 1 (stored as it is shown) to 8, as in EXIF. quick_hash: see `quick_hash`. deep: a
    band has more than 8 bits.
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
        f"darkest {pixels.DARKEST:.0%} are black, the brightest {1 - pixels.BRIGHTEST:.0%} white"
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
    return pixels.encoded(image, wanted or kind, quality=95)


def _decoded(data: bytes) -> tuple[Image, str]:
    """The picture as 8-bit RGB, and the format that it is written anew in."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened(data) as file:
                # MPO: a drone's JPEG with a second picture behind it.
                kind = "JPEG" if file.format in ("JPEG", "MPO") else "PNG"
                image = pixels.shown(file)
                image.load()
                return pixels.rgb(image), kind
    except (Image.DecompressionBombError, *DAMAGED) as error:
        cut_off = "truncated" in str(error)
        raise PictureError(
            "truncated_image" if cut_off else "unreadable_image", str(error)
        ) from None
