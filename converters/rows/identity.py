"""Identity: ids, dedup keys and choices, as hashes of content, computed for whole columns.

Nothing here depends on order, process or PYTHONHASHSEED, and no result may change between releases
without a new major version: ids are kept by users. docs/identity.md defines every function below so
that it can be written again in another language; tests/test_identity.py holds the test vectors.

A hash has 128 bits and stands here as two words of 64, the high one first: arrays of shape (n, 2).
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from converters.rows.xxh3 import Words, xxh3_128

ID_LENGTH = 24  # hexadecimal digits: 96 bits, a collision among 10^9 rows has a chance of 10^-11
FIELD, ITEM = "\x1f", "\x1e"  # never in a native text: they would be control characters
_ADDED = np.uint64(0x9E3779B97F4A7C15)
_BEGIN = np.uint64(0xC2B2AE3D27D4EB4F)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)


def hash128(texts: pa.Array) -> Words:
    """XXH3-128 (seed 0) of each text of a string column without nulls: (n, 2)."""
    return xxh3_128(texts)


def hash_one(text: str) -> Words:
    """The hash of one text, for all rows: (1, 2)."""
    return hash128(pa.array([text]))


def scramble(words: Words) -> Words:
    """SplitMix64's finaliser: every bit of the result depends on every bit of the word.

    Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
    """
    words = (words ^ (words >> np.uint64(30))) * _MULTIPLIER_1
    words = (words ^ (words >> np.uint64(27))) * _MULTIPLIER_2
    scrambled: Words = words ^ (words >> np.uint64(31))
    return scrambled


def combine(*parts: Words) -> Words:
    """One hash of several, in order; a part of one row stands for all rows.

    Parts must be hashes already: their bits are taken to be evenly spread, and the two words of a
    hash are combined each for itself.
    """
    total = np.full((1, 2), _BEGIN)
    for part in parts:
        total = scramble(total ^ part) + _ADDED
    return total


def ids(words: Words) -> pa.Array:
    """Row ids: the first 96 bits in hexadecimal, so that ids sort as their bits do."""
    # Fast way: the digits of all rows are one text that Arrow cuts at equal lengths. The plain way
    # is f"{high:016x}{low:016x}"[:24] a row.
    first_bytes = words.astype(">u8").view(np.uint8).reshape(len(words), 16)[:, : ID_LENGTH // 2]
    text = first_bytes.tobytes().hex().encode()
    offsets = np.arange(len(words) + 1, dtype=np.int32) * ID_LENGTH
    return pa.Array.from_buffers(
        pa.string(), len(words), [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    )


def digests(words: Words) -> pa.Array:
    """All 128 bits as fixed-size binary: of a hash of a text, the digest of the xxhash library."""
    return pa.Array.from_buffers(
        pa.binary(16), len(words), [None, pa.py_buffer(np.ascontiguousarray(words.astype(">u8")))]
    )


def choices(seed: int, purpose: str, id_words: Words) -> Words:
    """A uniform 64-bit number for each row: a function of (seed, purpose, id) alone.

    id_words: the first column of the hash the id was made from.
    """
    salt = int.from_bytes(hashlib.sha256(f"{seed}{FIELD}{purpose}".encode()).digest()[:8], "big")
    return scramble(id_words ^ np.uint64(salt))


def id_words(id_column: pa.Array) -> Words:
    """The first 64 bits of row ids, to choose by."""
    if not len(id_column):
        return np.zeros(0, np.uint64)
    # Fast way: all ids have one length, so their column is one text of hexadecimal digits, which
    # is read in one call. The plain way is int(id[:16], 16) a row.
    _, offsets, text = id_column.buffers()
    first = int(np.frombuffer(offsets, np.int32, 1, id_column.offset * 4)[0])
    digits = np.frombuffer(text, np.uint8, len(id_column) * ID_LENGTH, first)
    thirds = np.frombuffer(bytes.fromhex(digits.tobytes().decode()), ">u4").reshape(-1, 3)
    words: Words = thirds[:, :2].copy().view(">u8").ravel().astype(np.uint64)
    return words
