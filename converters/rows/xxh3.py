"""XXH3-128 of whole string columns: what `xxhash.xxh3_128` gives for each text, seed 0.

The library hashes one text a call, which costs 0.17 µs for RSVQA's questions and as much for one
digit. Here all texts of one length class are hashed at once: 0.08 µs for a question, 0.02 µs for a
number. The results are the same bit for bit (the tests compare every length from 0 to 300), so a
reader who wants the plain way may put the library's call in place of `xxh3_128`.

Source of the algorithm: Yann Collet, xxHash, doc/xxhash_spec.md, "XXH3 Algorithm". Texts of more
than 128 bytes, which it hashes in two further ways, are left to the library.

Numbers are unsigned and of 64 bits; sums and products wrap, as the algorithm wants it. A text is
read in words of eight bytes, the first byte lowest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

# The constants of the algorithm: primes, multipliers, and the beginning of its default secret.
_PRIME32_2 = np.uint64(0x85EBCA77)
_PRIME64_1 = np.uint64(0x9E3779B185EBCA87)
_PRIME64_2 = np.uint64(0xC2B2AE3D27D4EB4F)
_PRIME64_3 = np.uint64(0x165667B19E3779F9)
_PRIME64_4 = np.uint64(0x85EBCA77C2B2AE63)
_PRIME_MX1 = np.uint64(0x165667919E3779F9)
_PRIME_MX2 = np.uint64(0x9FB21C651E98DF25)
_SECRET = np.frombuffer(
    bytes.fromhex(
        "b8fe6c3923a44bbe 7c01812cf721ad1c ded46de9839097db 7240a4a4b7b3671f"
        "cb79e64eccc0e578 825ad07dccff7221 b8084674f743248e e03590e6813a264c"
        "3c2852bb91c300cb 88d0658b1b532ea3 71644897a20df94e 3819ef46a9deacd8"
        "a8fa763fe39c343f f9dcbbc7c70b4f1d 8a51e04bcdb45931 c89f7ec9d9787364"
    ),
    "<u8",
)

_LONGEST = 128  # bytes of a text that is hashed here
_BLOCK = 16_384  # rows at a time: their numbers fit the processor's cache
_PAD = 8  # bytes around the text, so that a word may begin before it or end behind it
_LOWER_HALF = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def xxh3_128(texts: pa.Array) -> Words:
    """XXH3-128 of a string column without nulls: (n, 2), the high 64 bits and the low ones.

    The two words of a row, big-endian and one behind the other, are the library's digest.
    """
    texts = texts.cast(pa.large_string())
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64, len(texts) + 1, texts.offset * 8)
    first, last = int(offsets[0]), int(offsets[-1])
    text = np.zeros(last - first + 2 * _PAD, np.uint8)
    if last > first:
        text[_PAD:-_PAD] = np.frombuffer(data_buffer, np.uint8, last - first, first)
    offsets = offsets - first + _PAD
    hashes = np.empty((len(texts), 2), np.uint64)
    for begin in range(0, len(texts), _BLOCK):
        edges = offsets[begin : begin + _BLOCK + 1]
        _hash_block(text, edges[:-1], np.diff(edges), hashes[begin : begin + _BLOCK])
    return hashes


def _hash_block(text: Bytes, starts: Places, lengths: Places, hashes: Words) -> None:
    """Writes the hashes of some texts into `hashes`."""
    # Fast way: the algorithm is another one for each class of length, and within a class each of
    # its steps is one numpy call for all texts. The plain way is the library's call a text, as
    # at the end here.
    classes = np.searchsorted(np.array([0, 3, 8, 16, _LONGEST]), lengths)
    by_class: tuple[Callable[[Bytes, Places, Places], tuple[Words, Words]], ...]
    by_class = (_empty, _up_to_3, _up_to_8, _up_to_16, _up_to_128)
    for number, hash_class in enumerate(by_class):
        rows = np.flatnonzero(classes == number)
        if len(rows):
            hashes[rows, 0], hashes[rows, 1] = hash_class(text, starts[rows], lengths[rows])
    for row in np.flatnonzero(lengths > _LONGEST):
        digest = xxhash.xxh3_128_digest(text[starts[row] : starts[row] + lengths[row]].tobytes())
        hashes[row] = np.frombuffer(digest, ">u8")


def _words(text: Bytes, places: Places) -> Words:
    """The eight bytes from each place on, as a number."""
    windows: npt.NDArray[np.void] = np.ndarray((len(text) - 7,), "V8", text, 0, (1,))
    return windows[places].view("<u8").astype(np.uint64, copy=False)


def _product(one: Words, other: Words) -> tuple[Words, Words]:
    """All 128 bits of a product: the high word and the low one, from products of 32-bit halves."""
    one_low, one_high = one & _LOWER_HALF, one >> _HALF
    other_low, other_high = other & _LOWER_HALF, other >> _HALF
    high_low = one_high * other_low
    middle = (one_low * other_low >> _HALF) + (high_low & _LOWER_HALF) + one_low * other_high
    return one_high * other_high + (high_low >> _HALF) + (middle >> _HALF), one * other


def _folded(one: Words, other: Words) -> Words:
    """The two words of a product, one xor the other."""
    high, low = _product(one, other)
    return high ^ low


def _avalanche(words: Words) -> Words:
    """The last step of XXH3: every bit of the word reaches every bit of the result."""
    words = (words ^ (words >> np.uint64(37))) * _PRIME_MX1
    spread: Words = words ^ (words >> _HALF)
    return spread


def _avalanche_xxh64(words: Words) -> Words:
    """The last step of the older XXH64, which the shortest texts go through."""
    words = (words ^ (words >> np.uint64(33))) * _PRIME64_2
    words = (words ^ (words >> np.uint64(29))) * _PRIME64_3
    spread: Words = words ^ (words >> _HALF)
    return spread


def _empty(text: Bytes, starts: Places, lengths: Places) -> tuple[Words, Words]:
    """No byte: two constants made of the secret."""
    nothing = np.zeros(len(starts), np.uint64)
    return (
        _avalanche_xxh64(nothing ^ _SECRET[10] ^ _SECRET[11]),
        _avalanche_xxh64(nothing ^ _SECRET[8] ^ _SECRET[9]),
    )


def _up_to_3(text: Bytes, starts: Places, lengths: Places) -> tuple[Words, Words]:
    """1 to 3 bytes: first, middle and last byte and the length make a word of 32 bits."""
    first, middle, last = (
        text[places].astype(np.uint64)
        for places in (starts, starts + lengths // 2, starts + lengths - 1)
    )
    low = (
        (first << np.uint64(16))
        | (middle << np.uint64(24))
        | last
        | (lengths.astype(np.uint64) << np.uint64(8))
    )
    swapped = low.byteswap() >> _HALF
    high = ((swapped << np.uint64(13)) | (swapped >> np.uint64(19))) & _LOWER_HALF
    low_key, high_key = ((word ^ (word >> _HALF)) & _LOWER_HALF for word in _SECRET[:2])
    return _avalanche_xxh64(high ^ high_key), _avalanche_xxh64(low ^ low_key)


def _up_to_8(text: Bytes, starts: Places, lengths: Places) -> tuple[Words, Words]:
    """4 to 8 bytes: the first four and the last four make one word."""
    first_four = _words(text, starts) & _LOWER_HALF
    last_four = _words(text, starts + lengths - 8) >> _HALF
    word = (first_four | (last_four << _HALF)) ^ _SECRET[2] ^ _SECRET[3]
    high, low = _product(word, _PRIME64_1 + (lengths.astype(np.uint64) << np.uint64(2)))
    high = high + (low << np.uint64(1))
    low = low ^ (high >> np.uint64(3))
    low = (low ^ (low >> np.uint64(35))) * _PRIME_MX2
    return _avalanche(high), low ^ (low >> np.uint64(28))


def _up_to_16(text: Bytes, starts: Places, lengths: Places) -> tuple[Words, Words]:
    """9 to 16 bytes: the first eight and the last eight are two words."""
    first = _words(text, starts)
    last = _words(text, starts + lengths - 8)
    high, low = _product(first ^ last ^ _SECRET[4] ^ _SECRET[5], np.array([_PRIME64_1]))
    low = low + ((lengths.astype(np.uint64) - np.uint64(1)) << np.uint64(54))
    last = last ^ _SECRET[6] ^ _SECRET[7]
    high = high + last + (last & _LOWER_HALF) * (_PRIME32_2 - np.uint64(1))
    low = low ^ high.byteswap()
    high_again, low_again = _product(low, np.array([_PRIME64_2]))
    return _avalanche(high_again + high * _PRIME64_2), _avalanche(low_again)


def _up_to_128(text: Bytes, starts: Places, lengths: Places) -> tuple[Words, Words]:
    """17 to 128 bytes: sixteen from the beginning with sixteen from the end, the inner ones first.

    Where a text is shorter than all its pieces together, the inner ones overlap.
    """
    sizes = lengths.astype(np.uint64)
    low, high = sizes * _PRIME64_1, np.zeros(len(starts), np.uint64)
    for piece in (3, 2, 1, 0):
        rows = np.flatnonzero(lengths > 32 * piece)
        front = starts[rows] + 16 * piece
        back = starts[rows] + lengths[rows] - 16 * (piece + 1)
        front_words = _words(text, front), _words(text, front + 8)
        back_words = _words(text, back), _words(text, back + 8)
        keys = _SECRET[4 * piece : 4 * piece + 4]
        low[rows] += _folded(front_words[0] ^ keys[0], front_words[1] ^ keys[1])
        low[rows] ^= back_words[0] + back_words[1]
        high[rows] += _folded(back_words[0] ^ keys[2], back_words[1] ^ keys[3])
        high[rows] ^= front_words[0] + front_words[1]
    total = low * _PRIME64_1 + high * _PRIME64_4 + sizes * _PRIME64_2
    return np.uint64(0) - _avalanche(total), _avalanche(low + high)
