"""Identity: ids, dedup keys and choices, as hashes of content, computed for whole columns.

Nothing here depends on order, process or PYTHONHASHSEED, and no result may change between releases without a new major version: ids are kept by users.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

Words = npt.NDArray[np.uint64]
ID_LENGTH = 24  # hexadecimal digits: 96 bits, a collision among 10^9 rows has a chance of 10^-11
FIELD, ITEM = "\x1f", "\x1e"  # never in a native text: they would be control characters
_LONG = 512
_M1, _M2, _M3, _M4 = (
    np.uint64(m)
    for m in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_HEX = np.array([f"{i:02x}".encode() for i in range(256)], dtype="S2")


def hash128(texts: pa.Array) -> Words:
    """128-bit hashes of a string column without nulls: (n, 2).

    Texts up to 512 bytes are mixed word by word, all rows at once; longer ones are hashed by XXH3.
    """
    texts = texts.cast(pa.large_string())
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64, len(texts) + 1, texts.offset * 8)
    starts, lengths = offsets[:-1], np.diff(offsets)
    data = np.zeros(int(offsets[-1]) + 8, np.uint8) if len(texts) else np.zeros(8, np.uint8)
    if data_buffer is not None and len(texts):
        data[:-8] = np.frombuffer(data_buffer, np.uint8, int(offsets[-1]))
    windows: npt.NDArray[np.void] = np.ndarray(
        (len(data) - 7,), "V8", data, 0, (1,)
    )  # the eight bytes from each byte on
    first = lengths.astype(np.uint64) * _M1 + _M3
    second = lengths.astype(np.uint64) * _M2 + _M4
    rows = np.flatnonzero((lengths > 0) & (lengths <= _LONG))
    at = 0
    while rows.size:
        left = lengths[rows] - at
        word = windows[starts[rows] + at].view("<u8")
        short = left < 8
        if short.any():
            word[short] &= (np.uint64(1) << (left[short] * 8).astype(np.uint64)) - np.uint64(1)
        a = (first[rows] ^ word) * _M1
        b = (second[rows] + word) * _M2
        first[rows] = a ^ (a >> np.uint64(32))
        second[rows] = b ^ (b >> np.uint64(29)) ^ (a << np.uint64(7))
        at += 8
        rows = rows[left > 8]
    out = np.column_stack([mix(first), mix(second ^ _M3)])
    for i in np.flatnonzero(lengths > _LONG):
        digest = xxhash.xxh3_128_digest(data[starts[i] : starts[i] + lengths[i]].tobytes())
        out[i] = np.frombuffer(digest, ">u8")
    return out


def mix(words: Words) -> Words:
    """SplitMix64's finaliser: every bit of the result depends on every bit of the word."""
    words = (words ^ (words >> np.uint64(30))) * _M3
    words = (words ^ (words >> np.uint64(27))) * _M4
    mixed: Words = words ^ (words >> np.uint64(31))
    return mixed


def hash_one(text: str) -> Words:
    """The hash of one text, for all rows: (1, 2)."""
    return hash128(pa.array([text]))


def combine(*parts: Words) -> Words:
    """One hash of several, in order; a part of one row stands for all rows."""
    total = np.full((1, 2), _M2)
    for part in parts:
        total = mix(total ^ part) + _M1
    return total


def ids(words: Words) -> pa.Array:
    """Row ids: the first 96 bits in hexadecimal, so that ids sort as their bits do."""
    raw = words.astype(">u8").view(np.uint8).reshape(len(words), 16)[:, : ID_LENGTH // 2]
    text = _HEX[raw].tobytes()
    offsets = np.arange(len(words) + 1, dtype=np.int32) * ID_LENGTH
    return pa.Array.from_buffers(
        pa.string(), len(words), [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    )


def digests(words: Words) -> pa.Array:
    """All 128 bits as fixed-size binary."""
    return pa.Array.from_buffers(
        pa.binary(16), len(words), [None, pa.py_buffer(np.ascontiguousarray(words.astype(">u8")))]
    )


def choices(seed: int, purpose: str, id_words: Words) -> Words:
    """A uniform 64-bit number for each row: a function of (seed, purpose, id) alone.

    id_words: the first column of the hash the id was made from.
    """
    salt = int.from_bytes(hashlib.sha256(f"{seed}{FIELD}{purpose}".encode()).digest()[:8], "big")
    return mix(id_words ^ np.uint64(salt))


def id_words(id_column: pa.Array) -> Words:
    """The first 64 bits of row ids, to choose by."""
    if not len(id_column):
        return np.zeros(0, np.uint64)
    _, offsets, text = id_column.buffers()
    first = int(np.frombuffer(offsets, np.int32, 1, id_column.offset * 4)[0])
    data = np.frombuffer(text, np.uint8, len(id_column) * ID_LENGTH, first)
    thirds = np.frombuffer(bytes.fromhex(data.tobytes().decode()), ">u4").reshape(-1, 3)
    words: Words = thirds[:, :2].copy().view(">u8").ravel().astype(np.uint64)
    return words
