"""Counts equal hashes of structured texts: `python -m benchmarks.collisions 50000000`.

Hashes of evenly spread bits repeat in one half of 64 bits with n^2 / 2^65 pairs: 0.00007 of
50 million texts. Six kinds of text take turns, all of them different texts:

    numbers     0, 1, 2, ...
    zeros       a number with NUL characters behind it
    repeated    six letters, one to twenty times
    permuted    seven blocks of eight bytes, each one of ten, in every order
    sentences   questions by one template that differ in a word or a number
    sparse      lines of 16, 32 or 48 bytes that differ in three places alone

Needs 24 bytes of memory a text: 1.2 GB for 50 million. Ends with 1 where two hashes are equal.
"""

from __future__ import annotations

import argparse
import string
import sys
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from converters.rows.identity import hash128

_CHUNK = 100_000
_LETTERS = string.ascii_letters + string.digits + " _"
_BLOCKS = (
    "a road  ",
    "a river ",
    "ROAD... ",
    "00000000",
    "00000001",
    "\x00" * 8,
    " " * 8,
    "ab" * 4,
    "ba" * 4,
    "zzzzzzzz",
)
_THINGS = ("road", "roads", "building", "buildings", "grass area", "water area", "pond", "ponds")


def _number(i: int) -> str:
    return str(i)


def _zeros(i: int) -> str:
    return f"{i // 60}{chr(0) * (1 + i % 60)}"


def _repeated(i: int) -> str:
    unit, times = divmod(i, 20)
    letters = "".join(string.ascii_lowercase[unit // 26**place % 26] for place in range(6))
    return letters * (times + 1)


def _permuted(i: int) -> str:
    return "".join(_BLOCKS[int(digit)] for digit in f"{i:07d}")


def _sentence(i: int) -> str:
    rest, one = divmod(i, len(_THINGS))
    size, other = divmod(rest, len(_THINGS))
    return f"Is there a {_THINGS[one]} next to a {_THINGS[other]} of size {size}?"


def _sparse(i: int) -> str:
    """The places are bytes 7, 11 and 15 of one of the line's pieces of 16 bytes."""
    line, place = divmod(i, len(_LETTERS) ** 3)
    length, kind = 16 * (1 + line % 3), line // 3
    at = 16 * (kind % (length // 16))
    text = list(f"line {kind:08x} of many lines that are alike but for a sign or two."[:length])
    for step in (7, 11, 15):
        place, letter = divmod(place, len(_LETTERS))
        text[at + step] = _LETTERS[letter]
    return "".join(text)


KINDS: tuple[Callable[[int], str], ...] = (
    _number,
    _zeros,
    _repeated,
    _permuted,
    _sentence,
    _sparse,
)


def hashes(count: int) -> np.ndarray:
    """Hashes of `count` texts, (count, 2)."""
    found = np.empty((2, count), np.uint64)
    for begin in range(0, count, _CHUNK):
        texts = [
            KINDS[i % len(KINDS)](i // len(KINDS)) for i in range(begin, min(begin + _CHUNK, count))
        ]
        found[:, begin : begin + len(texts)] = hash128(pa.array(texts)).T
    return found


def repeats(sorted_words: np.ndarray) -> np.ndarray:
    """The words that equal the one before them."""
    again: np.ndarray = sorted_words[1:][sorted_words[1:] == sorted_words[:-1]]
    return again


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Counts equal hashes of structured texts.")
    parser.add_argument("count", type=int, help="how many texts, up to 60,000,000")
    count = parser.parse_args().count
    if not 2 <= count <= 60_000_000:
        parser.error("COUNT is from 2 to 60,000,000: beyond, the kinds repeat their texts")
    high, low = hashes(count)
    high_again = repeats(np.sort(high))
    # Whole hashes and ids can only be equal where the high words are: few rows, if any.
    rows = np.flatnonzero(np.isin(high, high_again))
    whole = repeats(np.sort(np.array([f"{high[i]:016x}{low[i]:016x}" for i in rows], "S32")))
    ids = repeats(np.sort(np.array([f"{high[i]:016x}{low[i]:016x}"[:24] for i in rows], "S24")))
    del high
    low.sort()
    low_again = repeats(low)
    print(
        f"{count:,} texts; equal hashes: {len(high_again)} in the high half, {len(low_again)} in "
        f"the low half, {len(ids)} in the 96 bits of an id, {len(whole)} in all 128 bits"
    )
    return 1 if len(high_again) or len(low_again) else 0


if __name__ == "__main__":
    sys.exit(main())
